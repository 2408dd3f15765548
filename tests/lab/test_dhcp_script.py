"""What the DHCP client's script makes of a server's words."""

import pytest

from wovenet.lab import dhcp_script

V4 = {
    "reason": "BOUND",
    "new_ip_address": "10.9.0.11",
    "new_subnet_mask": "255.255.255.0",
    "new_routers": "10.9.0.1 10.9.0.254",
    "new_domain_name_servers": "10.9.0.2 10.9.0.3",
    "new_interface_mtu": "1442",
    "new_dhcp_server_identifier": "10.9.0.1",
}


def test_the_first_router_is_the_default_route() -> None:
    assert dhcp_script.configuration("eth0", dhcp_script.lease(V4)) == [
        "link set dev eth0 mtu 1442",
        "addr replace 10.9.0.11/24 dev eth0",
        "route replace 0.0.0.0/0 via 10.9.0.1 dev eth0",
    ]


def test_classless_routes_replace_the_router() -> None:
    """RFC 3442: a client that gets option 121 ignores option 3."""
    lease = dhcp_script.lease({**V4, "new_rfc3442_classless_static_routes": "32 169 254 169 254 10 9 0 2"})
    assert lease["routes"] == [{"destination": "169.254.169.254/32", "via": "10.9.0.2"}]


@pytest.mark.parametrize(
    ("option", "routes"),
    [
        ("0 10 0 0 1", [("0.0.0.0/0", "10.0.0.1")]),
        ("24 192 168 5 0 0 0 0", [("192.168.5.0/24", None)]),
        ("17 10 27 129 10 0 0 1 8 172 10 0 0 2", [("10.27.128.0/17", "10.0.0.1"), ("172.0.0.0/8", "10.0.0.2")]),
        ("", []),
    ],
)
def test_classless_routes_are_decoded(option: str, routes: list[tuple[str, str | None]]) -> None:
    assert [(route["destination"], route["via"]) for route in dhcp_script.classless_routes(option)] == routes


@pytest.mark.parametrize("option", ["33 10 0 0 0 0 10 0 0 1", "24 10 0", "24 10 0 0 10 0", "0 300 0 0 1", "x"])
def test_malformed_classless_routes_are_refused(option: str) -> None:
    with pytest.raises(ValueError):
        dhcp_script.classless_routes(option)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("new_ip_address", "10.9.0.11 dev eth1\nlink delete eth0"),
        ("new_routers", "$(reboot)"),
        ("new_domain_name_servers", "10.9.0.2;x"),
        ("new_interface_mtu", "1442 down"),
    ],
)
def test_nothing_but_addresses_and_numbers_reaches_the_ip_program(key: str, value: str) -> None:
    with pytest.raises(ValueError):
        dhcp_script.lease({**V4, key: value})


def test_a_lease_of_ipv6_is_one_address() -> None:
    lease = dhcp_script.lease(
        {
            "reason": "BOUND6",
            "new_ip6_address": "fd00:9::11",
            "new_ip6_prefixlen": "128",
            "new_dhcp6_name_servers": "fd00:9::2",
        }
    )
    assert dhcp_script.configuration("eth0", lease) == ["addr replace fd00:9::11/128 dev eth0"]
    assert lease["dns"] == ["fd00:9::2"]
