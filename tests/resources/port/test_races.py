"""Many clients, one small subnet, on each of the three databases: no address twice, none left while somebody wants
it, and nobody hears of a deadlock."""

import threading
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from tests.resources.port.test_create import MAC, addresses
from tests.resources.world import World
from tests.store.support import in_threads
from wovenet.model import problems
from wovenet.resources.base import Object
from wovenet.resources.ipam import claims
from wovenet.resources.ipam.rules import AnyOf
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.store import ranges
from wovenet.store.faults import StoreBusy

CLIENTS = 16
IN_SUBNET = 32 - 3
"""Addresses of a /27 that are for instances."""


def outcome(call: Callable[[], Sequence[Object]]) -> Callable[[], Sequence[Object] | problems.Problem]:
    """`call`, which returns its problem where it would raise one."""

    def attempt() -> Sequence[Object] | problems.Problem:
        try:
            return call()
        except problems.Problem as problem:
            return problem

    return attempt


def check_pools(world: World, subnet: Object) -> None:
    """What is free and what ports have makes up the subnet's pools, without overlap."""
    with world.store.read() as tx:
        free = ranges.free(tx, subnet["id"])
        rows = tx.rows(sa.select(PORT_FIXED_IPS.c.ip_address).where(PORT_FIXED_IPS.c.subnet_id == subnet["id"]))
    used = [int(claims.key_of(row.ip_address), 16) for row in rows]
    assert len(set(used)) == len(used)
    assert sum(last - first + 1 for first, last in free) + len(used) == IN_SUBNET
    assert not any(first <= number <= last for number in used for first, last in free)


@pytest.fixture
def network(any_world: World) -> Object:
    network = any_world.network()
    any_world.create("port", {"network_id": network["id"]})
    return network


@pytest.fixture
def subnet(any_world: World, network: Object) -> Object:
    return any_world.subnet(network, "10.1.0.0/27", enable_dhcp=False)


def test_everybody_gets_an_address_until_none_is_left(any_world: World, network: Object, subnet: Object) -> None:
    request = {"network_id": network["id"]}

    def create() -> Sequence[Object]:
        return any_world.create("port", request)

    found: list[Sequence[Object] | problems.Problem] = []
    for _ in range(2):
        found += in_threads([outcome(create)] * CLIENTS)
    made = [item for item in found if not isinstance(item, problems.Problem)]
    refused = [item for item in found if isinstance(item, problems.Problem)]
    assert len(made) == IN_SUBNET
    assert all(isinstance(item, problems.IpAddressGenerationFailure) for item in refused)
    assert len(refused) == 2 * CLIENTS - IN_SUBNET
    check_pools(any_world, subnet)


def test_one_address_and_one_mac_go_to_one(any_world: World, network: Object, subnet: Object) -> None:
    by_address = {"network_id": network["id"], "fixed_ips": [{"ip_address": "10.1.0.9"}]}
    by_mac = {"network_id": network["id"], "mac_address": MAC}
    found = in_threads(
        [outcome(lambda: any_world.create("port", by_address))] * (CLIENTS // 2)
        + [outcome(lambda: any_world.create("port", by_mac))] * (CLIENTS // 2)
    )
    assert sum(not isinstance(item, problems.Problem) for item in found) == 2
    names = {item.name for item in found if isinstance(item, problems.Problem)}
    assert names == {"IpAddressAlreadyAllocated", "MacAddressInUse"}
    check_pools(any_world, subnet)


def test_ports_come_and_go(any_world: World, network: Object, subnet: Object) -> None:
    def live() -> int:
        for _ in range(4):
            port = any_world.create("port", {"network_id": network["id"]})[0]
            assert addresses(port)
            any_world.update("port", port["id"], {"fixed_ips": [{"subnet_id": subnet["id"]}] * 2})
            any_world.delete("port", port["id"])
        return 4

    assert in_threads([live] * 8) == [4] * 8
    check_pools(any_world, subnet)
    assert any_world.count(PORTS) == 2


@pytest.mark.parametrize("changes", [None, {"allocation_pools": [{"start": "10.1.0.9", "end": "10.1.0.9"}]}])
def test_a_subnet_that_was_seen_otherwise_is_not_exhausted(any_world: World, changes: Object | None) -> None:
    subnet = any_world.subnet(any_world.network(), "10.1.0.0/27")
    with any_world.store.read() as tx:
        seen = claims.subnets(tx, [subnet["id"]])[subnet["id"]]
    if changes is None:
        any_world.delete("subnet", subnet["id"])
    else:
        any_world.update("subnet", subnet["id"], changes)
    with pytest.raises(StoreBusy) as failure:
        any_world.store.write(lambda tx: claims.claim(tx, [[AnyOf((seen,))] * 2]), attempts=1)
    assert isinstance(failure.value.__cause__, problems.LostRace)


def test_a_subnet_that_comes_while_a_port_comes_gives_it_its_address(any_world: World) -> None:
    network = any_world.network()
    port_comes, subnet_is_there = threading.Event(), threading.Event()

    def hold(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO ports ") and not port_comes.is_set():
            port_comes.set()
            subnet_is_there.wait(1)  # it is not, because it waits in its turn; if it does not, that is the fault

    def make_port() -> Sequence[Object]:
        return any_world.create("port", {"network_id": network["id"]})

    def make_subnet() -> Sequence[Object]:
        assert port_comes.wait(10)
        subnet = any_world.subnet(network, "fd00::/64", ipv6_ra_mode="slaac", ipv6_address_mode="slaac")
        subnet_is_there.set()
        return [subnet]

    event.listen(any_world.engine, "before_cursor_execute", hold)
    ports, [subnet] = in_threads([make_port, make_subnet])
    event.remove(any_world.engine, "before_cursor_execute", hold)

    shown = any_world.fetch("port", ports[0]["id"])["fixed_ips"]
    assert [item["subnet_id"] for item in shown] == [subnet["id"]]


def test_a_network_that_goes_while_ports_come(any_world: World) -> None:
    for _ in range(3):
        network = any_world.network()
        any_world.subnet(network, "10.1.0.0/27")

        def create(network_id: str = network["id"]) -> Sequence[Object]:
            return any_world.create("port", {"network_id": network_id})

        def delete(network_id: str = network["id"]) -> Sequence[Object]:
            any_world.delete("network", network_id)
            return []

        *created, deleted = in_threads([outcome(create)] * 4 + [outcome(delete)])
        names = {item.name for item in created if isinstance(item, problems.Problem)}
        if isinstance(deleted, problems.NetworkInUse):
            assert names == set()
        else:
            assert names == {"NetworkNotFound"}
