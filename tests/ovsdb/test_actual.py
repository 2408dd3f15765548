"""Reading NB: versions, slices, orphans, holders; and the stamp."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ovsdb_servers
from tests.ovsdb.samples import LOCK, Site, gone, group, group_uuid, network, port, port_uuid, switch_uuid
from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn import actual, stamp
from wovenet.ovn.client import Client
from wovenet.ovn.diff import Difference, differences
from wovenet.ovn.errors import TransactionRefused
from wovenet.ovn.rows import Desired, Keys, Known, Link, Row, row_uuid


@pytest.fixture
def site(client: Client) -> Iterator[Site]:
    yield Site(client)


def test_versions_and_the_rows_that_changed(site: Site) -> None:
    site.settle(network("n"), *(port(f"p{number}", "n") for number in range(actual.SLICE * 2 + 1)))
    before = actual.versions(site.client, "Logical_Switch_Port")
    assert len(before) == actual.SLICE * 2 + 1
    site.client.transact(
        [{"op": "update", "table": "Logical_Switch_Port", "where": [["name", "==", "p7"]], "row": {"type": "router"}}]
    )
    after = actual.versions(site.client, "Logical_Switch_Port")
    changed = [uuid for uuid, version in after.items() if before[uuid] != version]
    assert changed == [port_uuid("p7")]
    found = actual.fetch(site.client, "Logical_Switch_Port", changed, ["type", "_version"])
    assert found == {changed[0]: {"type": frozenset({"router"}), "_version": frozenset({after[changed[0]]})}}
    nobody = RowUuid(row_uuid("Logical_Switch_Port", Unit("port", "nobody")))
    everyone = actual.fetch(site.client, "Logical_Switch_Port", [*after, nobody], ["name", "dhcpv4_options"])
    assert everyone.keys() == after.keys()
    assert everyone[port_uuid("p9")] == {"name": frozenset({"p9"}), "dhcpv4_options": frozenset()}


def test_orphans_are_rows_of_ours_that_nobody_knows(site: Site) -> None:
    site.settle(network("n"), group("g"), port("p", "n", ["g"]))
    site.client.transact([{"op": "insert", "table": "Logical_Switch", "row": {"name": "an operator's own"}}])
    present = actual.versions(site.client, "Logical_Switch")
    assert len(present) == 2
    assert actual.orphans(present, [switch_uuid("n")]) == frozenset()
    assert actual.orphans(present, []) == {switch_uuid("n")}
    held = actual.holders_of(site.client, "Logical_Switch_Port", port_uuid("p"))
    assert held == [
        Link("Logical_Switch", switch_uuid("n"), "ports", port_uuid("p")),
        Link("Port_Group", group_uuid("g"), "ports", port_uuid("p")),
    ]
    assert actual.holders_of(site.client, "Logical_Switch", switch_uuid("n")) == []


def test_an_orphan_goes_like_a_unit_of_which_only_rows_and_links_are_known(site: Site) -> None:
    site.settle(network("n"), group("g"), port("p", "n", ["g"]))
    uuid = port_uuid("p")
    links = actual.holders_of(site.client, "Logical_Switch_Port", uuid)
    orphan = Unit("orphan", uuid)
    site.ledger[orphan] = Known({("Logical_Switch_Port", uuid): b""}, frozenset(links))
    site.settle(gone(orphan))
    assert site.rows("Logical_Switch_Port") == []


def test_differences_name_the_place_and_both_values(site: Site) -> None:
    unit, desired = network("n", ours="1")
    site.settle((unit, desired), group("g"), port("p", "n", ["g"]))
    ids = {"external_ids": ["map", [["theirs", "2"]]]}
    unlink = [["ports", "delete", ["uuid", port_uuid("p")]]]
    site.client.transact(
        [
            {"op": "update", "table": "Logical_Switch", "where": [["name", "==", "n"]], "row": ids},
            {"op": "mutate", "table": "Port_Group", "where": [["name", "==", "g"]], "mutations": unlink},
        ]
    )
    wanted = [(desired, Known()), (port("p", "n", ["g"])[1], Known())]
    switch, lsp = actual.read(site.client, wanted)
    expected = {"neutron:network_name": "n", "ours": "1"}
    assert differences(desired, switch, {}) == [
        Difference("Logical_Switch", switch_uuid("n"), "external_ids", expected, {"theirs": "2"})
    ]
    assert differences(wanted[1][0], lsp, {}) == [
        Difference("Port_Group", group_uuid("g"), "ports", port_uuid("p"), None)
    ]
    # Of a map that is shared only our own keys count.
    keys = Keys({"ours": None, "theirs": "2"})
    shared = Desired((Row("Logical_Switch", switch_uuid("n"), {"external_ids": keys}),))
    [read] = actual.read(site.client, [(shared, Known())])
    assert differences(shared, read, {}) == []


@pytest.mark.parametrize("clustered", [False, True])
def test_a_version_cannot_be_had_from_the_transaction_that_makes_it(tmp_path: Path, clustered: bool) -> None:
    """What the module says of `_version`. Were this to fail, the ledger could store versions when it settles."""
    uuid = switch_uuid("n")
    where = [["_uuid", "==", ["uuid", uuid]]]
    select = {"op": "select", "table": "Logical_Switch", "where": where, "columns": ["_version"]}
    insert = {"op": "insert", "table": "Logical_Switch", "uuid": uuid, "row": {"name": "n"}}
    update = {"op": "update", "table": "Logical_Switch", "where": where, "row": {"name": "m"}}
    with ovsdb_servers.serving(tmp_path, clustered=clustered) as server:
        with server.client() as client:
            inside = client.transact([insert, select])[1]["rows"]
            after = client.transact([select])[0]["rows"]
            assert (inside == after) is not clustered
            inside = client.transact([update, select])[1]["rows"]
            last = client.transact([select])[0]["rows"]
            assert inside == after != last
            # The same values again are no change.
            client.transact([update])
            assert client.transact([select])[0]["rows"] == last
        server.restart()
        with server.client() as client:
            assert client.transact([select])[0]["rows"] != last, "versions do not outlive the server's process"


def test_the_stamp_names_the_ledger(client: Client, northbound: ovsdb_servers.Server) -> None:
    assert client.lock(LOCK)
    assert stamp.read(client) is None
    stamp.write(client, "ledger-1", lock=LOCK)
    assert stamp.read(client) == "ledger-1"
    assert stamp.global_row(client, lock=LOCK) == stamp.NB_GLOBAL
    stamp.write(client, "ledger-2", lock=LOCK)
    assert stamp.read(client) == "ledger-2"
    with northbound.client() as other, pytest.raises(TransactionRefused) as refused:
        stamp.write(other, "usurper", lock=LOCK)
    assert refused.value.error == "not owner"


def test_the_stamp_goes_into_the_row_that_northd_made(client: Client) -> None:
    theirs = {"op": "insert", "table": "NB_Global", "row": {"external_ids": ["map", [["k", "v"]]]}}
    [made] = client.transact([theirs])
    assert client.lock(LOCK)
    assert stamp.read(client) is None
    stamp.write(client, "ledger", lock=LOCK)
    assert stamp.read(client) == "ledger"
    assert stamp.global_row(client, lock=LOCK) == made["uuid"][1]
    [result] = client.transact([{"op": "select", "table": "NB_Global", "where": [], "columns": ["external_ids"]}])
    assert result["rows"] == [{"external_ids": ["map", [["k", "v"], ["wovenet:ledger", "ledger"]]]}]
