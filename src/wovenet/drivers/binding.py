"""Mechanism drivers: who plugs a port in on its host, and how. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

UNBOUND: Final = "unbound"
BINDING_FAILED: Final = "binding_failed"

UNPLUGGED: Final = frozenset({UNBOUND, BINDING_FAILED})
"""VIF types of a port that is plugged in nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment of the port's network."""

    network_type: str
    physical_network: str | None = None
    segmentation_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What is known of the host. It reports this itself, so nothing here grants it anything beyond itself."""

    name: str
    is_alive: bool
    """It answered lately."""
    bridge_mappings: Mapping[str, str] = field(default_factory=dict)
    """Physical network → the bridge that leads there."""
    datapath_type: str = ""
    iface_types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """What matters of a port that is to be plugged in."""

    id: str
    vnic_type: str
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """How the port is plugged in; what the compute service acts on."""

    vif_type: str
    vif_details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decline:
    """The driver cannot plug this port in there."""

    reason: str


class Driver(Protocol):
    """A mechanism driver."""

    @property
    def name(self) -> str:
        """What `bound_drivers` says."""
        ...

    def bind(self, port: Port, host: Host, segments: Sequence[Segment]) -> Binding | Decline:
        """How `port` is plugged in on `host`, or why it is not. Depends on nothing but the arguments."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of asking all drivers."""

    binding: Binding
    declined: Mapping[str, str] = field(default_factory=dict)
    """Driver → its reason, of those that were asked in vain."""


def bind(drivers: Sequence[Driver], port: Port, host: Host | None, segments: Sequence[Segment]) -> Verdict:
    """The first driver's binding that is one; a failed binding if there is none, or if the host is not known."""
    declined: dict[str, str] = {}
    if host is None:
        return Verdict(Binding(BINDING_FAILED), {driver.name: "unknown host" for driver in drivers})
    for driver in drivers:
        answer = driver.bind(port, host, segments)
        if isinstance(answer, Binding):
            return Verdict(
                Binding(answer.vif_type, {**answer.vif_details, "bound_drivers": {"0": driver.name}}), declined
            )
        declined[driver.name] = answer.reason
    return Verdict(Binding(BINDING_FAILED), declined)
