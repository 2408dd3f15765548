"""What a rule or a pair says reaches OVN as exactly one conjunction, or as exactly a MAC and addresses (F-10, W-20)."""

import ipaddress
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.property.values import ATOMS, TEXTS
from wovenet.model.problems import Problem
from wovenet.model.views import RuleView, SecurityGroupView
from wovenet.resources.port import render as port_render
from wovenet.resources.port import rules as port_rules
from wovenet.resources.security_group import render
from wovenet.resources.security_group_rule import rules
from wovenet.surface.definitions import allowed_address_pairs

GROUP = "5f0c1a52-8b2c-4f6b-9d2c-0c3a5d3f0a01"
OTHER = "5f0c1a52-8b2c-4f6b-9d2c-0c3a5d3f0a02"
MAC = "fa:16:3e:00:00:09"

_ADDRESS = r"[0-9a-f:.]+(/[0-9]+)?"
TERM = re.compile(
    r"(inport|outport) == @[a-z0-9_]+"
    rf"|ip[46]\.(src|dst) == ({_ADDRESS}|\$[a-z0-9_]+)"
    r"|ip4|ip6|tcp|udp|sctp|icmp4|icmp6"
    r"|(ip\.proto|tcp\.dst|udp\.dst|sctp\.dst|icmp[46]\.(type|code)) (==|>=|<=) [0-9]+"
)
"""One term of a conjunction. Source: ovn-sb(5), Logical_Flow, match."""

PORTS = st.none() | st.integers(-1, 65536) | st.sampled_from([0, 1, 255, 256, 65535, "80", "1; drop"]) | ATOMS
REQUESTS = st.fixed_dictionaries(
    {
        "security_group_id": st.just(GROUP),
        "direction": st.sampled_from(["ingress", "egress"]),
        "ethertype": st.sampled_from(["IPv4", "IPv6", "ipv6"]) | ATOMS,
        "protocol": st.none() | st.sampled_from([*rules.PROTOCOL_NUMBERS]) | st.integers(-1, 256) | ATOMS,
        "port_range_min": PORTS,
        "port_range_max": PORTS,
        "remote_ip_prefix": st.none() | st.ip_addresses().map(str) | ATOMS,
        "remote_group_id": st.sampled_from([None, None, OTHER]),
        "remote_address_group_id": st.sampled_from([None, None, OTHER]),
    }
)


def rule_or_none(request: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return rules.normalised(request)
    except Problem:
        return None


@given(request=REQUESTS)
def test_a_rule_is_one_conjunction(request: dict[str, Any]) -> None:
    rule = rule_or_none(request)
    if rule is None:
        return
    names = ("direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_group_id")
    view = RuleView(
        id=OTHER,
        cidr=rule["normalized_cidr"],
        remote_address_group_id=rule["remote_address_group_id"],
        **{name: rule[name] for name in names},
    )
    desired = render.render(SecurityGroupView(id=GROUP, revision=1, is_stateful=True, rules=(view,)))
    [acl] = [row for row in desired.rows if row.table == "ACL"]
    terms = str(acl.columns["match"]).split(" && ")
    assert all(TERM.fullmatch(term) for term in terms), terms
    assert terms[1] == ("ip4" if rule["ethertype"] == "IPv4" else "ip6")


@given(request=REQUESTS)
def test_a_stored_rule_says_the_same_when_it_is_said_again(request: dict[str, Any]) -> None:
    rule = rule_or_none(request)
    if rule is None:
        return
    again = rules.normalised(rule)
    assert again == rule
    assert rules.claim(again) == rules.claim(rule)
    assert rule["protocol"] is None or len(rule["protocol"]) <= 40
    assert rule["remote_ip_prefix"] is None or len(rule["remote_ip_prefix"]) <= 64


MACS = st.sampled_from([MAC, MAC.upper(), MAC.replace(":", "-"), "fa:16:3e:00:00:0a", "00:00:5e:00:01:01"]) | TEXTS
ADDRESSES = st.ip_addresses().map(str) | st.ip_addresses().map(lambda one: f"{one}/{one.max_prefixlen}") | TEXTS
PAIRS = st.lists(st.fixed_dictionaries({"ip_address": ADDRESSES}, optional={"mac_address": MACS}), max_size=3)


@given(given_pairs=PAIRS)
def test_a_pair_is_a_mac_and_a_prefix(given_pairs: list[dict[str, str]]) -> None:
    try:
        found = port_rules.pairs(allowed_address_pairs.to_pairs(given_pairs), MAC, count_max=10)
    except Problem:
        return
    for pair in found:
        assert re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", port_render.mac_of(pair["mac_address"])), pair
        ipaddress.ip_network(pair["ip_address"], strict=False)
        assert re.fullmatch(_ADDRESS, pair["ip_address"].lower()), pair
