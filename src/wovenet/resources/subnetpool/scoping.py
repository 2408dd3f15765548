"""Pools in address scopes: no address comes twice in a scope, and no network is in two scopes of an IP version."""

import ipaddress
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import query
from wovenet.resources.base import Context, Object
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import blocks
from wovenet.resources.subnetpool.table import SUBNETPOOL_PREFIXES, SUBNETPOOLS
from wovenet.store import schema
from wovenet.store.tx import ReadTx, Tx

_P = SUBNETPOOLS.c
_X = SUBNETPOOL_PREFIXES.c
_POOL: sa.BindParameter[str] = sa.bindparam("of_pool")
_OF_OTHERS = (
    sa.select(_X.cidr)
    .join(SUBNETPOOLS, _P.id == _X.subnetpool_id)
    .where(
        _P.address_scope_id == sa.bindparam("of_scope"),
        _P.id != _POOL,
        _X.first_key <= sa.bindparam("last"),
        _X.last_key >= sa.bindparam("first"),
    )
    .limit(1)
)
_NETWORKS_OF = sa.select(SUBNETS.c.network_id).where(SUBNETS.c.subnetpool_id == _POOL)
_ELSEWHERE = (
    sa.select(SUBNETS.c.id)
    .outerjoin(SUBNETPOOLS, _P.id == SUBNETS.c.subnetpool_id)
    .where(
        SUBNETS.c.network_id.in_(_NETWORKS_OF),
        SUBNETS.c.ip_version == sa.bindparam("ip_version"),
        sa.or_(SUBNETS.c.subnetpool_id.is_(None), SUBNETS.c.subnetpool_id != _POOL),
        sa.func.coalesce(_P.address_scope_id, "") != sa.bindparam("of_scope"),
    )
    .limit(1)
)
_SUBNETS_ON = (
    sa.select(SUBNETS.c.network_id, SUBNETS.c.ip_version, SUBNETS.c.subnetpool_id, _P.address_scope_id)
    .outerjoin(SUBNETPOOLS, _P.id == SUBNETS.c.subnetpool_id)
    .where(SUBNETS.c.network_id.in_(sa.bindparam("network_ids", expanding=True)))
    .distinct()
)


def check(tx: Tx, context: Context, pool: Object) -> None:
    """Nothing, if the pool may be in its address scope: whoever sees a scope may have pools in it.

    Raises: AddressScopeNotFound, IllegalSubnetPoolIpVersionAssociationToAddressScope, AddressScopePrefixConflict;
    LostRace.
    """
    from wovenet.resources import address_scope  # inside: it is made with the help of this package

    scope_id = pool["address_scope_id"]
    if scope_id is None:
        return
    scope = query.fetch(tx, address_scope.RESOURCE, context.actor, scope_id)
    if scope["ip_version"] != pool["ip_version"]:
        raise problems.IllegalSubnetPoolIpVersionAssociationToAddressScope(
            subnetpool_id=pool["id"], address_scope_id=scope_id, ip_version=scope["ip_version"]
        )
    check_prefixes(tx, pool)


def check_prefixes(tx: Tx, pool: Object) -> None:
    """Raises: AddressScopePrefixConflict if another pool of its scope has an address of the pool; LostRace."""
    from wovenet.resources.address_scope import actions  # inside: as above

    scope_id = pool["address_scope_id"]
    if scope_id is None:
        return
    actions.lock(tx, scope_id)
    for prefix in pool["prefixes"]:
        first, last = blocks.interval_of(ipaddress.ip_network(prefix, strict=False))
        parameters = {"of_pool": pool["id"], "of_scope": scope_id}
        if tx.row(_OF_OTHERS, {**parameters, "first": schema.key_of(first), "last": schema.key_of(last)}) is not None:
            raise problems.AddressScopePrefixConflict


def check_networks(tx: ReadTx, pool: Object) -> None:
    """Raises: NetworkAddressScopeAffinityError if a network with subnets of the pool has others in another scope."""
    parameters = {
        "of_pool": pool["id"],
        "ip_version": pool["ip_version"],
        "of_scope": pool["address_scope_id"] or "",
    }
    if tx.row(_ELSEWHERE, parameters) is not None:
        raise problems.NetworkAddressScopeAffinityError


class Neighbours:
    """The pools and scopes that the subnets of some networks are of, those that are being made included."""

    def __init__(self, tx: ReadTx, network_ids: list[str]) -> None:
        self._found: dict[tuple[str, int], set[tuple[str | None, str | None]]] = {}
        for row in tx.rows(_SUBNETS_ON, {"network_ids": network_ids}):
            key = (row.network_id, row.ip_version)
            self._found.setdefault(key, set()).add((row.subnetpool_id, row.address_scope_id))

    def add(self, network_id: str, ip_version: int, pool: "Mapping[str, Any] | None") -> None:
        """The network has a subnet of `pool`, or of none, as well.

        Raises: NetworkSubnetPoolAffinityError, NetworkAddressScopeAffinityError if its others forbid that.
        """
        pool_id: Any = pool["id"] if pool else None
        scope_id = pool["address_scope_id"] if pool else None
        known = self._found.setdefault((network_id, ip_version), set())
        scopes = {found for _, found in known if found is not None}
        if pool and scopes:
            if scopes != {scope_id}:
                raise problems.NetworkAddressScopeAffinityError
        elif any(found != pool_id for found, _ in known):
            raise problems.NetworkSubnetPoolAffinityError
        known.add((pool_id, scope_id))
