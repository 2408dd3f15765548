"""One hypervisor: ovsdb-server, ovs-vswitchd with the userspace datapath, and ovn-controller in a network namespace."""

import contextlib
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from wovenet.embedded import jsonrpc, process
from wovenet.lab import namespace
from wovenet.lab.values import Hypervisor

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
UNDERLAY = "und0"
"""The interface that carries the tunnels, a port of br-phys."""
EXTERNAL = "ext0"
"""The interface to the provider network physnet1, a port of br-ex."""

CONTROLLER = "ovn-controller"
_SERVER, _SWITCH = "ovsdb-server", "ovs-vswitchd"
_READY_TIMEOUT_S = 15.0


def prepare(hypervisor: Hypervisor, template: Path) -> None:
    """Its directory is new and holds an empty database."""
    shutil.rmtree(hypervisor.directory, ignore_errors=True)
    hypervisor.directory.mkdir(parents=True)
    shutil.copyfile(template, hypervisor.directory / "conf.db")


def start_database(hypervisor: Hypervisor) -> process.Daemon:
    """Its ovsdb-server, which may not answer yet."""
    argv = ["ovsdb-server", str(hypervisor.directory / "conf.db"), f"--remote=punix:{hypervisor.database}"]
    return _start(hypervisor, _SERVER, [*argv, f"--unixctl={hypervisor.directory}/{_SERVER}.ctl"])


def start_switch(hypervisor: Hypervisor) -> process.Daemon:
    """Its ovs-vswitchd. Without the kernel's datapath, which this machine need not have."""
    argv = ["ovs-vswitchd", "--disable-system", f"unix:{hypervisor.database}"]
    return _start(hypervisor, _SWITCH, [*argv, f"--unixctl={hypervisor.directory}/{_SWITCH}.ctl"])


def start_controller(hypervisor: Hypervisor) -> process.Daemon:
    """Its ovn-controller, which registers the chassis."""
    # It has no --unixctl in OVN 23.03; its control socket is named after its pid.
    return _start(hypervisor, CONTROLLER, ["ovn-controller", f"unix:{hypervisor.database}"])


def await_database(hypervisor: Hypervisor) -> None:
    """Its database answers."""

    def answers() -> bool:
        with contextlib.suppress(OSError):
            return "Open_vSwitch" in jsonrpc.call(hypervisor.database, "list_dbs", [])
        return False

    process.wait_until(answers, timeout_s=_READY_TIMEOUT_S, what=f"the database of {hypervisor.name}")


def configuration(hypervisor: Hypervisor, sb_socket: Path) -> list[str]:
    """The command that gives it its bridges and makes it a chassis; it ends when ovs-vswitchd has followed."""
    external_ids = {
        "system-id": hypervisor.name,
        "hostname": hypervisor.name,
        "ovn-remote": f"unix:{sb_socket}",  # a unix socket is reached from every network namespace
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": hypervisor.tunnel_ip,
        "ovn-bridge-datapath-type": "netdev",
        "ovn-bridge-mappings": "physnet1:br-ex",
        "ovn-cms-options": "enable-chassis-as-gw",
    }
    command = _vsctl(hypervisor, "set", "Open_vSwitch", ".")
    command += [f"external_ids:{key}={value}" for key, value in external_ids.items()]
    for bridge, port in (("br-int", None), ("br-phys", UNDERLAY), ("br-ex", EXTERNAL)):
        command += ["--", "add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev"]
        if port is None:
            command.append("fail_mode=secure")
        else:
            command += ["--", "add-port", bridge, port]
    return command


def give_tunnel_address(hypervisor: Hypervisor) -> None:
    """The tunnel's address is on br-phys itself: the userspace datapath looks for it on a bridge's own port."""
    lines = (f"addr add {hypervisor.tunnel_ip}/24 dev br-phys", "link set br-phys mtu 1600 up")
    namespace.ip(*lines, namespace=hypervisor.namespace)


def plug(hypervisor: Hypervisor, tap: str, *, port_id: str, mac: str) -> list[str]:
    """The command that makes `tap` the interface of the logical port."""
    options = [f"external_ids:iface-id={port_id}", f'external_ids:attached-mac="{mac}"']
    return _vsctl(hypervisor, "add-port", "br-int", tap, "--", "set", "Interface", tap, *options)


def unplug(hypervisor: Hypervisor, tap: str) -> list[str]:
    """The command that takes `tap` off the hypervisor."""
    return _vsctl(hypervisor, "--if-exists", "del-port", "br-int", tap)


def flows_installed(hypervisor: Hypervisor, tap: str) -> bool:
    """Whether ovn-controller claimed the port of `tap` and its flows are in place."""
    select: dict[str, object] = {
        "op": "select",
        "table": "Interface",
        "where": [["name", "==", tap]],
        "columns": ["external_ids"],
    }
    (result,) = jsonrpc.transact(hypervisor.database, "Open_vSwitch", select)
    return any(["ovn-installed", "true"] in row["external_ids"][1] for row in result["rows"])


def registered(sb_socket: Path) -> set[str]:
    """The names of the chassis in the Southbound database."""
    selects: list[dict[str, object]] = [
        {"op": "select", "table": table, "where": [], "columns": ["name"]} for table in ("Chassis", "Chassis_Private")
    ]
    public, private = (
        {str(row["name"]) for row in result["rows"]}
        for result in jsonrpc.transact(sb_socket, "OVN_Southbound", *selects)
    )
    return public & private


def forget(sb_socket: Path, names: Sequence[str]) -> None:
    """The Southbound database has no chassis of these names."""
    deletes: list[dict[str, object]] = [
        {"op": "delete", "table": table, "where": [["name", "==", name]]}
        for name in names
        for table in ("Chassis_Private", "Chassis")
    ]
    if deletes:
        jsonrpc.transact(sb_socket, "OVN_Southbound", *deletes)


def running(hypervisor: Hypervisor) -> frozenset[int]:
    """The processes of its daemons."""
    return process.holders(hypervisor.directory.glob("*.pid"))


def signal_daemons(hypervisor: Hypervisor, number: signal.Signals) -> None:
    """Each of its daemons got the signal."""
    process.signal_all(lambda: running(hypervisor), number)


def release(hypervisor: Hypervisor, controller: process.Daemon) -> None:
    """ovn-controller, if it runs, was asked to take its chassis out of the Southbound database and to end."""
    with contextlib.suppress(OSError, jsonrpc.CallFailed):
        jsonrpc.call(control(hypervisor, controller), "exit", [], timeout_s=1.0)


def control(hypervisor: Hypervisor, daemon: process.Daemon) -> Path:
    """The control socket of one of its daemons."""
    if daemon.name == CONTROLLER:
        return hypervisor.directory / f"{CONTROLLER}.{daemon.process.pid}.ctl"
    return daemon.pid_file.with_suffix(".ctl")


def _start(hypervisor: Hypervisor, name: str, argv: Sequence[str]) -> process.Daemon:
    env = process.environment(hypervisor.directory)
    return process.start(argv, name=name, directory=hypervisor.directory, env=env, namespace=hypervisor.namespace)


def _vsctl(hypervisor: Hypervisor, *arguments: str) -> list[str]:
    return ["ovs-vsctl", "--timeout=10", f"--db=unix:{hypervisor.database}", *arguments]
