"""Match expressions of ACLs, made from typed terms. Pure.

No text of a user ever reaches an expression: every term checks what it is given and writes it anew.
"""

import ipaddress
import re
from typing import Literal, NewType

from wovenet.model.ids import is_uuid

Term = NewType("Term", str)
"""A well-formed part of a conjunction."""

Field = Literal["ip.proto", "tcp.dst", "udp.dst", "sctp.dst", "icmp4.type", "icmp4.code", "icmp6.type", "icmp6.code"]
Flag = Literal["ip", "ip4", "ip6", "tcp", "udp", "sctp", "icmp4", "icmp6"]
Side = Literal["src", "dst"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def group_name(group_id: str) -> str:
    """The Port_Group of a security group, as OVN's identifiers allow it. Raises: ValueError."""
    if not is_uuid(group_id):
        raise ValueError("not the id of a security group")
    return "pg_" + group_id.replace("-", "_")


def address_group_name(group_id: str) -> str:
    """What the address sets of an address group are named after. Raises: ValueError."""
    if not is_uuid(group_id):
        raise ValueError("not the id of an address group")
    return "ag_" + group_id.replace("-", "_")


def address_set_name(group: str, version: int) -> str:
    """The Address_Set of a group's addresses of one IP version."""
    return f"{group}_ip{version}"


def flag(name: Flag) -> Term:
    """The packet is of this protocol."""
    return Term(name)


def port_in(side: Literal["inport", "outport"], group: str) -> Term:
    """The packet comes from, or goes to, a member of a port group. Raises: ValueError."""
    if not _NAME.fullmatch(group):
        raise ValueError("not the name of a port group")
    return Term(f"{side} == @{group}")


def address_in(side: Side, version: int, cidr: str) -> Term:
    """The packet's address is in `cidr`. Raises: ValueError."""
    network = ipaddress.ip_network(cidr)
    if network.version != version or "%" in cidr:
        raise ValueError(f"not an IPv{version} prefix")
    return Term(f"ip{version}.{side} == {network}")


def address_of(side: Side, version: int, group: str) -> Term:
    """The packet's address is in the set of a group: northd keeps those of port groups. Raises: ValueError."""
    if not _NAME.fullmatch(group) or version not in (4, 6):
        raise ValueError("not an address set of a group")
    return Term(f"ip{version}.{side} == ${address_set_name(group, version)}")


def equal(field: Field, value: int) -> Term:
    """The field has this value. Raises: ValueError."""
    return Term(f"{field} == {_number(value)}")


def between(field: Field, low: int, high: int) -> tuple[Term, ...]:
    """The field is in the range, both ends included. Raises: ValueError."""
    if low == high:
        return (equal(field, low),)
    return Term(f"{field} >= {_number(low)}"), Term(f"{field} <= {_number(high)}")


def every(*terms: Term) -> str:
    """The conjunction of the terms."""
    return " && ".join(terms)


def _number(value: int) -> int:
    if isinstance(value, bool) or not 0 <= value <= 0xFFFF:
        raise ValueError("out of range")
    return value
