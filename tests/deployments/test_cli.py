"""The command line: what it takes, where options come from, what it answers and with which status."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Running, command, free_port, running, until
from wovenet import supervise
from wovenet.lab.rest import Rest, RestFailed, read_cloud


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A deployment without OVN, which is the quickest."""
    with running(tmp_path_factory.mktemp("plain") / "state", "--ovn", "none") as cloud:
        yield cloud


def test_every_command_and_option_is_there() -> None:
    wanted = {
        ("up",): "--state-dir --bind --workers --db --ovn --ovn-nb --ovn-sb --auth --config-file --lab --demo --detach",
        ("down",): "--state-dir",
        ("status",): "--state-dir --json",
        ("audit",): "--state-dir --repair --json",
        ("api",): "--state-dir --bind --workers --db --config-file --no-upgrade-db",
        ("controller",): "--state-dir --db --ovn-nb --ovn-sb --config-file",
        ("db", "upgrade"): "--state-dir --db",
        ("db", "current"): "--state-dir --db",
        ("user", "list"): "--state-dir",
        ("user", "reset"): "--state-dir",
        ("config", "check"): "--config-file",
        ("lab", "boot"): "--state-dir --network --port --host --security-group",
        ("lab", "list"): "--state-dir",
        ("lab", "exec"): "--state-dir",
        ("lab", "rm"): "--state-dir",
    }
    for words, options in wanted.items():
        shown = command(*words, "--help")
        assert shown.returncode == 0, words
        assert [option for option in options.split() if option not in shown.stdout] == [], words


