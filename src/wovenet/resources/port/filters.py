"""Filters of the list of ports that do not compare a column."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources.port.table import PORT_BINDINGS, PORT_FIXED_IPS, PORT_SECURITY_GROUPS, PORTS


def by_fixed_ips(values: Sequence[Any]) -> "sa.ColumnElement[bool]":
    """Ports with an address that fits all kinds of conditions given: `ip_address=…`, `ip_address_substr=…`,
    `subnet_id=…`. Values of one kind are alternatives; other kinds mean nothing, as to the peer.

    Raises: InvalidInput.
    """
    wanted: dict[str, list[str]] = {}
    for value in values:
        key, equals, text = str(value).partition("=")
        if not equals:
            raise problems.InvalidInput(error_message=f"'{value}' is not of the form <key>=[value]")
        if key in _FIXED_IP_CONDITIONS:
            wanted.setdefault(key, []).append(text)
    if not wanted:
        return sa.true()
    conditions = [_FIXED_IP_CONDITIONS[key](texts) for key, texts in wanted.items()]
    return PORTS.c.id.in_(sa.select(PORT_FIXED_IPS.c.port_id).where(*conditions))


def by_security_groups(values: Sequence[Any]) -> "sa.ColumnElement[bool]":
    """Ports in one of these groups."""
    members = sa.select(PORT_SECURITY_GROUPS.c.port_id).where(PORT_SECURITY_GROUPS.c.security_group_id.in_(values))
    return PORTS.c.id.in_(members)


def by_host(values: Sequence[Any]) -> "sa.ColumnElement[bool]":
    """Ports that are on one of these hosts, or prepared to be."""
    prepared = sa.select(PORT_BINDINGS.c.port_id).where(PORT_BINDINGS.c.host.in_(values))
    return sa.or_(PORTS.c.binding_host_id.in_(values), PORTS.c.id.in_(prepared))


def by_mac_address(values: Sequence[Any]) -> "sa.ColumnElement[bool]":
    """Ports with one of these MACs, however they are written."""
    return PORTS.c.mac_address.in_([str(value).lower().replace("-", ":") for value in values])


def _substrings(texts: Sequence[str]) -> "sa.ColumnElement[bool]":
    return sa.or_(*(PORT_FIXED_IPS.c.ip_address.contains(text, autoescape=True) for text in texts))


_FIXED_IP_CONDITIONS: Final[Mapping[str, Callable[[Sequence[str]], "sa.ColumnElement[bool]"]]] = {
    "ip_address": PORT_FIXED_IPS.c.ip_address.in_,
    "ip_address_substr": _substrings,
    "subnet_id": PORT_FIXED_IPS.c.subnet_id.in_,
}

FILTERS: Final[Mapping[str, Callable[[Sequence[Any]], "sa.ColumnElement[bool]"]]] = {
    "fixed_ips": by_fixed_ips,
    "security_groups": by_security_groups,
    "mac_address": by_mac_address,
    "binding:host_id": by_host,
}
