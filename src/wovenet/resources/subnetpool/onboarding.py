"""Subnets that were made with addresses of their own come into a pool, and their addresses with them."""

import ipaddress
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.ids import Unit
from wovenet.resources import query
from wovenet.resources.base import Context, Object
from wovenet.resources.port.table import PORT_FIXED_IPS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import actions, allocation, blocks, rules, scoping, space
from wovenet.store.tx import Tx

_S = SUBNETS.c
_ON_NETWORK = (
    sa.select(_S.id, _S.cidr, _S.subnetpool_id)
    .where(_S.network_id == sa.bindparam("of_network"), _S.ip_version == sa.bindparam("ip_version"))
    .order_by(_S.first_key)
)
_MOVE = (
    sa.update(SUBNETS)
    .where(_S.id.in_(sa.bindparam("ids", expanding=True)))
    .values(
        subnetpool_id=sa.bindparam("new_pool"), revision_number=_S.revision_number + 1, updated_at=sa.bindparam("now")
    )
)
_PORTS_IN = (
    sa.select(PORT_FIXED_IPS.c.port_id)
    .where(PORT_FIXED_IPS.c.subnet_id.in_(sa.bindparam("ids", expanding=True)))
    .distinct()
)


def onboard(tx: Tx, context: Context, pool: Object, body: Mapping[str, Any]) -> list[Object]:
    """The subnets of the body's network that are of the pool's IP version: they are the pool's from now on.

    Raises: InvalidInput, NetworkNotFound, IllegalSubnetPoolUpdate, AddressScopePrefixConflict; LostRace.
    """
    from wovenet.resources import network  # inside: it is made with the help of this package

    if not isinstance(body.get("network_id"), str):
        raise problems.InvalidInput(error_message="network_id must be specified.")
    found = query.fetch(tx, network.RESOURCE, context.actor, body["network_id"])
    if not context.actor.is_admin and found["project_id"] != context.actor.project_id:
        raise problems.NetworkNotFound(net_id=found["id"])
    rows = tx.rows(_ON_NETWORK, {"of_network": found["id"], "ip_version": pool["ip_version"]})
    if not rows:
        return []
    space.lock(tx, pool["id"])
    _refuse_conflicts(tx, pool, rows)
    ids = [row.id for row in rows]
    tx.run(_MOVE, {"ids": ids, "new_pool": pool["id"], "now": tx.now()})
    allocation.give_back(tx, [dict(row._mapping) for row in rows])
    prefixes = rules.texts(rules.prefixes_of([*pool["prefixes"], *(row.cidr for row in rows)]))
    scoping.check_prefixes(tx, {**pool, "prefixes": prefixes})
    actions.set_prefixes(tx, pool["id"], prefixes)
    for subnet_id in ids:
        tx.mark(Unit("subnet", subnet_id))
    for row in tx.rows(_PORTS_IN, {"ids": ids}):
        tx.mark(Unit("port", row.port_id))
    return [{"id": row.id, "cidr": row.cidr} for row in rows]


def _refuse_conflicts(tx: Tx, pool: Object, rows: "Any") -> None:
    """Raises: IllegalSubnetPoolUpdate if a subnet of the pool has an address of one that is to come."""
    taken = space.allocated(tx, pool["id"])
    for row in rows:
        first, last = blocks.interval_of(ipaddress.ip_network(row.cidr))
        if any(start <= last and end >= first for start, end in taken):
            raise problems.IllegalSubnetPoolUpdate(
                reason=f"Onboarding subnet {row.id}: {row.cidr} conflicts with allocated prefixes in subnet pool "
                f"{pool['id']}"
            )
