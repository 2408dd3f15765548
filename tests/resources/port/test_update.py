"""Ports are changed as the peer changes them; what changes nothing is no revision."""

from typing import Any

import pytest

from tests.resources.port.test_create import MAC, SLAAC, addresses, known_host
from tests.resources.world import World
from wovenet.model import problems
from wovenet.resources.base import Object
from wovenet.resources.port import status

OTHER_MAC = "00:11:22:33:44:66"
HOST = "binding:host_id"


@pytest.fixture
def network(world: World) -> Object:
    return world.network()


@pytest.fixture
def subnet(world: World, network: Object) -> Object:
    return world.subnet(network, "10.1.0.0/24")


@pytest.fixture
def port(world: World, network: Object, subnet: Object) -> Object:
    del subnet
    known_host(world)
    return world.port(network, mac_address=MAC, fixed_ips=[{"ip_address": "10.1.0.50"}])


def put(world: World, port: Object, **changes: Any) -> Object:
    """The port after the change, as stored. A revision moves exactly if something else did."""
    before = world.fetch("port", port["id"])
    world.marks()
    changed = world.update("port", port["id"], changes)
    stored = world.fetch("port", port["id"])
    assert changed == stored
    is_changed = {**stored, "revision_number": 0, "updated_at": ""} != {
        **before,
        "revision_number": 0,
        "updated_at": "",
    }
    assert stored["revision_number"] - before["revision_number"] == int(is_changed)
    assert (("port", port["id"]) in world.marks()) == is_changed
    return stored


def refused(world: World, port: Object, problem: type[problems.Problem], **changes: Any) -> dict[str, object]:
    """The fields of the problem that the change ends with. It changes nothing."""
    before = world.fetch("port", port["id"])
    world.marks()
    with pytest.raises(problem) as raised:
        world.update("port", port["id"], changes)
    assert world.fetch("port", port["id"]) == before
    assert not world.marks()
    return dict(raised.value.fields)


def test_attributes_without_rules(world: World, port: Object) -> None:
    changed = put(world, port, name="new", description="d", device_id="i", device_owner="compute:nova")
    assert (changed["name"], changed["device_owner"]) == ("new", "compute:nova")
    put(world, port, name="new")


# addresses


def test_addresses_that_stay(world: World, port: Object, subnet: Object) -> None:
    for asked in (
        {"ip_address": "10.1.0.50"},
        {"subnet_id": subnet["id"]},
        {"subnet_id": subnet["id"], "ip_address": "10.1.0.50"},
    ):
        assert addresses(put(world, port, fixed_ips=[asked])) == ["10.1.0.50"]


def test_addresses_come_and_go(world: World, network: Object, port: Object, subnet: Object) -> None:
    other = world.subnet(network, "10.2.0.0/24")
    in_subnet = {"subnet_id": subnet["id"]}
    assert addresses(put(world, port, fixed_ips=[in_subnet, in_subnet])) == ["10.1.0.3", "10.1.0.50"]
    changed = put(world, port, fixed_ips=[{"ip_address": "10.1.0.60"}, in_subnet])
    assert "10.1.0.60" in addresses(changed)
    assert len(addresses(changed)) == 2
    assert addresses(put(world, port, fixed_ips=[{"subnet_id": other["id"]}])) == ["10.2.0.3"]
    assert addresses(put(world, port, fixed_ips=[])) == []
    again = world.port(network, fixed_ips=[{"ip_address": "10.1.0.50"}, {"ip_address": "10.1.0.60"}])
    assert len(addresses(again)) == 2
    assert put(world, port, fixed_ips=[])["ip_allocation"] == "immediate"


def test_addresses_that_cannot_be(world: World, port: Object) -> None:
    refused(world, port, problems.InvalidIpForNetwork, fixed_ips=[{"ip_address": "9.9.9.9"}])
    found = refused(world, port, problems.IpAddressAlreadyAllocated, fixed_ips=[{"ip_address": "10.1.0.2"}])
    assert found["ip"] == "10.1.0.2"
    refused(world, port, problems.InvalidInput, fixed_ips=[{}])
    unknown = "11111111-1111-1111-1111-111111111111"
    refused(world, port, problems.SubnetNotFound, fixed_ips=[{"subnet_id": unknown}])


