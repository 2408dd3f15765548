"""Units to a real Northbound database: batches, refusals, recovery, fencing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests import ovsdb_servers
from tests.ovsdb import samples
from tests.ovsdb.samples import (
    Site,
    gone,
    group,
    group_uuid,
    network,
    options,
    options_uuid,
    port,
    port_uuid,
    switch_uuid,
)
from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn import actual, diff
from wovenet.ovn.apply import MAX_OPS, MAX_UNITS, Applied, Applier, Change, Lost, Missing, NotYet, Refused
from wovenet.ovn.client import Client, JsonOp, Results
from wovenet.ovn.rows import NOTHING, Desired, Keys, Known, Link, Ref, Row, Value, row_uuid


@pytest.fixture
def site(client: Client) -> Iterator[Site]:
    yield Site(client)


class CountingClient(Client):
    """A real client that keeps the transactions it was asked for."""

    transactions: list[list[JsonOp]]

    def transact(self, ops, *, database=None, timeout_s=None) -> Results:  # type: ignore[no-untyped-def]
        self.transactions.append(list(ops))
        return super().transact(ops, database=database, timeout_s=timeout_s)


@pytest.fixture
def counted(client: Client, northbound: ovsdb_servers.Server) -> Iterator[tuple[Site, list[list[JsonOp]]]]:
    """A site with the list of its transactions. (`client` empties the database first.)"""
    counting = CountingClient(northbound.remote, database="OVN_Northbound", clock=ovsdb_servers.CLOCK)
    counting.transactions = []
    counting.connect(ovsdb_servers.TIMEOUT_S)
    yield Site(counting), counting.transactions
    counting.close()


def _no_differences(site: Site, *units: tuple[Unit, Desired]) -> None:
    read = actual.read(site.client, [(desired, site.ledger.get(unit, Known())) for unit, desired in units])
    for (_, desired), one in zip(units, read, strict=True):
        assert diff.differences(desired, one, {}) == []


def test_a_cloud_in_one_transaction_whatever_the_order(counted: tuple[Site, list[list[JsonOp]]]) -> None:
    site, transactions = counted
    units = [port("p1", "n", ["g"], dhcp="s"), port("p2", "n", ["g"]), network("n"), options("s"), group("g")]
    site.settle(*units)
    assert len(transactions) == 1
    assert site.members("Logical_Switch", "n") == {port_uuid("p1"), port_uuid("p2")}
    assert site.members("Port_Group", "g") == {port_uuid("p1"), port_uuid("p2")}
    _no_differences(site, *units)
    transactions.clear()
    site.settle(*units)
    assert transactions == [], "nothing to do is no transaction"


def test_changes_write_what_differs_and_leave_the_rest(site: Site) -> None:
    site.settle(network("n"), group("a"), group("b"), port("p", "n", ["a"]))
    theirs = {"up": True, "options": ["map", [["x", "y"]]]}
    site.client.transact([{"op": "update", "table": "Logical_Switch_Port", "where": [], "row": theirs}])
    changed = port("p", "n", ["b"], enabled=False)
    site.settle(changed)
    [row] = site.rows("Logical_Switch_Port", "up", "options", "enabled")
    assert row == {"up": True, "options": ["map", [["x", "y"]]], "enabled": False}
    assert (site.members("Port_Group", "a"), site.members("Port_Group", "b")) == (set(), {port_uuid("p")})
    _no_differences(site, changed)


def test_units_go_with_everything_they_had(site: Site) -> None:
    units = [network("n"), group("g"), options("s"), port("p", "n", ["g"], dhcp="s")]
    site.settle(*units)
    site.settle(gone(units[3][0]))
    assert site.rows("Logical_Switch_Port") == []
    assert len(site.rows("Logical_Switch")) == 1
    site.settle(*(gone(unit) for unit, _ in units))
    for table in ("Logical_Switch", "Port_Group", "ACL", "DHCP_Options"):
        assert site.rows(table) == []


def test_a_switch_may_go_before_its_ports(site: Site) -> None:
    units = [network("n"), port("p", "n")]
    site.settle(*units)
    site.settle(gone(units[0][0]))
    site.settle(gone(units[1][0]))
    assert site.rows("Logical_Switch_Port") == []


def test_our_keys_of_a_shared_map_only(site: Site) -> None:
    unit = Unit("global", "global")
    [inserted] = site.client.transact(
        [{"op": "insert", "table": "NB_Global", "row": {"options": ["map", [["northd", "theirs"], ["old", "ours"]]]}}]
    )
    computed = row_uuid("NB_Global", unit)
    aliases = {computed: RowUuid(inserted["uuid"][1])}
    desired = Desired((Row("NB_Global", computed, {"options": Keys({"new": "1", "old": None})}),))
    assert isinstance(site.apply((unit, desired), aliases=aliases)[unit], Applied)
    assert site.rows("NB_Global", "options") == [{"options": ["map", [["new", "1"], ["northd", "theirs"]]]}]
    [read] = actual.read(site.client, [(desired, Known())], aliases)
    assert diff.differences(desired, read, aliases) == []
    assert isinstance(site.apply((unit, NOTHING), aliases=aliases)[unit], Applied)
    assert len(site.rows("NB_Global")) == 1, "the deployment's row is never ours to delete"


def test_without_the_shared_row_there_is_something_missing(site: Site) -> None:
    unit = Unit("global", "global")
    computed = row_uuid("NB_Global", unit)
    outcome = site.apply((unit, Desired((Row("NB_Global", computed, {"options": Keys(a="b")}),))))[unit]
    assert isinstance(outcome, Missing)
    assert outcome.rows == (("NB_Global", computed),)


def test_numbers_in_maps_are_written_as_numbers(site: Site) -> None:
    unit, desired = network("n")
    rule = Row(
        "QoS",
        row_uuid("QoS", unit),
        {
            "bandwidth": {"rate": "1000", "burst": "2000"},
            "direction": "to-lport",
            "match": "1",
            "priority": 5,
        },
    )
    site.settle(
        (
            unit,
            replace(
                desired,
                rows=(*desired.rows, rule),
                links=(Link("Logical_Switch", switch_uuid("n"), "qos_rules", rule.uuid),),
            ),
        )
    )
    assert site.rows("QoS", "bandwidth") == [{"bandwidth": ["map", [["burst", 2000], ["rate", 1000]]]}]


@pytest.mark.parametrize("poison", ["value", "named", "commit", "missing"])
def test_one_poison_unit_of_fifty_stands_alone(counted: tuple[Site, list[list[JsonOp]]], poison: str) -> None:
    site, transactions = counted
    site.settle(network("n"), group("g"))
    units = [port(f"p{number}", "n", ["g"]) for number in range(50)]
    unit, desired = units[31]
    [row] = desired.rows
    match poison:
        case "value":
            bad: dict[str, Value] = {"type": 7}
        case "named":
            bad = {"parent_name": frozenset({"x"}), "ha_chassis_group": frozenset({Ref("no uuid at all")})}
        case "commit":
            bad = {"name": "p7"}
        case _:
            bad = {"dhcpv4_options": Ref(options_uuid("nobody"))}
    units[31] = unit, replace(desired, rows=(replace(row, columns={**row.columns, **bad}),))
    transactions.clear()
    outcomes = site.apply(*units)
    outcome = outcomes.pop(unit)
    if poison == "missing":
        assert isinstance(outcome, Missing)
        assert outcome.rows == (("DHCP_Options", options_uuid("nobody")),)
        assert outcome.known == Known()
    elif poison == "commit":
        # Two units with one name: either may be the one that is left over.
        assert [type(one) for one in [*outcomes.values(), outcome]].count(Refused) == 1
        return
    else:
        assert isinstance(outcome, Refused)
    assert all(isinstance(one, Applied) and not one.recovered for one in outcomes.values())
    assert len(site.members("Port_Group", "g")) == 49
    assert len(transactions) <= 2 * 7, "bisection, not one by one"


def test_all_poisonous_costs_no_more_than_two_transactions_a_unit(counted: tuple[Site, list[list[JsonOp]]]) -> None:
    site, transactions = counted
    site.settle(group("taken"))
    transactions.clear()
    units: list[tuple[Unit, Desired]] = []
    for number in range(32):
        unit = Unit("security_group", str(number))
        units.append((unit, Desired((Row("Port_Group", row_uuid("Port_Group", unit), {"name": "taken"}),))))
    outcomes = site.apply(*units)
    assert all(isinstance(one, Refused) and one.error == "constraint violation" for one in outcomes.values())
    # 63 to find them all guilty, and one more chance for each, after reading what is there.
    assert len(transactions) == 63 + 32


def test_batches_are_bounded(counted: tuple[Site, list[list[JsonOp]]]) -> None:
    site, transactions = counted
    site.settle(network("n"))
    transactions.clear()
    units = [port(f"p{number}", "n") for number in range(2 * MAX_UNITS + 1)]
    big = Unit("big", "big")
    rows = tuple(
        Row("Address_Set", row_uuid("Address_Set", big, str(number)), {"name": f"as{number}"})
        for number in range(MAX_OPS + 5)
    )
    site.settle(*units, (big, Desired(rows)))
    assert [len(ops) for ops in transactions] == [1 + 100 + 1, 1 + 100 + 1, 1 + 1 + 1, 1 + MAX_OPS + 5]


def test_all_rules_of_a_group_change_in_one_transaction(counted: tuple[Site, list[list[JsonOp]]]) -> None:
    """W-18: no moment in which a group has lost its old rules and has no new ones, wherever somebody crashes."""
    site, transactions = counted
    site.settle(_group_of_rules("allow-related"))
    transactions.clear()
    flipped = _group_of_rules("allow-stateless")
    site.settle(flipped)
    assert len(transactions) == 1
    _no_differences(site, flipped)


def _group_of_rules(action: str) -> tuple[Unit, Desired]:
    """A group of which every rule is another row when its action is another."""
    unit = Unit("security_group", "g")
    acls = [
        Row(
            "ACL",
            row_uuid("ACL", unit, f"{action}/{number}"),
            {"direction": "to-lport", "priority": 1002, "match": f"tcp.dst == {number}", "action": action},
        )
        for number in range(1, MAX_OPS + 1)
    ]
    columns = {"name": group_uuid("g"), "acls": frozenset(Ref(acl.uuid) for acl in acls)}
    return unit, Desired((Row("Port_Group", group_uuid("g"), columns), *acls))


def test_applied_before_a_crash_and_not_settled(site: Site) -> None:
    units = [network("n"), group("g"), port("p", "n", ["g"])]
    site.settle(*units)
    site.ledger.clear()
    outcomes = site.apply(*units)
    assert all(isinstance(one, Applied) and one.recovered for one in outcomes.values())
    assert site.ledger == {unit: diff.known_of(desired) for unit, desired in units}


def test_a_link_that_nobody_remembers_is_found_when_the_unit_is_suspect(site: Site) -> None:
    site.settle(network("n"), group("a"), group("b"), group("c"), port("p", "n", ["a"]))
    before = dict(site.ledger)
    site.settle(port("p", "n", ["b"]))
    site.ledger = before  # the crash: applied, and the ledger does not know
    last = port("p", "n", ["c"])
    site.settle(last, suspect=True)
    assert [site.members("Port_Group", name) for name in "abc"] == [set(), set(), {port_uuid("p")}]
    assert site.ledger[last[0]] == diff.known_of(last[1])


def test_an_own_column_is_no_stray_link(site: Site) -> None:
    site.settle(group("g"))
    site.settle(group("g"), suspect=True)
    assert site.members("Port_Group", "g", "acls") == {row_uuid("ACL", Unit("security_group", "g"), "rule")}


def test_an_emptied_database_is_filled_again(server: ovsdb_servers.Server) -> None:
    client = server.client()
    site = Site(client)
    units = [network("n"), group("g"), options("s"), *(port(f"p{n}", "n", ["g"], dhcp="s") for n in range(20))]
    site.settle(*units)
    server.empty()
    lost = site.apply(port("p1", "n", ["g"], enabled=False))
    assert isinstance(lost[Unit("port", "p1")], Lost)
    client.connect(ovsdb_servers.TIMEOUT_S)
    # Memory is wrong altogether: even an update finds out, and says what it needs.
    outcome = site.apply(port("p1", "n", ["g"], dhcp="s", enabled=False))[Unit("port", "p1")]
    assert isinstance(outcome, Missing)
    assert outcome.rows == (
        ("DHCP_Options", options_uuid("s")),
        ("Logical_Switch", switch_uuid("n")),
        ("Port_Group", group_uuid("g")),
    )
    assert outcome.known == Known()
    outcomes = site.apply(*units, suspect=True)
    assert all(isinstance(one, Applied) and one.recovered for one in outcomes.values())
    _no_differences(site, *units)
    client.close()


def test_a_row_that_another_deleted_comes_back(site: Site) -> None:
    units = [network("n"), port("p", "n")]
    site.settle(*units)
    unlink = [["ports", "delete", ["uuid", port_uuid("p")]]]
    site.client.transact([{"op": "mutate", "table": "Logical_Switch", "where": [], "mutations": unlink}])
    changed = port("p", "n", enabled=False)
    assert site.apply(changed) == {changed[0]: Applied(diff.known_of(changed[1]), recovered=True)}
    _no_differences(site, changed)


def test_a_port_without_its_switch_is_told_so_and_leaves_nothing(site: Site) -> None:
    site.settle(group("g"))
    unit, desired = port("p", "nowhere", ["g"])
    outcome = site.apply((unit, desired))[unit]
    assert isinstance(outcome, Missing)
    assert outcome.rows == (("Logical_Switch", switch_uuid("nowhere")),)
    assert outcome.known.rows == {}
    assert site.rows("Logical_Switch_Port") == []
    assert site.members("Port_Group", "g") == set()


def test_a_weak_reference_is_never_dropped_silently(site: Site) -> None:
    site.settle(network("n"), group("g"))
    unit, desired = port("p", "n", dhcp="s")
    assert isinstance(site.apply((unit, desired))[unit], Missing)
    site.settle(options("s"), (unit, desired))
    # An update is guarded like an insert.
    site.settle(gone(Unit("subnet", "s")))
    outcome = site.apply(port("p", "n", dhcp="s", enabled=False))[unit]
    assert isinstance(outcome, Missing)
    assert outcome.rows == (("DHCP_Options", options_uuid("s")),)
    # So is a link of a row that is not there.
    stranger = Unit("stranger", "x")
    link = Link("Port_Group", group_uuid("g"), "ports", port_uuid("nobody"))
    outcome = site.apply((stranger, Desired((), (link,))))[stranger]
    assert isinstance(outcome, Missing)
    assert outcome.rows == (("Logical_Switch_Port", port_uuid("nobody")),)


def test_a_strong_reference_to_nothing_is_missing(site: Site) -> None:
    nothing = row_uuid("HA_Chassis_Group", Unit("host", "x"))
    site.settle(network("n"))
    unit, desired = port("p", "n")
    [row] = desired.rows
    held = replace(desired, rows=(replace(row, columns={**row.columns, "ha_chassis_group": Ref(nothing)}),))
    outcome = site.apply((unit, held))[unit]
    assert isinstance(outcome, Missing)
    assert outcome.rows == (("HA_Chassis_Group", nothing),)


def test_a_row_that_others_still_hold_goes_later(site: Site) -> None:
    owner = Unit("router", "r")
    chassis = Row("HA_Chassis_Group", row_uuid("HA_Chassis_Group", owner), {"name": "r"})
    unit, desired = port("p", "n")
    [row] = desired.rows
    held = replace(desired, rows=(replace(row, columns={**row.columns, "ha_chassis_group": Ref(chassis.uuid)}),))
    free = replace(desired, rows=(replace(row, columns={**row.columns, "ha_chassis_group": frozenset()}),))
    site.settle(network("n"), (owner, Desired((chassis,))), (unit, held))
    assert isinstance(site.apply(gone(owner))[owner], NotYet)
    site.settle((unit, free), gone(owner))
    assert site.rows("HA_Chassis_Group") == []


def test_a_leader_that_lost_the_lock_changes_nothing(site: Site, northbound: ovsdb_servers.Server) -> None:
    thief = northbound.client()
    thief.call("steal", [samples.LOCK])
    unit, desired = network("n")
    assert site.apply((unit, desired)) == {unit: Lost("the lock is not ours", fenced=True)}
    assert site.apply((unit, desired), suspect=True) == {unit: Lost("the lock is not ours", fenced=True)}
    assert site.rows("Logical_Switch") == []
    thief.close()


def test_what_was_settled_before_the_loss_is_told_apart(server: ovsdb_servers.Server) -> None:
    client = server.client()
    site = Site(client)
    site.settle(network("n"))
    units = [network("n"), port("p", "n")]
    server.restart()
    outcomes = site.apply(*units)
    assert outcomes[units[0][0]] == Applied(site.ledger[units[0][0]])
    lost = outcomes[units[1][0]]
    assert isinstance(lost, Lost)
    assert not lost.fenced
    client.connect(ovsdb_servers.TIMEOUT_S)
    site.settle(units[1], suspect=True)
    client.close()


LEFT_GROUP = "pg_11111111_2222_4333_8444_555555555555"


def test_adopted_rows_keep_their_uuids(site: Site) -> None:
    made = site.client.transact(
        [
            {"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "p", "row": {"name": "p"}},
            {"op": "insert", "table": "Logical_Switch", "row": {"name": "n", "ports": ["named-uuid", "p"]}},
            {"op": "insert", "table": "Port_Group", "row": {"name": LEFT_GROUP, "ports": ["named-uuid", "p"]}},
            {"op": "insert", "table": "Port_Group", "row": {"name": "a firewall's", "ports": ["named-uuid", "p"]}},
        ]
    )
    born = [RowUuid(one["uuid"][1]) for one in made]
    aliases = {port_uuid("p"): born[0], switch_uuid("n"): born[1]}
    site.settle(group("g"))
    units = [network("n"), port("p", "n", ["g"])]
    outcomes = site.apply(*units, suspect=True, aliases=aliases)
    assert all(isinstance(one, Applied) for one in outcomes.values())
    [row] = site.rows("Logical_Switch_Port", "_uuid", "enabled")
    assert row == {"_uuid": ["uuid", born[0]], "enabled": True}
    assert site.members("Port_Group", "g") == {born[0]}
    assert site.members("Port_Group", LEFT_GROUP) == set(), "a stray link of an adopted row goes too"
    assert site.members("Port_Group", "a firewall's") == {born[0]}, "what others do with the port is left alone"
    changed = port("p", "n", enabled=False)
    assert site.apply(changed, aliases=aliases) == {changed[0]: Applied(diff.known_of(changed[1]))}
    assert site.rows("Logical_Switch_Port", "enabled") == [{"enabled": False}]


def test_a_column_that_the_server_lacks_is_refused(site: Site) -> None:
    unit = Unit("network", "n")
    row = Row("Logical_Switch", switch_uuid("n"), {"no_such_column": "x"})
    outcome = site.apply((unit, Desired((row,))))[unit]
    assert outcome == Refused("invalid value", "Logical_Switch.no_such_column: is not in the schema")
    table = Row("No_Such_Table", switch_uuid("n"), {"x": "x"})
    assert isinstance(site.apply((unit, Desired((table,))))[unit], Refused)


def test_no_changes_no_transaction(client: Client) -> None:
    assert Applier(client, lock="never asked for").apply([]) == {}
    unit, desired = network("n")
    change = Change(unit, desired, diff.known_of(desired))
    assert Applier(client, lock="never asked for").apply([change]) == {unit: Applied(change.known)}
