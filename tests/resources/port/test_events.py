"""ML-076, ML-077, OV-037, OV-038, OV-039: what compute is told of the ports of its servers, and when. As the peer, but
once each, and nothing of a port that was never up."""

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.resources.port.test_create import known_host
from tests.resources.world import DEMO, World
from wovenet.model.ids import Unit
from wovenet.resources import query
from wovenet.resources.base import Context, Object
from wovenet.resources.port import RESOURCE, bindings, events, status, whereabouts
from wovenet.store import outbox
from wovenet.store.tx import NOTIFY, OVN, Store, Tx

SERVER = "6d7e1c28-6b57-4b3b-a3f4-1c1f6e0d1a01"
OTHER = "6d7e1c28-6b57-4b3b-a3f4-1c1f6e0d1a02"
SERVERS = {"device_id": SERVER, "device_owner": "compute:nova", "binding:host_id": "hv1"}


@pytest.fixture
def told(any_world: World) -> World:
    """A world whose compute wants to know."""
    any_world.store = Store(any_world.engine, any_world.store.clock, topics=(OVN, NOTIFY))
    known_host(any_world)
    known_host(any_world, "hv2")
    return any_world


@pytest.fixture
def port(told: World) -> Object:
    """A port that a server has, bound and not up yet."""
    network = told.network()
    told.subnet(network, "10.9.0.0/24")
    made = told.port(network, **SERVERS)
    assert happened(told) == []
    return made


def happened(world: World) -> list[tuple[str, str]]:
    """The events that were marked since this was last asked, with their servers, in order."""

    def take(tx: Tx) -> list[tuple[str, str]]:
        marks = outbox.MARKS.c
        found = tx.rows(sa.select(marks.kind, marks.unit_id).where(marks.topic == NOTIFY).order_by(marks.id))
        tx.run(sa.delete(outbox.MARKS))
        each = [events.event_of(Unit(row.kind, row.unit_id)) for row in found]
        return [(event.name.removeprefix("network-"), event.server_id) for event in each]

    return world.store.write(take)


def plug(world: World, port: Object, *chassis: str) -> None:
    """As the observer stores it."""

    def write(tx: Tx) -> None:
        changed = status.set_up(tx, {port["id"]: bool(chassis)})
        whereabouts.store(tx, {port["id"]: frozenset(chassis)}, told=changed)

    world.store.write(write)


def test_a_port_that_comes_up_and_goes_down(told: World, port: Object) -> None:
    plug(told, port, "hv1")
    assert happened(told) == [("vif-plugged", SERVER)]
    plug(told, port, "hv1")
    assert happened(told) == []
    plug(told, port)
    assert happened(told) == [("vif-unplugged", SERVER)]
    plug(told, port, "hv1")
    assert happened(told) == [("vif-plugged", SERVER)]


def test_whoever_waits_hears_of_each_time(told: World, port: Object) -> None:
    for chassis in ("hv1",), (), ("hv1",):
        plug(told, port, *chassis)
    assert [name for name, _ in happened(told)] == ["vif-plugged", "vif-unplugged", "vif-plugged"]


def test_changes(told: World, port: Object) -> None:
    plug(told, port, "hv1")
    happened(told)
    for changes in ({"name": "x"}, {"fixed_ips": []}, {"security_groups": []}):
        told.update("port", port["id"], changes)
        assert happened(told) == [("changed", SERVER)]
    told.update("port", port["id"], {"name": "x"})
    assert happened(told) == []
    told.update("port", port["id"], {"admin_state_up": False})
    assert happened(told) == [("changed", SERVER), ("vif-unplugged", SERVER)]
    told.update("port", port["id"], {"admin_state_up": True})
    assert happened(told) == [("changed", SERVER), ("vif-plugged", SERVER)]


