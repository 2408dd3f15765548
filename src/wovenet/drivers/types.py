"""Type drivers: for each kind of segment, what has to be said of it, what it claims and how large its packets may be.

All of it is pure. Ids that nobody named come from pools (`resources.segment.pools`), which these drivers only name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from wovenet.drivers.config import ANY, VLAN_LAST, Config, Range
from wovenet.model.problems import FlatNetworkInUse, InvalidInput, Problem, TunnelIdInUse, VlanIdInUse


class Asked(NamedTuple):
    """A segment as a request describes it; what it leaves open is None."""

    network_type: str
    physical_network: str | None = None
    segmentation_id: int | None = None


class TypeDriver(Protocol):
    """One kind of segment."""

    @property
    def takes_id(self) -> bool:
        """Whether segments have an id, so that one has to be chosen if none is named."""
        ...

    def check(self, config: Config, asked: Asked) -> None:
        """Raises: InvalidInput if there can be no such segment."""
        ...

    def claim(self, asked: Asked) -> str | None:
        """What no second network may have; None if it takes nothing from anyone. In: a complete segment."""
        ...

    def in_use(self, asked: Asked) -> Problem:
        """The problem to report if another network has the claim."""
        ...

    def pools(self, config: Config, asked: Asked) -> "Mapping[str, Pool]":
        """By name, in order of preference, the pools that ids for `asked` can come from."""
        ...

    def mtu(self, config: Config, physical_network: str | None) -> int:
        """The largest packet, in bytes; 0 if nothing is known."""
        ...


@dataclass(frozen=True, slots=True)
class Pool:
    """Ids to choose from, on one physical network or on none."""

    ranges: tuple[Range, ...]
    physical_network: str | None = None

    def holds(self, segmentation_id: int) -> bool:
        return any(first <= segmentation_id <= last for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Local:
    """Reaches no further than its host."""

    takes_id = False

    def check(self, config: Config, asked: Asked) -> None:
        del config
        if asked.physical_network:
            raise InvalidInput(error_message="physical_network prohibited for local provider network")
        _refuse_id(asked)

    def claim(self, asked: Asked) -> str | None:
        del asked
        return None

    def in_use(self, asked: Asked) -> Problem:
        raise AssertionError("a local segment claims nothing")

    def pools(self, config: Config, asked: Asked) -> Mapping[str, Pool]:
        del config, asked
        return {}

    def mtu(self, config: Config, physical_network: str | None) -> int:
        del physical_network
        return config.global_physnet_mtu


@dataclass(frozen=True, slots=True)
class Flat:
    """A whole physical network, untagged."""

    takes_id = False

    def check(self, config: Config, asked: Asked) -> None:
        name = asked.physical_network
        if not name:
            raise InvalidInput(error_message="physical_network required for flat provider network")
        if not config.flat_networks:
            raise InvalidInput(error_message="Flat provider networks are disabled")
        if ANY not in config.flat_networks and name not in config.flat_networks:
            raise InvalidInput(error_message=f"physical_network '{name}' unknown for flat provider network")
        _refuse_id(asked)

    def claim(self, asked: Asked) -> str | None:
        return f"flat/{asked.physical_network}"

    def in_use(self, asked: Asked) -> Problem:
        return FlatNetworkInUse(physical_network=asked.physical_network)

    def pools(self, config: Config, asked: Asked) -> Mapping[str, Pool]:
        del config, asked
        return {}

    def mtu(self, config: Config, physical_network: str | None) -> int:
        return _physical_mtu(config, physical_network)


@dataclass(frozen=True, slots=True)
class Vlan:
    """A VLAN of a physical network."""

    takes_id = True

    def check(self, config: Config, asked: Asked) -> None:
        name, vlan = asked.physical_network, asked.segmentation_id
        if not name:
            if vlan is not None:
                raise InvalidInput(error_message="segmentation_id requires physical_network for VLAN provider network")
            return
        if name not in config.vlan_ranges:
            raise InvalidInput(error_message=f"physical_network '{name}' unknown for VLAN provider network")
        if vlan is None:
            if not config.vlan_ranges[name]:
                raise InvalidInput(
                    error_message=f"Physical network {name} requires segmentation_id to be specified when creating a "
                    "provider network"
                )
        elif not 1 <= vlan <= VLAN_LAST:
            raise InvalidInput(error_message=f"segmentation_id out of range (1 through {VLAN_LAST})")

    def claim(self, asked: Asked) -> str | None:
        return f"vlan/{asked.physical_network}/{asked.segmentation_id}"

    def in_use(self, asked: Asked) -> Problem:
        return VlanIdInUse(vlan_id=asked.segmentation_id, physical_network=asked.physical_network)

    def pools(self, config: Config, asked: Asked) -> Mapping[str, Pool]:
        return {
            f"vlan/{name}": Pool(ranges, name)
            for name, ranges in sorted(config.vlan_ranges.items())
            if ranges and asked.physical_network in (None, "", name)
        }

    def mtu(self, config: Config, physical_network: str | None) -> int:
        return _physical_mtu(config, physical_network)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Packets inside packets between hosts."""

    name: str
    header: int | None
    """Bytes before the inner packet, without the outer IP header; None: configured."""
    takes_id = True

    def check(self, config: Config, asked: Asked) -> None:
        del config
        if asked.physical_network:
            raise InvalidInput(error_message=f"provider:physical_network specified for {self.name} network")
        # What the encapsulation has room for; what carries the network may have less (`ovn_segments`).
        if asked.segmentation_id is not None and not 0 <= asked.segmentation_id <= _KEY_LAST:
            raise InvalidInput(error_message=f"segmentation_id out of range (0 through {_KEY_LAST})")

    def claim(self, asked: Asked) -> str | None:
        return f"{self.name}/{asked.segmentation_id}"

    def in_use(self, asked: Asked) -> Problem:
        return TunnelIdInUse(tunnel_id=asked.segmentation_id)

    def pools(self, config: Config, asked: Asked) -> Mapping[str, Pool]:
        del asked
        ranges = config.tunnel_ranges.get(self.name, ())
        return {self.name: Pool(ranges)} if ranges else {}

    def mtu(self, config: Config, physical_network: str | None) -> int:
        del physical_network
        outer = _least(config.global_physnet_mtu, config.path_mtu)
        header = config.geneve_header_size if self.header is None else self.header
        return max(0, outer - header - _IP_HEADER[config.overlay_ip_version]) if outer else 0


