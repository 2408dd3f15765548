"""`wovenet lab …` as a user runs it, in a process of its own, beside the one that runs the lab."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import harness
from wovenet.embedded import process

_PROGRAM = "from wovenet.lab.commands import lab; lab()"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Site]:
    with harness.site(tmp_path_factory.mktemp("state")) as running:
        network = running.nb.network(cidr="10.9.0.0/24", server="10.9.0.1")
        with harness.booted(running.lab, a=(network.port("10.9.0.11"), "hv1"), b=(network.port("10.9.0.12"), "hv2")):
            yield running


def wovenet_lab(state_dir: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", _PROGRAM, command, "--state-dir", str(state_dir), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def state_dir(site: harness.Site) -> Path:
    return site.lab.directory.parent


def test_list_names_every_instance_and_where_it_is(site: harness.Site, state_dir: Path) -> None:
    listed = wovenet_lab(state_dir, "list")
    head, *rows = [line.split() for line in listed.stdout.splitlines()]
    assert head == ["NAME", "HYPERVISOR", "ADDRESSES", "MAC", "PORT"]
    port = site.lab.instance("a").port
    assert rows[0] == ["a", "hv1", "10.9.0.11", port.mac, port.id]
    assert rows[1][:3] == ["b", "hv2", "10.9.0.12"]


def test_exec_runs_in_the_instance_and_ends_as_the_command_does(state_dir: Path) -> None:
    shown = wovenet_lab(state_dir, "exec", "a", "--", "ip", "-brief", "addr", "show", "eth0")
    assert "10.9.0.11/24" in shown.stdout
    assert wovenet_lab(state_dir, "exec", "a", "--", "ping", "-c1", "-w5", "10.9.0.12").returncode == 0
    assert wovenet_lab(state_dir, "exec", "a", "--", "sh", "-c", "exit 7").returncode == 7
    assert wovenet_lab(state_dir, "exec", "outside", "--", "true").returncode == 0


def test_freeze_and_thaw_act_on_one_hypervisor(site: harness.Site, state_dir: Path) -> None:
    def frozen() -> set[str]:
        states = {
            name: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            for name, pid in site.supervisor.pids().items()
        }
        return {name for name, state in states.items() if state == "T"}

    assert wovenet_lab(state_dir, "freeze", "hv2").returncode == 0
    all_of_hv2 = {"hv2/ovsdb-server", "hv2/ovs-vswitchd", "hv2/ovn-controller"}
    process.wait_until(lambda: frozen() == all_of_hv2, timeout_s=5, what="hv2 standing still")
    assert wovenet_lab(state_dir, "thaw", "hv2").returncode == 0
    process.wait_until(lambda: not frozen(), timeout_s=5, what="hv2 going on")


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("exec", ["nobody", "--", "true"], "Error: no instance is named nobody"),
        ("freeze", ["hv9"], "Error: no hypervisor is named hv9; there are hv1, hv2"),
        ("boot", ["c", "--network", "n"], "clouds.yaml is missing: has `wovenet up` been started"),
        ("clean", [], "Error: another process runs on"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    state_dir: Path, command: str, arguments: list[str], said: str
) -> None:
    done = wovenet_lab(state_dir, command, *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_lab_it_is_said_where_none_runs(tmp_path: Path) -> None:
    done = wovenet_lab(tmp_path, "list")
    assert (done.returncode, done.stderr) == (1, f"Error: no lab runs in {tmp_path}/lab\n")
    assert wovenet_lab(tmp_path, "clean").returncode == 0


def test_the_commands_load_nothing_heavy() -> None:
    program = "import sys, wovenet.lab.commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"neutron_lib", "sqlalchemy", "falcon", "oslo_config", "rich"} & set(loaded)