def test_a_port_that_is_given_away(told: World, port: Object) -> None:
    """The server that had it has given it away itself; the one that has it now is told."""
    plug(told, port, "hv1")
    happened(told)
    told.update("port", port["id"], {"device_id": OTHER})
    assert happened(told) == [("changed", OTHER)]
    told.update("port", port["id"], {"device_id": "", "device_owner": "", "binding:host_id": ""})
    assert happened(told) == []
    told.delete("port", port["id"])
    assert happened(told) == []


def test_a_port_that_is_deleted(told: World, port: Object) -> None:
    plug(told, port, "hv1")
    happened(told)
    told.delete("port", port["id"])
    assert happened(told) == [("vif-deleted", SERVER)]


@pytest.mark.parametrize(
    ("owner", "device", "is_told"),
    [
        ("compute:", SERVER, True),
        ("compute:az1", SERVER.upper(), True),
        ("compute:az1", SERVER.replace("-", ""), True),
        ("compute:az1", "not-a-uuid", False),
        ("compute:az1", f"{SERVER}/x", False),
        ("baremetal:none", SERVER, False),
        ("manila:share", SERVER, False),
        ("", SERVER, False),
    ],
)
def test_only_ports_of_servers(told: World, owner: str, device: str, is_told: bool) -> None:
    port = told.port(told.network(), **{**SERVERS, "device_owner": owner, "device_id": device})
    plug(told, port, "hv1")
    told.update("port", port["id"], {"name": "x"})
    told.delete("port", port["id"])
    expected = [("vif-plugged", device), ("changed", device), ("vif-deleted", device)]
    assert happened(told) == (expected if is_told else [])


def test_a_live_migration(told: World, port: Object) -> None:
    """Compute waits for the destination before it moves the instance, and again afterwards."""
    plug(told, port, "hv1")
    happened(told)
    prepare(told, port, "hv2")
    assert happened(told) == []
    plug(told, port, "hv1", "hv2")
    assert happened(told) == [("vif-plugged", SERVER)]
    plug(told, port, "hv1", "hv2")
    assert happened(told) == []
    activate(told, port, "hv2")
    assert happened(told) == [("vif-unplugged", SERVER)]
    plug(told, port, "hv2")
    assert happened(told) == [("vif-plugged", SERVER)]
    assert told.fetch("port", port["id"])["status"] == "ACTIVE"


def test_a_port_that_moves_while_it_is_up(told: World, port: Object) -> None:
    plug(told, port, "hv1")
    happened(told)
    plug(told, port, "hv2")
    assert happened(told) == [("vif-plugged", SERVER)]


def test_nobody_is_told_where_nobody_listens(any_world: World) -> None:
    known_host(any_world)
    port = any_world.port(any_world.network(), **SERVERS)
    plug(any_world, port, "hv1")
    any_world.delete("port", port["id"])
    assert happened(any_world) == []


def test_many_ports_cost_a_constant_number_of_statements(world: World) -> None:
    known_host(world)
    network = world.network()
    ports = world.create("port", *[{"network_id": network["id"], **SERVERS}] * 100)
    for chassis in (frozenset({"a"}), frozenset({"b"}), frozenset({"b"})):
        with counting(world.engine) as statements:
            world.store.write(
                lambda tx, chassis=chassis: whereabouts.store(tx, {port["id"]: chassis for port in ports}, told=())
            )
        assert len(statements) <= 4


def prepare(world: World, port: Object, host: str) -> None:
    world.store.write(
        lambda tx: bindings.create(
            tx,
            Context(DEMO, world.settings),
            query.fetch(tx, RESOURCE, DEMO, port["id"]),
            {"host": host, "vnic_type": "normal"},
            resource=RESOURCE,
        )
    )


def activate(world: World, port: Object, host: str) -> None:
    def write(tx: Tx) -> None:
        current = query.fetch(tx, RESOURCE, DEMO, port["id"])
        [binding] = [one for one in bindings.index(tx, current) if one["host"] == host]
        bindings.activate(tx, current, binding, resource=RESOURCE)

    world.store.write(write)
