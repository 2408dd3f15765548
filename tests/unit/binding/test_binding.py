"""Who plugs a port in, and how. Expected values are those that the peer answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from wovenet.drivers import binding
from wovenet.drivers.binding import Binding, Decline, Host, Port, Segment
from wovenet.drivers.ovn import Ovn

PORT_ID = "c45ee925-a0aa-4000-8000-000000000000"
GENEVE = Segment(network_type="geneve", segmentation_id=7)
VLAN = Segment(network_type="vlan", physical_network="physnet1", segmentation_id=100)
OVS = {"port_filter": True, "connectivity": "l2", "ovs_create_tap": True, "bridge_name": "br-int"}
SOCKET = "/var/run/openvswitch/vhuc45ee925-a0"
SWITCHDEV = {"capabilities": ["switchdev"]}
DPDK = frozenset({"dpdk", "dpdkvhostuserclient", "system"})


def port(vnic_type: str = "normal", **profile: Any) -> Port:
    return Port(id=PORT_ID, vnic_type=vnic_type, profile=profile)


def host(**facts: Any) -> Host:
    return Host(**{"name": "hv1", "is_alive": True, **facts})


def ask(port_: Port, host_: Host, *segments: Segment) -> Binding | Decline:
    return Ovn().bind(port_, host_, segments or (GENEVE,))


@pytest.mark.parametrize("vnic_type", ["normal", "vdpa"])
def test_an_ordinary_port(vnic_type: str) -> None:
    assert ask(port(vnic_type), host()) == Binding("ovs", {**OVS, "datapath_type": ""})


def test_a_forwarder_has_a_socket() -> None:
    details = {
        "port_filter": True,
        "connectivity": "l2",
        "vhostuser_socket": SOCKET,
        "vhostuser_mode": "client",
        "bridge_name": "br-int",
        "datapath_type": "",
    }
    assert ask(port("virtio-forwarder"), host()) == Binding("agilio_ovs", details)


@pytest.mark.parametrize("vnic_type", ["normal", "vdpa", "virtio-forwarder"])
def test_a_host_that_switches_in_user_space(vnic_type: str) -> None:
    details = {
        "port_filter": False,
        "vhostuser_mode": "server",
        "vhostuser_ovs_plug": True,
        "connectivity": "l2",
        "vhostuser_socket": SOCKET,
        "bridge_name": "br-int",
        "datapath_type": "netdev",
    }
    assert ask(port(vnic_type), host(datapath_type="netdev", iface_types=DPDK)) == Binding("vhostuser", details)
    without = ask(port(), host(datapath_type="netdev"))
    assert without == Binding("ovs", {**OVS, "datapath_type": "netdev"})


@pytest.mark.parametrize("vnic_type", ["direct", "direct-physical", "macvtap", "baremetal"])
def test_devices_that_pass_the_switch_by_unless_they_are_one(vnic_type: str) -> None:
    assert isinstance(ask(port(vnic_type), host()), Decline)
    assert isinstance(ask(port(vnic_type, capabilities="switchdev"), host()), Decline)
    assert ask(port(vnic_type, **SWITCHDEV), host()) == Binding("ovs", {**OVS, "datapath_type": ""})


@pytest.mark.parametrize(
    "vnic_type", ["smart-nic", "accelerator-direct", "accelerator-direct-physical", "remote-managed", "new"]
)
def test_devices_of_others(vnic_type: str) -> None:
    assert isinstance(ask(port(vnic_type, **SWITCHDEV), host()), Decline)


def test_hosts_that_do_not_answer() -> None:
    assert isinstance(ask(port(), host(is_alive=False)), Decline)


def test_segments_out_of_reach() -> None:
    connected = host(bridge_mappings={"physnet1": "br-ex"})
    assert isinstance(ask(port(), host(), VLAN), Decline)
    assert isinstance(ask(port(), connected, VLAN), Binding)
    assert isinstance(ask(port(), host(), VLAN, GENEVE), Binding)
    assert isinstance(Ovn().bind(port(), connected, ()), Decline)


def test_what_the_deployment_says_is_told_to_compute() -> None:
    """`[ovn] vhost_sock_dir` and `ovs_create_tap`."""
    driver = Ovn(vhostuser_directory="/run/vhost", creates_tap=False)
    plain = driver.bind(port(), host(), (GENEVE,))
    assert isinstance(plain, Binding)
    assert plain.vif_details["ovs_create_tap"] is False
    forwarder = driver.bind(port("virtio-forwarder"), host(), (GENEVE,))
    assert isinstance(forwarder, Binding)
    assert forwarder.vif_details["vhostuser_socket"].startswith("/run/vhost/vhu")
    for network_type in ("local", "vxlan", "gre"):
        assert isinstance(ask(port(), host(), Segment(network_type=network_type)), Binding)


@dataclass(frozen=True)
class Fake:
    """A driver that always gives the same answer."""

    name: str
    answer: Binding | Decline

    def bind(self, port: Port, host: Host, segments: Sequence[Segment]) -> Binding | Decline:
        return self.answer


def verdict(*drivers: binding.Driver, known: bool = True) -> tuple[str, Mapping[str, Any], Mapping[str, str]]:
    found = binding.bind(drivers, port(), host() if known else None, [GENEVE])
    return found.binding.vif_type, found.binding.vif_details, found.declined


def test_the_first_driver_that_binds_wins() -> None:
    no, one, two = Fake("no", Decline("why")), Fake("one", Binding("tap")), Fake("two", Binding("ovs"))
    assert verdict(no, one, two) == ("tap", {"bound_drivers": {"0": "one"}}, {"no": "why"})
    assert verdict(no) == ("binding_failed", {}, {"no": "why"})
    assert verdict(one, known=False) == ("binding_failed", {}, {"one": "unknown host"})
