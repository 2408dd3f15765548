"""DHCP option values as OVN reads them: a typed table of the options, and one escaper. Pure.

northd pastes every value into the text of an action, `put_dhcp_opts(name = value, …)`. One value that does not parse
there leaves all instances that use the row without DHCP, and nothing reports it. So text is always quoted here, and
whatever is not text (addresses, numbers, routes) is parsed and written anew; what does not parse gives None.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_SEPARATORS = re.compile(r"[\s,;{}]+")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def quoted(text: str) -> str:
    """`text` as a string literal of OVN's expression language, which is JSON's.

    Text that a user already put in quotes keeps its meaning: the outer quotes are not part of it.
    """
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return json.dumps(text, ensure_ascii=False)


def braced(items: Iterable[str]) -> str:
    """A set of constants: `{a, b}`."""
    return "{" + ", ".join(items) + "}"


def _address(version: int) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        try:
            found = ipaddress.ip_address(text.strip("{} "))
        except ValueError:
            return None
        # The zone of an IPv6 address ("fe80::1%zone") is any text at all.
        return str(found) if found.version == version and "%" not in text else None

    return read


def _addresses(version: int) -> Callable[[str], str | None]:
    one = _address(version)

    def read(text: str) -> str | None:
        found = [one(part) for part in _SEPARATORS.split(text) if part]
        known = [part for part in found if part is not None]
        if not known or len(known) < len(found):
            return None
        return known[0] if len(known) == 1 else braced(known)

    return read


def _number(bits: int) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        # isdecimal alone would let in the digits of other scripts.
        if not (text.isascii() and text.isdecimal() and len(text) <= 10) or int(text) >= 1 << bits:
            return None
        return str(int(text))

    return read


def _boolean(text: str) -> str | None:
    word = text.lower()
    return "1" if word in _TRUE else "0" if word in _FALSE else None


def _routes(text: str) -> str | None:
    """`net,hop,net,hop …` as a braced list."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    if not parts or len(parts) % 2:
        return None
    try:
        return braced(
            f"{ipaddress.IPv4Network(parts[at], strict=False)},{ipaddress.IPv4Address(parts[at + 1])}"
            for at in range(0, len(parts), 2)
        )
    except ValueError:
        return None


def _mac(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", text) else None


@dataclass(frozen=True, slots=True)
class Option:
    """One option of OVN: its name there, and how a user's text becomes a value; None: it is not one."""

    name: str
    read: Callable[[str], str | None]


CLASSLESS_STATIC_ROUTE = "classless_static_route"

_V4 = (
    ("netmask", _address(4), 1, "netmask"),
    ("router", _address(4), 3, "router"),
    ("dns_server", _addresses(4), 6, "dns-server"),
    ("log_server", _addresses(4), 7, "log-server"),
    ("lpr_server", _addresses(4), 9, "lpr-server"),
    ("domain_name", quoted, 15, "domain-name"),
    ("swap_server", _address(4), 16, "swap-server"),
    ("ip_forward_enable", _boolean, 19, "ip-forward-enable"),
    ("policy_filter", _addresses(4), 21, "policy-filter"),
    ("default_ttl", _number(8), 23, "default-ttl"),
    ("mtu", _number(16), 26, "mtu"),
    ("router_discovery", _boolean, 31, "router-discovery"),
    ("router_solicitation", _address(4), 32, "router-solicitation"),
    ("arp_cache_timeout", _number(32), 35, "arp-timeout"),
    ("ethernet_encap", _boolean, 36, "ethernet-encap"),
    ("tcp_ttl", _number(8), 37, "tcp-ttl"),
    ("tcp_keepalive_interval", _number(32), 38, "tcp-keepalive"),
    ("nis_server", _addresses(4), 41, "nis-server"),
    ("ntp_server", _addresses(4), 42, "ntp-server"),
    ("lease_time", _number(32), 51, "lease-time"),
    ("server_id", _address(4), 54, "server-id"),
    ("T1", _number(32), 58, "T1"),
    ("T2", _number(32), 59, "T2"),
    ("tftp_server", quoted, 66, "tftp-server"),
    ("bootfile_name", quoted, 67, "bootfile-name"),
    ("bootfile_name_alt", quoted, 254, "bootfile-name-alt"),
    ("domain_search_list", quoted, 119, "domain-search"),
    (CLASSLESS_STATIC_ROUTE, _routes, 121, "classless-static-route"),
    ("tftp_server_address", _addresses(4), 150, "tftp-server-address"),
    ("path_prefix", quoted, 210, "path-prefix"),
    ("ms_classless_static_route", _routes, 249, "ms-classless-static-route"),
    ("wpad", quoted, 252, "wpad"),
    ("next_server", _address(4), 255, "server-ip-address"),
)
"""(name in OVN, type, number, name in the API). Source: ovn-nb(5), DHCP_Options; the names are the peer's."""

_V6 = (
    ("server_id", _mac, 2, "server-id"),
    ("ia_addr", _address(6), 5, "ia-addr"),
    ("dns_server", _addresses(6), 23, "dns-server"),
    # The peer writes this one without quotes, and ovn-controller then answers no DHCPv6 at all.
    ("domain_search", quoted, 24, "domain-search"),
    ("bootfile_name", quoted, 59, "bootfile-name"),
)

_Table = Mapping[str, Option]


def _by_name(rows: Iterable[tuple[str, Callable[[str], str | None], int, str]]) -> _Table:
    found: dict[str, Option] = {}
    for name, read, number, api_name in rows:
        found[str(number)] = found[api_name] = Option(name, read)
    return MappingProxyType(found)


OPTIONS: Mapping[int, _Table] = MappingProxyType({4: _by_name(_V4), 6: _by_name(_V6)})
"""IP version → name in the API, or number, → option."""


def overrides(ip_version: int, given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The values, by OVN's names, of what a user gave as (name, value).

    An option that OVN does not have, or whose value is not of its type, is left out, as unknown ones always were: it
    must not cost the instance its address. An option by name wins over the same by number.
    """
    found: dict[str, str] = {}
    table = OPTIONS[ip_version]
    for name, value in sorted(given, key=lambda pair: not pair[0].isdecimal()):
        option = table.get(name)
        read = None if option is None else option.read(value)
        if option is not None and read is not None:
            found[option.name] = read
    return found


def merged(base: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """`base` with `changes` instead; further routes come after those that are there."""
    values = {**base, **changes}
    routes = changes.get(CLASSLESS_STATIC_ROUTE)
    if routes is not None and CLASSLESS_STATIC_ROUTE in base:
        values[CLASSLESS_STATIC_ROUTE] = f"{base[CLASSLESS_STATIC_ROUTE][:-1]}, {routes[1:]}"
    return values
