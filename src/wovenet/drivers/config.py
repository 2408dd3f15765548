"""What a deployment says about kinds of networks, as one frozen value, and the syntax of its ranges."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

Range = tuple[int, int]
"""(first, last), both included."""

ANY: Final = "*"
VLAN_LAST: Final = 4094
NAME_MAX: Final = 59
"""Characters of a physical network's name, so that the name of its pool fits its column."""

_NO_RANGES: Final[Mapping[str, tuple[Range, ...]]] = MappingProxyType({})
_NO_MTUS: Final[Mapping[str, int]] = MappingProxyType({})


class ConfigError(ValueError):
    """A setting about networks makes no sense. Raised at start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Kinds of networks and what they may take. MTUs are in bytes; 0 says nothing."""

    type_drivers: tuple[str, ...] = ("local", "flat", "vlan", "geneve")
    project_network_types: tuple[str, ...] = ("geneve",)
    external_network_type: str | None = None
    global_physnet_mtu: int = 1500
    path_mtu: int = 0
    physical_network_mtus: Mapping[str, int] = field(default_factory=lambda: _NO_MTUS)
    overlay_ip_version: int = 4
    flat_networks: frozenset[str] = frozenset({ANY})
    """Names of physical networks; `ANY` among them stands for every name."""
    vlan_ranges: Mapping[str, tuple[Range, ...]] = field(default_factory=lambda: _NO_RANGES)
    """Physical network → the ids to choose from; none: ids have to be named."""
    tunnel_ranges: Mapping[str, tuple[Range, ...]] = field(default_factory=lambda: _NO_RANGES)
    """Type → the ids to choose from."""
    geneve_header_size: int = 38


@functools.cache
def id_ranges(entries: tuple[str, ...]) -> tuple[Range, ...]:
    """`("1:100", "300:400")` as ranges, ascending. Raises: ConfigError."""
    return tuple(sorted(_range(entry, entry.split(":")) for entry in entries))


@functools.cache
def vlan_ranges(entries: tuple[str, ...]) -> Mapping[str, tuple[Range, ...]]:
    """`("physnet1:100:999", "physnet2")` as ranges by physical network. Raises: ConfigError."""
    found: dict[str, list[Range]] = {}
    for entry in entries:
        name, *bounds = entry.split(":")
        if not 1 <= len(name) <= NAME_MAX:
            raise ConfigError(f"{entry!r} names no physical network, or one with more than {NAME_MAX} characters")
        ranges = found.setdefault(name, [])
        if bounds:
            ranges.append(_range(entry, bounds))
            if not 1 <= ranges[-1][0] <= ranges[-1][1] <= VLAN_LAST:
                raise ConfigError(f"{entry!r} is not a range of VLANs (1 to {VLAN_LAST})")
    return MappingProxyType({name: tuple(sorted(ranges)) for name, ranges in found.items()})


def _range(entry: str, bounds: Sequence[str]) -> Range:
    try:
        first, last = (int(bound) for bound in bounds)
    except ValueError:
        raise ConfigError(f"{entry!r} is not a range (first:last)") from None
    if not 0 <= first <= last:
        raise ConfigError(f"{entry!r} is not a range: the end is before the start")
    return first, last
