"""The mechanism driver of OVN: ovn-controller plugs ports into the host's integration bridge. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from wovenet.drivers.binding import Binding, Decline, Host, Port, Segment

VHOST_USER: Final = "vhostuser"
"""How a port is plugged in whose packets never pass the kernel (DPDK)."""
EXTERNAL_VNIC_TYPES: Final = frozenset({"direct", "direct-physical", "macvtap", "baremetal"})
"""Devices that pass the host's switch by, unless the switch is in the device itself."""

_VNIC_TYPES: Final = EXTERNAL_VNIC_TYPES | {"normal", "vdpa", "virtio-forwarder"}
PHYSICAL: Final = frozenset({"flat", "vlan"})
"""Kinds of segments that a host reaches through a bridge of its own."""
_VHOST_IFACE_TYPES: Final = frozenset({"dpdkvhostuser", "dpdkvhostuserclient"})
_SWITCHDEV: Final = "switchdev"
_SOCKET_NAME_LENGTH: Final = 14
"""A socket is named like a tap device, which the kernel limits."""


@dataclass(frozen=True, slots=True)
class Ovn:
    """Binds what ovn-controller can plug in: live hosts, segments that the host reaches, devices that it switches."""

    integration_bridge: str = "br-int"
    vhostuser_directory: str = "/var/run/openvswitch"
    creates_tap: bool = True
    """Compute is told to make the tap device."""

    @property
    def name(self) -> str:
        return "ovn"

    def bind(self, port: Port, host: Host, segments: Sequence[Segment]) -> Binding | Decline:
        if port.vnic_type not in _VNIC_TYPES:
            return Decline(f"unsupported vnic type {port.vnic_type}")
        if port.vnic_type in EXTERNAL_VNIC_TYPES and _SWITCHDEV not in _capabilities(port):
            return Decline(f"vnic type {port.vnic_type} is not switched by the host")
        if not host.is_alive:
            return Decline("the host does not answer")
        if not any(reaches(host, segment) for segment in segments):
            return Decline("the host reaches no segment of the network")
        return self._plug(port, host)

    def _plug(self, port: Port, host: Host) -> Binding:
        vif_type, details = self._vif(port, host)
        return Binding(
            vif_type,
            {
                **details,
                "connectivity": "l2",
                "bridge_name": self.integration_bridge,
                "datapath_type": host.datapath_type,
            },
        )

    def _vif(self, port: Port, host: Host) -> tuple[str, dict[str, Any]]:
        socket = f"{self.vhostuser_directory}/{f'vhu{port.id}'[:_SOCKET_NAME_LENGTH]}"
        if host.datapath_type == "netdev" and not _VHOST_IFACE_TYPES.isdisjoint(host.iface_types):
            # Packets do not pass the kernel, so the host cannot filter them for the instance.
            details: dict[str, Any] = {"port_filter": False, "vhostuser_mode": "server", "vhostuser_ovs_plug": True}
            return VHOST_USER, {**details, "vhostuser_socket": socket}
        if port.vnic_type == "virtio-forwarder":
            return "agilio_ovs", {"port_filter": True, "vhostuser_socket": socket, "vhostuser_mode": "client"}
        return "ovs", {"port_filter": True, "ovs_create_tap": self.creates_tap}


def _capabilities(port: Port) -> Sequence[Any]:
    found = port.profile.get("capabilities")
    return found if isinstance(found, list) else ()


def reaches(host: Host, segment: Segment) -> bool:
    """Whether ports on the host can be bound to the segment."""
    return segment.network_type not in PHYSICAL or segment.physical_network in host.bridge_mappings
