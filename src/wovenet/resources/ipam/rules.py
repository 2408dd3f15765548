"""Which addresses a port is to have: subnets and a request → wants, or a problem. Pure."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from wovenet.model import problems

AUTO_MODES: Final = frozenset({"slaac", "dhcpv6-stateless"})
"""IPv6 modes in which a host makes its address from its MAC."""

ROUTER_INTERFACE_OWNERS: Final = frozenset(
    {
        "network:router_interface",
        "network:router_interface_distributed",
        "network:ha_router_replicated_interface",
        "network:router_centralized_snat",
    }
)
"""Owners of ports that are the router of a subnet: they do not configure themselves from its advertisements."""

_DHCP: Final = "network:dhcp"
_HOST_BITS = 64
_EUI64_FILLER = 0xFFFE
_UNIVERSAL_LOCAL = 0x02 << 56


@dataclass(frozen=True)
class Subnet:
    """What allocation needs to know of a subnet."""

    id: str
    network_id: str
    ip_version: int
    cidr: str
    enable_dhcp: bool
    ipv6_address_mode: str | None
    ipv6_ra_mode: str | None
    allocation_pools: tuple[tuple[int, int], ...]
    """(first, last), both included."""
    service_types: tuple[str, ...] = ()
    """Owners of the ports that the subnet is for; none: it is for all."""
    segment_id: str | None = None
    """The one segment of its network that the subnet belongs to, if it does."""

    @property
    def is_auto(self) -> bool:
        """Whether ports get the address that follows from their MAC."""
        return self.ip_version == 6 and not AUTO_MODES.isdisjoint({self.ipv6_address_mode, self.ipv6_ra_mode})

    @cached_property
    def network(self) -> "ipaddress.IPv4Network | ipaddress.IPv6Network":
        return ipaddress.ip_network(self.cidr)

    def holds(self, address: "ipaddress.IPv4Address | ipaddress.IPv6Address") -> bool:
        """Whether a port may have `address` here. Not the IPv4 addresses of the network itself and of broadcast."""
        if address not in self.network:
            return False
        if self.ip_version == 4 and self.network.prefixlen < 31:
            return address not in (self.network.network_address, self.network.broadcast_address)
        return True

    def is_pooled(self, number: int) -> bool:
        """Whether the pool of free addresses accounts for `number`; otherwise the claim alone does.

        An address made from a MAC can lie in a pool. It is never taken from there: a hundred such ports would cut
        the pool into a hundred pieces for nothing, since the pool hands out from its low end.
        """
        if self.is_auto and is_eui64(number):
            return False
        return any(first <= number <= last for first, last in self.allocation_pools)

    def text(self, number: int) -> str:
        """`number` as an address of this subnet is shown."""
        return str(ipaddress.IPv4Address(number) if self.ip_version == 4 else ipaddress.IPv6Address(number))


@dataclass(frozen=True, slots=True)
class Exact:
    """Exactly this address."""

    subnet: Subnet
    number: int


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One address of any of these subnets; the earlier the better."""

    subnets: tuple[Subnet, ...]


Want = Exact | AnyOf


def subnet_of(row: Mapping[str, Any], pools: Sequence[Mapping[str, str]], service_types: Sequence[str] = ()) -> Subnet:
    """The subnet of a row of its table, with its pools and service types as the API shows them."""
    return Subnet(
        id=row["id"],
        network_id=row["network_id"],
        ip_version=row["ip_version"],
        cidr=row["cidr"],
        enable_dhcp=row["enable_dhcp"],
        ipv6_address_mode=row["ipv6_address_mode"],
        ipv6_ra_mode=row["ipv6_ra_mode"],
        allocation_pools=tuple((number_of(pool["start"]), number_of(pool["end"])) for pool in pools),
        service_types=tuple(service_types),
        segment_id=row.get("segment_id"),
    )


def number_of(address: str) -> int:
    """The address as a number."""
    return int(ipaddress.ip_address(address))


def is_eui64(number: int) -> bool:
    """Whether the address looks as if it were made from a MAC."""
    return number >> 24 & 0xFFFF == _EUI64_FILLER


