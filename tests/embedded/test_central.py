"""The private OVN central, with the real programs."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from wovenet.embedded import central as central_module
from wovenet.embedded import jsonrpc, process
from wovenet.embedded.central import NORTHBOUND, SOUTHBOUND, Central


@pytest.fixture
def central(tmp_path: Path) -> Iterator[Central]:
    started = Central.start(tmp_path / "ovn")
    yield started
    started.stop()


def _add_switch(central: Central, name: str) -> None:
    jsonrpc.transact(central.nb_socket, NORTHBOUND, {"op": "insert", "table": "Logical_Switch", "row": {"name": name}})


def _switches(central: Central) -> list[str]:
    select: dict[str, object] = {"op": "select", "table": "Logical_Switch", "where": [], "columns": ["name"]}
    (result,) = jsonrpc.transact(central.nb_socket, NORTHBOUND, select)
    return [row["name"] for row in result["rows"]]


def _datapaths(central: Central) -> int:
    select: dict[str, object] = {"op": "select", "table": "Datapath_Binding", "where": [], "columns": ["_uuid"]}
    (result,) = jsonrpc.transact(central.sb_socket, SOUTHBOUND, select)
    return len(result["rows"])


def test_northd_carries_a_switch_to_the_southbound_database(central: Central) -> None:
    _add_switch(central, "blue")
    process.wait_until(lambda: _datapaths(central) == 1, timeout_s=10, what="the switch's datapath")


def test_own_tools_of_ovn_find_the_databases_by_the_directory_alone(central: Central) -> None:
    _add_switch(central, "blue")
    shown = process.run(["ovn-nbctl", "ls-list"], env=process.environment(central.directory))
    assert "(blue)" in shown


def test_data_outlives_the_processes(tmp_path: Path) -> None:
    first = Central.start(tmp_path)
    _add_switch(first, "blue")
    first.stop()
    second = Central.start(tmp_path)
    try:
        assert _switches(second) == ["blue"]
    finally:
        second.stop()


def test_stop_leaves_no_process_and_no_lock(tmp_path: Path) -> None:
    central = Central.start(tmp_path)
    pids = central.pids()
    assert set(pids) == {"ovsdb-server-nb", "ovsdb-server-sb", "ovn-northd"}
    central.stop()
    assert not [pid for pid in pids.values() if Path(f"/proc/{pid}").exists()]
    assert process.holders(tmp_path.glob("*.pid")) == frozenset()
    os.close(process.lock_directory(tmp_path))


def test_a_second_central_on_the_same_directory_is_refused_and_harms_nothing(central: Central) -> None:
    with pytest.raises(process.DirectoryInUse):
        Central.start(central.directory)
    assert central.ended() == {}


def test_a_process_that_ends_is_reported_with_its_name(central: Central) -> None:
    os.kill(central.pids()["ovn-northd"], signal.SIGKILL)
    process.wait_until(lambda: set(central.ended()) == {"ovn-northd"}, timeout_s=5, what="the report")


def test_children_die_with_a_killed_parent_and_the_next_start_works(tmp_path: Path) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from wovenet.embedded.central import Central
        central = Central.start(Path({str(tmp_path)!r}))
        print(*central.pids().values(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=30, check=False
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert len(child.stdout.split()) == 3
    process.wait_until(
        lambda: not process.holders(tmp_path.glob("*.pid")), timeout_s=5, what="end of the orphaned daemons"
    )
    Central.start(tmp_path).stop()


def test_a_child_whose_parent_ended_before_it_could_ask_to_be_told_does_not_run(tmp_path: Path) -> None:
    *prefix, _ = process.ending_with_us(signal.SIGKILL)
    orphan = [*prefix, str(os.getppid()), "touch", str(tmp_path / "ran")]
    assert subprocess.run(orphan, check=False).returncode != 0
    assert not (tmp_path / "ran").exists()
    subprocess.run([*prefix, str(os.getpid()), "touch", str(tmp_path / "ran")], check=True)
    assert (tmp_path / "ran").exists()


def test_what_an_earlier_process_left_running_is_ended_by_the_lock_on_its_pid_file(tmp_path: Path) -> None:
    first = Central.start(tmp_path / "ovn")
    first.stop()
    # A server that nobody supervises, on the same files; stopped, so that it does not even act on TERM.
    left = subprocess.Popen(
        [
            *("ovsdb-server", f"--pidfile={tmp_path}/ovn/ovsdb-server-nb.pid", f"--unixctl={tmp_path}/left.ctl"),
            *(f"--remote=punix:{tmp_path}/left.sock", str(tmp_path / "ovn/ovnnb_db.db")),
        ],
        stderr=subprocess.DEVNULL,
        env=process.user_environment(),
    )
    process.wait_until(lambda: (tmp_path / "left.sock").exists(), timeout_s=5, what="the left server")
    left.send_signal(signal.SIGSTOP)
    try:
        second = Central.start(tmp_path / "ovn")
        second.stop()
    finally:
        left.kill()
    assert left.wait() in {-signal.SIGTERM, 0}


def test_a_pid_file_that_nobody_holds_ends_nobody(tmp_path: Path) -> None:
    (tmp_path / "ovsdb-server-nb.pid").write_text(f"{os.getpid()}\n")
    assert process.holder(tmp_path / "ovsdb-server-nb.pid") is None
    central_module.end_leftovers(tmp_path)


def test_an_older_database_is_converted_and_kept_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    for source in central_module.SCHEMAS.glob("*.ovsschema"):
        (schemas / source.name).write_bytes(source.read_bytes())
    old = schemas / "ovn-nb.ovsschema"
    content = json.loads(old.read_text())
    installed = content["version"]
    content["version"] = "5.0.0"
    del content["tables"]["DNS"], content["tables"]["Logical_Switch"]["columns"]["dns_records"], content["cksum"]
    old.write_text(json.dumps(content))
    monkeypatch.setattr(central_module, "SCHEMAS", schemas)
    first = Central.start(tmp_path / "ovn")
    _add_switch(first, "blue")
    first.stop()

    monkeypatch.undo()
    second = Central.start(tmp_path / "ovn")
    try:
        assert jsonrpc.call(second.nb_socket, "get_schema", [NORTHBOUND])["version"] == installed
        assert _switches(second) == ["blue"]
    finally:
        second.stop()
    assert (tmp_path / "ovn/ovnnb_db.db.5.0.0").exists()


def test_a_start_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    Central.start(tmp_path).stop()
    foreign = subprocess.Popen(
        [
            *("ovsdb-server", f"--remote=punix:{tmp_path}/foreign.sock", f"--unixctl={tmp_path}/foreign.ctl"),
            str(tmp_path / "ovnsb_db.db"),
        ],
        stderr=subprocess.DEVNULL,
        env=process.user_environment(),
    )
    try:
        process.wait_until((tmp_path / "foreign.sock").exists, timeout_s=5, what="the foreign server")
        with pytest.raises(process.ProgramFailed, match=r"ovsdb-server-sb: .*lock"):
            Central.start(tmp_path)
        assert process.holders(tmp_path.glob("*.pid")) == frozenset()
    finally:
        foreign.terminate()
        foreign.wait()
    Central.start(tmp_path).stop()


def test_a_socket_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    central = Central.start(tmp_path / ("long" * 25) / "ovn")
    try:
        _add_switch(central, "blue")
        assert _switches(central) == ["blue"]
    finally:
        central.stop()


def test_a_long_log_is_set_aside_while_the_daemon_runs(central: Central) -> None:
    log = central.directory / "log" / "ovsdb-server-nb.log"
    with log.open("ab") as file:
        file.truncate(process.LOG_LIMIT_BYTES)
    central.tend()
    assert log.with_suffix(".log.1").stat().st_size >= process.LOG_LIMIT_BYTES
    process.wait_until(log.exists, timeout_s=5, what="the new log")
    assert log.stat().st_size < 10_000


def test_what_ended_is_revived_and_the_rest_is_not_touched(central: Central) -> None:
    _add_switch(central, "blue")
    before = central.pids()
    for name in ("ovsdb-server-nb", "ovn-northd"):
        os.kill(before[name], signal.SIGKILL)
    process.wait_until(lambda: len(central.ended()) == 2, timeout_s=10, what="two ends")
    central.revive()
    after = central.pids()
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] == after[name]] == ["ovsdb-server-sb"]
    assert _switches(central) == ["blue"]
    process.wait_until(lambda: _datapaths(central) == 1, timeout_s=10, what="the switch's datapath")


def test_a_database_whose_file_is_gone_is_made_anew(central: Central) -> None:
    _add_switch(central, "blue")
    (central.directory / "ovnnb_db.db").unlink()
    os.kill(central.pids()["ovsdb-server-nb"], signal.SIGKILL)
    process.wait_until(lambda: bool(central.ended()), timeout_s=10, what="its end")
    central.revive()
    assert _switches(central) == []


def test_a_log_held_open_is_shortened(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("a", buffering=1) as writer:
        writer.write("x" * 100 + "\n")
        process.shorten(log, limit_bytes=1000)
        assert log.stat().st_size == 101
        process.shorten(log, limit_bytes=100)
        writer.write("after\n")
    assert log.read_text() == "after\n"
    assert (tmp_path / "api.log.1").stat().st_size == 101
