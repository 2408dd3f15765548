"""Requests about subnets. What comes of them, and how they are refused, is what the peer answered."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wovenet.model import problems
from wovenet.resources.ipam.rules import number_of
from wovenet.resources.subnet import rules

LIMITS = rules.Limits(dns_nameservers=5, host_routes=20)


def request(cidr: str | None, **attributes: Any) -> dict[str, Any]:
    ip_version = 6 if cidr is not None and ":" in cidr else 4
    return {"cidr": cidr, "ip_version": ip_version, "enable_dhcp": True, **attributes}


def pools(*addresses: str) -> list[dict[str, str]]:
    starts, ends = addresses[::2], addresses[1::2]
    return [{"start": start, "end": end} for start, end in zip(starts, ends, strict=True)]


def refused(error: type[problems.Problem], wanted: dict[str, Any]) -> Any:
    with pytest.raises(error) as caught:
        rules.new(wanted, LIMITS)
    return caught.value.fields


@pytest.mark.parametrize(
    ("cidr", "attributes", "gateway_ip", "shown"),
    [
        ("10.0.0.0/24", {}, "10.0.0.1", pools("10.0.0.2", "10.0.0.254")),
        ("10.0.0.0/30", {}, "10.0.0.1", pools("10.0.0.2", "10.0.0.2")),
        ("10.0.0.0/8", {}, "10.0.0.1", pools("10.0.0.2", "10.255.255.254")),
        ("128.0.0.0/1", {}, "128.0.0.1", pools("128.0.0.2", "255.255.255.254")),
        ("240.0.0.0/24", {}, "240.0.0.1", pools("240.0.0.2", "240.0.0.254")),
        ("10.0.0.0/24", {"gateway_ip": None}, None, pools("10.0.0.1", "10.0.0.254")),
        ("10.0.0.4/30", {"gateway_ip": None}, None, pools("10.0.0.5", "10.0.0.6")),
        ("10.0.0.0/24", {"gateway_ip": "10.0.0.254"}, "10.0.0.254", pools("10.0.0.1", "10.0.0.253")),
        (
            "10.0.0.0/24",
            {"gateway_ip": "10.0.0.128"},
            "10.0.0.128",
            pools("10.0.0.1", "10.0.0.127", "10.0.0.129", "10.0.0.254"),
        ),
        ("10.0.0.0/24", {"gateway_ip": "10.0.1.1"}, "10.0.1.1", pools("10.0.0.1", "10.0.0.254")),
        ("10.0.0.0/24", {"gateway_ip": "0.0.0.0"}, "0.0.0.0", pools("10.0.0.1", "10.0.0.254")),
        ("fd00::/64", {}, "fd00::", pools("fd00::1", "fd00::ffff:ffff:ffff:ffff")),
        ("fd00::/126", {}, "fd00::", pools("fd00::1", "fd00::3")),
        ("fd00::/64", {"gateway_ip": None}, None, pools("fd00::1", "fd00::ffff:ffff:ffff:ffff")),
        ("fd00::/64", {"gateway_ip": "fd00::1"}, "fd00::1", pools("fd00::2", "fd00::ffff:ffff:ffff:ffff")),
        ("fd00::/64", {"gateway_ip": "fe80::1"}, "fe80::1", pools("fd00::1", "fd00::ffff:ffff:ffff:ffff")),
        ("fd00::/64", {"gateway_ip": "FD00:0::"}, "fd00::", pools("fd00::1", "fd00::ffff:ffff:ffff:ffff")),
        ("10.0.0.5/32", {"enable_dhcp": False}, "10.0.0.6", pools("10.0.0.5", "10.0.0.5")),
        ("10.0.0.4/32", {"enable_dhcp": False, "gateway_ip": None}, None, pools("10.0.0.4", "10.0.0.4")),
        ("10.0.0.0/31", {"enable_dhcp": False, "gateway_ip": None}, None, pools("10.0.0.0", "10.0.0.1")),
        ("10.0.0.0/31", {"enable_dhcp": False, "gateway_ip": "9.0.0.1"}, "9.0.0.1", pools("10.0.0.0", "10.0.0.1")),
        ("0.0.0.0/8", {"enable_dhcp": False}, "0.0.0.1", pools("0.0.0.2", "0.255.255.254")),
        ("127.0.0.0/24", {"enable_dhcp": False}, "127.0.0.1", pools("127.0.0.2", "127.0.0.254")),
        ("224.0.0.0/24", {"enable_dhcp": False}, "224.0.0.1", pools("224.0.0.2", "224.0.0.254")),
        ("fd00::/127", {"enable_dhcp": False}, "fd00::", pools("fd00::1", "fd00::1")),
        ("fd00::/127", {"enable_dhcp": False, "gateway_ip": "fd00::1"}, "fd00::1", []),
        ("fd00::4/128", {"enable_dhcp": False, "gateway_ip": "fd00::4"}, "fd00::4", pools("fd00::4", "fd00::4")),
        ("::1/128", {"enable_dhcp": False}, "::1", pools("::1", "::1")),
    ],
)
def test_gateway_and_pools_by_default(
    cidr: str, attributes: dict[str, Any], gateway_ip: str | None, shown: list[dict[str, str]]
) -> None:
    found = rules.new(request(cidr, **attributes), LIMITS)
    assert (found["cidr"], found["gateway_ip"], found["allocation_pools"]) == (cidr, gateway_ip, shown)


@pytest.mark.parametrize(
    ("given_cidr", "cidr"),
    [("10.0.0.5/24", "10.0.0.0/24"), ("fd00::5/64", "fd00::/64"), ("FD00:0:0::/64", "fd00::/64")],
)
def test_a_cidr_is_kept_without_host_bits(given_cidr: str, cidr: str) -> None:
    assert rules.new(request(given_cidr), LIMITS)["cidr"] == cidr


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (request("fd00::/64", ip_version=4), "cidr 'fd00::/64' does not match the ip_version '4'"),
        (request("10.0.0.0/24", ip_version=6), "cidr '10.0.0.0/24' does not match the ip_version '6'"),
        (request("10.0.0.0/31"), "Subnet has a prefix length that is incompatible with DHCP service enabled"),
        (request("10.0.0.0"), "Subnet has a prefix length that is incompatible with DHCP service enabled"),
        (request("fd00::/127"), "Subnet has a prefix length that is incompatible with DHCP service enabled"),
        (request("0.0.0.0/8"), "First IP '0.0.0.0' of network is not supported if enable_dhcp is True."),
        (request("0.0.0.0/0"), "First IP '0.0.0.0' of network is not supported if enable_dhcp is True."),
        (request("127.0.0.0/8"), "Loopback IP subnet is not supported if enable_dhcp is True"),
        (request("224.0.0.0/24"), "Multicast IP subnet is not supported if enable_dhcp is True"),
        (request("ff00::/64"), "Multicast IP subnet is not supported if enable_dhcp is True"),
        (request("::/64"), "IPv6 subnet '::' is not supported"),
        (request("::/0", enable_dhcp=False), "IPv6 subnet '::' is not supported"),
        (request("0.0.0.0/0", enable_dhcp=False), "0 is not allowed as CIDR prefix length"),
        (request("255.255.255.255/32", enable_dhcp=False), "Gateway is not valid on subnet"),
        (request("10.0.0.0/24", gateway_ip="10.0.0.0"), "Gateway is not valid on subnet"),
        (request("10.0.0.0/24", gateway_ip="10.0.0.255"), "Gateway is not valid on subnet"),
        (request("10.0.0.0/31", gateway_ip="10.0.0.1", enable_dhcp=False), "Gateway is not valid on subnet"),
        (request("10.0.0.4/32", gateway_ip="10.0.0.4", enable_dhcp=False), "Gateway is not valid on subnet"),
        (request("10.0.0.0/24", gateway_ip="fd00::1"), "gateway_ip 'fd00::1' does not match the ip_version '4'"),
        (request("fd00::/64", gateway_ip="10.0.0.1"), "gateway_ip '10.0.0.1' does not match the ip_version '6'"),
        (request("10.0.0.0/24", ipv6_ra_mode="slaac"), "ipv6_ra_mode is not valid when ip_version is 4"),
        (request("10.0.0.0/24", ipv6_address_mode="slaac"), "ipv6_address_mode is not valid when ip_version is 4"),
        (
            request("fd00::/64", ipv6_ra_mode="slaac", enable_dhcp=False),
            "ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False",
        ),
        (
            request("fd00::/64", ipv6_ra_mode="slaac", ipv6_address_mode="dhcpv6-stateful"),
            "ipv6_ra_mode set to 'slaac' with ipv6_address_mode set to 'dhcpv6-stateful' is not valid. If both "
            "attributes are set, they must be the same value",
        ),
        (
            request("fd00::/80", ipv6_ra_mode="slaac"),
            "Invalid CIDR fd00::/80 for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires "
            "the prefix to be /64",
        ),
        (
            request("10.0.0.0/24", dns_nameservers=["8.8.8.8", "fd00::1"]),
            "dns_nameserver 'fd00::1' does not match the ip_version '4'",
        ),
        (
            request("10.0.0.0/24", host_routes=[{"destination": "fd00::/64", "nexthop": "fd00::1"}]),
            "nexthop 'fd00::1' does not match the ip_version '4'",
        ),
        (
            request("10.0.0.0/24", host_routes=[{"destination": "fd00::/64", "nexthop": "10.0.0.1"}]),
            "destination 'fd00::/64' does not match the ip_version '4'",
        ),
    ],
)
def test_invalid_input(wanted: dict[str, Any], message: str) -> None:
    assert refused(problems.InvalidInput, wanted) == {"error_message": message}


MODES = (None, "slaac", "dhcpv6-stateless", "dhcpv6-stateful")


@pytest.mark.parametrize("ra_mode", MODES)
@pytest.mark.parametrize("address_mode", MODES)
def test_modes_are_equal_or_one_is_missing(ra_mode: str | None, address_mode: str | None) -> None:
    wanted = request("fd00::/64", ipv6_ra_mode=ra_mode, ipv6_address_mode=address_mode)
    if ra_mode is None or address_mode is None or ra_mode == address_mode:
        found = rules.new(wanted, LIMITS)
        assert (found["ipv6_ra_mode"], found["ipv6_address_mode"]) == (ra_mode, address_mode)
    else:
        refused(problems.InvalidInput, wanted)


def test_an_address_mode_that_needs_no_mac_takes_any_prefix() -> None:
    wanted = request("fd00::/80", ipv6_address_mode="dhcpv6-stateful")
    assert rules.new(wanted, LIMITS)["cidr"] == "fd00::/80"


def test_a_gateway_by_default_that_is_no_address_of_a_host() -> None:
    assert refused(problems.IpamValueInvalid, request("10.0.0.0/31", enable_dhcp=False)) == {
        "message": "Gateway IP 10.0.0.1 cannot be the network or broadcast IP address 10.0.0.0/31"
    }


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (request(None), "a subnetpool must be specified in the absence of a cidr"),
        (request(None, prefixlen=24), "a subnetpool must be specified in the absence of a cidr"),
        (request(None, subnetpool_id=None), "a subnetpool must be specified in the absence of a cidr"),
        (request("10.0.0.0/24", prefixlen=24), "cidr and prefixlen must not be supplied together"),
        (request("10.0.0.0/24", prefixlen=24, subnetpool_id="x"), "cidr and prefixlen must not be supplied together"),
    ],
)
def test_a_request_that_names_no_addresses(wanted: dict[str, Any], message: str) -> None:
    assert refused(problems.BadRequest, wanted) == {"resource": "subnets", "msg": message}


@pytest.mark.parametrize(
    "given_pools",
    [
        pools("10.0.0.10", "10.0.0.20"),
        pools("10.0.0.10", "10.0.0.20", "10.0.0.21", "10.0.0.30"),
        pools("10.0.0.5", "10.0.0.5"),
        pools("10.0.0.2", "10.0.0.254"),
    ],
)
def test_pools_are_kept_as_given(given_pools: list[dict[str, str]]) -> None:
    assert rules.new(request("10.0.0.0/24", allocation_pools=given_pools), LIMITS)["allocation_pools"] == given_pools


def test_pools_are_shown_in_order() -> None:
    wanted = request("10.0.0.0/24", allocation_pools=pools("10.0.0.30", "10.0.0.40", "10.0.0.10", "10.0.0.20"))
    shown = pools("10.0.0.10", "10.0.0.20", "10.0.0.30", "10.0.0.40")
    assert rules.new(wanted, LIMITS)["allocation_pools"] == shown


@pytest.mark.parametrize("nothing", [None, []])
def test_pools_that_are_not_given_are_the_default(nothing: Any) -> None:
    found = rules.new(request("10.0.0.0/24", allocation_pools=nothing), LIMITS)
    assert found["allocation_pools"] == pools("10.0.0.2", "10.0.0.254")


@pytest.mark.parametrize(
    ("given_pools", "error", "fields"),
    [
        (
            pools("10.0.0.20", "10.0.0.10"),
            problems.InvalidAllocationPool,
            {"pool": {"start": "10.0.0.20", "end": "10.0.0.10"}},
        ),
        (
            pools("10.0.0.10", "fd00::5"),
            problems.InvalidAllocationPool,
            {"pool": {"start": "10.0.0.10", "end": "fd00::5"}},
        ),
        (pools("fd00::1", "fd00::5"), problems.InvalidAllocationPool, {"pool": "fd00::1-fd00::5"}),
        (
            pools("10.0.0.10", "10.0.1.20"),
            problems.OutOfBoundsAllocationPool,
            {"pool": "10.0.0.10-10.0.1.20", "subnet_cidr": "10.0.0.0/24"},
        ),
        (
            pools("10.0.0.0", "10.0.0.20"),
            problems.OutOfBoundsAllocationPool,
            {"pool": "10.0.0.0-10.0.0.20", "subnet_cidr": "10.0.0.0/24"},
        ),
        (
            pools("10.0.0.10", "10.0.0.255"),
            problems.OutOfBoundsAllocationPool,
            {"pool": "10.0.0.10-10.0.0.255", "subnet_cidr": "10.0.0.0/24"},
        ),
        (
            pools("10.0.0.10", "10.0.0.20", "10.0.0.20", "10.0.0.30"),
            problems.OverlappingAllocationPools,
            {"pool_1": "10.0.0.10-10.0.0.20", "pool_2": "10.0.0.20-10.0.0.30", "subnet_cidr": "10.0.0.0/24"},
        ),
        (
            pools("10.0.0.1", "10.0.0.20"),
            problems.GatewayConflictWithAllocationPools,
            {"ip_address": "10.0.0.1", "pool": "10.0.0.1-10.0.0.20"},
        ),
    ],
)
def test_pools_that_cannot_be(
    given_pools: list[dict[str, str]], error: type[problems.Problem], fields: dict[str, Any]
) -> None:
    assert refused(error, request("10.0.0.0/24", allocation_pools=given_pools)) == fields


def test_the_first_ipv6_address_is_in_no_pool() -> None:
    wanted = request("fd00::/64", gateway_ip=None, allocation_pools=pools("fd00::", "fd00::5"))
    refused(problems.OutOfBoundsAllocationPool, wanted)


def test_limits_of_what_dhcp_tells() -> None:
    servers = [f"1.1.1.{number}" for number in range(1, 7)]
    routes = [{"destination": f"10.{number}.0.0/24", "nexthop": "10.0.0.9"} for number in range(21)]
    assert refused(problems.DNSNameServersExhausted, request("10.0.0.0/24", dns_nameservers=servers)) == {
        "subnet_id": "new subnet",
        "quota": 5,
    }
    assert refused(problems.HostRoutesExhausted, request("10.0.0.0/24", host_routes=routes)) == {
        "subnet_id": "new subnet",
        "quota": 20,
    }
    found = rules.new(request("10.0.0.0/24", dns_nameservers=servers[:5], host_routes=routes[:20]), LIMITS)
    assert found["dns_nameservers"] == servers[:5]
    assert len(found["host_routes"]) == 20


def test_name_servers_keep_their_order_and_routes_are_sorted() -> None:
    routes = [
        {"destination": "10.2.0.0/24", "nexthop": "10.0.0.9"},
        {"destination": "10.10.0.0/24", "nexthop": "10.0.0.9"},
        {"destination": "10.2.0.0/24", "nexthop": "10.0.0.8"},
    ]
    found = rules.new(request("10.0.0.0/24", dns_nameservers=["9.9.9.9", "1.1.1.1"], host_routes=routes), LIMITS)
    assert found["dns_nameservers"] == ["9.9.9.9", "1.1.1.1"]
    assert found["host_routes"] == [routes[1], routes[2], routes[0]]


def subnet(cidr: str = "10.0.0.0/24", **attributes: Any) -> dict[str, Any]:
    wanted = request(cidr)
    return {"id": "subnet", "name": "", **wanted, **rules.new(wanted, LIMITS), **attributes}


@pytest.mark.parametrize(
    ("current", "changes", "found"),
    [
        (subnet(), {"name": "new"}, {"name": "new"}),
        (subnet(), {"name": "", "gateway_ip": "10.0.0.1", "dns_nameservers": None, "enable_dhcp": True}, {}),
        (subnet(), {"gateway_ip": None}, {"gateway_ip": None}),
        (subnet(), {"gateway_ip": "11.0.0.1"}, {"gateway_ip": "11.0.0.1"}),
        (subnet(), {"allocation_pools": None}, {}),
        (subnet(), {"allocation_pools": []}, {"allocation_pools": []}),
        (
            subnet(),
            {"allocation_pools": pools("10.0.0.7", "10.0.0.9", "10.0.0.2", "10.0.0.3")},
            {"allocation_pools": pools("10.0.0.2", "10.0.0.3", "10.0.0.7", "10.0.0.9")},
        ),
        (
            subnet(),
            {"gateway_ip": "10.0.0.5", "allocation_pools": pools("10.0.0.6", "10.0.0.9")},
            {"gateway_ip": "10.0.0.5", "allocation_pools": pools("10.0.0.6", "10.0.0.9")},
        ),
        (subnet(), {"enable_dhcp": False}, {"enable_dhcp": False}),
        (subnet("fd00::/64"), {"gateway_ip": "FE80::1"}, {"gateway_ip": "fe80::1"}),
        (subnet(dns_nameservers=["1.1.1.1"]), {"dns_nameservers": None}, {"dns_nameservers": []}),
        (
            subnet(dns_nameservers=["1.1.1.1", "2.2.2.2"]),
            {"dns_nameservers": ["2.2.2.2", "1.1.1.1"]},
            {"dns_nameservers": ["2.2.2.2", "1.1.1.1"]},
        ),
    ],
)
def test_what_a_change_really_changes(current: dict[str, Any], changes: dict[str, Any], found: dict[str, Any]) -> None:
    assert rules.changed(current, changes, LIMITS) == found


@pytest.mark.parametrize(
    ("current", "changes", "error"),
    [
        (subnet(), {"gateway_ip": "10.0.0.254"}, problems.GatewayConflictWithAllocationPools),
        (
            subnet(gateway_ip="10.0.0.5", allocation_pools=[]),
            {"allocation_pools": pools("10.0.0.2", "10.0.0.9")},
            problems.GatewayConflictWithAllocationPools,
        ),
        (subnet(), {"gateway_ip": "10.0.0.255"}, problems.InvalidInput),
        (subnet(), {"gateway_ip": "fd00::1"}, problems.InvalidInput),
        (subnet(), {"allocation_pools": pools("10.0.0.9", "10.0.1.9")}, problems.OutOfBoundsAllocationPool),
        (subnet("fd00::/64", ipv6_ra_mode="slaac"), {"enable_dhcp": False}, problems.InvalidInput),
        (
            subnet(cidr="10.0.0.0/24", enable_dhcp=False) | {"cidr": "10.0.0.0/31"},
            {"enable_dhcp": True},
            problems.InvalidInput,
        ),
        (subnet(), {"dns_nameservers": ["fd00::1"]}, problems.InvalidInput),
        (subnet(), {"dns_nameservers": [f"1.1.1.{one}" for one in range(6)]}, problems.DNSNameServersExhausted),
    ],
)
def test_changes_that_cannot_be(
    current: dict[str, Any], changes: dict[str, Any], error: type[problems.Problem]
) -> None:
    with pytest.raises(error):
        rules.changed(current, changes, LIMITS)


def test_a_change_beyond_a_limit_names_the_subnet() -> None:
    with pytest.raises(problems.HostRoutesExhausted) as error:
        rules.changed(subnet(), {"host_routes": [{"destination": "1.0.0.0/8", "nexthop": "2.2.2.2"}] * 21}, LIMITS)
    assert error.value.fields == {"subnet_id": "subnet", "quota": 20}


PREFIX = st.tuples(st.integers(1, 223), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)).filter(
    lambda octets: octets[0] != 127
)


def _members(shown: Sequence[dict[str, str]]) -> set[int]:
    return {number for pool in shown for number in range(number_of(pool["start"]), number_of(pool["end"]) + 1)}


@given(PREFIX, st.integers(22, 30), st.data())
def test_default_pools_hold_every_host_address_but_the_gateway(
    octets: tuple[int, ...], length: int, data: st.DataObject
) -> None:
    cidr = f"{'.'.join(map(str, octets))}/{length}"
    first, last = rules.bounds(rules.new(request(cidr), LIMITS)["cidr"])
    gateway = data.draw(st.integers(first + 1, last - 1))
    text = ".".join(str(gateway >> shift & 255) for shift in (24, 16, 8, 0))
    found = rules.new(request(cidr, gateway_ip=text), LIMITS)
    assert _members(found["allocation_pools"]) == set(range(first + 1, last)) - {gateway}
    rules.check_gateway_conflict(text, found["allocation_pools"])
    again = rules.new(request(cidr, gateway_ip=text, allocation_pools=found["allocation_pools"]), LIMITS)
    assert again == found
