"""SecurityGroupViews from the store."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model.views import RuleView, SecurityGroupView
from wovenet.resources.log import view as log
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.store.tx import ReadTx

_GROUPS = sa.select(SECURITY_GROUPS.c.id, SECURITY_GROUPS.c.revision_number, SECURITY_GROUPS.c.stateful).where(
    SECURITY_GROUPS.c.id.in_(sa.bindparam("ids", expanding=True))
)
_R = SECURITY_GROUP_RULES.c
_RULES = (
    sa.select(
        _R.security_group_id, _R.id, _R.direction, _R.ethertype, _R.protocol, _R.port_range_min, _R.port_range_max,
        _R.normalized_cidr, _R.remote_group_id, _R.remote_address_group_id,
    )
    .where(_R.security_group_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_R.security_group_id, _R.id)
)  # fmt: skip


def views(tx: ReadTx, ids: Sequence[str]) -> dict[str, SecurityGroupView]:
    """The security groups of `ids` that exist, with their rules and logs. Three statements."""
    logs = log.of_groups(tx, ids)
    rules: dict[str, list[RuleView]] = {}
    for row in tx.rows(_RULES, {"ids": ids}):
        rules.setdefault(row.security_group_id, []).append(
            RuleView(
                id=row.id,
                direction=row.direction,
                ethertype=row.ethertype,
                protocol=row.protocol,
                port_range_min=row.port_range_min,
                port_range_max=row.port_range_max,
                cidr=row.normalized_cidr,
                remote_group_id=row.remote_group_id,
                remote_address_group_id=row.remote_address_group_id,
            )
        )
    return {
        row.id: SecurityGroupView(
            id=row.id,
            revision=row.revision_number,
            is_stateful=row.stateful,
            rules=tuple(rules.get(row.id, ())),
            logs=logs.get(row.id, log.NONE),
        )
        for row in tx.rows(_GROUPS, {"ids": ids})
    }
