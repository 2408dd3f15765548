"""A deleted port leaves nothing, and what it held can be had again."""

from tests.resources.port.test_create import MAC, SLAAC, addresses
from tests.resources.world import World
from wovenet.resources.port.table import PORT_ALLOWED_PAIRS, PORT_FIXED_IPS, PORT_SECURITY_GROUPS
from wovenet.store import ranges


def test_nothing_is_left(any_world: World) -> None:
    network = any_world.network()
    subnet = any_world.subnet(network, "10.1.0.0/24")
    any_world.subnet(network, "fd00:1::/64", **SLAAC)
    any_world.port(network)  # makes the default group
    tables = (PORT_FIXED_IPS, PORT_ALLOWED_PAIRS, PORT_SECURITY_GROUPS)
    before = [any_world.count(table) for table in tables]
    with any_world.store.read() as tx:
        free = ranges.size(tx, subnet["id"])
    port = any_world.port(
        network,
        mac_address=MAC,
        fixed_ips=[{"subnet_id": subnet["id"]}, {"ip_address": "10.1.0.99"}, {"ip_address": "10.1.0.1"}],
        allowed_address_pairs=[{"ip_address": "1.1.1.1"}],
    )
    assert len(addresses(port)) == 4
    any_world.marks()
    any_world.delete("port", port["id"])
    assert any_world.marks() == {("port", port["id"])}
    assert [any_world.count(table) for table in tables] == before
    with any_world.store.read() as tx:
        assert ranges.size(tx, subnet["id"]) == free
    again = any_world.port(
        network, mac_address=MAC, fixed_ips=[{"ip_address": "10.1.0.99"}, {"ip_address": "10.1.0.1"}]
    )
    assert len(addresses(again)) == 3
