"""Subnets are made, changed and removed together with their pool of addresses and what hangs on their network."""

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from wovenet.model.problems import BadRequest, GatewayIpInUse, InvalidInput, LostRace, NetworkNotFound, SubnetInUse
from wovenet.model.views import DISTRIBUTED
from wovenet.resources import crud
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.ipam import claims
from wovenet.resources.ipam.rules import ROUTER_INTERFACE_OWNERS, candidates, subnet_of
from wovenet.resources.names import marks as names
from wovenet.resources.network.rules import AUTO_DELETED_OWNERS, check_mtu_for_subnets
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.resources.subnet import rules, segments, touched
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import allocation, scoping
from wovenet.store import ranges, schema
from wovenet.store.tx import ReadTx, Tx

QUIET: Final = frozenset({"allocation_pools", "dns_nameservers", "host_routes"})
"""Attributes whose change moves no revision. As the peer, which keeps them in tables of their own."""

_OVERLAPS_KEPT: Final = 16
"""For so many numbers of new subnets the statement is kept that finds those in their way."""

_C = SUBNETS.c
_F = PORT_FIXED_IPS.c
_SUBNET: sa.BindParameter[str] = sa.bindparam("of_subnet")
_OWNERS: sa.BindParameter[Any] = sa.bindparam("owners", expanding=True)
_NETWORKS = sa.select(
    NETWORKS.c.id, NETWORKS.c.mtu, NETWORKS.c.router_external, *segments.present(NETWORKS.c.id)
).where(NETWORKS.c.id.in_(sa.bindparam("ids", expanding=True)))
_PORTS_IN = sa.select(PORTS.c.id).join(PORT_FIXED_IPS, _F.port_id == PORTS.c.id).where(_F.subnet_id == _SUBNET)
_GATEWAY_PORT = _PORTS_IN.where(_F.ip_address == sa.bindparam("gateway_ip"), PORTS.c.device_owner.in_(_OWNERS)).limit(1)
_BUMP_PORTS = (
    sa.update(PORTS)
    .where(PORTS.c.id.in_(sa.select(_F.port_id).where(_F.subnet_id == _SUBNET)))
    .values(revision_number=PORTS.c.revision_number + 1, updated_at=sa.bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class _Release:
    """How a kind of subnet is left: which ports are in the way, and how the others lose their addresses."""

    owners: tuple[str, ...]
    in_the_way: "sa.Select[Any]"
    drop: sa.Delete


def _release(owners: Iterable[str], *, are_in_the_way: bool) -> _Release:
    owned = PORTS.c.device_owner.in_(_OWNERS)
    in_the_way = owned if are_in_the_way else sa.not_(owned)
    others = sa.select(PORTS.c.id).where(sa.not_(in_the_way))
    return _Release(
        tuple(sorted(owners)),
        _PORTS_IN.where(in_the_way).limit(1),
        # Of the others only: a port that came after the check keeps the subnet's row from being deleted.
        sa.delete(PORT_FIXED_IPS).where(_F.subnet_id == _SUBNET, _F.port_id.in_(others)),
    )


_POOLED = _release(AUTO_DELETED_OWNERS, are_in_the_way=False)
_AUTOMATIC = _release(ROUTER_INTERFACE_OWNERS, are_in_the_way=True)
_SAVE_QUIETLY = sa.update(SUBNETS).where(
    _C.id == sa.bindparam("seen_id"), _C.revision_number == sa.bindparam("seen_revision")
)


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new subnets. Ports that address themselves have an address in them already, and so has the metadata port.

    Raises: NetworkNotFound, NetworkMTUSubnetConflict, and whatever `rules.new` and pools find.
    """
    network_ids = sorted({request["network_id"] for request in requests})
    # First, because it locks the networks: of two overlapping subnets, the later one sees the earlier one.
    _bump_networks(tx, network_ids)
    networks = {row.id: row for row in tx.rows(_NETWORKS, {"ids": network_ids})}
    neighbours = scoping.Neighbours(tx, network_ids)
    subnets = []
    for request in requests:
        network = networks.get(request["network_id"])
        if network is None:
            raise NetworkNotFound(net_id=request["network_id"])
        cut = _out_of_a_pool(tx, context, request, neighbours)
        subnets.append(_new(tx, resource, context, request=cut, network=network))
    _refuse_overlaps(tx, subnets)
    segments.check_new(tx, subnets, networks)
    for subnet in subnets:
        _check_metadata_port(tx, context, subnet)
    tx.insert(SUBNETS, [{**crud.row_of(resource, subnet), **_keys(subnet["cidr"])} for subnet in subnets])
    crud.mark(tx, resource, subnets)
    for subnet in subnets:
        ranges.fill(tx, subnet["id"], subnet_of(subnet, subnet["allocation_pools"]).allocation_pools)
    segments.route(tx, subnets)
    _address_ports(tx, context, subnets)
    return subnets


def update(tx: Tx, resource: Resource, context: Context, *, current: Object, changes: Object) -> Object:
    """The subnet after `changes`.

    Raises: GatewayIpInUse, and whatever `rules.changed` finds.
    """
    found = rules.changed(current, changes, _limits(context))
    if not found:
        return current
    if "segment_id" in found:
        _bump_networks(tx, [current["network_id"]])
        segments.check_change(tx, current, found["segment_id"])
    if "gateway_ip" in found:
        _refuse_gateway_in_use(tx, current)
    if not found.keys().isdisjoint({"gateway_ip", "host_routes"}):
        found = segments.routed(tx, current, found)
    if QUIET.issuperset(found):
        changed = _save_quietly(tx, resource, current, found)
    else:
        changed = crud.save(tx, resource, current, found)
        if "segment_id" not in found:
            _bump_networks(tx, [current["network_id"]])
    if "allocation_pools" in found:
        # After the row was written: ports that are being made now have to wait or have committed.
        claims.open_pool(tx, subnet_of(changed, changed["allocation_pools"]))
    if "enable_dhcp" in found or (current["gateway_ip"] is None) != (changed["gateway_ip"] is None):
        touched.by_dhcp(tx, current["id"])
    else:
        touched.by_options(tx, current["id"])
    if "enable_dhcp" in found:
        _address_metadata_port(tx, context, current["network_id"])
    return changed


def delete(tx: Tx, resource: Resource, context: Context, current: Object) -> None:
    """The subnet is gone; ports that had automatic addresses in it have lost them. A constant number of statements.

    Raises: SubnetInUse; LostRace if a port takes an address at the same moment.
    """
    del context
    subnet_id = current["id"]
    release = _AUTOMATIC if subnet_of(current, ()).is_auto else _POOLED
    parameters = {"of_subnet": subnet_id, "owners": release.owners}
    if tx.row(release.in_the_way, parameters) is not None:
        raise SubnetInUse(subnet_id=subnet_id, reason="One or more ports have an IP allocation from this subnet")
    touched.by_dhcp(tx, subnet_id)
    names.mark(tx, current["network_id"])
    tx.run(_BUMP_PORTS, {"of_subnet": subnet_id, "now": tx.now()})
    tx.run(release.drop, parameters)
    crud.remove(tx, resource, [current])
    ranges.drop(tx, subnet_id)
    allocation.give_back(tx, [current])
    segments.unroute(tx, current)
    _bump_networks(tx, [current["network_id"]])


def _out_of_a_pool(tx: Tx, context: Context, request: Object, neighbours: scoping.Neighbours) -> Object:
    """The request with addresses of the pool that it names; as it is if it names none.

    Raises: what `allocation` says; NetworkSubnetPoolAffinityError, NetworkAddressScopeAffinityError.
    """
    if request.get("cidr") is not None and request.get("prefixlen") is not None:
        raise BadRequest(resource="subnets", msg="cidr and prefixlen must not be supplied together")
    pool = allocation.pool_of(tx, context, request)
    cut = allocation.allocate(tx, pool, request) if pool is not None else {**request, "subnetpool_id": None}
    if cut.get("cidr") is not None:
        neighbours.add(request["network_id"], request["ip_version"], pool)
    return cut


def _new(tx: Tx, resource: Resource, context: Context, *, request: Object, network: "sa.Row[Any]") -> Object:
    network_id = request["network_id"]
    attributes = rules.new(request, _limits(context))
    check_mtu_for_subnets(network_id, network.mtu, [request["ip_version"]])
    return crud.new_object(tx, resource, {**request, **attributes, "router:external": network.router_external})


def _limits(context: Context) -> rules.Limits:
    default = context.settings.default
    return rules.Limits(default.max_dns_nameservers, default.max_subnet_host_routes)


def _keys(cidr: str) -> dict[str, str]:
    first, last = rules.bounds(cidr)
    return {"first_key": schema.key_of(first), "last_key": schema.key_of(last)}


def _refuse_overlaps(tx: ReadTx, subnets: Sequence[Object]) -> None:
    """Raises: InvalidInput if two subnets of one network, new or old, share an address. One statement.

    Those that wait for their prefix are all alike.
    """
    subnets = [subnet for subnet in subnets if subnet["subnetpool_id"] != rules.DELEGATED]
    if not subnets:
        return
    spans = sorted(
        (subnet["network_id"], subnet["ip_version"], *rules.bounds(subnet["cidr"]), position)
        for position, subnet in enumerate(subnets)
    )
    for before, after in itertools.pairwise(spans):
        if before[:2] == after[:2] and after[2] <= before[3]:
            raise _overlap(subnets[max(before[-1], after[-1])])
    parameters = {f"{name}_{place}": value for place, subnet in enumerate(subnets) for name, value in _span(subnet)}
    found = tx.row(_overlapping(len(subnets)), parameters)
    if found is None:
        return
    for subnet in subnets:
        keys = _keys(subnet["cidr"])
        is_same = (subnet["network_id"], subnet["ip_version"]) == (found.network_id, found.ip_version)
        if is_same and keys["first_key"] <= found.last_key and keys["last_key"] >= found.first_key:
            raise _overlap(subnet)


def _span(subnet: Object) -> list[tuple[str, Any]]:
    return [("network", subnet["network_id"]), ("version", subnet["ip_version"]), *_keys(subnet["cidr"]).items()]


@functools.lru_cache(_OVERLAPS_KEPT)
def _overlapping(count: int) -> "sa.Select[Any]":
    """A subnet that shares an address with one of `count` others, of which `_span` tells the parameters."""
    conditions = [
        sa.and_(
            _C.network_id == sa.bindparam(f"network_{place}"),
            _C.ip_version == sa.bindparam(f"version_{place}"),
            _C.first_key <= sa.bindparam(f"last_key_{place}"),
            _C.last_key >= sa.bindparam(f"first_key_{place}"),
        )
        for place in range(count)
    ]
    return sa.select(_C.network_id, _C.ip_version, _C.first_key, _C.last_key).where(sa.or_(*conditions)).limit(1)


def _overlap(subnet: Object) -> Exception:
    return rules.overlap(subnet["cidr"], subnet["network_id"])


def _refuse_gateway_in_use(tx: ReadTx, current: Object) -> None:
    """Raises: GatewayIpInUse if a router is the subnet's gateway."""
    if current["gateway_ip"] is None:
        return
    parameters = {
        "of_subnet": current["id"],
        "gateway_ip": current["gateway_ip"],
        "owners": sorted(ROUTER_INTERFACE_OWNERS),
    }
    port_id = tx.value(_GATEWAY_PORT, parameters)
    if port_id is not None:
        raise GatewayIpInUse(ip_address=current["gateway_ip"], port_id=port_id)


def _save_quietly(tx: Tx, resource: Resource, current: Object, found: Mapping[str, Any]) -> Object:
    """The subnet with `found`, at the revision that it had; units marked. Raises: LostRace."""
    values = {name: msgspec.json.encode(value).decode() for name, value in found.items()}
    parameters = {"seen_id": current["id"], "seen_revision": current["revision_number"], **values}
    if tx.run(_SAVE_QUIETLY, parameters) != 1:
        raise LostRace(f"subnet {current['id']} is no longer at revision {current['revision_number']}")
    changed = {**current, **found}
    crud.mark(tx, resource, [changed])
    return changed


def _bump_networks(tx: Tx, network_ids: Sequence[str]) -> None:
    """The networks show another list of subnets, or other subnets: they have a new revision."""
    from wovenet.resources import network  # inside: it is made with the help of this package

    for network_id in network_ids:
        crud.bump(tx, network.RESOURCE, network_id)


def _address_ports(tx: Tx, context: Context, subnets: Sequence[Object]) -> None:
    """Ports that have an address in every subnet of some kind have one in `subnets`."""
    from wovenet.resources.port import autoaddress  # inside: ports are made with the help of this package

    for subnet in subnets:
        if subnet_of(subnet, ()).is_auto:
            autoaddress.add_subnet(tx, context, subnet)
    for network_id in sorted({subnet["network_id"] for subnet in subnets if subnet["enable_dhcp"]}):
        _address_metadata_port(tx, context, network_id)


def _check_metadata_port(tx: ReadTx, context: Context, subnet: Object) -> None:
    """Raises: IpAddressGenerationFailureNoMatchingSubnet, InvalidInput if the metadata port, which has to have an
    address wherever instances ask for theirs, may have none in the new `subnet`.
    """
    if not (context.settings.ovn.ovn_metadata_enabled and subnet["enable_dhcp"] and subnet["service_types"]):
        return
    if subnet["ip_version"] != 4 or DISTRIBUTED in subnet["service_types"]:
        return
    known = claims.subnets_of(tx, [subnet["network_id"]])[subnet["network_id"]]
    candidates([*known, subnet_of(subnet, (), subnet["service_types"])], DISTRIBUTED)
    raise InvalidInput(
        error_message=f"Failed to create port on network {subnet['network_id']}, because fixed_ips included invalid "
        f"subnet {subnet['id']}"
    )


def _address_metadata_port(tx: Tx, context: Context, network_id: str) -> None:
    """The network's metadata port has an address in each of its subnets with DHCP."""
    from wovenet.resources.port import metadata

    if context.settings.ovn.ovn_metadata_enabled:
        metadata.subnets_changed(tx, context, network_id)
