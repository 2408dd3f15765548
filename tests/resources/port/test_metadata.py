"""Every network has a metadata port, with an address wherever instances ask for one; and every port has its address
in subnets in which ports address themselves."""

from tests.databases import counting
from tests.resources.port.test_create import SLAAC, addresses
from tests.resources.world import DEMO, World
from wovenet.resources import query
from wovenet.resources.base import Object
from wovenet.resources.port import RESOURCE
from wovenet.resources.port.table import PORTS


def metadata_port(world: World, network: Object) -> Object:
    with world.store.read() as tx:
        conditions = [PORTS.c.device_id == f"ovnmeta-{network['id']}"]
        (found,) = query.fetch_all(tx, RESOURCE, DEMO, conditions=conditions)
    return found


def test_it_comes_with_the_network(any_world: World) -> None:
    network = any_world.network(project_id="owner")
    port = metadata_port(any_world, network)
    expected = {
        "network_id": network["id"],
        "project_id": "owner",
        "name": "",
        "device_owner": "network:distributed",
        "status": "DOWN",
        "admin_state_up": True,
        "fixed_ips": [],
        "ip_allocation": "none",
        "port_security_enabled": False,
        "security_groups": [],
        "binding:host_id": "",
        "binding:vif_type": "unbound",
        "binding:vnic_type": "normal",
        "revision_number": 1,
    }
    assert {name: port[name] for name in expected} == expected
    assert ("port", port["id"]) in any_world.marks()


def test_its_addresses_follow_the_subnets(any_world: World) -> None:
    network = any_world.network()
    subnet = any_world.subnet(network, "10.1.0.0/24")
    any_world.subnet(network, "10.2.0.0/24", enable_dhcp=False)
    any_world.subnet(network, "fd00:2::/64")
    slaac = any_world.subnet(network, "fd00:1::/64", **SLAAC)
    port = metadata_port(any_world, network)
    own = [item["ip_address"] for item in port["fixed_ips"] if item["subnet_id"] == slaac["id"]]
    assert addresses(port) == ["10.1.0.2", *own]
    assert len(own) == 1
    assert port["revision_number"] == 3
    any_world.marks()
    any_world.update("subnet", subnet["id"], {"enable_dhcp": False})
    assert addresses(metadata_port(any_world, network)) == own
    assert {("port", port["id"]), ("subnet", subnet["id"])} <= any_world.marks()
    assert addresses(any_world.port(network, fixed_ips=[{"ip_address": "10.1.0.2"}]))[0] == "10.1.0.2"
    any_world.update("subnet", subnet["id"], {"enable_dhcp": True})
    assert addresses(metadata_port(any_world, network)) == ["10.1.0.3", *own]


def test_a_subnet_without_a_free_address_does_without(world: World) -> None:
    network = world.network()
    subnet = world.subnet(network, "10.1.0.0/30", enable_dhcp=False)
    world.port(network, fixed_ips=[{"subnet_id": subnet["id"]}])
    world.update("subnet", subnet["id"], {"enable_dhcp": True})
    assert addresses(metadata_port(world, network)) == []


def test_it_may_be_moved_and_removed_by_hand(world: World) -> None:
    network = world.network()
    subnet = world.subnet(network, "10.1.0.0/24")
    other = world.port(network)
    port = metadata_port(world, network)
    world.marks()
    world.update("port", port["id"], {"fixed_ips": [{"ip_address": "10.1.0.77"}]})
    assert world.marks() == {("port", port["id"]), ("subnet", subnet["id"]), ("port", other["id"])}
    world.delete("port", port["id"])
    assert {("port", port["id"]), ("subnet", subnet["id"])} <= world.marks()
    world.update("subnet", subnet["id"], {"name": "as it was"})
    assert world.ids("port") == {other["id"]}
    world.subnet(network, "10.2.0.0/24")
    assert addresses(metadata_port(world, network)) == ["10.1.0.2", "10.2.0.2"]


def test_a_new_slaac_subnet_reaches_every_port_in_a_constant_number_of_statements(world: World) -> None:
    network = world.network()
    world.subnet(network, "10.1.0.0/16", enable_dhcp=False)
    costs = []
    for number, size in enumerate((1, 200)):
        ports = world.create("port", *[{"network_id": network["id"]}] * size)
        world.marks()
        with counting(world.engine) as statements:
            world.subnet(network, f"fd00:{number}::/64", **SLAAC)
        costs.append(len(statements))
        assert {("port", port["id"]) for port in ports} <= world.marks()
        for port in ports[:3]:
            stored = world.fetch("port", port["id"])
            assert stored["revision_number"] == 2
            assert len(addresses(stored)) == 2 + number
    assert costs[0] == costs[1]
