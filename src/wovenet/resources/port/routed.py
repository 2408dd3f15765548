"""Ports of routed provider networks: they have addresses only where their host is connected, and none before it is
known. Whether a host is connected to a segment follows from its bridge mappings.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from wovenet.drivers.ovn import PHYSICAL
from wovenet.model import problems
from wovenet.resources import host
from wovenet.resources.ipam.rules import Subnet
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.store.tx import ReadTx

Object = dict[str, Any]
Connected = Mapping[tuple[str, str], Sequence[str]]
"""(network, host) → the segments that the host is connected to, in order."""

DEFERRED: Final = "deferred"
"""What `ip_allocation` is of a port whose addresses wait for its host."""

_C = NETWORK_SEGMENTS.c
_PHYSICAL_SEGMENTS = (
    sa.select(_C.id, _C.network_id, _C.physical_network)
    .where(_C.network_id.in_(sa.bindparam("network_ids", expanding=True)), _C.network_type.in_(sorted(PHYSICAL)))
    .order_by(_C.network_id, _C.segment_index)
)


def is_routed(subnets: Sequence[Subnet]) -> bool:
    """Whether the network with these subnets is a routed one."""
    return any(subnet.segment_id is not None for subnet in subnets)


def connected(tx: ReadTx, ports: Sequence[Object], subnets: Mapping[str, Sequence[Subnet]]) -> Connected:
    """Where the hosts of `ports` are connected. Two statements if any is a host of a routed network's port.

    In: the subnets of each network.
    """
    pairs = {
        (port["network_id"], port["binding:host_id"])
        for port in ports
        if port["binding:host_id"] and is_routed(subnets[port["network_id"]])
    }
    if not pairs:
        return {}
    hosts = host.by_name(tx, {name for _, name in pairs})
    found: dict[tuple[str, str], list[str]] = {pair: [] for pair in pairs}
    for row in tx.rows(_PHYSICAL_SEGMENTS, {"network_ids": sorted({network_id for network_id, _ in pairs})}):
        for network_id, name in pairs:
            mappings = hosts[name].bridge_mappings if name in hosts else ()
            if network_id == row.network_id and row.physical_network in mappings:
                found[network_id, name].append(row.id)
    return found


def near(known: Sequence[Subnet], port: Object, reach: Connected) -> list[Subnet]:
    """Those of the subnets that the port's host is connected to; all if the port has no host.

    Raises: HostNotConnectedToAnySegment if there are none of those.
    """
    name = port["binding:host_id"]
    if not name or not is_routed(known):
        return list(known)
    segments = reach.get((port["network_id"], name), ())
    found = [subnet for subnet in known if subnet.segment_id in segments]
    if not found:
        raise problems.HostNotConnectedToAnySegment(host=name, network_id=port["network_id"])
    return sorted(found, key=lambda subnet: segments.index(subnet.segment_id or ""))


def of_one_segment(
    known: Sequence[Subnet], port: Object, fixed_ips: Sequence[Mapping[str, Any]] | None
) -> list[Subnet]:
    """Those of the subnets, which the port's host is connected to, from which the port has its addresses.

    They all belong to the segment that the request names, or to the host's first one. Without host and request, there
    are none yet.
    Raises: FixedIpsSubnetsNotOnSameSegment.
    """
    if not is_routed(known):
        return list(known)
    if fixed_ips is None:
        first = known[0].segment_id if port["binding:host_id"] else None
        return [subnet for subnet in known if subnet.segment_id == first]
    named = {subnet.segment_id for fixed_ip in fixed_ips if (subnet := _named(known, fixed_ip)) is not None}
    if len(named) > 1:
        raise problems.FixedIpsSubnetsNotOnSameSegment()
    return [subnet for subnet in known if subnet.segment_id in named or (fixed_ips and not named)]


def check_moved(known: Sequence[Subnet], port: Object, reach: Connected) -> None:
    """The port can take its addresses with it to its new host.

    Raises: HostNotConnectedToAnySegment, HostNotCompatibleWithFixedIps.
    """
    there = {subnet.id for subnet in near(known, port, reach)}
    if any(fixed_ip["subnet_id"] not in there for fixed_ip in port["fixed_ips"]):
        raise problems.HostNotCompatibleWithFixedIps(host=port["binding:host_id"], port_id=port["id"])


def _named(known: Sequence[Subnet], fixed_ip: Mapping[str, Any]) -> Subnet | None:
    """The subnet that an item of a request is about; None if it names none of these."""
    if fixed_ip.get("subnet_id"):
        return next((subnet for subnet in known if subnet.id == fixed_ip["subnet_id"]), None)
    if not fixed_ip.get("ip_address"):
        return None
    address = ipaddress.ip_address(fixed_ip["ip_address"])
    return next((subnet for subnet in known if address in subnet.network), None)
