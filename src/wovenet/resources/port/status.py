"""Status of ports: what the Southbound says, stored."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from wovenet.drivers.binding import UNPLUGGED
from wovenet.model.ids import Unit
from wovenet.model.problems import LostRace
from wovenet.resources.port import events, rules
from wovenet.resources.port.rules import ACTIVE, DOWN
from wovenet.resources.port.table import PORTS
from wovenet.store.tx import Tx

BATCH_MAX = 1000
"""Ports that one pair of statements looks at."""

_P = PORTS.c
_IDS: "sa.BindParameter[Any]" = sa.bindparam("ids", expanding=True)
_KNOWN = (
    sa.select(
        _P.id, _P.is_up, _P.status, _P.admin_state_up, _P.binding_vif_type, _P.device_owner, _P.device_id,
    )
    .where(_P.id.in_(_IDS))
    .order_by(_P.id)
)  # fmt: skip


def _store(*, is_up: bool) -> sa.Update:
    """Stores that ports are up, or not, if they are still what they were seen to be."""
    is_wanted = sa.and_(_P.admin_state_up, _P.binding_vif_type.not_in(sorted(UNPLUGGED)))
    status: sa.ColumnElement[str] = sa.case((is_wanted, ACTIVE), else_=DOWN) if is_up else sa.literal(DOWN)
    is_same = _P.status == status
    return (
        sa.update(PORTS)
        .where(_P.id.in_(_IDS), _P.is_up != is_up, _P.status == sa.bindparam("seen"), status == sa.bindparam("next"))
        # MariaDB assigns from left to right: what looks at the old status comes before the new one.
        .ordered_values(
            (_P.revision_number, sa.case((is_same, _P.revision_number), else_=_P.revision_number + 1)),
            (_P.updated_at, sa.case((is_same, _P.updated_at), else_=sa.bindparam("now"))),
            (_P.status, status),
            (_P.is_up, sa.literal(is_up)),
        )
    )


_STORE = {is_up: _store(is_up=is_up) for is_up in (True, False)}


def set_up(tx: Tx, states: Mapping[str, bool]) -> list[str]:
    """Whether OVN has each port up is known, and statuses are what follows. Ports that do not exist are ignored.

    Out: the ports whose status changed; their revisions moved, they are marked, and their servers are told.
    Statements: for each thousand of ports one, and at most four more if something is different.
    Raises: LostRace if a port is just changing: then it has to be decided anew.
    """
    changed: list[sa.Row[Any]] = []
    ids = sorted(states)
    for start in range(0, len(ids), BATCH_MAX):
        groups: dict[tuple[bool, str, str], list[sa.Row[Any]]] = {}
        for row in tx.rows(_KNOWN, {"ids": ids[start : start + BATCH_MAX]}):
            is_up = states[row.id]
            if row.is_up != is_up:
                groups.setdefault((is_up, row.status, _status_of(row, is_up=is_up)), []).append(row)
        for (is_up, seen, following), rows in groups.items():
            told = {"ids": [row.id for row in rows], "seen": seen, "next": following, "now": tx.now()}
            if tx.run(_STORE[is_up], told) != len(rows):
                raise LostRace("a port has changed while it came up or went down")
            if seen != following:
                changed += rows
    for row in sorted(changed, key=lambda row: str(row.id)):
        tx.mark(Unit("port", row.id))
        events.status_changed(tx, row._asdict(), is_up=states[row.id], was_up=not states[row.id])
    return sorted(row.id for row in changed)


def _status_of(row: "sa.Row[Any]", *, is_up: bool) -> str:
    return rules.status(
        {"is_up": is_up, "admin_state_up": row.admin_state_up, "binding:vif_type": row.binding_vif_type}
    )