_KEY_LAST: Final = (1 << 32) - 1
_IP_HEADER: Final[Mapping[int, int]] = MappingProxyType({4: 20, 6: 40})
DRIVERS: Final[Mapping[str, TypeDriver]] = MappingProxyType(
    {
        "local": Local(),
        "flat": Flat(),
        "vlan": Vlan(),
        "gre": Tunnel("gre", 22),
        "vxlan": Tunnel("vxlan", 30),
        "geneve": Tunnel("geneve", None),
    }
)


def driver_of(config: Config, network_type: str) -> TypeDriver:
    """The driver of `network_type`. Raises: InvalidInput if it is not enabled."""
    driver = DRIVERS.get(network_type) if network_type in config.type_drivers else None
    if driver is None:
        raise InvalidInput(error_message=f"network_type value '{network_type}' not supported")
    return driver


def is_complete(asked: Asked) -> bool:
    """Whether `asked` says all that makes a segment one of its kind: nothing is left to choose."""
    if DRIVERS[asked.network_type].takes_id:
        return asked.segmentation_id is not None
    return asked.network_type == "local" or bool(asked.physical_network)


def pools(config: Config) -> dict[str, tuple[Range, ...]]:
    """Every pool of the deployment, by name."""
    return {
        name: pool.ranges
        for network_type in config.type_drivers
        if network_type in DRIVERS
        for name, pool in DRIVERS[network_type].pools(config, Asked(network_type)).items()
    }


def pool_of(config: Config, segment: Asked) -> str | None:
    """The pool that the id of `segment` belongs to; None if it was named from outside of any range."""
    driver = DRIVERS.get(segment.network_type)
    if driver is None or segment.segmentation_id is None:
        return None
    for name, pool in driver.pools(config, segment).items():
        if pool.physical_network == segment.physical_network and pool.holds(segment.segmentation_id):
            return name
    return None


def mtu_max(config: Config, segments: Sequence[Asked]) -> int:
    """The largest packet that all `segments` carry, in bytes. Segments of which nothing is known do not count."""
    limits = [
        DRIVERS[segment.network_type].mtu(config, segment.physical_network)
        for segment in segments
        if segment.network_type in DRIVERS
    ]
    return _least(*limits) or config.global_physnet_mtu or DEFAULT_MTU


DEFAULT_MTU: Final = 1500
"""If the deployment says nothing at all. Source: IEEE 802.3."""


def _refuse_id(asked: Asked) -> None:
    if asked.segmentation_id is not None:
        raise InvalidInput(error_message=f"segmentation_id prohibited for {asked.network_type} provider network")


def _physical_mtu(config: Config, physical_network: str | None) -> int:
    return _least(config.global_physnet_mtu, config.physical_network_mtus.get(physical_network or "", 0))


def _least(*values: int) -> int:
    """The least of `values` that says anything; 0 if none does."""
    return min((value for value in values if value > 0), default=0)
