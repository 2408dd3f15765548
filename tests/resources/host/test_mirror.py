"""What hosts say is kept, and believed only about themselves; their agents live as long as they answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.resources.world import DEMO, World
from wovenet.model.clock import SystemClock
from wovenet.model.problems import AgentNotFound, BadRequest
from wovenet.resources import agent, crud, host, query
from wovenet.resources.agent.table import AGENTS
from wovenet.resources.base import Context, Object
from wovenet.resources.host import facts
from wovenet.resources.host.table import HOSTS
from wovenet.store.tx import OVN, SOUTHBOUND, Store, Tx

DOWN_TIME_S = 75
META = "0c3a5d3f-0000-4000-8000-000000000001"


class Clock(SystemClock):
    """Stands until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1795246260.0

    def wall(self) -> float:
        return self.now_s


@pytest.fixture
def clock(any_world: World) -> Clock:
    clock = Clock()
    any_world.store.clock = clock
    return clock


def report(world: World, name: str = "hv1", *, hostname: str | None = None, **config: str) -> None:
    given = {f"ovn-{key.replace('_', '-')}": value for key, value in config.items()}
    found = facts.of_chassis(name, hostname or name, config=given, encaps=[("geneve", "10.0.0.1")])
    assert found is not None
    world.store.write(lambda tx: host.report(tx, found))


def heard(world: World, name: str = "hv1", nb_cfg: int = 1, **agent_: Any) -> None:
    world.store.write(lambda tx: host.heard(tx, name, nb_cfg=nb_cfg, **agent_))


def review(world: World) -> None:
    world.store.write(lambda tx: host.review(tx, down_time_s=DOWN_TIME_S))


def agents(world: World) -> dict[str, Object]:
    with world.store.read() as tx:
        return {item["id"]: item for item in query.fetch_all(tx, agent.RESOURCE, DEMO, conditions=[])}


def change(world: World, agent_id: str, changes: Object | None) -> Object | None:
    """The agent after a PUT of `changes`, or after a DELETE."""

    def write(tx: Tx) -> Object | None:
        current = query.fetch(tx, agent.RESOURCE, DEMO, agent_id)
        if changes is None:
            crud.delete(tx, Context(DEMO, world.settings), agent.RESOURCE, current)
            return None
        return crud.update(tx, Context(DEMO, world.settings), agent.RESOURCE, current, changes=changes)

    return world.store.write(write)


def is_alive(world: World, name: str) -> bool:
    with world.store.read() as tx:
        return host.by_name(tx, [name])[name].is_alive


@contextmanager
def no_writes(world: World) -> Iterator[None]:
    with counting(world.engine) as statements:
        yield
    assert not [text for text in statements.statements if not text.lstrip().startswith("SELECT")]


def test_agents_are_shown_as_the_peer_shows_them(any_world: World, clock: Clock) -> None:
    report(
        any_world,
        bridge_mappings="physnet1:br-ex,physnet2:br-2",
        cms_options="enable-chassis-as-gw,availability-zones=nova",
    )
    heard(any_world, metadata_agent_id=META, metadata_nb_cfg=1)
    common = {
        "host": "hv1",
        "topic": "n/a",
        "availability_zone": "nova",
        "description": "",
        "admin_state_up": True,
        "alive": True,
        "heartbeat_timestamp": "2026-11-21 07:31:00",
        "configurations": {"chassis_name": "hv1", "bridge-mappings": "physnet1:br-ex,physnet2:br-2"},
        "created_at": "2026-11-21T07:31:00Z",
        "started_at": "2026-11-21T07:31:00Z",
    }
    expected = {
        "hv1": {**common, "id": "hv1", "agent_type": "OVN Controller Gateway agent", "binary": "ovn-controller"},
        META: {**common, "id": META, "agent_type": "OVN Metadata agent", "binary": "neutron-ovn-metadata-agent"},
    }
    found = agents(any_world)
    assert {id_: {name: found[id_][name] for name in item} for id_, item in expected.items()} == expected
    report(any_world, bridge_mappings="physnet1:br-ex")
    found = agents(any_world)
    assert found["hv1"]["agent_type"] == "OVN Controller agent"
    assert found[META]["configurations"]["bridge-mappings"] == "physnet1:br-ex"
    assert set(found) == {"hv1", META}
    assert clock.now_s


def test_hosts_die_and_come_back(any_world: World, clock: Clock) -> None:
    report(any_world)
    report(any_world, "hv2")
    heard(any_world, metadata_agent_id=META, metadata_nb_cfg=1)
    clock.now_s += DOWN_TIME_S - 1
    review(any_world)
    assert is_alive(any_world, "hv1")
    heard(any_world, "hv2", nb_cfg=2)
    clock.now_s += 2
    heard(any_world, metadata_agent_id=META, metadata_nb_cfg=1)  # says nothing new
    review(any_world)
    assert {id_: item["alive"] for id_, item in agents(any_world).items()} == {"hv1": False, META: False, "hv2": True}
    heard(any_world, nb_cfg=0, metadata_agent_id=META, metadata_nb_cfg=1)
    assert {id_: item["alive"] for id_, item in agents(any_world).items()} == {"hv1": True, META: False, "hv2": True}


