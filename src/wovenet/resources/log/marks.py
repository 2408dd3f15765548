"""Which units show a log: the groups that it is about, and the deployment, which has the meters."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.ids import GLOBAL_UNIT, Unit
from wovenet.resources.base import Object
from wovenet.resources.log import rules
from wovenet.resources.log.table import LOGS
from wovenet.resources.port.table import PORT_SECURITY_GROUPS
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.store.tx import MARKS, OVN, Tx

_IDS: "sa.BindParameter[Any]" = sa.bindparam("ids", expanding=True)
_GROUPS_OF = (
    sa.select(PORT_SECURITY_GROUPS.c.security_group_id).where(PORT_SECURITY_GROUPS.c.port_id.in_(_IDS)).distinct()
)
_OF_PORTS = sa.select(LOGS.c.target_id).where(LOGS.c.target_id.in_(_IDS)).distinct()
_OF_GROUP = sa.select(LOGS.c.id).where(LOGS.c.resource_id == sa.bindparam("of_group")).limit(1)


def of(tx: Tx, logs: Sequence[Object]) -> None:
    """Marks what shows these logs. At most two statements, however many groups there are."""
    if not logs:
        return
    tx.mark(GLOBAL_UNIT)
    if any(_is_about_all(log) and rules.accepts(log["event"]) for log in logs):
        _mark_all_groups(tx)
    _mark_groups(tx, (log["resource_id"] for log in logs if log["resource_id"]))
    targets = sorted({log["target_id"] for log in logs if log["target_id"] and not log["resource_id"]})
    if targets:
        _mark_groups(tx, (row.security_group_id for row in tx.rows(_GROUPS_OF, {"ids": targets})))


def of_groups_of(tx: Tx, ports: Sequence[Object]) -> None:
    """Marks what shows a log of one of these ports, whose groups change or who go. One statement."""
    logged = {row.target_id for row in tx.rows(_OF_PORTS, {"ids": sorted({port["id"] for port in ports})})}
    if logged:
        tx.mark(GLOBAL_UNIT)
        _mark_groups(tx, (id_ for port in ports if port["id"] in logged for id_ in port.get("security_groups") or ()))


def of_group(tx: Tx, group_id: str) -> None:
    """Marks what shows a log of this group, which goes. One statement."""
    if tx.row(_OF_GROUP, {"of_group": group_id}) is not None:
        tx.mark(GLOBAL_UNIT)


def _is_about_all(log: Object) -> bool:
    return not log["resource_id"] and not log["target_id"]


def _mark_groups(tx: Tx, ids: Iterable[str]) -> None:
    for group_id in ids:
        tx.mark(Unit("security_group", group_id))


def _mark_all_groups(tx: Tx) -> None:
    found = sa.select(
        sa.literal(OVN), sa.literal("security_group"), SECURITY_GROUPS.c.id, sa.literal(tx.clock.wall(), sa.Double)
    )
    tx.run(MARKS.insert().from_select(["topic", "kind", "unit_id", "created"], found))
