"""The loop against a real ovsdb-server."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.reconcile.world import EMPTY, Group, Net, Port, State, Subnet, World, id_of, marks
from wovenet.model.ids import Unit
from wovenet.resources.port.table import PORTS
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.store.tx import MARKS

SMALL = State(
    nets=(Net("n"),),
    subnets=(Subnet("s", "n"),),
    groups=(Group("g", ({}, {"protocol": "tcp", "port_range_min": 80, "port_range_max": 81})),),
    ports=(Port("p", "n", (("s", "10.0.0.5"),), ("g",), host="hv1"),),
)


def test_a_state_is_brought_to_nb(world: World) -> None:
    world.become(SMALL)

    world.settle()

    assert world.states() == {}
    assert marks(world.store) == 0
    nb = world.nb()
    [switch] = nb["Logical_Switch"]
    assert switch["name"] == f"neutron-{id_of('n')}"
    assert switch["ports"] == [f"@{id_of('p')}"] or switch["ports"] == f"@{id_of('p')}"
    assert {group["name"] for group in nb["Port_Group"]} == {"neutron_pg_drop", f"pg_{id_of('g').replace('-', '_')}"}
    assert all(group["ports"] == f"@{id_of('p')}" for group in nb["Port_Group"])
    assert len(nb["ACL"]) == 4


def test_what_is_gone_from_the_store_goes_from_nb(world: World) -> None:
    world.settle()
    bare = world.nb()
    world.become(SMALL)
    world.settle()

    world.become(EMPTY)
    world.settle()

    assert world.nb() == bare
    assert world.states() == {}


def test_a_unit_that_cannot_be_rendered_stops_nobody_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """W-19: the others go on; it is shown with its reason, and is not said for ever."""
    world.become(SMALL)
    world.rewrite(sa.update(SECURITY_GROUP_RULES).values(protocol="no-such"))
    for _ in range(3):
        world.settle()
    said = [record.message for record in caplog.records if "cannot be rendered" in record.message]
    assert len(said) == 2  # for its mark, and once more because a port waits for it; then never again

    states = world.states()
    assert states[str(Unit("security_group", id_of("g")))][0] == "terminal"
    assert states[str(Unit("port", id_of("p")))] == ("waiting", str(Unit("security_group", id_of("g"))))
    assert [row["name"] for row in world.nb()["Logical_Switch"]] == [f"neutron-{id_of('n')}"]

    world.rewrite(sa.update(SECURITY_GROUP_RULES).values(protocol="tcp"), Unit("security_group", id_of("g")))
    world.settle()

    assert world.states() == {}
    assert [row["name"] for row in world.nb()["Logical_Switch_Port"]] == [id_of("p")]


def test_a_forgotten_mark_keeps_nobody_waiting(world: World) -> None:
    world.become(SMALL)
    world.rewrite(sa.delete(MARKS).where(MARKS.c.kind.in_(["network", "security_group"])))

    world.settle()

    assert world.states() == {}
    assert [row["name"] for row in world.nb()["Logical_Switch_Port"]] == [id_of("p")]


def test_a_unit_that_cannot_be_read_stops_nobody_else(world: World) -> None:
    world.become(SMALL)
    world.become(replace(SMALL, ports=(*SMALL.ports, Port("q", "n", groups=("g",)))))
    world.rewrite(sa.update(PORTS).where(PORTS.c.name == "p").values(binding_profile="[not JSON"))
    world.settle()

    state, reason = world.states()[str(Unit("port", id_of("p")))]
    assert state == "terminal"
    assert reason is not None
    assert reason.startswith("cannot be rendered: what is stored of it cannot be read: ")
    assert [row["name"] for row in world.nb()["Logical_Switch_Port"]] == [id_of("q")]


def test_a_second_time_nothing_is_sent(world: World) -> None:
    world.become(SMALL)
    world.settle()
    before = world.client.transact([{"op": "select", "table": "Logical_Switch_Port", "where": []}])

    world.rewrite(sa.select(1), *(Unit(*text.split(":")) for text in (f"port:{id_of('p')}", f"network:{id_of('n')}")))
    world.settle()

    after = world.client.transact([{"op": "select", "table": "Logical_Switch_Port", "where": []}])
    assert before == after  # _version and all


def test_unknown_kinds_are_settled(world: World) -> None:
    world.rewrite(sa.select(1), Unit("host", "h"))

    world.settle()

    assert marks(world.store) == 0
    assert world.states() == {}


def test_a_new_controller_finds_nothing_to_do(world: World, make_world: Callable[..., World]) -> None:
    world.become(SMALL)
    world.settle()
    world.loop.release()
    before = world.client.transact([{"op": "select", "table": "Logical_Switch_Port", "where": []}])
    world.client.close()

    heir = make_world()
    heir.lead()
    heir.settle()

    assert heir.client.transact([{"op": "select", "table": "Logical_Switch_Port", "where": []}]) == before
