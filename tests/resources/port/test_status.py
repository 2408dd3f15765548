"""The Southbound's truth is stored in bulk: statuses and revisions move where it is news, and only there."""

from tests.databases import counting
from tests.resources.port.test_create import known_host
from tests.resources.world import World
from wovenet.resources.base import Object
from wovenet.resources.port import status


def set_up(world: World, states: dict[str, bool]) -> list[str]:
    return world.store.write(lambda tx: status.set_up(tx, states))


def test_many_ports_at_once(any_world: World) -> None:
    known_host(any_world)
    network = any_world.network()
    request = {"network_id": network["id"], "binding:host_id": "hv1"}
    ports = any_world.create(
        "port", *[request] * 3, {**request, "admin_state_up": False}, {"network_id": network["id"]}
    )
    ids = [port["id"] for port in ports]
    any_world.marks()
    everything_up = {**dict.fromkeys(ids, True), "unknown": True}

    assert set_up(any_world, everything_up) == sorted(ids[:3])
    assert any_world.marks() == {("port", port_id) for port_id in ids[:3]}
    assert statuses(any_world, ids) == ["ACTIVE"] * 3 + ["DOWN"] * 2
    assert revisions(any_world, ids) == [2, 2, 2, 1, 1]

    with counting(any_world.engine) as statements:
        assert set_up(any_world, everything_up) == []
    assert len(statements) == 1
    assert not any_world.marks()

    assert set_up(any_world, {ids[0]: False, ids[1]: True}) == [ids[0]]
    assert statuses(any_world, ids[:2]) == ["DOWN", "ACTIVE"]
    assert any_world.marks() == {("port", ids[0])}
    assert revisions(any_world, ids) == [3, 2, 2, 1, 1]


def test_many_ports_cost_a_constant_number_of_statements(world: World) -> None:
    known_host(world)
    network = world.network()
    ports = world.create("port", *[{"network_id": network["id"], "binding:host_id": "hv1"}] * 400)
    with counting(world.engine) as statements:
        assert len(set_up(world, {port["id"]: True for port in ports})) == 400
    assert len(statements) <= 3


def stored(world: World, ids: list[str]) -> list[Object]:
    return [world.fetch("port", port_id) for port_id in ids]


def statuses(world: World, ids: list[str]) -> list[str]:
    return [port["status"] for port in stored(world, ids)]


def revisions(world: World, ids: list[str]) -> list[int]:
    return [port["revision_number"] for port in stored(world, ids)]
