"""What breaks between store and NB, with real servers. Every case ends in an audit that finds nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.reconcile.world import DEPLOYMENT, EMPTY, RULES, Group, Net, Port, State, Subnet, World, id_of
from wovenet.model.ids import Unit
from wovenet.ovn import apply as applying
from wovenet.ovn.apply import Applier
from wovenet.ovn.client import Client
from wovenet.ovn.errors import ConnectionLost
from wovenet.reconcile import audit
from wovenet.reconcile.ledger import Superseded
from wovenet.reconcile.loop import LOCK, Interrupted

CLOUD = State(
    nets=(Net("n"), Net("v", segments=(("vlan", "physnet1", 100),))),
    subnets=(Subnet("s", "n"),),
    groups=(Group("g", ({}, {"protocol": "tcp"})), Group("h", ({"remote": "g"},))),
    ports=tuple(
        Port(f"p{number}", "n", (("s", f"10.0.0.{number}"),), ("g", "h") if number % 2 else ("g",))
        for number in range(3, 13)
    ),
)
LATER = replace(
    CLOUD,
    groups=(Group("g", ({},)), Group("h", ({"remote": "g"},))),
    ports=tuple(replace(port, groups=("h",)) for port in CLOUD.ports[2:]),
)


class Crash(Exception):  # noqa: N818
    """The process ends here."""


class Crashing:
    """Applies, and ends the process the `at`-th time, before or after."""

    def __init__(self, client: Client, *, at: int, after: bool) -> None:
        self._applier = Applier(client, lock=LOCK)
        self._left = at
        self._after = after

    def apply(
        self, changes: Sequence[applying.Change], *, aliases: Mapping[Any, Any]
    ) -> Mapping[Unit, applying.Outcome]:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Crash
        outcomes = self._applier.apply(changes, aliases=aliases)
        if self._left == 0:
            raise Crash
        return outcomes


def check(world: World, state: State) -> None:
    """NB holds `state`, and says so."""
    assert world.state == state
    assert world.states() == {}
    report = audit.run(world.store, world.client, DEPLOYMENT)
    assert report.is_clean, report
    assert report.unsettled == 0
    names = {row["name"] for row in world.nb()["Logical_Switch_Port"]} - {f"provnet-{id_of('v/0')}"}
    assert names == {id_of(port.name) for port in state.ports}


@pytest.fixture
def full(world: World) -> World:
    world.become(CLOUD)
    world.settle()
    return world


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("target", [LATER, EMPTY], ids=["changed", "emptied"])
def test_a_crash_around_each_transaction(make_world: Callable[..., World], at: int, after: bool, target: State) -> None:
    first = make_world()
    first.lead()
    first.become(CLOUD)
    first.settle()
    first.client.close()
    second = make_world(applier=lambda client: Crashing(client, at=at, after=after), rules=replace(RULES, batch=4))
    second.state = CLOUD
    second.lead()
    second.become(target)
    with pytest.raises(Crash):
        second.settle()
    second.client.close()
    # What was half done may not be what is wanted any more when the next controller comes.
    heir = make_world()
    heir.state = target
    heir.become(CLOUD)

    heir.lead()
    heir.settle()

    check(heir, CLOUD)


def test_a_membership_that_nobody_remembers_is_taken_back(make_world: Callable[..., World]) -> None:
    """Applied and not settled; by the time of the next controller the port is not in the group any more."""
    first = make_world(applier=lambda client: Crashing(client, at=9, after=True))
    first.lead()
    without = replace(CLOUD, ports=(Port("p", "n", (("s", "10.0.0.3"),), ("h",)),))
    first.become(without)
    first.settle()
    first.become(replace(CLOUD, ports=(Port("p", "n", (("s", "10.0.0.3"),), ("g", "h")),)))
    with pytest.raises(Crash):
        while True:
            first.loop.step()
            first.rewrite_marks(Unit("port", id_of("p")))
    first.client.close()
    heir = make_world()
    heir.state = first.state
    heir.become(without)

    heir.lead()
    heir.settle()

    check(heir, without)


def test_the_server_is_stopped_and_comes_back(full: World) -> None:
    full.server.stop()
    full.become(LATER)
    with pytest.raises(Interrupted):
        full.loop.step()
    with pytest.raises(ConnectionLost):
        full.client.connect(0.5)
    full.server.start()

    full.reconnect()
    full.settle()

    check(full, LATER)


def test_the_server_restarts_while_nobody_looks(full: World) -> None:
    full.become(LATER)
    full.server.restart()
    with pytest.raises(Interrupted):
        full.settle()

    full.reconnect()
    full.settle()

    check(full, LATER)


def test_an_emptied_nb_is_filled_again(full: World) -> None:
    full.server.empty()

    full.reconnect()
    full.settle()

    check(full, CLOUD)


def test_an_nb_that_was_put_back_to_an_earlier_state(full: World) -> None:
    earlier = full.server.file.read_bytes()
    full.become(LATER)
    full.settle()
    full.server.stop()
    full.server.file.write_bytes(earlier)
    full.server.start()

    full.reconnect()
    full.settle()

    # The stamp is the same, and so are most rows: presence alone does not see all that differs.
    report = audit.run(full.store, full.client, DEPLOYMENT, repair=True)
    assert report.findings
    full.settle()
    check(full, LATER)


def test_a_controller_that_lost_the_lock_changes_nothing(full: World, make_world: Callable[..., World]) -> None:
    full.client.unlock(LOCK)
    heir = make_world()
    heir.state = CLOUD
    heir.lead()
    heir.become(LATER)

    with pytest.raises((Interrupted, Superseded)):
        full.loop.step()

    heir.settle()
    check(heir, LATER)


def test_a_controller_that_was_superseded_settles_nothing(full: World, make_world: Callable[..., World]) -> None:
    """It applied in time and is slow to settle: by then the ledger is another's."""
    heirs: list[World] = []

    class Overtaken:
        def __init__(self, client: Client) -> None:
            self._client = client
            self._applier = Applier(client, lock=LOCK)

        def apply(
            self, changes: Sequence[applying.Change], *, aliases: Mapping[Any, Any]
        ) -> Mapping[Unit, applying.Outcome]:
            outcomes = self._applier.apply(changes, aliases=aliases)
            self._client.unlock(LOCK)
            heirs.append(make_world())
            heirs[0].state = LATER
            heirs[0].lead()
            return outcomes

    full.client.close()
    slow = make_world(applier=Overtaken)
    slow.state = CLOUD
    slow.lead()
    slow.become(LATER)

    with pytest.raises(Superseded):
        slow.loop.step()

    heirs[0].settle()
    check(heirs[0], LATER)


