"""Which chassis serve external ports, and in which order. Pure.

Source: the peer; which of several equal chassis comes first is chance there, and follows from the ids here.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

GATEWAY: Final = "enable-chassis-as-gw"
EXTERNAL: Final = "enable-chassis-as-extport-host"
ZONES: Final = "availability-zones"
CHASSIS_MAX: Final = 5
"""OVN has no use for more, and each costs BFD sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chassis:
    """A chassis, as it describes itself."""

    name: str
    hostname: str
    options: Mapping[str, str]
    physical_networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """What of a network decides who may serve it."""

    zones: tuple[str, ...] = ()
    """Its hints; without any it is for chassis that are in no zone."""
    physical_networks: frozenset[str] = frozenset()
    """Of its segments; empty if it has none of its own."""


def eligible(chassis: Iterable[Chassis], place: Place) -> list[Chassis]:
    """The chassis that may serve external ports at `place`: those set aside for it, or gateways if there are none."""
    there = [one for one in chassis if _is_in(one, place)]
    return [one for one in there if EXTERNAL in one.options] or [one for one in there if GATEWAY in one.options]


def are_set_aside(chassis: Sequence[Chassis]) -> bool:
    """Whether these chassis, which are eligible, are set aside for external ports: then each port has its own group."""
    return any(EXTERNAL in one.options for one in chassis)


def for_network(network_id: str, chassis: Sequence[Chassis]) -> tuple[str, ...]:
    """The names of the chassis that serve a network's ports, the first to be preferred. In: eligible ones."""
    return _order(network_id, chassis)


def for_port(port_id: str, host: str, chassis: Sequence[Chassis]) -> tuple[str, ...]:
    """The same for a port with a group of its own: not where the port is, if there is any other."""
    others = [one for one in chassis if one.hostname != host]
    return _order(port_id, others or chassis)


def _is_in(chassis: Chassis, place: Place) -> bool:
    zones = {zone for zone in chassis.options.get(ZONES, "").split(":") if zone}
    is_zone = not zones.isdisjoint(place.zones) if place.zones else not zones
    reaches = not place.physical_networks or not place.physical_networks.isdisjoint(chassis.physical_networks)
    return is_zone and reaches


def _order(owner_id: str, chassis: Iterable[Chassis]) -> tuple[str, ...]:
    """At most five, spread over owners; who comes or goes changes the place of no two others."""

    def weight(name: str) -> bytes:
        return hashlib.blake2b(f"{owner_id}/{name}".encode(), digest_size=8).digest()

    return tuple(sorted((one.name for one in chassis), key=weight)[:CHASSIS_MAX])
