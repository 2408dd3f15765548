"""What a request about a subnet comes to: addresses, pools and what DHCP tells, checked and completed. Pure."""

import ipaddress
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wovenet.model import problems

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Pool = dict[str, str]
"""`start` and `end`, as the API shows them."""
Interval = tuple[int, int]
"""(first, last), both included."""

AUTO_MODES: Final = frozenset({"slaac", "dhcpv6-stateless"})
_AUTO_PREFIX = 64
_DHCP_HOST_BITS_LEAST = 2
DELEGATED: Final = "prefix_delegation"
"""As the pool of a subnet: names none. The subnet's prefix is delegated by a router outside."""
NEW: Final = "new subnet"
"""What problems call a subnet that has no id yet."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a subnet may tell by DHCP."""

    dns_nameservers: int
    host_routes: int


def new(request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """The attributes of the subnet that `request` asks for: checked, and completed with gateway and pools.

    Raises: a problem, named as the peer names it.
    """
    cidr = _cidr(request)
    ip_version: int = request["ip_version"]
    network = ipaddress.ip_network(cidr, strict=False)
    if network.version != ip_version:
        raise _invalid(f"cidr '{cidr}' does not match the ip_version '{ip_version}'")
    enable_dhcp: bool = request["enable_dhcp"]
    if request.get("subnetpool_id") != DELEGATED:
        _check_dhcp_range(network, enable_dhcp=enable_dhcp)
    _check_ipv6_modes(request, network)
    gateway_ip = _gateway(request, network)
    given = request.get("allocation_pools")
    if given:
        pools = pools_of(given, network)
        check_gateway_conflict(gateway_ip, pools)
    else:
        pools = default_pools(network, gateway_ip)
    found = {
        "cidr": _text(network),
        "gateway_ip": gateway_ip,
        "allocation_pools": pools,
        "subnetpool_id": request.get("subnetpool_id"),
        "ipv6_ra_mode": request.get("ipv6_ra_mode"),
        "ipv6_address_mode": request.get("ipv6_address_mode"),
        "dns_nameservers": request.get("dns_nameservers") or [],
        "host_routes": request.get("host_routes") or [],
        "service_types": _unique(request.get("service_types")),
    }
    return {**found, **_told(found, NEW, ip_version, limits)}


def changed(current: Mapping[str, Any], changes: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """What `changes` really change of `current`: checked and in canonical form.

    Raises: a problem, named as the peer names it.
    """
    network = ipaddress.ip_network(current["cidr"])
    found = {**changes, **_told(changes, current["id"], current["ip_version"], limits)}
    if "service_types" in found:
        found["service_types"] = _unique(found["service_types"])
    if found.get("allocation_pools", ()) is None:
        # As the peer: null says nothing about pools.
        del found["allocation_pools"]
    if "enable_dhcp" in found:
        _check_dhcp_change(current, network, enable_dhcp=found["enable_dhcp"])
    if found.get("gateway_ip") is not None:
        found["gateway_ip"] = _given_gateway(found["gateway_ip"], network)
    if "allocation_pools" in found:
        found["allocation_pools"] = pools_of(found["allocation_pools"], network)
    found = {name: value for name, value in found.items() if value != current[name]}
    if "gateway_ip" in found or "allocation_pools" in found:
        check_gateway_conflict(
            found.get("gateway_ip", current["gateway_ip"]), found.get("allocation_pools", current["allocation_pools"])
        )
    return found


def pools_of(given: Sequence[Mapping[str, str]], network: Network) -> list[Pool]:
    """The pools, ascending and in canonical form.

    Raises: InvalidAllocationPool, OutOfBoundsAllocationPool, OverlappingAllocationPools.
    """
    spans: list[tuple[Interval, Pool]] = []
    usable = _usable(network)
    for pool in given:
        start, end = ipaddress.ip_address(pool["start"]), ipaddress.ip_address(pool["end"])
        if start.version != end.version or int(end) < int(start):
            raise problems.InvalidAllocationPool(pool=dict(pool))
        shown = {"start": str(start), "end": str(end)}
        if start.version != network.version:
            raise problems.InvalidAllocationPool(pool=pool_text(shown))
        if int(start) < usable[0] or int(end) > usable[1]:
            raise problems.OutOfBoundsAllocationPool(pool=pool_text(shown), subnet_cidr=str(network))
        spans.append(((int(start), int(end)), shown))
    ordered = sorted(spans, key=lambda span: span[0])
    for (before, one), (after, other) in itertools.pairwise(ordered):
        if after[0] <= before[1]:
            raise problems.OverlappingAllocationPools(
                pool_1=pool_text(one), pool_2=pool_text(other), subnet_cidr=str(network)
            )
    return [pool for _, pool in ordered]


def default_pools(network: Network, gateway_ip: str | None) -> list[Pool]:
    """Everything that a port may have in `network`, around the gateway."""
    first, last = _usable(network)
    gateway = int(ipaddress.ip_address(gateway_ip)) if gateway_ip is not None else None
    if first == last and network.num_addresses == 1:
        # The only address stays to be had even if it is its own gateway.
        gateway = None
    spans = [(first, last)]
    if gateway is not None and first <= gateway <= last:
        spans = [(first, gateway - 1), (gateway + 1, last)]
    address = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
    return [{"start": str(address(start)), "end": str(address(end))} for start, end in spans if start <= end]


def check_gateway_conflict(gateway_ip: str | None, pools: Sequence[Pool]) -> None:
    """Raises: GatewayConflictWithAllocationPools if the gateway's address could be handed out."""
    if gateway_ip is None:
        return
    gateway = ipaddress.ip_address(gateway_ip)
    for pool in pools:
        start = ipaddress.ip_address(pool["start"])
        if start.version == gateway.version and int(start) <= int(gateway) <= int(ipaddress.ip_address(pool["end"])):
            raise problems.GatewayConflictWithAllocationPools(ip_address=gateway_ip, pool=pool_text(pool))


def bounds(cidr: str) -> Interval:
    """The first and the last address of `cidr`, as numbers."""
    network = ipaddress.ip_network(cidr)
    return int(network.network_address), int(network.broadcast_address)


def overlap(cidr: str, network_id: str) -> problems.InvalidInput:
    """The problem of a subnet whose addresses another of its network has."""
    return _invalid(f"Requested subnet with cidr: {cidr} for network: {network_id} overlaps with another subnet")


def pool_text(pool: Mapping[str, str]) -> str:
    """The pool as problems show it."""
    return f"{pool['start']}-{pool['end']}"


def _cidr(request: Mapping[str, Any]) -> str:
    """The range of addresses that the request names. Raises: BadRequest if it names none."""
    cidr: str | None = request.get("cidr")
    if cidr is not None and request.get("prefixlen") is not None:
        raise problems.BadRequest(resource="subnets", msg="cidr and prefixlen must not be supplied together")
    if cidr is None:
        raise problems.BadRequest(resource="subnets", msg="a subnetpool must be specified in the absence of a cidr")
    return cidr


def _check_dhcp_range(network: Network, *, enable_dhcp: bool) -> None:
    """Raises: InvalidInput for ranges that make no subnet, and for those from which DHCP can hand out nothing."""
    first = str(network.network_address)
    if network.version == 6 and int(network.network_address) == 0:
        raise _invalid(f"IPv6 subnet '{first}' is not supported")
    if enable_dhcp:
        if network.max_prefixlen - network.prefixlen < _DHCP_HOST_BITS_LEAST:
            raise _invalid("Subnet has a prefix length that is incompatible with DHCP service enabled")
        if network.network_address.is_multicast:
            raise _invalid("Multicast IP subnet is not supported if enable_dhcp is True")
        if network.network_address.is_loopback:
            raise _invalid("Loopback IP subnet is not supported if enable_dhcp is True")
        if int(network.network_address) == 0:
            raise _invalid(f"First IP '{first}' of network is not supported if enable_dhcp is True.")
    if network.prefixlen == 0:
        raise _invalid("0 is not allowed as CIDR prefix length")


def _check_dhcp_change(current: Mapping[str, Any], network: Network, *, enable_dhcp: bool) -> None:
    if enable_dhcp:
        _check_dhcp_range(network, enable_dhcp=True)
    elif current["ipv6_ra_mode"] or current["ipv6_address_mode"]:
        raise _invalid("Cannot disable enable_dhcp with ipv6 attributes set")


def _check_ipv6_modes(request: Mapping[str, Any], network: Network) -> None:
    modes = {name: request.get(name) for name in ("ipv6_ra_mode", "ipv6_address_mode")}
    given = [name for name, mode in modes.items() if mode is not None]
    if not given:
        return
    if network.version == 4:
        raise _invalid(f"{given[0]} is not valid when ip_version is 4")
    if not request["enable_dhcp"]:
        raise _invalid("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False")
    ra_mode, address_mode = modes.values()
    if len(given) == 2 and ra_mode != address_mode:
        raise _invalid(
            f"ipv6_ra_mode set to '{ra_mode}' with ipv6_address_mode set to '{address_mode}' is not valid. "
            "If both attributes are set, they must be the same value"
        )
    if not AUTO_MODES.isdisjoint(modes.values()) and network.prefixlen != _AUTO_PREFIX:
        raise _invalid(
            f"Invalid CIDR {_text(network)} for IPv6 address mode. OpenStack uses the EUI-64 address format, which "
            "requires the prefix to be /64"
        )


def _gateway(request: Mapping[str, Any], network: Network) -> str | None:
    """The gateway's address: the given one, none if that is asked for, or the first that a router can have."""
    if "gateway_ip" in request:
        given: str | None = request["gateway_ip"]
        return None if given is None else _given_gateway(given, network)
    if network.version == 6:
        return str(network.network_address)
    first = int(network.network_address) + 1
    if first == int(network.broadcast_address) and network.prefixlen == network.max_prefixlen - 1:
        raise problems.IpamValueInvalid(
            message=f"Gateway IP {ipaddress.IPv4Address(first)} cannot be the network or broadcast IP address {network}"
        )
    if first >> network.max_prefixlen:
        raise _invalid("Gateway is not valid on subnet")
    return str(ipaddress.IPv4Address(first))


def _given_gateway(given: str, network: Network) -> str:
    """The gateway's address in canonical form. It may lie outside the network. Raises: InvalidInput."""
    gateway = ipaddress.ip_address(given)
    if gateway.version != network.version:
        raise _invalid(f"gateway_ip '{given}' does not match the ip_version '{network.version}'")
    if network.version == 4 and gateway in (network.network_address, network.broadcast_address):
        raise _invalid("Gateway is not valid on subnet")
    return str(gateway)


def _told(found: Mapping[str, Any], subnet: str, ip_version: int, limits: Limits) -> dict[str, Any]:
    """Name servers and routes among `found`, checked and ordered as they are shown.

    Raises: DNSNameServersExhausted, HostRoutesExhausted, InvalidInput.
    """
    told: dict[str, Any] = {}
    if "dns_nameservers" in found:
        servers = list(found["dns_nameservers"] or ())
        if len(servers) > limits.dns_nameservers:
            raise problems.DNSNameServersExhausted(subnet_id=subnet, quota=limits.dns_nameservers)
        for server in servers:
            _check_version("dns_nameserver", server, ip_version)
        told["dns_nameservers"] = [_text(ipaddress.ip_address(server)) for server in servers]
    if "host_routes" in found:
        routes = list(found["host_routes"] or ())
        if len(routes) > limits.host_routes:
            raise problems.HostRoutesExhausted(subnet_id=subnet, quota=limits.host_routes)
        for route in routes:
            _check_version("nexthop", route["nexthop"], ip_version)
            _check_version("destination", route["destination"], ip_version)
        told["host_routes"] = sorted(
            ({"destination": route["destination"], "nexthop": route["nexthop"]} for route in routes),
            key=lambda route: (route["destination"], route["nexthop"]),
        )
    return told


def _unique(service_types: Sequence[str] | None) -> list[str]:
    return list(dict.fromkeys(service_types or ()))


def _check_version(name: str, value: str, ip_version: int) -> None:
    if ipaddress.ip_network(value, strict=False).version != ip_version:
        raise _invalid(f"{name} '{value}' does not match the ip_version '{ip_version}'")


def _usable(network: Network) -> Interval:
    """The first and the last address that a pool may hold."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 4:
        is_tiny = network.max_prefixlen - network.prefixlen < _DHCP_HOST_BITS_LEAST
        return (first, last) if is_tiny else (first + 1, last - 1)
    # The first address is that of all routers. Source: RFC 4291, 2.6.1.
    return (first, last) if first == last else (first + 1, last)


def _text(value: Address | Network) -> str:
    return str(value)


def _invalid(message: str) -> problems.InvalidInput:
    return problems.InvalidInput(error_message=message)
