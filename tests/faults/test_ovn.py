"""Daemons and databases of the embedded OVN end, or are lost: they come back, and OVN has what was stored."""

import pytest

from tests.faults import books
from tests.running import Running, until
from wovenet.embedded import jsonrpc
from wovenet.embedded.central import NORTHBOUND, SOUTHBOUND, Central


@pytest.fixture
def ledger(cloud: Running) -> books.Ledger:
    return books.opened(cloud)


def _names(cloud: Running, database: str, table: str, column: str) -> set[str]:
    central = Central(cloud.state_dir / "ovn")
    socket = central.nb_socket if database == NORTHBOUND else central.sb_socket
    select: dict[str, object] = {"op": "select", "table": table, "where": [], "columns": [column]}
    try:
        (result,) = jsonrpc.transact(socket, database, select)
    except OSError:
        return set()
    return {row[column] for row in result["rows"]}


def _is_bound(cloud: Running, port: str) -> bool:
    return port in _names(cloud, SOUTHBOUND, "Port_Binding", "logical_port")


def test_a_northbound_server_that_is_killed_is_started_again(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    others = {role: cloud.pids()[role] for role in ("ovsdb-server-sb", "ovn-northd", "controller", "api")}
    cloud.kill("ovsdb-server-nb")
    made = [cloud.rest.create("ports", {"network_id": ledger.network["id"]}) for _ in range(5)]
    cloud.check()
    assert {port["id"] for port in made} <= _names(cloud, NORTHBOUND, "Logical_Switch_Port", "name")
    assert {role: cloud.pids()[role] for role in others} == others


def test_a_northd_that_is_killed_is_started_again(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    cloud.kill_and_await("ovn-northd")
    made = cloud.rest.create("ports", {"network_id": ledger.network["id"]})
    until(lambda: _is_bound(cloud, made["id"]), "the port in the Southbound database")


def test_a_southbound_server_that_is_killed_is_started_again(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    cloud.kill_and_await("ovsdb-server-sb")
    made = cloud.rest.create("ports", {"network_id": ledger.network["id"]})
    until(lambda: _is_bound(cloud, made["id"]), "the port in the Southbound database")


def test_a_northbound_database_that_is_lost_while_it_is_served_is_filled_again(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    made = cloud.rest.create("ports", {"network_id": ledger.network["id"]})
    cloud.check()
    (cloud.state_dir / "ovn" / "ovnnb_db.db").unlink()
    cloud.kill_and_await("ovsdb-server-nb")
    until(lambda: made["id"] in _names(cloud, NORTHBOUND, "Logical_Switch_Port", "name"), "the port in OVN")


@pytest.mark.parametrize("loss", ["removed", "emptied", "older"])
def test_a_northbound_database_that_is_lost_while_down_is_filled_at_the_next_start(
    ledger: books.Ledger, loss: str
) -> None:
    cloud = ledger.cloud
    file = cloud.state_dir / "ovn" / "ovnnb_db.db"
    cloud.check()
    older = file.read_bytes()
    made = cloud.rest.create("ports", {"network_id": ledger.network["id"]})
    cloud.check()
    cloud.down()
    if loss == "removed":
        file.unlink()
    else:
        file.write_bytes(b"" if loss == "emptied" else older)
    cloud.start()
    until(lambda: made["id"] in _names(cloud, NORTHBOUND, "Logical_Switch_Port", "name"), "the port in OVN")
    assert ledger.balance() == 1


def test_a_row_that_somebody_removed_is_found_and_repaired(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    made = cloud.rest.create("ports", {"network_id": ledger.network["id"]})
    cloud.check()
    nb = Central(cloud.state_dir / "ovn").nb_socket
    switch: dict[str, object] = {
        "op": "mutate", "table": "Logical_Switch", "where": [["name", "==", f"neutron-{ledger.network['id']}"]],
        "mutations": [["ports", "delete", _uuid(nb, made["id"])]],
    }  # fmt: skip
    jsonrpc.transact(nb, NORTHBOUND, switch)
    found = cloud.command("audit")
    assert found.returncode == 1
    assert made["id"] in found.stdout
    assert made["id"] not in _names(cloud, NORTHBOUND, "Logical_Switch_Port", "name"), "an audit writes nothing"
    cloud.command("audit", "--repair")
    until(lambda: made["id"] in _names(cloud, NORTHBOUND, "Logical_Switch_Port", "name"), "the port in OVN")


def _uuid(nb: object, name: str) -> object:
    select: dict[str, object] = {
        "op": "select", "table": "Logical_Switch_Port", "where": [["name", "==", name]], "columns": ["_uuid"],
    }  # fmt: skip
    (result,) = jsonrpc.transact(nb, NORTHBOUND, select)  # type: ignore[arg-type]
    return result["rows"][0]["_uuid"]
