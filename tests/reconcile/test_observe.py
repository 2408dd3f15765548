"""What a real Southbound database says, and what the store then says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import ovsdb_servers
from tests.reconcile.southbound import Southbound
from tests.reconcile.world import Net, Port, State, World, id_of
from wovenet.model.actor import Actor
from wovenet.model.ids import NETWORK_HA, Unit
from wovenet.ovn import southbound as sb
from wovenet.ovn.errors import ConnectionLost
from wovenet.reconcile.observe import Observer
from wovenet.resources import agent, crud, host, query
from wovenet.resources.base import Context
from wovenet.resources.host.table import HOSTS
from wovenet.resources.port.table import PORTS
from wovenet.settings import Settings
from wovenet.store import outbox
from wovenet.store.tx import MARKS, OVN, SOUTHBOUND, Store, Tx

PORTS_HELD = State(
    nets=(Net("n"),), ports=tuple(Port(name, "n", host="hv1.test", vif="ovs") for name in ("p", "q", "r"))
)


@pytest.fixture
def southbound(tmp_path: Path) -> Iterator[Southbound]:
    directory = tmp_path / "sb"
    directory.mkdir()
    with ovsdb_servers.serving(directory, ovsdb_servers.SB) as server:
        own = Southbound(server)
        yield own
        own.close()


def hold(_tx: Tx) -> None:
    """Always ours."""


@pytest.fixture
def observer(store: Store, southbound: Southbound) -> Iterator[Observer]:
    client = southbound.server.client(connect=False)
    own = Observer(store, sb.Southbound(client), hold=hold, down_time_s=60.0)
    own.connect(10)
    yield own
    client.close()


def statuses(store: Store) -> dict[str, str]:
    with store.read() as tx:
        return {row.name: row.status for row in tx.rows(sa.select(PORTS.c.name, PORTS.c.status))}


def marked(store: Store) -> set[Unit]:
    with store.read() as tx:
        return {Unit(row.kind, row.unit_id) for row in tx.rows(sa.select(MARKS.c.kind, MARKS.c.unit_id))}


def forget_marks(store: Store) -> None:
    store.write(lambda tx: tx.run(MARKS.delete()))


def details(store: Store) -> dict[str, str]:
    with store.read() as tx:
        return {
            row.name: row.binding_vif_details for row in tx.rows(sa.select(PORTS.c.name, PORTS.c.binding_vif_details))
        }


def follow(observer: Observer) -> None:
    """Takes what has happened until now."""
    while observer.step(0.2):
        pass


def test_statuses_follow(world: World, southbound: Southbound, observer: Observer) -> None:
    world.become(PORTS_HELD)
    southbound.host("hv1")
    southbound.bind(id_of("p"), "hv1", up=True)
    southbound.bind(id_of("q"), "hv1", up=False)

    follow(observer)
    assert statuses(world.store) == {"p": "ACTIVE", "q": "DOWN", "r": "DOWN"}

    southbound.bind(id_of("q"), "hv1", up=True)
    southbound.unbind(id_of("p"))
    follow(observer)
    assert statuses(world.store) == {"p": "DOWN", "q": "ACTIVE", "r": "DOWN"}


def test_a_port_that_is_up_on_no_chassis_is_down(world: World, southbound: Southbound, observer: Observer) -> None:
    world.become(PORTS_HELD)
    southbound.host("hv1")
    southbound.bind(id_of("p"), "hv1", up=True)
    follow(observer)

    southbound.forget_host("hv1")
    follow(observer)

    assert statuses(world.store)["p"] == "DOWN"


def test_a_virtual_port_tells_where_its_parent_is(world: World, southbound: Southbound, observer: Observer) -> None:
    """OV-042. It is bound nowhere itself, so that it is never ACTIVE."""
    world.become(State(nets=(Net("n"),), ports=(Port("vip", "n", owner="", device="", status="DOWN", up=False),)))
    for name in ("hv1", "hv2"):
        southbound.host(name)
    for name in ("hv1", "hv2"):
        southbound.bind(id_of("vip"), name, up=True, kind="virtual")
        follow(observer)
        assert details(world.store) == {"vip": f'{{"parent_hostname":"{name}.test"}}'}
        assert statuses(world.store) == {"vip": "DOWN"}

    southbound.unbind(id_of("vip"))
    follow(observer)
    assert details(world.store) == {"vip": '{"parent_hostname":""}'}


def test_who_serves_external_ports_follows_the_hosts(world: World, southbound: Southbound, observer: Observer) -> None:
    """OV-064: chassis come, change and go, and what depends on them is marked."""
    world.become(State(nets=(Net("n"),), ports=(Port("card", "n", vnic="direct"),)))
    units = {Unit("port", id_of("card")), Unit(NETWORK_HA, id_of("n"))}
    southbound.host("hv1")
    follow(observer)
    assert units <= marked(world.store)

    for change in (lambda: southbound.host("hv2"), lambda: southbound.forget_host("hv1")):
        forget_marks(world.store)
        change()
        follow(observer)
        assert units <= marked(world.store)

    forget_marks(world.store)
    southbound.heartbeat("hv2", 5)
    follow(observer)
    assert not units & marked(world.store), "that a host lives changes nothing"


def test_what_was_missed_is_compared_on_connecting(world: World, southbound: Southbound, observer: Observer) -> None:
    world.become(PORTS_HELD)
    southbound.host("hv1")
    southbound.host("hv2")
    for name in ("p", "q"):
        southbound.bind(id_of(name), "hv1", up=True)
    follow(observer)
    southbound.server.stop()
    with pytest.raises(ConnectionLost):
        follow(observer)
    southbound.restart()
    southbound.unbind(id_of("p"))
    southbound.remove(id_of("q"))
    southbound.bind(id_of("r"), "hv1", up=True)
    southbound.forget_host("hv2")

    observer.connect(10)
    follow(observer)

    assert statuses(world.store) == {"p": "DOWN", "q": "DOWN", "r": "ACTIVE"}
    with world.store.read() as tx:
        assert [row.chassis for row in tx.rows(sa.select(HOSTS.c.chassis))] == ["hv1"]


def test_hosts_and_their_heartbeats(store: Store, southbound: Southbound, observer: Observer) -> None:
    southbound.host("hv1", bridge_mappings="physnet1:br-ex")
    southbound.heartbeat("hv1", 3)
    follow(observer)

    with store.read() as tx:
        found = host.by_name(tx, ["hv1.test"])["hv1.test"]
    assert found.bridge_mappings == {"physnet1": "br-ex"}
    assert found.is_alive

    southbound.forget_host("hv1")
    follow(observer)
    with store.read() as tx:
        assert host.by_name(tx, ["hv1.test"]) == {}


def test_what_a_chassis_says_cannot_stop_the_observer(world: World, southbound: Southbound, observer: Observer) -> None:
    world.become(PORTS_HELD)
    southbound.host("hv\n1", bridge_mappings=",:,,physnet1,x:y:z" * 1000)
    southbound.host("hv2")
    southbound.heartbeat("hv2", 2**62, **{"neutron:ovn-metadata-sb-cfg": "many", "neutron:ovn-metadata-id": "x" * 999})
    southbound.bind("not an id", "hv2", up=True)
    southbound.bind(id_of("p"), "hv2", up=True)

    follow(observer)

    assert statuses(world.store)["p"] == "ACTIVE"
    with world.store.read() as tx:
        assert [row.chassis for row in tx.rows(sa.select(HOSTS.c.chassis))] == ["hv2"]


def delete_agent(store: Store, name: str) -> None:
    """As the API does it."""
    context = Context(Actor(user_id="u", project_id="p", roles=frozenset({"admin"})), Settings())

    def write(tx: Tx) -> None:
        crud.delete(tx, context, agent.RESOURCE, query.fetch(tx, agent.RESOURCE, context.actor, name))

    Store(store.engine, store.clock, topics=(OVN, SOUTHBOUND)).write(write)


def test_a_deleted_agent_takes_its_host_from_the_southbound_database(
    store: Store, southbound: Southbound, observer: Observer
) -> None:
    southbound.host("hv1")
    southbound.host("hv2")
    follow(observer)
    delete_agent(store, "hv1")
    follow(observer)
    assert southbound.hosts() == {"Chassis": {"hv2"}, "Chassis_Private": {"hv2"}}
    with store.read() as tx:
        assert [row.chassis for row in tx.rows(sa.select(HOSTS.c.chassis))] == ["hv2"]
        assert outbox.pending(tx) == []
    # It was not dead after all.
    southbound.host("hv1")
    follow(observer)
    with store.read() as tx:
        assert {row.chassis for row in tx.rows(sa.select(HOSTS.c.chassis))} == {"hv1", "hv2"}


def test_a_host_is_removed_after_a_lost_connection(store: Store, southbound: Southbound, observer: Observer) -> None:
    southbound.host("hv1")
    follow(observer)
    southbound.server.stop()
    delete_agent(store, "hv1")
    with pytest.raises(ConnectionLost):
        follow(observer)
    southbound.restart()
    observer.connect(10)
    follow(observer)
    assert southbound.hosts() == {"Chassis": set(), "Chassis_Private": set()}
