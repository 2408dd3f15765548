"""Status of ports: what the Southbound says, stored."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from wovenet.drivers.binding import UNPLUGGED
from wovenet.model.ids import Unit
from wovenet.resources.port import rules
from wovenet.resources.port.rules import ACTIVE, DOWN
from wovenet.resources.port.table import PORTS
from wovenet.store.tx import Tx

BATCH_MAX = 1000
"""Ports that one pair of statements looks at."""

_P = PORTS.c
_IDS: "sa.BindParameter[Any]" = sa.bindparam("ids", expanding=True)
_KNOWN = (
    sa.select(_P.id, _P.is_up, _P.status, _P.admin_state_up, _P.binding_vif_type).where(_P.id.in_(_IDS)).order_by(_P.id)
)


def _store(*, is_up: bool) -> sa.Update:
    """Stores that ports are up, or not. In one statement, so that it is right also for a port that is just changing."""
    is_wanted = sa.and_(_P.admin_state_up, _P.binding_vif_type.not_in(sorted(UNPLUGGED)))
    status: sa.ColumnElement[str] = sa.case((is_wanted, ACTIVE), else_=DOWN) if is_up else sa.literal(DOWN)
    is_same = _P.status == status
    return (
        sa.update(PORTS)
        .where(_P.id.in_(_IDS), _P.is_up != is_up)
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

    Out: the ports whose status changed; their revisions moved and they are marked.
    Statements: for each thousand of ports one, and at most two more if something is different.
    """
    changed: list[str] = []
    ids = sorted(states)
    for start in range(0, len(ids), BATCH_MAX):
        rows = tx.rows(_KNOWN, {"ids": ids[start : start + BATCH_MAX]})
        different = [row for row in rows if row.is_up != states[row.id]]
        for is_up, statement in _STORE.items():
            batch = [row.id for row in different if states[row.id] == is_up]
            if batch:
                tx.run(statement, {"ids": batch, "now": tx.now()})
        changed.extend(row.id for row in different if row.status != _status_of(row, is_up=states[row.id]))
    for port_id in changed:
        tx.mark(Unit("port", port_id))
    return changed


def _status_of(row: "sa.Row[Any]", *, is_up: bool) -> str:
    return rules.status(
        {"is_up": is_up, "admin_state_up": row.admin_state_up, "binding:vif_type": row.binding_vif_type}
    )
