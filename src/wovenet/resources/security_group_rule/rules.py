"""What a rule may say, and when two rules say the same. Pure.

Source: Networking API reference, "Security group rules"; statuses and types as Neutron 29 answers.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import netaddr

from wovenet.model import problems

Request = dict[str, Any]

PROTOCOL_NUMBERS: Mapping[str, int] = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}
ANY = "any"
_REMOTE_GROUPS = ("remote_group_id", "remote_address_group_id")
_PORT_PROTOCOLS = {6: "TCP", 17: "UDP", 33: "DCCP", 132: "SCTP", 136: "UDPLITE"}
_ICMP, _ICMPV6 = 1, 58
_IPV6_ONLY = frozenset(number for name, number in PROTOCOL_NUMBERS.items() if "v6" in name)
_ETHERTYPES = {"ipv4": "IPv4", "ipv6": "IPv6"}
_PORT_MAX = 65535
_BYTE_MAX = 255


def protocol_number(protocol: str | None) -> int | None:
    """The IP protocol number of a stored `protocol` (a name or digits); None for any."""
    if protocol is None:
        return None
    return PROTOCOL_NUMBERS[protocol] if protocol in PROTOCOL_NUMBERS else int(protocol)


def normalised(request: Request) -> Request:
    """The rule as it is stored: spellings unified, prefix canonical, full port range dropped.

    Raises: a problem for whatever the rule may not say.
    """
    rule = dict(request)
    rule["ethertype"] = _ethertype(rule.get("ethertype"))
    rule["protocol"] = _protocol(rule.get("protocol"), rule["ethertype"])
    rule["port_range_min"] = _port(rule.get("port_range_min"))
    rule["port_range_max"] = _port(rule.get("port_range_max"))
    _check_ports(rule)
    prefix = rule.get("remote_ip_prefix") or None
    for name in _REMOTE_GROUPS:
        # Whatever is given is looked up: what is no id names no group.
        rule[name] = None if rule.get(name) is None else str(rule[name])
    if sum(remote is not None for remote in (prefix, *(rule[name] for name in _REMOTE_GROUPS))) > 1:
        raise problems.SecurityGroupMultipleRemoteEntites()
    rule["remote_ip_prefix"], rule["normalized_cidr"] = _prefix(prefix, rule["ethertype"])
    return rule


def claim(rule: Mapping[str, Any]) -> str:
    """A digest that two rules of one group share exactly if they match the same packets by the same words."""
    number = protocol_number(rule["protocol"])
    # "hopopt" and "ip" are both number 0; Neutron takes 0 for "ip" and lets both stand.
    protocol = "hopopt" if rule["protocol"] == "hopopt" else number
    cidr = rule["normalized_cidr"]
    parts = (
        rule["security_group_id"],
        rule["direction"],
        rule["ethertype"],
        protocol,
        rule["port_range_min"],
        rule["port_range_max"],
        None if cidr is None or cidr.endswith("/0") else cidr,
        *(rule[name] for name in _REMOTE_GROUPS),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=32).hexdigest()


def _ethertype(value: Any) -> str:
    found = _ETHERTYPES.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise problems.SecurityGroupRuleInvalidEtherType(ethertype=value, values=list(_ETHERTYPES.values()))
    return found


def _protocol(value: Any, ethertype: str) -> str | None:
    """The stored spelling: a lower-case name, or digits; ICMP of an IPv6 rule is ICMPv6."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _invalid_protocol(value)
    text = str(value).strip().lower()
    if text == ANY:
        return None
    if text not in PROTOCOL_NUMBERS and not (text.isascii() and text.isdigit() and int(text) <= _BYTE_MAX):
        raise _invalid_protocol(value)
    if ethertype == "IPv6":
        return {"icmp": "ipv6-icmp", "icmpv6": "ipv6-icmp", "1": "58"}.get(text, text)
    if protocol_number(text) in _IPV6_ONLY:
        raise problems.SecurityGroupEthertypeConflictWithProtocol(ethertype=ethertype, protocol=value)
    return text


def _invalid_protocol(value: Any) -> problems.Problem:
    return problems.SecurityGroupRuleInvalidProtocol(protocol=value, values=(None, ANY, *PROTOCOL_NUMBERS))


def _port(value: Any) -> int | None:
    """A port, or an ICMP type or code, in 0 … 65535."""
    if value is None:
        return None
    try:
        port = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise problems.SecurityGroupInvalidPortValue(port=value) from error
    if not 0 <= port <= _PORT_MAX:
        raise problems.SecurityGroupInvalidPortValue(port=value)
    return port


def _check_ports(rule: Request) -> None:
    low, high = rule["port_range_min"], rule["port_range_max"]
    if low is None and high is None:
        return
    number = protocol_number(rule["protocol"])
    if number is None:
        raise problems.SecurityGroupProtocolRequiredWithPorts()
    if number in _PORT_PROTOCOLS:
        if low == 0 or high == 0:
            raise problems.SecurityGroupInvalidPortValue(port=0)
        if low is None or high is None or low > high:
            raise problems.SecurityGroupInvalidPortRange()
        if (low, high) == (1, _PORT_MAX):
            rule["port_range_min"] = rule["port_range_max"] = None
    elif number in (_ICMP, _ICMPV6):
        _check_icmp(low, high)
    else:
        raise problems.SecurityGroupInvalidProtocolForPort(
            protocol=number, valid_port_protocols=", ".join(sorted(_PORT_PROTOCOLS.values()))
        )


def _check_icmp(icmp_type: int | None, code: int | None) -> None:
    """An ICMP rule keeps its type and code where other rules have ports."""
    for attribute, name, value in (("port_range_min", "type", icmp_type), ("port_range_max", "code", code)):
        if value is not None and value > _BYTE_MAX:
            raise problems.SecurityGroupInvalidIcmpValue(field=name, attr=attribute, value=value)
    if icmp_type is None and code is not None:
        raise problems.SecurityGroupMissingIcmpType(value=code)


def _prefix(value: Any, ethertype: str) -> tuple[str | None, str | None]:
    """The prefix as it is shown (with a length), and its network."""
    if value is None:
        return None, None
    try:
        network = netaddr.IPNetwork(value)
    except (netaddr.AddrFormatError, TypeError, ValueError) as error:
        raise problems.InvalidCIDR(input=value) from error
    shown = str(network)
    if f"IPv{network.version}" != ethertype:
        raise problems.SecurityGroupRuleParameterConflict(ethertype=ethertype, cidr=shown)
    return shown, str(network.cidr)