@pytest.mark.parametrize("table", ["Logical_Switch", "Port_Group", "DHCP_Options"])
def test_rows_that_someone_removed_come_back(full: World, table: str) -> None:
    full.client.transact([{"op": "delete", "table": table, "where": []}])
    broken = audit.run(full.store, full.client, DEPLOYMENT)
    assert not broken.is_clean

    assert full.loop.audit() > 0
    full.settle()

    check(full, CLOUD)


def test_a_missing_switch_is_noticed_by_the_next_port(full: World) -> None:
    full.client.transact([{"op": "delete", "table": "Logical_Switch", "where": []}])
    full.become(replace(CLOUD, ports=(*CLOUD.ports, Port("new", "n", (("s", "10.0.0.99"),), ("g",)))))

    full.settle()

    check(full, full.state)


def test_contents_that_someone_changed_are_repaired(full: World) -> None:
    full.client.transact(
        [
            {"op": "update", "table": "Logical_Switch_Port", "where": [["name", "==", id_of("p3")]],
             "row": {"port_security": ["set", []], "enabled": False}},
            {"op": "mutate", "table": "ACL", "where": [["priority", "==", 1002]],
             "mutations": [["priority", "-=", 500]]},
        ]
    )  # fmt: skip

    before = contents_with_versions(full)
    report = audit.run(full.store, full.client, DEPLOYMENT)
    assert contents_with_versions(full) == before  # a report writes nothing
    found = {str(finding.unit): {one.column for one in finding.differences} for finding in report.findings}
    assert found == {
        f"port:{id_of('p3')}": {"port_security", "enabled"},
        f"security_group:{id_of('g')}": {"priority"},
        f"security_group:{id_of('h')}": {"priority"},
    }

    audit.run(full.store, full.client, DEPLOYMENT, repair=True)
    full.settle()
    check(full, CLOUD)
    again = [row.get("name") for _, row in changed_rows(before, contents_with_versions(full))]
    assert id_of("p4") not in again  # only what differed was written


def test_orphans_are_removed_and_strangers_left_alone(full: World) -> None:
    orphan = "6f0d3c1e-8f0b-5b0e-9a51-0d6c1b0f2a77"
    [switch] = full.client.transact([
        {"op": "select", "table": "Logical_Switch", "where": [["name", "==", f"neutron-{id_of('n')}"]],
         "columns": ["_uuid"]}
    ])[0]["rows"]  # fmt: skip
    full.client.transact(
        [
            {"op": "insert", "table": "Logical_Switch_Port", "uuid": orphan, "row": {"name": "left over"}},
            {"op": "mutate", "table": "Logical_Switch", "where": [["_uuid", "==", switch["_uuid"]]],
             "mutations": [["ports", "insert", ["uuid", orphan]]]},
            {"op": "insert", "table": "Port_Group", "row": {"name": "of_someone_else"}},
        ]
    )  # fmt: skip
    report = audit.run(full.store, full.client, DEPLOYMENT)
    assert report.orphans == [("Logical_Switch_Port", orphan)]
    assert report.strangers == {"Port_Group": 1}

    audit.run(full.store, full.client, DEPLOYMENT, repair=True)
    full.settle()

    check(full, CLOUD)
    assert "of_someone_else" in {row["name"] for row in full.nb()["Port_Group"]}


