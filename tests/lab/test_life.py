"""A lab leaves nothing on the machine, however it ends, and does not mind a neighbour."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e import harness
from wovenet.embedded import install, jsonrpc, process
from wovenet.embedded.central import Central
from wovenet.lab import hypervisor, namespace, probe
from wovenet.lab import supervisor as supervisor_module
from wovenet.lab.lab import Lab, LabError
from wovenet.lab.supervisor import Supervisor


@dataclass(frozen=True)
class Machine:
    """What a lab in `directory` could leave behind: all interfaces, its own namespaces and processes."""

    interfaces: frozenset[str]
    namespaces: frozenset[str]
    commands: frozenset[str]


def look(directory: Path) -> Machine:
    links = json.loads(process.run(["ip", "-j", "link"]))
    commands = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and entry.name != str(os.getpid()):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(directory) in command:
                commands.add(command)
    names = namespace.existing(namespace.prefix(directory / "lab"))
    return Machine(frozenset(link["ifname"] for link in links), frozenset(names), frozenset(commands))


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Machine]:
    """The machine as it was before the test, and has to be after it."""
    before = look(tmp_path)
    assert not before.namespaces
    assert not before.commands
    yield before
    assert look(tmp_path) == before


def _boot_two(site: harness.Site) -> None:
    network = site.nb.network(cidr="10.9.0.0/24", server="10.9.0.1")
    for name, host, address in (("a", "hv1", "10.9.0.11"), ("b", "hv2", "10.9.0.12")):
        site.lab.boot(name, network.port(address), host=host)
        site.lab.wait_lease(name)


def test_down_leaves_no_process_namespace_interface_or_chassis(tmp_path: Path, bare: Machine) -> None:
    with harness.site(tmp_path) as site:
        _boot_two(site)
        assert hypervisor.registered(site.central.sb_socket) == {"hv1", "hv2"}
        probe.serve(site.lab, "a", 80, greeting="still here")
        during = look(tmp_path)
        assert len(during.namespaces) == 5
        assert len(during.commands) == 3 + 2 * 3 + 2  # the central, two hypervisors, two DHCP clients
        assert len(namespace.processes(during.namespaces)) == 2 * 3 + 2 + 1
        site.supervisor.stop()
        after = look(tmp_path)
        assert not after.namespaces
        assert len(after.commands) == 3
        assert hypervisor.registered(site.central.sb_socket) == set()
        with pytest.raises(LabError, match="no lab runs"):
            Lab.open(tmp_path / "lab")


def test_removing_an_instance_takes_everything_of_it(tmp_path: Path, bare: Machine) -> None:
    with harness.site(tmp_path) as site:
        empty = look(tmp_path)
        _boot_two(site)
        where = site.lab.hypervisor("hv1")
        listing = ["ovs-vsctl", f"--db=unix:{where.database}", "list-ports", "br-int"]
        tap = site.lab.instance("a").tap
        assert tap in process.run(listing)
        site.lab.background("a", ["sleep", "1000"])
        site.lab.remove("a")
        site.lab.remove("b")
        site.lab.remove("b")
        assert look(tmp_path) == empty
        assert tap not in process.run(listing)
        assert site.lab.instances() == []


def test_the_next_start_removes_what_a_killed_lab_left(tmp_path: Path, bare: Machine) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from tests.e2e import harness
        from tests.lab.test_life import _boot_two
        with harness.site(Path({str(tmp_path)!r}), hypervisors=3) as site:
            _boot_two(site)
            site.lab.freeze("hv2")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # The daemons ended with their parent, the instances' namespaces and clients are still there.
    process.wait_until(
        lambda: not process.holders((tmp_path / "lab").glob("hv?/*.pid")), timeout_s=5, what="end of the daemons"
    )
    left = look(tmp_path)
    assert len(left.namespaces) == 6
    assert sum("dhclient" in command for command in left.commands) == 2
    with pytest.raises(LabError, match="has ended"):
        Lab.open(tmp_path / "lab")

    with harness.site(tmp_path, hypervisors=2) as site:
        assert site.lab.instances() == []
        assert hypervisor.registered(site.central.sb_socket) == {"hv1", "hv2"}
        assert len(look(tmp_path).namespaces) == 3


def test_sweep_removes_what_a_killed_lab_left_and_nothing_of_one_that_runs(tmp_path: Path, bare: Machine) -> None:
    directory = tmp_path / "lab"
    name = f"{namespace.prefix(directory)}hv1"
    namespace.ip(f"netns add {name}")
    left = subprocess.Popen(namespace.command(name, ["sleep", "1000"]))
    process.wait_until(lambda: left.pid in namespace.processes([name]), timeout_s=5, what="the process inside")
    supervisor_module.sweep(directory)
    assert left.wait() == -signal.SIGTERM
    with harness.site(tmp_path) as site:
        with pytest.raises(process.DirectoryInUse):
            supervisor_module.sweep(directory)
        assert site.supervisor.ended() == {}


def test_two_labs_run_side_by_side_with_the_same_addresses_and_names(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, bare: Machine
) -> None:
    with harness.site(tmp_path) as one, harness.site(tmp_path_factory.mktemp("neighbour")) as other:
        for site in (one, other):
            _boot_two(site)
        probe.serve(one.lab, "b", 80, greeting="one")
        probe.serve(other.lab, "b", 80, greeting="other")
        assert probe.connect(one.lab, "a", "10.9.0.12", 80) == ("connected", "one")
        assert probe.connect(other.lab, "a", "10.9.0.12", 80) == ("connected", "other")
        other.lab.remove("a")
        assert [instance.name for instance in one.lab.instances()] == ["a", "b"]


def test_a_second_lab_in_the_same_directory_is_refused_and_harms_nothing(tmp_path: Path, bare: Machine) -> None:
    with harness.site(tmp_path) as site:
        with pytest.raises(process.DirectoryInUse):
            Supervisor.start(tmp_path / "lab", hypervisors=2, sb_socket=site.central.sb_socket)
        assert site.supervisor.ended() == {}
        assert len(look(tmp_path).namespaces) == 3


def test_a_start_that_fails_leaves_nothing(tmp_path: Path, bare: Machine) -> None:
    central = Central.start(tmp_path / "ovn")
    try:
        # The Northbound database knows no chassis, so nobody can register.
        with pytest.raises(jsonrpc.CallFailed):
            Supervisor.start(tmp_path / "lab", hypervisors=1, sb_socket=central.nb_socket)
    finally:
        central.stop()


def test_a_daemon_that_ends_is_reported_by_hypervisor_and_name(tmp_path: Path, bare: Machine) -> None:
    with harness.site(tmp_path) as site:
        os.kill(site.supervisor.pids()["hv2/ovs-vswitchd"], signal.SIGKILL)
        process.wait_until(lambda: set(site.supervisor.ended()) == {"hv2/ovs-vswitchd"}, timeout_s=5, what="the report")


def test_a_lab_outlives_a_restart_of_its_central(tmp_path: Path, bare: Machine) -> None:
    with harness.site(tmp_path) as site:
        _boot_two(site)
        site.central.stop()
        assert probe.ping(site.lab, "a", "10.9.0.12")
        central = Central.start(tmp_path / "ovn")
        try:
            network = harness.Northbound(central).network(cidr="10.9.1.0/24", server="10.9.1.1")
            with harness.booted(site.lab, c=(network.port("10.9.1.11"), "hv1"), d=(network.port("10.9.1.12"), "hv2")):
                assert probe.ping(site.lab, "c", "10.9.1.12")
            site.supervisor.stop()
            assert hypervisor.registered(central.sb_socket) == set()
        finally:
            central.stop()


def test_long_logs_are_set_aside_while_the_daemons_run(tmp_path: Path, bare: Machine) -> None:
    with harness.site(tmp_path, hypervisors=1) as site:
        logs = sorted((tmp_path / "lab/hv1/log").glob("*.log"))
        assert len(logs) == 3
        for log in logs:
            with log.open("ab") as file:
                file.truncate(process.LOG_LIMIT_BYTES)
        site.supervisor.tend()
        for log in logs:
            process.wait_until(log.exists, timeout_s=5, what=f"the new {log}")
            assert log.stat().st_size < 10_000


def test_what_the_machine_lacks_is_said_at_once_and_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(install, "missing", lambda part: ["ethtool", "ovn-host"])
    with pytest.raises(LabError, match=r"only root .*; not installed: ethtool, ovn-host \(`wovenet lab install`"):
        Supervisor.start(tmp_path / "lab", hypervisors=1, sb_socket=tmp_path / "none")
    assert not (tmp_path / "lab").exists()


@pytest.mark.parametrize("count", [0, 33])
def test_the_number_of_hypervisors_is_bounded(tmp_path: Path, count: int) -> None:
    with pytest.raises(LabError, match="1 to 32"):
        Supervisor.start(tmp_path / "lab", hypervisors=count, sb_socket=tmp_path / "none")