def test_what_is_not_new_is_not_written(any_world: World, clock: Clock) -> None:
    report(any_world, bridge_mappings="physnet1:br-ex")
    heard(any_world, metadata_agent_id=META, metadata_nb_cfg=1)
    clock.now_s += 5
    with no_writes(any_world):
        report(any_world, bridge_mappings="physnet1:br-ex")
        heard(any_world, metadata_agent_id=META, metadata_nb_cfg=1)


def test_hosts_that_are_gone(any_world: World, clock: Clock) -> None:
    for name in ("hv1", "hv2", "hv3"):
        report(any_world, name)
    any_world.store.write(lambda tx: host.gone(tx, "hv1"))
    any_world.store.write(lambda tx: host.keep_only(tx, ["hv3", "hv4"]))
    assert set(agents(any_world)) == {"hv3"}
    assert any_world.count(HOSTS) == 1
    heard(any_world, "hv1", nb_cfg=7, metadata_agent_id=META)
    assert set(agents(any_world)) == {"hv3"}, "a heartbeat makes no host"
    assert clock.now_s


def test_no_host_takes_the_agent_of_another(any_world: World, clock: Clock) -> None:
    for name in ("hv1", "hv2"):
        report(any_world, name)
    heard(any_world, "hv1", metadata_agent_id=META)
    for claimed in (META, "hv1", "hv2"):
        heard(any_world, "hv2", metadata_agent_id=claimed)
    found = agents(any_world)
    assert {id_: item["host"] for id_, item in found.items()} == {"hv1": "hv1", "hv2": "hv2", META: "hv1"}
    heard(any_world, "hv2", nb_cfg=2, metadata_agent_id="hv3")
    report(any_world, "hv3")
    assert agents(any_world)["hv3"]["agent_type"] == "OVN Controller agent"
    assert clock.now_s


def test_of_two_hosts_with_one_name_the_one_heard_of_last_counts(any_world: World, clock: Clock) -> None:
    report(any_world, "old", hostname="hv1", bridge_mappings="physnet1:br-old")
    clock.now_s += 10
    report(any_world, "new", hostname="hv1", bridge_mappings="physnet1:br-new")
    with any_world.store.read() as tx:
        assert host.by_name(tx, ["hv1"])["hv1"].bridge_mappings == {"physnet1": "br-new"}
        assert host.by_name(tx, ["unknown"]) == {}


def test_agents_are_described_and_removed(any_world: World, clock: Clock) -> None:
    report(any_world)
    heard(any_world, metadata_agent_id=META)
    with pytest.raises(BadRequest):
        change(any_world, "hv1", {"admin_state_up": False})
    assert change(any_world, "hv1", {"admin_state_up": True, "description": "rack 3"}) == agents(any_world)["hv1"]
    assert agents(any_world)["hv1"]["description"] == "rack 3"
    change(any_world, META, {"description": None})
    any_world.marks()
    any_world.store = Store(any_world.engine, any_world.store.clock, topics=(OVN, SOUTHBOUND))
    change(any_world, "hv1", None)
    assert any_world.marks() == {("host", "hv1")}
    assert {id_: item["alive"] for id_, item in agents(any_world).items()} == {META: False}
    with any_world.store.read() as tx:
        assert host.by_name(tx, ["hv1"]) == {}
    change(any_world, META, None)
    with pytest.raises(AgentNotFound):
        change(any_world, META, None)
    assert any_world.count(AGENTS) == 0
    assert clock.now_s


def test_agents_are_filtered_in_sql(any_world: World, clock: Clock) -> None:
    report(any_world)
    report(any_world, "hv2")
    heard(any_world, metadata_agent_id=META)
    any_world.store.write(lambda tx: tx.run(sa.update(AGENTS).where(AGENTS.c.id == "hv2").values(alive=False)))

    def ids(**filters: Any) -> set[str]:
        asked = query.Query(filters={name: [value] for name, value in filters.items()}, limit=2)
        with any_world.store.read() as tx:
            return {
                item["id"]
                for item in query.index(tx, agent.RESOURCE, DEMO, asked, attributes=["id", "heartbeat_timestamp"])
            }

    assert ids(alive="false") == {"hv2"}
    assert ids(agent_type="OVN Metadata agent") == {META}
    assert ids(host="hv1") == {"hv1", META}
    assert ids(binary="ovn-controller", alive="true") == {"hv1"}
    assert clock.now_s