def test_the_rows_of_an_earlier_deployment_are_adopted(make_world: Callable[..., World], full: World) -> None:
    """The same names with other uuids, as ML2/OVN leaves them, and a store that knows the same objects."""
    shown = full.nb()
    rows = full.client.transact(
        [{"op": "select", "table": table, "where": []} for table in ("Logical_Switch", "Port_Group")]
    )
    assert all(result["rows"] for result in rows)
    full.client.transact(
        [
            *(
                {"op": "delete", "table": table, "where": []}
                for table in ("Logical_Switch", "Port_Group", "DHCP_Options")
            ),
            {
                "op": "mutate",
                "table": "NB_Global",
                "where": [],
                "mutations": [["external_ids", "delete", ["set", ["wovenet:ledger"]]]],
            },
            *_peer_rows(),
        ]
    )
    full.client.close()
    heir = make_world()
    heir.state = CLOUD

    heir.lead()
    heir.settle()

    check(heir, CLOUD)
    assert heir.nb() == shown
    where = [["name", "==", id_of("p3")]]
    [kept] = heir.client.transact(
        [{"op": "select", "table": "Logical_Switch_Port", "where": where, "columns": ["_uuid"]}]
    )
    assert kept["rows"] == [{"_uuid": ["uuid", PEER_PORT]}]


def test_a_row_of_the_same_name_is_adopted_when_it_is_met(full: World) -> None:
    """Made by someone else while the controller works: NB allows the name once."""
    full.client.transact(
        [
            {"op": "insert", "table": "Logical_Switch", "uuid-name": "sw",
             "row": {"name": "foreign", "ports": ["uuid", PEER_PORT]}},
            {"op": "insert", "table": "Logical_Switch_Port", "uuid": PEER_PORT, "row": {"name": id_of("new")}},
        ]
    )  # fmt: skip
    full.become(replace(CLOUD, ports=(*CLOUD.ports, Port("new", "n", (("s", "10.0.0.99"),), ("g",)))))

    full.settle()

    check(full, full.state)
    [foreign] = [row for row in full.nb()["Logical_Switch"] if row["name"] == "foreign"]
    assert foreign["ports"] == []


PEER_PORT = "0b0d3c1e-8f0b-4b0e-9a51-0d6c1b0f2a77"


def _peer_rows() -> list[dict[str, Any]]:
    group = f"pg_{id_of('g').replace('-', '_')}"
    return [
        {"op": "insert", "table": "Logical_Switch", "uuid-name": "sw",
         "row": {"name": f"neutron-{id_of('n')}", "ports": ["set", [["uuid", PEER_PORT]]]}},
        {"op": "insert", "table": "Logical_Switch_Port", "uuid": PEER_PORT, "row": {"name": id_of("p3")}},
        {"op": "insert", "table": "DHCP_Options",
         "row": {"cidr": "10.0.0.0/24", "external_ids": ["map", [["subnet_id", id_of("s")]]]}},
        {"op": "insert", "table": "Port_Group", "uuid-name": "pg",
         "row": {"name": group, "acls": ["named-uuid", "old"], "ports": ["uuid", PEER_PORT]}},
        {"op": "insert", "table": "ACL", "uuid-name": "old",
         "row": {"direction": "to-lport", "priority": 1002, "match": "1", "action": "allow"}},
        # p3 is not in h any more: a membership that has to go.
        {"op": "insert", "table": "Port_Group",
         "row": {"name": f"pg_{id_of('h').replace('-', '_')}", "ports": ["uuid", PEER_PORT]}},
        {"op": "insert", "table": "Port_Group", "row": {"name": "neutron_pg_drop", "ports": ["uuid", PEER_PORT]}},
    ]  # fmt: skip


def contents_with_versions(world: World) -> dict[str, dict[str, Any]]:
    tables = ("Logical_Switch", "Logical_Switch_Port", "Port_Group", "ACL", "DHCP_Options", "NB_Global")
    results = world.client.transact([{"op": "select", "table": table, "where": []} for table in tables])
    return {
        table: {row["_uuid"][1]: row for row in result["rows"]} for table, result in zip(tables, results, strict=True)
    }


def changed_rows(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (table, row)
        for table, rows in after.items()
        for uuid, row in rows.items()
        if before[table].get(uuid, {}).get("_version") != row["_version"]
    ]
