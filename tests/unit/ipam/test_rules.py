"""Which addresses a port is to have."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wovenet.model import problems
from wovenet.resources.ipam import rules
from wovenet.resources.ipam.rules import AnyOf, Exact, Subnet

MAC = "00:11:22:33:44:55"
EUI64 = 0x0211_22FF_FE33_4455


def subnet(cidr: str, *, mode: str | None = None, pools: tuple[tuple[str, str], ...] = ()) -> Subnet:
    network = ipaddress.ip_network(cidr)
    return Subnet(
        id=cidr,
        network_id="net",
        ip_version=network.version,
        cidr=cidr,
        enable_dhcp=True,
        ipv6_address_mode=mode,
        ipv6_ra_mode=mode,
        allocation_pools=tuple((rules.number_of(first), rules.number_of(last)) for first, last in pools),
    )


V4, V4_TOO = subnet("10.1.0.0/24"), subnet("10.2.0.0/24")
V6, STATEFUL = subnet("fd00:5::/64"), subnet("fd00:2::/64", mode="dhcpv6-stateful")
SLAAC, STATELESS = subnet("fd00:1::/64", mode="slaac"), subnet("fd00:4::/64", mode="dhcpv6-stateless")
ALL = (V4, V4_TOO, V6, STATEFUL, SLAAC, STATELESS)
AUTOMATIC = [Exact(found, rules.number_of(found.cidr.removesuffix("/64")) | EUI64) for found in (SLAAC, STATELESS)]


def wants(fixed_ips: list[dict[str, str]] | None, owner: str = "") -> list[rules.Want]:
    return rules.wants(ALL, fixed_ips, mac_address=MAC, device_owner=owner)


def exact(found: Subnet, text: str) -> Exact:
    return Exact(found, rules.number_of(text))


def test_without_a_wish_one_of_each_version_and_all_automatic_ones() -> None:
    assert wants(None) == [AnyOf((V4, V4_TOO)), AnyOf((V6, STATEFUL)), *AUTOMATIC]


def test_automatic_ones_come_with_any_wish_and_once() -> None:
    assert wants([]) == AUTOMATIC
    assert wants([{"subnet_id": SLAAC.id}] * 2) == AUTOMATIC
    assert wants([{"ip_address": SLAAC.text(AUTOMATIC[0].number)}]) == AUTOMATIC


def test_a_router_takes_addresses_anywhere_and_makes_none_itself() -> None:
    owner = "network:router_interface"
    assert wants([{"ip_address": "fd00:1::1"}], owner) == [exact(SLAAC, "fd00:1::1")]
    assert wants([{"subnet_id": SLAAC.id}], owner) == [AnyOf((SLAAC,))]
    assert wants([], owner) == []


@pytest.mark.parametrize(
    ("fixed_ip", "want"),
    [
        ({"subnet_id": "10.2.0.0/24"}, AnyOf((V4_TOO,))),
        ({"ip_address": "10.2.0.9"}, exact(V4_TOO, "10.2.0.9")),
        ({"subnet_id": "10.2.0.0/24", "ip_address": "10.2.0.9"}, exact(V4_TOO, "10.2.0.9")),
        ({"ip_address": "fd00:5:0::ABCD"}, exact(V6, "fd00:5::abcd")),
        ({"ip_address": "fd00:5::"}, exact(V6, "fd00:5::")),
    ],
)
def test_wishes(fixed_ip: dict[str, str], want: rules.Want) -> None:
    assert wants([fixed_ip]) == [want, *AUTOMATIC]


@pytest.mark.parametrize(
    ("fixed_ip", "problem"),
    [
        ({"ip_address": "9.9.9.9"}, problems.InvalidIpForNetwork),
        ({"ip_address": "10.1.0.0"}, problems.InvalidIpForNetwork),
        ({"ip_address": "10.1.0.255"}, problems.InvalidIpForNetwork),
        ({"subnet_id": "10.1.0.0/24", "ip_address": "10.2.0.9"}, problems.InvalidIpForSubnet),
        ({"subnet_id": "10.1.0.0/24", "ip_address": "fd00:5::9"}, problems.InvalidIpForSubnet),
        ({"ip_address": "fd00:1::9"}, problems.AllocationOnAutoAddressSubnet),
        ({}, problems.InvalidInput),
    ],
)
def test_wishes_that_cannot_be(fixed_ip: dict[str, str], problem: type[problems.Problem]) -> None:
    with pytest.raises(problem):
        wants([fixed_ip])


def test_small_subnets_have_no_broadcast() -> None:
    for cidr, count in (("10.0.0.0/31", 2), ("10.0.0.0/32", 1), ("10.0.0.0/30", 2)):
        found = subnet(cidr)
        assert sum(found.holds(address) for address in found.network) == count


@given(st.integers(0, 2**48 - 1))
def test_addresses_made_from_a_mac_look_so_and_are_unique(number: int) -> None:
    octets = number.to_bytes(6, "big")
    mac = ":".join(f"{octet:02x}" for octet in octets)
    made = rules.eui64(SLAAC, mac)
    assert rules.is_eui64(made)
    assert SLAAC.holds(ipaddress.IPv6Address(made))
    host = (made & (2**64 - 1)) ^ (0x02 << 56)
    assert host >> 40 << 24 | host & 0xFFFFFF == number
    assert rules.eui64(SLAAC, mac.replace(":", "-").upper()) == made


def test_pools_account_for_what_lies_in_them_but_for_addresses_made_from_a_mac() -> None:
    pools = (("fd00:1::2", "fd00:1::ffff:ffff:ffff:ffff"),)
    automatic, plain = subnet("fd00:1::/64", mode="slaac", pools=pools), subnet("fd00:1::/64", pools=pools)
    made = rules.eui64(automatic, MAC)
    assert not automatic.is_pooled(made)
    assert plain.is_pooled(made)
    assert automatic.is_pooled(rules.number_of("fd00:1::2"))
    assert not automatic.is_pooled(rules.number_of("fd00:1::1"))
