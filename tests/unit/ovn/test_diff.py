"""Desired against known, fingerprints, values on the wire, and the order of a transaction."""

from dataclasses import replace
from typing import Any

import pytest

from tests.ovsdb.samples import group, group_uuid, network, options_uuid, port, port_uuid, switch_uuid
from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn.diff import (
    Actual,
    AddLink,
    Delete,
    Difference,
    Insert,
    RemoveLink,
    Update,
    diff,
    differences,
    fingerprint,
    known_from,
    known_of,
    named_uuids,
    references,
)
from wovenet.ovn.plan import plan
from wovenet.ovn.rows import NOTHING, Desired, Keys, Known, Link, Ref, Row, Value
from wovenet.ovn.wire import InvalidValue, decode, encode, normal

UUID = RowUuid("00000000-0000-5000-8000-000000000001")
OTHER = RowUuid("00000000-0000-5000-8000-000000000002")
THIRD = RowUuid("00000000-0000-4000-8000-000000000003")


def _row(**columns: Value) -> Row:
    return Row("Logical_Switch", UUID, columns)


def test_nothing_differs_from_itself() -> None:
    for _, desired in (network("n"), group("g"), port("p", "n", ["g"])):
        assert diff(desired, known_of(desired)) == []
    assert diff(NOTHING, Known()) == []


def test_each_kind_of_difference() -> None:
    _, old = port("p", "n", ["a"])
    _, new = port("p", "n", ["b"], enabled=False)
    row = new.rows[0]
    linked = [Link("Port_Group", group_uuid(name), "ports", row.uuid) for name in "ab"]
    assert diff(new, known_of(old)) == [Update(row), AddLink(linked[1]), RemoveLink(linked[0])]
    assert [type(op) for op in diff(new, Known())] == [Insert, AddLink, AddLink]
    assert diff(NOTHING, known_of(new)) == [
        *(RemoveLink(link) for link in sorted(new.links)),
        Delete("Logical_Switch_Port", row.uuid),
    ]


def test_the_row_of_the_deployment_is_only_updated() -> None:
    row = Row("NB_Global", UUID, {"options": Keys(a="1")})
    desired = Desired((row,))
    assert diff(desired, Known()) == [Update(row)]
    assert diff(NOTHING, known_of(desired)) == []


def test_a_fingerprint_is_of_the_contents() -> None:
    row = _row(name="n", external_ids={"a": "1", "b": "2"}, acls=frozenset({Ref(OTHER), Ref(THIRD)}))
    same = Row(
        "Logical_Switch",
        UUID,
        {
            "acls": frozenset({Ref(THIRD), Ref(OTHER)}),
            "external_ids": {"b": "2", "a": "1"},
            "name": frozenset({"n"}),
        },
    )
    assert fingerprint(row) == fingerprint(same)
    others: list[Row] = [
        replace(row, uuid=OTHER),
        replace(row, table="Logical_Router"),
        _row(name="n"),
        _row(name="1"),
        _row(name=1),
        _row(name=True),
        _row(external_ids={"a": "1"}),
        _row(external_ids=Keys(a="1")),
        _row(external_ids=Keys(a=None)),
        _row(name=frozenset()),
    ]
    assert len({fingerprint(one) for one in [row, *others]}) == len(others) + 1


def test_a_fingerprint_is_the_same_in_every_version() -> None:
    """The ledger outlives the program: were this to change, an upgrade would write every row of NB again."""
    columns: dict[str, Value] = {"match": "ip4", "priority": 1002, "log": False, "name": frozenset()}
    row = Row("ACL", UUID, {**columns, "external_ids": {"k": "v"}})
    assert fingerprint(row).hex() == "ed74f4dfd634315590a8559e49a66925"


def test_references_are_rows_of_others() -> None:
    _, desired = port("p", "n", ["g"], dhcp="s")
    weak = ("DHCP_Options", options_uuid("s"))
    others = {("Logical_Switch", switch_uuid("n")), ("Port_Group", group_uuid("g")), weak}
    assert references(desired) == others
    assert references(desired, weak_only=True) == {weak}
    assert references(group("g")[1]) == frozenset()
    uuids = {uuid for _, uuid in others} | {port_uuid("p"), UUID}
    assert named_uuids(desired, Known({("Logical_Switch_Port", UUID): b""})) == uuids


