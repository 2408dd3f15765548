"""The rules that new groups get: those that are kept, or those that every deployment starts with."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from wovenet.resources.default_security_group_rule.table import DEFAULT_RULES, RULES_KEPT
from wovenet.store.tx import ReadTx

PARENT: Final = "PARENT"
"""As remote group of a default rule: the new group itself."""

Template = Mapping[str, Any]

_KEPT = (
    sa.select(*DEFAULT_RULES.c).select_from(RULES_KEPT.outerjoin(DEFAULT_RULES, sa.true())).order_by(DEFAULT_RULES.c.id)
)


def _first(direction: str, ethertype: str) -> Template:
    """A rule of the start: everything may leave every group, and members of a default group reach each other."""
    leaves = direction == "egress"
    return {
        "description": f"Legacy default SG rule for {direction} traffic",
        "direction": direction,
        "ethertype": ethertype,
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "normalized_cidr": None,
        "remote_group_id": None if leaves else PARENT,
        "remote_address_group_id": None,
        "used_in_default_sg": True,
        "used_in_non_default_sg": leaves,
    }


FIRST: Final = tuple(
    _first(direction, ethertype) for direction in ("egress", "ingress") for ethertype in ("IPv4", "IPv6")
)


def present(tx: ReadTx) -> Sequence[Template]:
    """The default rules that hold. One statement."""
    rows = tx.rows(_KEPT)
    if not rows:
        return FIRST
    return [dict(row._mapping) for row in rows if row.id is not None]
