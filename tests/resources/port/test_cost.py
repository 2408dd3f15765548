"""What the verbs cost: statements, with BEGIN and COMMIT. They do not grow with the size of the cloud."""

import pytest

from tests.databases import counting
from tests.resources.port.test_create import SLAAC, known_host
from tests.resources.world import DEMO, World
from wovenet.model.problems import IpAddressGenerationFailure
from wovenet.resources import crud, query
from wovenet.resources.base import Context, Object
from wovenet.resources.port import RESOURCE
from wovenet.store.tx import Tx

BEGIN_AND_COMMIT = 2
FETCH = 5
"""The row, addresses, pairs, groups, tags."""


@pytest.fixture
def network(world: World) -> Object:
    network = world.network()
    world.subnet(network, "10.0.0.0/8")
    world.port(network)
    known_host(world)
    return network


def cost(world: World, member: str, *requests: Object) -> int:
    with counting(world.engine) as statements:
        world.create(member, *requests)
    return len(statements) + BEGIN_AND_COMMIT


def test_create(world: World, network: Object) -> None:
    request = {"network_id": network["id"]}
    assert cost(world, "port", request) <= 13
    assert cost(world, "port", {**request, "binding:host_id": "hv1"}) <= 15


def test_create_in_bulk(world: World, network: Object) -> None:
    request = {
        "network_id": network["id"],
        "binding:host_id": "hv1",
        "allowed_address_pairs": [{"ip_address": "1.1.1.1"}],
    }
    assert cost(world, "port", *[request] * 100) <= 19
    world.subnet(network, "fd00:1::/64", **SLAAC)
    world.subnet(network, "fd00:2::/64")
    assert cost(world, "port", *[request] * 100) <= 22


def test_update(world: World, network: Object) -> None:
    port = world.port(network)["id"]
    with counting(world.engine) as statements:
        world.update("port", port, {"name": "new"})
    assert len(statements) + BEGIN_AND_COMMIT <= FETCH + 4
    with counting(world.engine) as statements:
        world.update("port", port, {"binding:host_id": "hv1", "device_owner": "compute:nova", "device_id": "x"})
    assert len(statements) + BEGIN_AND_COMMIT <= FETCH + 6
    with counting(world.engine) as statements:
        world.update("port", port, {"name": "new"})
    assert len(statements) + BEGIN_AND_COMMIT <= FETCH + 2, "nothing to do"


def test_delete(world: World, network: Object) -> None:
    port = world.port(network, fixed_ips=[{"ip_address": "10.0.1.7"}])["id"]

    def delete(tx: Tx) -> int:
        current = query.fetch(tx, RESOURCE, DEMO, port)
        with counting(world.engine) as statements:
            crud.delete(tx, Context(DEMO, world.settings), RESOURCE, current)
            tx.finish()
        return len(statements) + BEGIN_AND_COMMIT

    assert world.store.write(delete) <= 11


@pytest.mark.parametrize("cidr", ["10.0.0.0/28", "10.0.0.0/8", "fd00::/64"])
def test_the_size_of_a_subnet_does_not_matter(world: World, cidr: str) -> None:
    network = world.network()
    world.subnet(network, cidr)
    world.port(network)
    assert cost(world, "port", {"network_id": network["id"]}) == 12


def test_a_full_subnet_says_so_at_no_more_cost(world: World) -> None:
    network = world.network()
    world.subnet(network, "10.1.0.0/29")
    world.create("port", *[{"network_id": network["id"]}] * 4)
    with counting(world.engine) as statements, pytest.raises(IpAddressGenerationFailure):
        world.port(network)
    assert len(statements) + BEGIN_AND_COMMIT <= 13
