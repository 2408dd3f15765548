"""Subnets out of pools: what a request for a subnet asks of a pool, and how it gets it."""

import ipaddress
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import query
from wovenet.resources.base import Context, Object
from wovenet.resources.subnet.rules import DELEGATED
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import rules, space
from wovenet.resources.subnetpool.table import SUBNETPOOLS
from wovenet.store.tx import ReadTx, Tx

DELEGATION: Final[Mapping[str, Any]] = MappingProxyType({"id": DELEGATED, "address_scope_id": None})
"""Stands for the pool of subnets whose prefix is to be delegated."""
NOT_YET: Final = "::/64"
"""What a subnet has until a prefix is delegated to it."""
_AUTO_MODES: Final = frozenset({"slaac", "dhcpv6-stateless"})

_DEFAULT = sa.select(SUBNETPOOLS.c.id).where(SUBNETPOOLS.c.default_claim == sa.bindparam("ip_version"))
_USED = sa.select(SUBNETS.c.cidr).where(
    SUBNETS.c.subnetpool_id == sa.bindparam("of_pool"), SUBNETS.c.project_id == sa.bindparam("of_project")
)


def pool_of(tx: ReadTx, context: Context, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The pool that a request for a subnet names, or None. Raises: BadRequest, SubnetPoolNotFound.

    A prefix that is named is not delegated.
    """
    pool_id = request.get("subnetpool_id")
    version = request["ip_version"]
    if request.get("use_default_subnetpool"):
        if pool_id is not None:
            raise _bad("subnetpool_id and use_default_subnetpool cannot both be specified")
        pool_id = tx.value(_DEFAULT, {"ip_version": version})
        if pool_id is None and version == 6 and context.settings.experimental.ipv6_pd_enabled:
            pool_id = DELEGATED
        if pool_id is None:
            raise _bad(f"No default subnetpool found for IPv{version}")
    if pool_id is None:
        return None
    if pool_id == DELEGATED:
        if request.get("cidr") is not None:
            return None
        _check_delegation(request)
        return DELEGATION
    from wovenet.resources import subnetpool  # inside: it is made with the help of this package

    pool = rules.numbers(query.fetch(tx, subnetpool.RESOURCE, context.actor, pool_id))
    if pool["ip_version"] != version:
        raise _bad(f"Cannot allocate IPv{version} subnet from IPv{pool['ip_version']} subnet pool")
    return pool


def allocate(tx: Tx, pool: Mapping[str, Any], request: Mapping[str, Any]) -> Object:
    """`request` with addresses of the `pool`, which are free no more once its subnet is stored.

    Raises: BadRequest, MinPrefixSubnetAllocationError, MaxPrefixSubnetAllocationError, SubnetPoolQuotaExceeded,
    SubnetAllocationError; LostRace.
    """
    if pool["id"] == DELEGATED:
        given = {name: value for name, value in request.items() if name != "prefixlen"}
        return {**given, "subnetpool_id": DELEGATED, "cidr": NOT_YET}
    wanted = rules.wanted(pool, request)
    prefixlen = wanted if isinstance(wanted, int) else wanted.prefixlen
    rules.check_prefixlen(pool, prefixlen)
    space.lock(tx, pool["id"])
    if pool["default_quota"]:
        used = tx.rows(_USED, {"of_pool": pool["id"], "of_project": request["project_id"]})
        rules.check_quota(pool, [row.cidr for row in used], prefixlen)
    given = {name: value for name, value in request.items() if name != "prefixlen"}
    given["subnetpool_id"] = pool["id"]
    if not isinstance(wanted, int):
        if not space.take(tx, pool["id"], wanted):
            raise _exhausted("Cannot allocate requested subnet from the available set of prefixes")
        return {**given, "cidr": str(wanted)}
    found = space.take_any(tx, pool["id"], ip_version=pool["ip_version"], prefixlen=wanted)
    if found is None:
        raise _exhausted(f"Insufficient prefix space to allocate subnet size /{wanted}")
    if "gateway_ip" not in given and found.version == 6 and found.num_addresses > 1:
        # As the peer: of a prefix that nobody named, the gateway is the first host, of IPv6 too.
        given["gateway_ip"] = str(found.network_address + 1)
    return {**given, "cidr": str(found)}


def give_back(tx: Tx, subnets: Iterable[Mapping[str, Any]]) -> None:
    """Those of `subnets` that are out of pools leave their addresses to them. In: their rows are gone."""
    by_pool: dict[str, list[Any]] = {}
    for subnet in subnets:
        if subnet["subnetpool_id"] not in (None, DELEGATED):
            by_pool.setdefault(subnet["subnetpool_id"], []).append(ipaddress.ip_network(subnet["cidr"]))
    for pool_id in sorted(by_pool):
        space.give_back(tx, pool_id, by_pool[pool_id])


def _check_delegation(request: Mapping[str, Any]) -> None:
    """Raises: BadRequest if no subnet like this can have its prefix delegated."""
    if request["ip_version"] != 6:
        raise _bad("Prefix Delegation can only be used with IPv6 subnets.")
    for name, label in (("ipv6_ra_mode", "RA"), ("ipv6_address_mode", "Address")):
        if request.get(name) not in _AUTO_MODES:
            raise _bad(f"IPv6 {label} Mode must be SLAAC or Stateless for Prefix Delegation.")
    if request.get("allocation_pools"):
        raise _bad("allocation_pools allowed only for specific subnet requests.")


def _exhausted(reason: str) -> problems.SubnetAllocationError:
    return problems.SubnetAllocationError(reason=reason)


def _bad(message: str) -> problems.BadRequest:
    return problems.BadRequest(resource="subnets", msg=message)