def test_the_state_directory_is_its_owners_only_and_holds_what_clients_need(plain: Running) -> None:
    assert stat.S_IMODE(plain.state_dir.stat().st_mode) == 0o700
    for name in ("clouds.yaml", "users", "given.json", "processes.json"):
        assert stat.S_IMODE((plain.state_dir / name).stat().st_mode) == 0o600, name
    assert {"api.log", "supervisor.log"} <= {file.name for file in (plain.state_dir / "log").iterdir()}
    listed = subprocess.run(
        [Path(sys.executable).with_name("openstack"), "--os-cloud", "wovenet", "network", "list", "-f", "json"],
        env={**os.environ, "OS_CLIENT_CONFIG_FILE": str(plain.state_dir / "clouds.yaml")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (listed.returncode, json.loads(listed.stdout)) == (0, []), listed.stderr


def test_a_user_gets_a_new_password(plain: Running) -> None:
    flags = ("--state-dir", str(plain.state_dir))
    assert [line.split()[0] for line in command("user", "list", *flags).stdout.splitlines()] == ["admin", "demo"]
    clouds = plain.state_dir / "clouds.yaml"
    old = read_cloud(clouds, name="wovenet-demo")
    done = command("user", "reset", "demo", *flags)
    assert done.returncode == 0, done.stderr
    [password] = done.stdout.split()
    assert password in clouds.read_text()
    assert stat.S_IMODE(clouds.stat().st_mode) == 0o600
    assert Rest(read_cloud(clouds, name="wovenet-demo")).list("networks") == []
    with pytest.raises(RestFailed):
        Rest(old).list("networks")
    unknown = command("user", "reset", "eve", *flags)
    assert (unknown.returncode, "has no user 'eve'" in unknown.stderr) == (1, True)


def test_two_workers_are_the_default(plain: Running) -> None:
    assert len(plain.pids()["api worker"]) == 2
    shown = json.loads(plain.command("status", "--json").stdout)
    assert shown["api"] == {"url": f"http://127.0.0.1:{plain.port}", "healthy": True}
    assert shown["ovn"] == {"connection": "none", "connected": None}
    assert shown["units"].get("failed", []) == []


def test_flags_win_over_the_environment_and_that_over_files(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "neutron.conf"
    file.write_text(
        f"[DEFAULT]\nbind_port = {port}\nbase_mac = fa:16:3e:aa:00:00\nno_such_thing = 1\n[ovn]\nconnection = none\n"
    )
    environ = {**os.environ, "OS_DEFAULT__BASE_MAC": "fa:16:3e:bb:00:00", "OS_QUOTAS__QUOTA_NETWORK": "1"}
    state = tmp_path / "state"
    words = ["up", "--state-dir", str(state), "--workers", "1", "--config-file", str(file), "--detach"]
    up = command(*words, env=environ)
    assert up.returncode == 0, up.stderr
    try:
        assert f"{file}: [DEFAULT] no_such_thing is not an option" in up.stderr
        rest = Rest(read_cloud(state / "clouds.yaml"))
        network = rest.create("networks", {})
        assert rest.create("ports", {"network_id": network["id"]})["mac_address"].startswith("fa:16:3e:bb:")
        shown = json.loads(command("status", "--state-dir", str(state), "--json").stdout)
        assert shown["api"] == {"url": f"http://127.0.0.1:{port}", "healthy": True}
        assert [each["role"] for each in shown["processes"]].count("api worker") == 1
        assert shown["ovn"]["connection"] == "none"
    finally:
        assert command("down", "--state-dir", str(state)).returncode == 0


def test_a_stopped_deployment_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "state") as cloud:
        cloud.check()
    shown = cloud.command("status", "--json")
    assert shown.returncode == 1
    found = json.loads(shown.stdout)
    assert (found["api"]["healthy"], found["processes"], found["database"]["ok"]) == (False, [], True)
    audit = cloud.command("audit")
    assert audit.returncode == 1
    assert audit.stderr.startswith("Error: no connection to the Northbound database")
    assert "Traceback" not in audit.stderr


@pytest.mark.parametrize("bind", ["0.0.0.0", "[::]"])
def test_nobody_serves_the_network_without_authentication(tmp_path: Path, bind: str) -> None:
    cloud = Running(tmp_path / "state", "--auth", "noauth", "--ovn", "none")
    cloud.flags = ("--bind", f"{bind}:{cloud.port}", *cloud.flags[2:])
    refused = cloud.up()
    assert refused.returncode == 1
    assert "only a loopback address may be open to everybody" in refused.stderr
    assert cloud.pids() == {}


def test_noauth_on_a_loopback_address_asks_nobody(tmp_path: Path) -> None:
    with running(tmp_path / "state", "--auth", "noauth", "--ovn", "none") as cloud:
        assert cloud.rest.create("networks", {})["id"]


def test_a_configuration_file_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "neutron.conf"
    file.write_text("[DEFAULT]\nbind_port = 9697\ncore_plugin = ml2\nno_such_thing = 1\n")
    checked = command("config", "check", "--config-file", str(file))
    assert checked.returncode == 0
    assert "[DEFAULT] core_plugin is an option of Neutron that has no effect here" in checked.stdout
    assert "[DEFAULT] no_such_thing is not an option" in checked.stdout
    assert "1 files read, 2 remarks" in checked.stdout
    file.write_text("[DEFAULT]\nbind_port = many\n")
    refused = command("config", "check", "--config-file", str(file))
    assert refused.returncode == 1
    assert f"{file}: [DEFAULT] bind_port" in refused.stderr


def test_a_database_is_upgraded_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/own.db"
    before = command("db", "current", "--db", url)
    assert (before.returncode, before.stdout.split()[0]) == (1, "empty")
    assert command("db", "upgrade", "--db", url).returncode == 0
    after = command("db", "current", "--db", url)
    assert (after.returncode, "up to date" in after.stdout) == (0, True)
    missing = command("db", "upgrade", "--db", f"sqlite:///{tmp_path}/missing/own.db")
    assert missing.returncode == 1
    assert missing.stderr.startswith("Error: the database cannot be used: ")


def test_the_parts_run_apart(tmp_path: Path) -> None:
    """`wovenet api` beside another one on the same database, and a controller that finds them by that database."""
    with running(tmp_path / "state") as cloud:
        port = free_port()
        words = ["api", "--state-dir", str(cloud.state_dir), "--bind", f"127.0.0.1:{port}", "--workers", "1"]
        second = subprocess.Popen([sys.executable, "-m", "wovenet", *words], stderr=subprocess.DEVNULL)
        try:
            other = read_cloud(cloud.state_dir / "clouds.yaml")
            until(lambda: supervise.health(f"http://127.0.0.1:{port}"), "the second API")
            there = Rest(type(other)(f"http://127.0.0.1:{port}", other.username, other.password))
            made = there.create("networks", {"name": "there"})
            assert read_cloud(cloud.state_dir / "clouds.yaml").endpoint == other.endpoint
            assert [each["id"] for each in cloud.rest.list("networks", name="there")] == [made["id"]]
        finally:
            second.terminate()
            assert second.wait(20) == 0
        cloud.check()
        taken = command("api", "--state-dir", str(cloud.state_dir), "--bind", f"127.0.0.1:{cloud.port}")
        assert (taken.returncode, taken.stderr) == (
            1, f"Error: port {cloud.port} of 127.0.0.1 is in use by another program\n"
        )  # fmt: skip


def test_the_routes_are_listed() -> None:
    shown = command("api", "--routes")
    assert shown.returncode == 0
    assert "GET,PUT,DELETE           /v2.0/ports/{object_id}" in shown.stdout
