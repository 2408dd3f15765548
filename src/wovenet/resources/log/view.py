"""Which log a group's packets are told to. Of several that are about the same the oldest counts: a packet has one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.views import LogsView
from wovenet.resources.log import rules
from wovenet.resources.log.table import LOGS
from wovenet.resources.port.table import PORT_SECURITY_GROUPS
from wovenet.store.tx import ReadTx

_L = LOGS.c
_M = PORT_SECURITY_GROUPS.c
_IDS: "sa.BindParameter[Any]" = sa.bindparam("ids", expanding=True)
_SHOWN = (_L.id, _L.event, _L.created_at)
_IS_ON = _L.enabled.is_(sa.true())
_ABOUT_ALL = sa.and_(_L.resource_id.is_(None), _L.target_id.is_(None))
_OF_GROUPS = sa.union_all(
    sa.select(*_SHOWN, _L.resource_id.label("group_id")).where(_IS_ON, _L.resource_id.in_(_IDS)),
    sa.select(*_SHOWN, _M.security_group_id.label("group_id"))
    .join(PORT_SECURITY_GROUPS, _M.port_id == _L.target_id)
    .where(_IS_ON, _L.resource_id.is_(None), _M.security_group_id.in_(_IDS)),
    sa.select(*_SHOWN, sa.literal("").label("group_id")).where(_IS_ON, _ABOUT_ALL),
).order_by("created_at", "id")
_OF_ALL = sa.select(*_SHOWN, _ABOUT_ALL.label("is_about_all")).where(_IS_ON).order_by(_L.created_at, _L.id)

NONE = LogsView()


def of_groups(tx: ReadTx, ids: Sequence[str]) -> Mapping[str, LogsView]:
    """The logs of those of these groups that have any. One statement.

    What is stopped by all groups together is told by the deployment's own group, so a log of all groups is none here.
    """
    accepted: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for row in tx.rows(_OF_GROUPS, {"ids": ids}):
        for group_id in [row.group_id] if row.group_id else ids:
            if rules.accepts(row.event):
                accepted.setdefault(group_id, row.id)
            if rules.drops(row.event) and row.group_id:
                dropped.setdefault(group_id, row.id)
    return {group_id: LogsView(accepted.get(group_id), dropped.get(group_id)) for group_id in accepted.keys() | dropped}


def of_deployment(tx: ReadTx) -> tuple[LogsView, bool]:
    """The log of what is stopped in all groups, and whether anything is logged at all. One statement."""
    rows = tx.rows(_OF_ALL)
    return LogsView(dropped=_first(row.id for row in rows if row.is_about_all and rules.drops(row.event))), bool(rows)


def _first(ids: Iterable[str]) -> str | None:
    return next(iter(ids), None)