@pytest.mark.parametrize(
    ("column", "value", "wire"),
    [
        ("name", "n", "n"),
        ("ports", frozenset(), ["set", []]),
        ("ports", frozenset({Ref(OTHER)}), ["uuid", str(OTHER)]),
        ("ports", Ref(OTHER), ["uuid", str(OTHER)]),
        ("ports", frozenset({Ref(OTHER), Ref(THIRD)}), ["set", [["uuid", str(THIRD)], ["uuid", str(OTHER)]]]),
        ("external_ids", {"b": "2", "a": "1"}, ["map", [["a", "1"], ["b", "2"]]]),
        ("external_ids", Keys(b=None, a="1"), ["map", [["a", "1"]]]),
        ("external_ids", {}, ["map", []]),
    ],
)
def test_values_on_the_wire_and_back(column: str, value: Value, wire: Any) -> None:
    assert encode("Logical_Switch", column, value, {}) == wire
    assert decode(wire) == normal("Logical_Switch", column, value, {})


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("Logical_Switch", "name", 7),
        ("Logical_Switch", "name", frozenset()),
        ("Logical_Switch", "name", frozenset({"a", "b"})),
        ("Logical_Switch", "name", {"a": "b"}),
        ("Logical_Switch", "external_ids", "text"),
        ("Logical_Switch", "nothing", "text"),
        ("Nothing", "name", "text"),
        ("ACL", "priority", True),
        ("ACL", "priority", "1002"),
        ("ACL", "priority", 40000),
        ("ACL", "priority", 1.5),
        ("ACL", "log", 1),
        ("ACL", "action", "perhaps"),
        ("Logical_Switch_Port", "tag", 0),
        ("QoS", "bandwidth", {"rate": "much"}),
        ("QoS", "bandwidth", {"rate": "0"}),
        ("QoS", "bandwidth", {"speed": "1"}),
    ],
)
def test_a_value_that_a_column_cannot_hold(table: str, column: str, value: Value) -> None:
    with pytest.raises(InvalidValue, match=rf"^{table}\.{column}: "):
        encode(table, column, value, {})


def test_aliases_are_applied_everywhere_in_a_plan() -> None:
    unit, desired = port("p", "n", ["g"], dhcp="s")
    computed = enumerate(named_uuids(desired, Known()))
    aliases = {uuid: RowUuid(f"00000000-0000-4000-8000-{number:012}") for number, uuid in computed}
    known = replace(known_of(desired), links=frozenset({Link("Port_Group", switch_uuid("n"), "ports", port_uuid("p"))}))
    for memory in (Known(), Known(dict.fromkeys(known.rows, b""), known.links), known_of(desired)):
        for wanted in (desired, NOTHING):
            text = repr([step.op for step in plan([(unit, diff(wanted, memory))], aliases)])
            assert not [uuid for uuid in aliases if uuid in text]


def test_a_transaction_is_ordered_by_kind_and_links_are_joined() -> None:
    units = [port("p1", "n", ["g"], dhcp="s"), port("p2", "n", ["g"], dhcp="s"), network("n")]
    steps = plan([(unit, diff(desired, Known())) for unit, desired in units], {})
    assert [(step.op["op"], step.op["table"], len(step.units)) for step in steps] == [
        ("insert", "Logical_Switch_Port", 1),
        ("insert", "Logical_Switch_Port", 1),
        ("insert", "Logical_Switch", 1),
        ("mutate", "Logical_Switch", 2),
        ("mutate", "Port_Group", 2),
        ("wait", "DHCP_Options", 2),
    ]


def test_our_keys_are_replaced_key_by_key() -> None:
    row = Row("NB_Global", UUID, {"options": Keys(b=None, a="1"), "ipsec": True})
    update, mutate = (step.op for step in plan([(Unit("global", "global"), [Update(row)])], {}))
    assert update["row"] == {"ipsec": True}
    removed, added = mutate["mutations"]
    assert removed == ["options", "delete", ["set", ["a", "b"]]]
    assert added == ["options", "insert", ["map", [["a", "1"]]]]


def test_a_link_needs_a_set() -> None:
    link = Link("Logical_Switch_Port", UUID, "dhcpv4_options", OTHER)
    with pytest.raises(InvalidValue):
        plan([(Unit("x", "x"), [AddLink(link)])], {})


def test_what_was_read_becomes_memory() -> None:
    unit, desired = group("g")
    good, rule = desired.rows
    stray = Link("Logical_Switch", switch_uuid("n"), "acls", rule.uuid)
    content = {name: normal(good.table, name, value, {}) for name, value in good.columns.items()}
    actual = Actual(
        {
            (good.table, good.uuid): content,
            (rule.table, rule.uuid): {name: normal(rule.table, name, value, {}) for name, value in rule.columns.items()}
            | {"priority": frozenset({7})},
            ("ACL", UUID): {},
        },
        frozenset({stray}),
    )
    assert differences(desired, actual, {}) == [
        Difference("ACL", rule.uuid, "priority", frozenset({1002}), frozenset({7})),
        Difference("Logical_Switch", switch_uuid("n"), "acls", None, rule.uuid),
        Difference("ACL", UUID, None, None, "a row"),
    ]
    assert diff(desired, known_from(desired, actual, {})) == [Update(rule), RemoveLink(stray), Delete("ACL", UUID)]
    assert differences(desired, Actual(), {}) == [
        Difference(row.table, row.uuid, None, "a row", None) for row in desired.rows
    ]
    assert unit.kind == "security_group"
