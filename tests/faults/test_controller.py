"""The controller is killed while it works, and another one takes over: OVN has what was stored, once and entirely."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults import books
from tests.running import WOVENET, Askers, Running, is_alive, statuses, until
from wovenet import serve
from wovenet.embedded import jsonrpc, process
from wovenet.embedded.central import NORTHBOUND, Central
from wovenet.store.tx import Tx


@pytest.fixture
def ledger(cloud: Running) -> books.Ledger:
    return books.opened(cloud)


def _northbound_ports(cloud: Running) -> set[str]:
    select: dict[str, object] = {"op": "select", "table": "Logical_Switch_Port", "where": [], "columns": ["name"]}
    (result,) = jsonrpc.transact(Central(cloud.state_dir / "ovn").nb_socket, NORTHBOUND, select)
    return {row["name"] for row in result["rows"]}


def test_a_controller_that_is_killed_in_a_stream_of_writes_leaves_nothing_out(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    asked = Askers(cloud, [[ledger.port() for _ in range(120)] for _ in range(2)])
    for goal in (20, 100):
        until(lambda goal=goal: len(_northbound_ports(cloud)) >= goal, "ports in OVN")
        cloud.kill_and_await("controller")
    until(lambda: asked.have_ended, "the end of the clients")
    assert statuses(asked.answers()) == {201: 240}
    cloud.check()
    assert _northbound_ports(cloud) >= {port["id"] for port in ledger.ports()}
    ledger.balance()


def test_a_controller_that_is_killed_between_apply_and_settle_applies_again(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    until(lambda: _is_killed_in_between(ledger), "a controller that has applied and not settled", timeout_s=120)
    cloud.check()
    for port in ledger.ports():
        cloud.rest.update("ports", port["id"], {"name": "after"})
    cloud.check()


def _is_killed_in_between(ledger: books.Ledger) -> bool:
    """Whether the controller was caught in the moment: what it does first when it goes on may be a write of its own."""
    cloud = ledger.cloud
    cloud.check()
    cloud.kill("controller", signal.SIGSTOP)
    made = cloud.rest.create("ports", {"network_id": ledger.network["id"]})
    is_applied = False

    def keep_others_from_writing(_: Tx) -> None:
        nonlocal is_applied
        cloud.kill("controller", signal.SIGCONT)
        is_applied = process.holds_within(lambda: made["id"] in _northbound_ports(cloud), 5.0)
        if is_applied:
            cloud.kill("controller")

    with serve.opened(cloud.settings) as store:
        store.write(keep_others_from_writing)
        with store.read() as tx:
            return is_applied and tx.value(books.MARKED, {"unit_id": made["id"]}) == 1


@contextmanager
def _another_controller(cloud: Running) -> Iterator[subprocess.Popen[bytes]]:
    """A second controller of the same deployment."""
    log = cloud.state_dir / "log" / "second.log"
    with log.open("ab") as out:
        argv = [*WOVENET, "controller", "--state-dir", str(cloud.state_dir)]
        second = subprocess.Popen(argv, stdout=out, stderr=out)
    try:
        until(lambda: (cloud.status()["controller"] or {}).get("standbys") == 1, "a standby")
        yield second
    finally:
        second.terminate()
        assert second.wait(20) == 0


def _leader(cloud: Running) -> int:
    """The pid of the controller that leads."""
    controller = cloud.status()["controller"]
    return int(controller["name"].rpartition(":")[2]) if controller and controller["role"] == "leader" else 0


def test_a_standby_takes_over_from_a_leader_that_is_killed(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    cloud.check()
    with _another_controller(cloud) as second:
        assert _leader(cloud) == cloud.kill("controller")
        made = cloud.rest.create("ports", {"network_id": ledger.network["id"]})
        until(lambda: made["id"] in _northbound_ports(cloud), "the port in OVN, by the other")
        until(lambda: _leader(cloud) == second.pid, "the other leads")
        cloud.check()
    until(lambda: _leader(cloud) in cloud.pids()["controller"], "the first leads again")


def test_a_leader_that_stood_still_is_fenced(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    cloud.check()
    with _another_controller(cloud) as second:
        stale = cloud.kill("controller", signal.SIGSTOP)
        # The server drops whom it takes for dead; here it is told to, so that nobody waits for its probes.
        process.run(["ovs-appctl", "-t", str(cloud.state_dir / "ovn" / "ovnnb_db.ctl"), "ovsdb-server/reconnect"])
        until(lambda: _leader(cloud) == second.pid, "the other leads")
        first = cloud.rest.create("ports", {"network_id": ledger.network["id"], "name": "first"})
        until(lambda: first["id"] in _northbound_ports(cloud), "the port in OVN")
        cloud.kill("controller", signal.SIGCONT)
        for number in range(20):
            cloud.rest.update("ports", first["id"], {"name": f"renamed {number}"})
        cloud.check()
        assert is_alive(stale)
        assert _leader(cloud) == second.pid
        until(lambda: cloud.status()["controller"]["standbys"] == 1, "the stale one stands by")