def test_slaac_addresses_stay_or_come_back_unless_their_subnet_is_deleted(
    world: World, network: Object, port: Object
) -> None:
    slaac = world.subnet(network, "fd00:1::/64", **SLAAC)
    own = "fd00:1::211:22ff:fe33:4455"
    assert addresses(world.fetch("port", port["id"])) == ["10.1.0.50", own]
    assert addresses(put(world, port, fixed_ips=[])) == [own]
    assert addresses(put(world, port, fixed_ips=[{"subnet_id": slaac["id"], "ip_address": own}])) == [own]
    assert addresses(put(world, port, fixed_ips=[{"subnet_id": slaac["id"], "delete_subnet": True}])) == []
    assert addresses(put(world, port, fixed_ips=[{"ip_address": "10.1.0.50"}])) == ["10.1.0.50", own]
    refused(
        world,
        port,
        problems.AllocationOnAutoAddressSubnet,
        fixed_ips=[{"subnet_id": slaac["id"], "ip_address": "fd00:1::5"}],
    )


# MAC


def test_a_new_mac_means_new_slaac_addresses(world: World, network: Object, port: Object) -> None:
    world.subnet(network, "fd00:1::/64", **SLAAC)
    changed = put(world, port, mac_address=OTHER_MAC)
    assert addresses(changed) == ["10.1.0.50", "fd00:1::211:22ff:fe33:4466"]
    emptied = put(world, port, mac_address=MAC, fixed_ips=[])
    assert addresses(emptied) == ["fd00:1::211:22ff:fe33:4455"]


def test_macs_that_cannot_be(world: World, network: Object, port: Object) -> None:
    world.port(network, mac_address=OTHER_MAC)
    found = refused(world, port, problems.MacAddressInUse, mac_address=OTHER_MAC)
    assert found == {"net_id": network["id"], "mac": OTHER_MAC}
    put(world, port, **{HOST: "hv1"})
    found = refused(world, port, problems.PortBound, mac_address="00:11:22:33:44:77")
    assert found["vif_type"] == "ovs"
    put(world, port, mac_address=MAC)


def test_pairs_keep_the_mac_that_they_were_made_with(world: World, port: Object) -> None:
    put(world, port, allowed_address_pairs=[{"ip_address": "1.1.1.1"}])
    changed = put(world, port, mac_address=OTHER_MAC)
    assert changed["allowed_address_pairs"] == [{"mac_address": MAC, "ip_address": "1.1.1.1"}]


# security


def test_security_groups_pairs_and_port_security(world: World, port: Object) -> None:
    groups = port["security_groups"]
    off, pair = {"port_security_enabled": False}, [{"ip_address": "1.1.1.1"}]
    refused(world, port, problems.PortSecurityPortHasSecurityGroup, **off)
    put(world, port, security_groups=[], **off)
    refused(world, port, problems.PortSecurityAndIPRequiredForSecurityGroups, security_groups=groups)
    refused(world, port, problems.AddressPairAndPortSecurityRequired, allowed_address_pairs=pair)
    put(world, port, port_security_enabled=True, security_groups=groups, allowed_address_pairs=pair)
    refused(world, port, problems.AddressPairAndPortSecurityRequired, security_groups=[], **off)
    put(world, port, security_groups=[], allowed_address_pairs=[], **off)
    unknown = "11111111-1111-1111-1111-111111111111"
    put(world, port, port_security_enabled=True)
    refused(world, port, problems.SecurityGroupNotFound, security_groups=[unknown])
    refused(world, port, problems.InvalidInput, allowed_address_pairs=[{"ip_address": "10.1.0.2"}])