def eui64(subnet: Subnet, mac_address: str) -> int:
    """The address that the owner of `mac_address` gives itself in `subnet` (a /64). Source: RFC 4291, appendix A."""
    mac = int(mac_address.replace(":", "").replace("-", ""), 16)
    host = (mac >> 24) << 40 | _EUI64_FILLER << 24 | mac & 0xFFFFFF
    return int(subnet.network.network_address) | host ^ _UNIVERSAL_LOCAL


def candidates(subnets: Sequence[Subnet], device_owner: str) -> list[Subnet]:
    """Those of a network's `subnets` that are for ports of this owner, those that are for them only first.

    Raises: IpAddressGenerationFailureNoMatchingSubnet if there are subnets, and all are for others.
    """
    found = [subnet for subnet in subnets if _serves(subnet, device_owner)]
    if subnets and not found:
        raise problems.IpAddressGenerationFailureNoMatchingSubnet(
            network_id=subnets[0].network_id, service_type=device_owner
        )
    return sorted(found, key=lambda subnet: not subnet.service_types)


def _serves(subnet: Subnet, device_owner: str) -> bool:
    """Whether the subnet is for ports of this owner. A subnet with DHCP has room for who answers it."""
    if not subnet.service_types or device_owner in subnet.service_types:
        return True
    return subnet.enable_dhcp and device_owner == _DHCP


def wants(
    subnets: Sequence[Subnet], fixed_ips: Sequence[Mapping[str, str]] | None, *, mac_address: str, device_owner: str
) -> list[Want]:
    """What a new port is to have. `fixed_ips` None: the request leaves it to us.

    In: all subnets of the port's network, the preferred first; every subnet that `fixed_ips` names is among them.
    Raises: InvalidInput, InvalidIpForNetwork, InvalidIpForSubnet, AllocationOnAutoAddressSubnet.
    """
    is_router = device_owner in ROUTER_INTERFACE_OWNERS
    found: list[Want] = []
    if fixed_ips is None:
        for version in (4, 6):
            candidates = tuple(
                subnet for subnet in subnets if subnet.ip_version == version and (is_router or not subnet.is_auto)
            )
            if candidates:
                found.append(AnyOf(candidates))
    else:
        by_id = {subnet.id: subnet for subnet in subnets}
        found.extend(
            want
            for fixed_ip in fixed_ips
            if (want := _want(subnets, by_id, fixed_ip, is_router=is_router, mac_address=mac_address)) is not None
        )
    if not is_router:
        automatic = [Exact(subnet, eui64(subnet, mac_address)) for subnet in subnets if subnet.is_auto]
        found.extend(want for want in automatic if want not in found)
    return found


def _want(
    subnets: Sequence[Subnet],
    by_id: Mapping[str, Subnet],
    fixed_ip: Mapping[str, str],
    *,
    is_router: bool,
    mac_address: str,
) -> Want | None:
    """What one item of a request asks for; None if the port has it anyhow."""
    subnet = by_id[fixed_ip["subnet_id"]] if fixed_ip.get("subnet_id") else None
    if fixed_ip.get("ip_address"):
        return _exact(subnets, subnet, fixed_ip["ip_address"], is_router=is_router, mac_address=mac_address)
    if subnet is None:
        raise problems.InvalidInput(error_message="IP allocation requires subnet_id or ip_address")
    if subnet.is_auto and not is_router:
        return None
    return AnyOf((subnet,))


def _exact(subnets: Sequence[Subnet], subnet: Subnet | None, text: str, *, is_router: bool, mac_address: str) -> Exact:
    address = ipaddress.ip_address(text)
    if subnet is None:
        subnet = next((candidate for candidate in subnets if candidate.holds(address)), None)
        if subnet is None:
            raise problems.InvalidIpForNetwork(ip_address=text)
    elif not subnet.holds(address):
        raise problems.InvalidIpForSubnet(ip_address=text)
    if subnet.is_auto and not is_router and int(address) != eui64(subnet, mac_address):
        raise problems.AllocationOnAutoAddressSubnet(ip=str(address), subnet_id=subnet.id)
    return Exact(subnet, int(address))
