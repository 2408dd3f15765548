"""What DHCP is to tell reaches OVN as options with values, and as nothing else (F-10, W-20, OV-024, OV-025)."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.deployment import REGISTRY
from tests.property.values import HOSTILE, TEXTS
from wovenet.api import parse
from wovenet.model.actor import Actor
from wovenet.model.problems import Problem
from wovenet.model.views import DeploymentView, DhcpOptionView, HostRoute, SubnetView
from wovenet.ovn import dhcp
from wovenet.resources.port import rules as port_rules
from wovenet.resources.subnet import render, rules
from wovenet.surface import merge

ACTOR = Actor(user_id="u", project_id="p", roles=frozenset({"admin"}), is_admin=True)
SUBNETS = REGISTRY.surface.collections["subnets"]
PORTS = REGISTRY.surface.collections["ports"]
LIMITS = rules.Limits(dns_nameservers=5, host_routes=20)
ID = "5f0c1a52-8b2c-4f6b-9d2c-0c3a5d3f0a01"

ADDRESS = r"[0-9a-f.:]+"
CONSTANT = rf"{ADDRESS}|[0-9]+|true|([0-9a-f]{{2}}:){{5}}[0-9a-f]{{2}}"
ROUTE = rf"{ADDRESS}/[0-9]+,{ADDRESS}"
VALUE = re.compile(rf"({CONSTANT})|\{{({ADDRESS})(, ?({ADDRESS}))*\}}|\{{{ROUTE}(, {ROUTE})*\}}", re.IGNORECASE)


def mostly(*likely: str) -> st.SearchStrategy[str]:
    """One of the likely texts, or any."""
    return st.sampled_from(likely * 20 + HOSTILE)


SERVERS = mostly("10.0.0.53", "2001:db8::53", "FE80::1", "0.0.0.0", "::")
ROUTES = st.fixed_dictionaries(
    {
        "destination": mostly("10.9.0.0/16", "0.0.0.0/0", "2001:db8:9::/48", "10.9.9.9"),
        "nexthop": mostly("10.0.0.9", "2001:db8::9"),
    }
)
REQUESTS = st.sampled_from([(4, "10.0.0.0/24"), (6, "2001:db8::/64")]).flatmap(
    lambda base: st.fixed_dictionaries(
        {"network_id": st.just(ID), "ip_version": st.just(base[0]), "cidr": st.just(base[1])},
        optional={
            "gateway_ip": st.none() | mostly("10.0.0.254", "2001:db8::fe"),
            "dns_nameservers": st.lists(SERVERS, max_size=2),
            "host_routes": st.lists(ROUTES, max_size=2),
        },
    )
)
DOMAINS = st.sampled_from(["", "example.org."]) | TEXTS


def is_value(text: str) -> bool:
    """Whether OVN reads `text` as one value: a literal, a constant, or a set of constants."""
    if text.startswith('"'):
        return isinstance(json.loads(text), str)
    return VALUE.fullmatch(text) is not None


def view_of(request: dict[str, Any]) -> SubnetView | None:
    """The subnet that the request makes; None if it makes none."""
    try:
        body = {"subnet": request}
        [asked] = parse.creation(SUBNETS, merge.attribute_info(SUBNETS), body, ACTOR).requests
        made = rules.new(asked, LIMITS)
    except Problem:
        return None
    return SubnetView(
        id=ID,
        network_id=ID,
        revision=0,
        ip_version=asked["ip_version"],
        cidr=made["cidr"],
        gateway_ip=made["gateway_ip"],
        enable_dhcp=True,
        ipv6_address_mode=None,
        dns_nameservers=tuple(made["dns_nameservers"]),
        host_routes=tuple(HostRoute(one["destination"], one["nexthop"]) for one in made["host_routes"]),
        mtu=1442,
        metadata_ip="10.0.0.2" if asked["ip_version"] == 4 else None,
    )


@given(request=REQUESTS, domain=DOMAINS)
def test_a_subnet_tells_values(request: dict[str, Any], domain: str) -> None:
    view = view_of(request)
    if view is None:
        return
    for name, value in render.options(view, DeploymentView(dns_domain=domain)).items():
        assert is_value(value), (name, value)


NAMES = st.sampled_from(sorted({*dhcp.OPTIONS[4], *dhcp.OPTIONS[6]}))
OPTIONS = st.lists(
    st.fixed_dictionaries(
        {"opt_name": NAMES | TEXTS, "opt_value": st.sampled_from(HOSTILE) | TEXTS | st.none()},
        optional={"ip_version": st.sampled_from([4, 6])},
    ),
    max_size=3,
)


@given(options=OPTIONS)
def test_a_port_tells_values_that_ovn_has_names_for(options: list[dict[str, Any]]) -> None:
    try:
        body = {"port": {"network_id": ID, "extra_dhcp_opts": options}}
        [asked] = parse.creation(PORTS, merge.attribute_info(PORTS), body, ACTOR).requests
        stored = port_rules.dhcp_options(asked.get("extra_dhcp_opts"))
    except Problem:
        return
    for version in (4, 6):
        known = {option.name for option in dhcp.OPTIONS[version].values()}
        views = [DhcpOptionView(one["opt_name"], one["opt_value"], one["ip_version"]) for one in stored]
        given_pairs = [(one.name, one.value) for one in views if one.ip_version == version]
        for name, value in dhcp.overrides(version, given_pairs).items():
            assert name in known
            assert is_value(value), (name, value)
