"""The end of a network, in a constant number of statements."""

from typing import Any

import sqlalchemy as sa

from wovenet.resources import crud
from wovenet.resources.base import Object, Resource
from wovenet.resources.log import marks as log_marks
from wovenet.resources.network import rules
from wovenet.resources.port.table import PORTS
from wovenet.resources.rbac import entries
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store import ranges
from wovenet.store.tx import ReadTx, Tx

_OWNED = ("id", "project_id", "revision_number", "subnetpool_id", "cidr")
NAMED_MAX = 100
"""Ports that are named as the reason why a network cannot go."""

_IN_THE_WAY = (
    sa.select(PORTS.c.id)
    .where(PORTS.c.network_id == sa.bindparam("of_network"), PORTS.c.device_owner.not_in(rules.AUTO_DELETED_OWNERS))
    .order_by(PORTS.c.id)
    .limit(NAMED_MAX)
)


def _owned_in(table: sa.Table) -> "sa.Select[Any]":
    """As much of a network's objects as it takes to remove them."""
    columns = (table.c[name] for name in _OWNED if name in table.c)
    return sa.select(*columns).where(table.c.network_id == sa.bindparam("of_network")).order_by(table.c.id)


_PORTS = _owned_in(PORTS).where(PORTS.c.device_owner.in_(rules.AUTO_DELETED_OWNERS))
_SUBNETS = _owned_in(SUBNETS)


def remove(tx: Tx, resource: Resource, current: Object) -> None:
    """The network is gone with its subnets, its automatic ports and its grants; segments go by cascade.

    Raises: NetworkInUse; LostRace if a port or a subnet comes at the same moment.
    """
    from wovenet.resources import port, subnet  # inside: they are made with the help of this package
    from wovenet.resources.subnetpool import allocation

    network_id = current["id"]
    in_the_way = [row.id for row in tx.rows(_IN_THE_WAY, {"of_network": network_id})]
    if in_the_way:
        raise rules.in_use(network_id, in_the_way)
    # By owner once more: another port may have come meanwhile, which then keeps the network's row from being deleted.
    ports = _owned(tx, _PORTS, network_id)
    if ports:
        log_marks.of_groups_of(tx, ports)
        crud.remove(tx, port.RESOURCE, ports)
    subnets = _owned(tx, _SUBNETS, network_id)
    if subnets:
        # Nothing is given back to pools that go as a whole.
        crud.remove(tx, subnet.RESOURCE, subnets)
        ranges.drop(tx, *(item["id"] for item in subnets))
        allocation.give_back(tx, subnets)
    crud.remove(tx, resource, [current])
    entries.forget(tx, network_id)


def _owned(tx: ReadTx, statement: "sa.Select[Any]", network_id: str) -> list[Object]:
    """What `statement` finds of the network."""
    return [dict(row._mapping) for row in tx.rows(statement, {"of_network": network_id})]
