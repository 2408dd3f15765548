"""What the end-to-end tests stand on: a private OVN with hypervisors, a hand on the Northbound database, and the whole
of Wovenet as its users start it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.running import Running
from wovenet.embedded import process
from wovenet.embedded.central import Central
from wovenet.lab.lab import Lab
from wovenet.lab.supervisor import Supervisor
from wovenet.lab.values import FixedIp, Instance, PortSpec
from wovenet.model.clock import SystemClock

MTU = 1442
_clock = SystemClock()


@dataclass(frozen=True)
class Site:
    """A central and a lab on it."""

    central: Central
    supervisor: Supervisor

    @property
    def lab(self) -> Lab:
        return self.supervisor.lab

    @property
    def nb(self) -> "Northbound":
        return Northbound(self.central)


@contextmanager
def site(directory: Path, *, hypervisors: int = 2) -> Iterator[Site]:
    """A site in `directory`, for as long as the block lasts."""
    central = Central.start(directory / "ovn")
    try:
        supervisor = Supervisor.start(directory / "lab", hypervisors=hypervisors, sb_socket=central.sb_socket)
        try:
            yield Site(central, supervisor)
        finally:
            supervisor.stop()
    finally:
        central.stop()


class Deployment(Running):
    """A running `wovenet up` with a lab."""

    @property
    def lab(self) -> Lab:
        return Lab.open(self.state_dir / "lab")

    @property
    def clouds_file(self) -> Path:
        return self.state_dir / "clouds.yaml"


@contextmanager
def deployment(directory: Path, *, hypervisors: int = 2) -> Iterator[Deployment]:
    """Everything in `directory`, started by `wovenet up` and ended by `wovenet down`."""
    running = Deployment(directory, "--lab", str(hypervisors))
    running.start()
    try:
        yield running
    finally:
        running.down()
    assert running.leftovers() == []


class Northbound:
    """Rows written by ovn-nbctl, as OVN's own documentation does: no code of Wovenet is between."""

    def __init__(self, central: Central) -> None:
        self._remote = central.nb_remote

    def ctl(self, *arguments: str) -> str:
        """What `ovn-nbctl` answers."""
        return process.run(["ovn-nbctl", "--timeout=10", f"--db={self._remote}", *arguments]).strip()

    def network(self, *, cidr: str, server: str, more: str = "") -> "Network":
        """A switch of its own with DHCP options for `cidr`."""
        name = f"net-{_clock.new_id()}"
        self.ctl("ls-add", name)
        options = self.ctl("create", "DHCP_Options", f"cidr={cidr}")
        values = f"server_id={server} router={server} server_mac=fa:16:3e:00:00:01 lease_time=3600 mtu={MTU} {more}"
        self.ctl("dhcp-options-set-options", options, *values.split())
        return Network(self, name, options)


@dataclass(frozen=True)
class Network:
    """A switch, and the options that its ports are served."""

    nb: Northbound
    switch: str
    dhcp_options: str

    def port(self, address: str, *, groups: Sequence[str] = (), spoof_guard: bool = False) -> PortSpec:
        """A port with `address`, a member of the port `groups`."""
        port_id = _clock.new_id()
        mac = "fa:16:3e:" + ":".join(f"{_clock.randrange(0, 256):02x}" for _ in range(3))
        own = f"{mac} {address}"
        command = ["lsp-add", self.switch, port_id, "--", "lsp-set-addresses", port_id, own]
        command += ["--", "lsp-set-dhcpv4-options", port_id, self.dhcp_options]
        if spoof_guard:
            command += ["--", "lsp-set-port-security", port_id, own]
        self.nb.ctl(*command)
        uuid = self.nb.ctl("--bare", "--columns=_uuid", "find", "Logical_Switch_Port", f"name={port_id}")
        for group in groups:
            self.nb.ctl("add", "Port_Group", group, "ports", uuid)
        return PortSpec(port_id, mac, MTU, (FixedIp(address, 24, "dhcp"),))


@contextmanager
def booted(lab: Lab, **ports: tuple[PortSpec, str]) -> Iterator[dict[str, Instance]]:
    """Instances with their leases, by name, each on its port and hypervisor; removed after the block."""
    try:
        instances = {name: lab.boot(name, port, host=host) for name, (port, host) in ports.items()}
        for name in instances:
            lab.wait_lease(name)
        yield instances
    finally:
        for name in ports:
            lab.remove(name)
