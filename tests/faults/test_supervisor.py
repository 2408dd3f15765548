"""The supervisor itself: killed, interrupted, started twice, started where it cannot be."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Running, is_alive, running, until


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """A deployment that is not running yet."""
    cloud = Running(tmp_path / "state")
    yield cloud
    cloud.command("down")


def _assert_nothing_is_left(cloud: Running, pids: list[int]) -> None:
    until(lambda: not any(is_alive(pid) for pid in pids), "the end of all processes")
    assert cloud.leftovers() == []
    with socket.create_server(("127.0.0.1", cloud.port)):
        pass


def test_the_next_start_after_a_killed_supervisor_clears_up_and_finds_its_data(own: Running) -> None:
    own.start("--lab", "1")
    network = own.rest.create("networks", {"name": "kept"})
    own.rest.create("subnets", {"network_id": network["id"], "cidr": "10.60.0.0/24", "ip_version": 4})
    booted = own.command("lab", "boot", "vm", "--network", "kept")
    assert booted.returncode == 0, booted.stderr
    own.check()
    before = own.all_pids()
    own.kill("supervisor")

    own.start("--lab", "1")  # at once: what was left is still ending
    until(lambda: not any(is_alive(pid) for pid in before), "the end of the earlier children")
    assert [each["id"] for each in own.rest.list("networks", name="kept")] == [network["id"]]
    own.check()
    pids = own.all_pids()
    own.down()
    _assert_nothing_is_left(own, [*before, *pids])


def test_down_removes_what_a_killed_lab_left(own: Running) -> None:
    own.start("--lab", "1")
    pids = own.all_pids()
    own.kill("supervisor")
    until(lambda: not any(is_alive(pid) for pid in pids), "the end of its children")
    assert own.leftovers()
    own.down()
    _assert_nothing_is_left(own, pids)


def test_two_on_one_directory_are_refused_and_the_first_goes_on(own: Running) -> None:
    own.start("--ovn", "none")
    before = own.pids()
    second = Running(own.state_dir, "--workers", "1")
    refused = second.up()
    assert refused.returncode == 1
    assert f"another process runs on {own.state_dir}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert own.pids() == before
    assert own.is_healthy()


def test_a_port_in_use_is_said_and_nothing_is_left(own: Running) -> None:
    with socket.create_server(("127.0.0.1", own.port)):
        refused = own.up()
    assert refused.returncode == 1
    assert f"port {own.port} of 127.0.0.1 is in use" in refused.stderr
    assert own.pids() == {}
    _assert_nothing_is_left(own, [])


def test_a_port_of_another_deployment_is_not_taken_for_ones_own(own: Running, tmp_path: Path) -> None:
    own.start("--ovn", "none")
    other = Running(tmp_path / "other")
    other.flags = own.flags
    refused = other.up()
    assert refused.returncode == 1
    assert "is in use" in refused.stderr
    assert other.pids() == {}
    assert own.is_healthy()


def test_an_interrupt_ends_everything_and_the_second_start_finds_its_data(own: Running) -> None:
    first = own.foreground("--lab", "1")
    until(own.is_healthy, "the API")
    until(lambda: "hv1/ovn-controller" in own.pids(), "the whole deployment")
    network = own.rest.create("networks", {"name": "kept"})
    own.check()
    pids = own.all_pids()
    first.send_signal(signal.SIGINT)
    out, _ = first.communicate(timeout=30)
    assert first.returncode == 0, out
    assert "ready after" in out
    assert "stopping" in out
    assert "Traceback" not in out
    _assert_nothing_is_left(own, pids)

    own.start()
    assert [each["id"] for each in own.rest.list("networks", name="kept")] == [network["id"]]
    own.check()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_while_it_starts_leaves_nothing(own: Running, how: signal.Signals) -> None:
    starting = own.foreground()
    until(lambda: (own.state_dir / "log" / "api.log").exists(), "the first process")
    starting.send_signal(how)
    out, _ = starting.communicate(timeout=30)
    assert starting.returncode != 0
    assert "Traceback" not in out
    _assert_nothing_is_left(own, [])


def test_a_deployment_that_cannot_start_says_why(own: Running) -> None:
    own.flags = (*own.flags, "--db", f"sqlite:///{own.state_dir}/missing/wovenet.db")
    refused = own.up()
    assert refused.returncode == 1
    assert "the database cannot be used" in refused.stderr
    assert own.pids() == {}
    _assert_nothing_is_left(own, [])


def test_down_on_nothing_says_so(own: Running) -> None:
    down = own.command("down")
    assert (down.returncode, down.stdout) == (0, f"nothing runs on {own.state_dir}\n")
    with running(own.state_dir, "--ovn", "none"):
        pass
    assert own.command("down").stdout == f"nothing runs on {own.state_dir}\n"
