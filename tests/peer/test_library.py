"""The recorder's own parts, and that records and scenarios belong together."""

import pytest

from tests.peer import compare, northbound, record, scenario
from tests.peer.names import Names
from tests.peer.northbound import Ref, Rows

ONE = "11111111-aaaa-4aaa-8aaa-111111111111"
TWO = "22222222-bbbb-4bbb-8bbb-222222222222"


@pytest.mark.parametrize("collection", scenario.collections())
def test_every_scenario_has_a_record_of_its_own_requests(collection: str) -> None:
    records = record.read(collection)
    scripts = scenario.load(collection)
    assert set(records) == {script.name for script in scripts}
    for script in scripts:
        told = [step["request"] for step in records[script.name]]
        assert told == [step.described() for step in script.steps], script.name


def test_every_allowance_names_a_collection_and_a_reason() -> None:
    for allowance in compare.allowances():
        assert allowance.where.startswith("*") or allowance.where.split("/")[0] in scenario.collections()
        assert allowance.reason


def test_ids_get_names_in_an_order_that_is_not_theirs() -> None:
    first = Names("", "http://here").plain({"networks": [{"id": ONE, "name": "a"}, {"id": TWO, "name": "b"}]})
    other = Names("", "http://here").plain({"networks": [{"id": ONE, "name": "b"}, {"id": TWO, "name": "a"}]})
    assert first == other == {"networks": [{"id": "<uuid-1>", "name": "a"}, {"id": "<uuid-2>", "name": "b"}]}


def test_what_the_scenario_gave_is_kept() -> None:
    names = Names("fa:16:3e:00:00:01\n10.1.0.5", "http://here")
    names.call_address("10.1.0.5")
    names.call_address("10.1.0.50")
    told = names.plain("fa:16:3e:00:00:01 10.1.0.5 fa:16:3e:00:00:02 10.1.0.50/24 host-10-1-0-50")
    assert told == "fa:16:3e:00:00:01 10.1.0.5 <mac-1> <ip-1>/24 host-<ip-1>"


def test_a_saved_id_has_its_name_everywhere() -> None:
    names = Names("", "http://here")
    names.call(ONE, "sg")
    assert (
        names.plain(f"outport == @pg_{ONE.replace('-', '_')} in neutron-{ONE}") == "outport == @pg_<sg> in neutron-<sg>"
    )


def test_addresses_made_of_a_random_mac_follow_its_name() -> None:
    told = Names("", "http://here").plain("fa:16:3e:16:78:58 fd01::f816:3eff:fe16:7858")
    assert told == "<mac-1> fd01::<eui-1>"


def test_a_segment_is_kept_only_where_it_was_given() -> None:
    names = Names("provider:segmentation_id\n910\nmtu\n3", "http://here")
    assert names.plain({"provider:segmentation_id": 910}) == {"provider:segmentation_id": 910}
    assert names.plain({"provider:segmentation_id": 3}) == {"provider:segmentation_id": "<segment>"}


def test_picking_from_answers() -> None:
    body = {"ports": [{"id": 1, "device_owner": "a.b"}, {"id": 2, "device_owner": "c"}]}
    assert scenario.picked(body, "ports[device_owner=a.b].id") == 1
    assert scenario.picked(body, "ports.1.id") == 2
    with pytest.raises(KeyError):
        scenario.picked(body, "ports[device_owner=d].id")


def test_rows_of_an_object_come_with_what_they_refer_to() -> None:
    rows = Rows(
        {
            "s": ("Logical_Switch", {"name": f"neutron-{ONE}", "ports": [Ref("p")]}),
            "p": ("Logical_Switch_Port", {"name": "provnet"}),
            "q": ("Logical_Switch_Port", {"name": TWO}),
            "g": ("Port_Group", {"name": "neutron_pg_drop", "ports": [Ref("p"), Ref("q")]}),
        }
    )
    assert northbound.about(rows, [ONE]) == {
        f"Logical_Switch neutron-{ONE}": {"name": f"neutron-{ONE}", "ports": ["Logical_Switch_Port provnet"]},
        "Logical_Switch_Port provnet": {"name": "provnet"},
        "Port_Group neutron_pg_drop": {"ports": ["Logical_Switch_Port provnet"]},
    }


def test_differences_are_the_smallest_places() -> None:
    found = list(compare.differences("x", {"a": [1, {"b": 2}], "c": 3}, {"a": [1, {"b": True}], "d": 4}))
    assert [(one.where, one.expected, one.got) for one in found] == [
        ("x.a.1.b", 2, True),
        ("x.c", 3, compare.ABSENT),
        ("x.d", compare.ABSENT, 4),
    ]


def test_allowed_differences_are_left_out_and_idle_allowances_told() -> None:
    idle = compare.Allowance("nowhere", "because")
    used = compare.Allowance("x.*", "because")
    assert compare.split([compare.Difference("x.a", 1, 2)], [idle, used]) == ([], [idle])
