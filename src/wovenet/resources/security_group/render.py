"""A security group's rows: its Port_Group and one ACL for each thing that it allows. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

from wovenet.model.ids import RowUuid, Unit
from wovenet.model.views import RuleView, SecurityGroupView
from wovenet.ovn import logs, match
from wovenet.ovn.rows import Desired, Keys, Ref, Row, Value, row_uuid

ALLOW_PRIORITY: Final = 1002
LOGGED_DROP_PRIORITY: Final = 1001
"""What none of a group's rules allows, nor those of another group, and is told to the group's log."""

PROTOCOLS: Final = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "igmp": 2, "ip": 0, "ipip": 4,
    "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43, "ospf": 89, "pgm": 113,
    "rsvp": 46, "udplite": 136, "vrrp": 112,
}  # fmt: skip
"""Protocols that OVN matches by their number. Source: API reference, `protocol`; numbers by IANA."""

_WITH_PORTS: Final[dict[str, tuple[match.Flag, match.Field]]] = {
    "tcp": ("tcp", "tcp.dst"), "6": ("tcp", "tcp.dst"),
    "udp": ("udp", "udp.dst"), "17": ("udp", "udp.dst"),
    "sctp": ("sctp", "sctp.dst"), "132": ("sctp", "sctp.dst"),
}  # fmt: skip
_ICMP4: Final = frozenset({"icmp", "1"})
_ICMP6: Final = frozenset({"icmp", "icmpv6", "ipv6-icmp", "58"})


def group_uuid(group_id: str) -> RowUuid:
    """The `_uuid` of a group's Port_Group."""
    return row_uuid("Port_Group", Unit("security_group", group_id))


def render(view: SecurityGroupView) -> Desired:
    """The Port_Group and its ACLs. Rules that match the same are one ACL, that of the lowest id.

    A remote group is referred to by name. While it is not there, OVN does not install the ACL, so nothing is allowed
    that should not be.
    Raises: ValueError for a rule that cannot be expressed.
    """
    unit = Unit("security_group", view.id)
    action = "allow-related" if view.is_stateful else "allow-stateless"
    acls: dict[tuple[str, str], Row] = {}
    for rule in view.rules:
        direction, expression = "to-lport" if rule.direction == "ingress" else "from-lport", _match(rule, view.id)
        if (direction, expression) not in acls:
            columns: dict[str, Value] = {
                "action": action,
                "direction": direction,
                "external_ids": {"neutron:security_group_rule_id": rule.id},
                "match": expression,
                "priority": ALLOW_PRIORITY,
                **_log(view, rule.id),
            }
            acls[direction, expression] = Row("ACL", row_uuid("ACL", unit, rule.id), columns)
    rows = [*acls.values(), *_logged_drops(view, unit)]
    group = Row(
        "Port_Group",
        group_uuid(view.id),
        {
            "acls": frozenset(Ref(acl.uuid) for acl in rows),
            "external_ids": Keys({"neutron:security_group_id": view.id}),
            "name": match.group_name(view.id),
        },
    )
    return Desired((group, *rows))


def _log(view: SecurityGroupView, rule_id: str) -> Mapping[str, Value]:
    if view.logs.accepted is None:
        return logs.SILENT
    return logs.columns(view.logs.accepted, is_stateful=view.is_stateful, related_to=rule_id)


def _logged_drops(view: SecurityGroupView, unit: Unit) -> list[Row]:
    """What stops the group's own members, and tells of it; without a log the deployment's group does, for all."""
    if view.logs.dropped is None:
        return []
    directions: Final[tuple[tuple[str, Literal["inport", "outport"]], ...]] = (
        ("from-lport", "inport"),
        ("to-lport", "outport"),
    )
    return [
        Row(
            "ACL",
            row_uuid("ACL", unit, f"drop/{direction}"),
            {
                "action": "drop",
                "direction": direction,
                "external_ids": {},
                "match": match.every(match.port_in(port, match.group_name(view.id)), match.flag("ip")),
                "priority": LOGGED_DROP_PRIORITY,
                **logs.columns(view.logs.dropped, is_stateful=view.is_stateful),
            },
        )
        for direction, port in directions
    ]


def _match(rule: RuleView, group_id: str) -> str:
    version = 4 if rule.ethertype == "IPv4" else 6
    incoming = rule.direction == "ingress"
    side: match.Side = "src" if incoming else "dst"
    terms = [
        match.port_in("outport" if incoming else "inport", match.group_name(group_id)),
        match.flag("ip4" if version == 4 else "ip6"),
    ]
    if rule.cidr is not None:
        terms.append(match.address_in(side, version, rule.cidr))
    if rule.remote_group_id is not None:
        terms.append(match.address_of(side, version, match.group_name(rule.remote_group_id)))
    if rule.remote_address_group_id is not None:
        terms.append(match.address_of(side, version, match.address_group_name(rule.remote_address_group_id)))
    return match.every(*terms, *_protocol(rule, version))


def _protocol(rule: RuleView, version: int) -> tuple[match.Term, ...]:
    name = (rule.protocol or "any").lower()
    low, high = rule.port_range_min, rule.port_range_max
    if name == "any":
        return ()
    if name in _WITH_PORTS:
        protocol, field = _WITH_PORTS[name]
        if low is None and high is None:
            return (match.flag(protocol),)
        return match.flag(protocol), *match.between(field, low if low is not None else 1, high or 65535)
    if name in (_ICMP4 if version == 4 else _ICMP6):
        return _icmp(version, low, high)
    number = PROTOCOLS.get(name)
    return (match.equal("ip.proto", int(name) if number is None else number),)


def _icmp(version: int, kind: int | None, code: int | None) -> tuple[match.Term, ...]:
    """For ICMP the API keeps the type in `port_range_min` and the code in `port_range_max`."""
    protocol: match.Flag = "icmp4" if version == 4 else "icmp6"
    terms = [match.flag(protocol)]
    if kind is not None:
        terms.append(match.equal("icmp4.type" if version == 4 else "icmp6.type", kind))
        if code is not None:
            terms.append(match.equal("icmp4.code" if version == 4 else "icmp6.code", code))
    return tuple(terms)