def test_extra_dhcp_options_are_merged(world: World, port: Object) -> None:
    def options(*given: tuple[str, str | None, int]) -> list[tuple[str, str, int]]:
        asked = [{"opt_name": name, "opt_value": value, "ip_version": version} for name, value, version in given]
        found = put(world, port, extra_dhcp_opts=asked)["extra_dhcp_opts"]
        return sorted((option["opt_name"], option["opt_value"], option["ip_version"]) for option in found)

    assert options(("mtu", "1400", 4), ("mtu", "1300", 6)) == [("mtu", "1300", 6), ("mtu", "1400", 4)]
    assert options(("mtu", "1401", 4)) == [("mtu", "1300", 6), ("mtu", "1401", 4)]
    assert options(("mtu", None, 6), ("gone", None, 4)) == [("mtu", "1401", 4)]
    assert options() == [("mtu", "1401", 4)]
    assert options(("a", "1", 4), ("a", "2", 4)) == [("a", "2", 4), ("mtu", "1401", 4)]


# binding


def test_a_port_moves_between_hosts(world: World, port: Object) -> None:
    known_host(world, "hv2")
    assert put(world, port, **{HOST: "hv1"})["binding:vif_type"] == "ovs"
    put(world, port, **{HOST: "hv1"})
    assert put(world, port, **{HOST: "unknown"})["binding:vif_type"] == "binding_failed"
    assert put(world, port, **{HOST: "hv2"})["binding:vif_details"]["bound_drivers"] == {"0": "ovn"}
    unbound = put(world, port, **{HOST: None})
    assert (unbound["binding:vif_type"], unbound["binding:vif_details"]) == ("unbound", {})


def test_a_failed_binding_is_tried_again_with_any_change(world: World, port: Object) -> None:
    assert put(world, port, **{HOST: "hv2"})["binding:vif_type"] == "binding_failed"
    known_host(world, "hv2")
    assert put(world, port, name="again")["binding:vif_type"] == "ovs"


def test_the_kind_of_device_changes_only_where_there_is_none(world: World, port: Object) -> None:
    for host in ("hv1", "unknown"):
        put(world, port, **{HOST: host})
        found = refused(world, port, problems.PortInUse, **{"binding:vnic_type": "direct"})
        assert found["port_id"] == port["id"]
    put(world, port, **{HOST: ""})
    assert put(world, port, **{"binding:vnic_type": "direct"})["binding:vnic_type"] == "direct"
    assert put(world, port, **{HOST: "hv1"})["binding:vif_type"] == "binding_failed"
    profile = {"capabilities": ["switchdev"]}
    assert put(world, port, **{"binding:profile": profile})["binding:vif_type"] == "ovs"
    assert put(world, port, **{"binding:profile": None})["binding:vif_type"] == "binding_failed"


def test_profiles_are_checked(world: World, port: Object) -> None:
    refused(world, port, problems.InvalidInput, **{"binding:profile": {"tag": 5}})
    refused(world, port, problems.PortNotFound, **{"binding:profile": {"tag": 5, "parent_name": "nope"}})


def test_routers_ports_are_not_made_from_others(world: World, port: Object) -> None:
    refused(world, port, problems.UnsupportedPortDeviceOwner, device_owner="network:router_interface")


def test_ports_of_floating_ips_stay_what_they_are(world: World, network: Object, port: Object) -> None:
    found = refused(world, port, problems.OVNPortUpdateError, device_owner="network:floatingip")
    assert found["msg"] == f"Updating device_owner to network:floatingip for port {port['id']} is not supported"
    other = world.port(network, device_owner="network:floatingip")
    refused(world, other, problems.OVNPortUpdateError, device_owner="")
    put(world, other, device_owner="network:floatingip", name="same")


# status


def test_status_is_what_ovn_says_of_a_port_that_is_wanted(world: World, port: Object) -> None:
    def report(is_up: bool) -> str:
        world.store.write(lambda tx: status.set_up(tx, {port["id"]: is_up}))
        return str(world.fetch("port", port["id"])["status"])

    assert report(True) == "DOWN", "not bound"
    assert put(world, port, **{HOST: "hv1"})["status"] == "ACTIVE"
    assert put(world, port, admin_state_up=False)["status"] == "DOWN"
    assert put(world, port, admin_state_up=True)["status"] == "ACTIVE"
    assert report(False) == "DOWN"
    assert report(True) == "ACTIVE"
    known_host(world, "hv2")
    assert put(world, port, **{HOST: "hv2"})["status"] == "DOWN", "until the new host says so"
    assert report(True) == "ACTIVE"
    assert put(world, port, **{HOST: ""})["status"] == "DOWN"
