"""What a host says of itself, read as what it is: text that anybody who can write to the Southbound sent. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

NAME_LENGTH_MAX: Final = 255
ITEMS_MAX: Final = 256
"""More mappings or options than this are not read."""
VALUE_LENGTH_MAX: Final = 4096
TEXT_LENGTH_MAX: Final = 65536
"""Longer texts are not read at all."""
ZONES: Final = "availability-zones"
"""The option in which a host says which zones it is in, "az1:az2"."""

_CONFIG_KEYS: Final = ("datapath-type", "iface-types")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """One host, as its chassis describes it."""

    chassis: str
    hostname: str
    bridge_mappings: Mapping[str, str] = field(default_factory=dict)
    cms_options: Mapping[str, str] = field(default_factory=dict)
    encaps: Mapping[str, str] = field(default_factory=dict)
    other_config: Mapping[str, str] = field(default_factory=dict)
    """`datapath-type` and `iface-types`."""


def of_chassis(
    chassis: str, hostname: str, *, config: Mapping[str, str], encaps: Iterable[tuple[str, str]] = ()
) -> HostFacts | None:
    """The host of a Chassis row; None if it has no usable name. `config`: what ovn-controller wrote of its settings."""
    if not (is_name(chassis) and is_name(hostname)):
        return None
    return HostFacts(
        chassis=chassis,
        hostname=hostname,
        bridge_mappings=bridge_mappings(config.get("ovn-bridge-mappings", "")),
        cms_options=cms_options(config.get("ovn-cms-options", "")),
        encaps={kind: ip for kind, ip in list(encaps)[:ITEMS_MAX] if is_name(kind) and is_name(ip)},
        other_config={key: config[key] for key in _CONFIG_KEYS if is_name(config.get(key, ""), VALUE_LENGTH_MAX)},
    )


def bridge_mappings(text: str) -> dict[str, str]:
    """Physical network → bridge, of "physnet1:br-ex,physnet2:br-2". What does not read so is left out."""
    found: dict[str, str] = {}
    for item in _items(text):
        network, _, bridge = (part.strip() for part in item.partition(":"))
        if is_name(network) and is_name(bridge):
            found.setdefault(network, bridge)
    return found


def cms_options(text: str) -> dict[str, str]:
    """Option → value ("" if it has none), of "enable-chassis-as-gw,availability-zones=az1:az2"."""
    found: dict[str, str] = {}
    for item in _items(text):
        name, _, value = (part.strip() for part in item.partition("="))
        if is_name(name) and (not value or is_name(value, VALUE_LENGTH_MAX)):
            found.setdefault(name, value)
    return found


def is_name(text: str, length_max: int = NAME_LENGTH_MAX) -> bool:
    """Whether the text can be the name of something here: nothing that a database or a terminal would choke on."""
    return 0 < len(text) <= length_max and text.isprintable()


def _items(text: str) -> list[str]:
    if len(text) > TEXT_LENGTH_MAX:
        return []
    return text.split(",", ITEMS_MAX)[:ITEMS_MAX]
