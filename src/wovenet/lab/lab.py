"""A running lab as any process may use it: instances on its hypervisors. Its own start and end: `supervisor`."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from ipaddress import ip_address, ip_interface
from pathlib import Path

from wovenet.embedded import process
from wovenet.lab import dhcp, hypervisor, namespace
from wovenet.lab.values import (
    Hypervisor,
    Instance,
    LabState,
    Lease,
    PortSpec,
    read_instance,
    read_lab,
    read_lease,
    write_json,
)

OUTSIDE = "outside"
"""The name under which commands run on the provider network physnet1, beyond the cloud."""

BOUND_TIMEOUT_S = 30.0
LEASE_TIMEOUT_S = 30.0

_STATE = "lab.json"
_INSTANCE = "instance.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)


class LabError(Exception):
    """The lab cannot do what was asked; the text says why."""


class Lab:
    """A handle on the lab in `directory`. Holds nothing but what the files there say."""

    def __init__(self, directory: Path, state: LabState) -> None:
        self.directory = directory
        self.state = state

    @classmethod
    def open(cls, directory: Path) -> "Lab":
        """The lab that runs in `directory`.

        Raises: LabError where none runs.
        """
        directory = directory.absolute()
        try:
            lab = cls(directory, read_lab(directory / _STATE))
        except FileNotFoundError as none:
            raise LabError(f"no lab runs in {directory}") from none
        if not all(hypervisor.running(each) for each in lab.state.hypervisors):
            raise LabError(f"the lab in {directory} has ended")
        return lab

    def boot(self, name: str, port: PortSpec, *, host: str, made_port: bool = False) -> Instance:
        """An instance on `port`, plugged in at the hypervisor `host`, its port bound there and its address clients
        started. Use `wait_lease` for when it has its addresses.

        Raises: LabError, where the name is taken or OVN does not bind the port; nothing is left of it then.
        """
        where = self.hypervisor(host)
        instance = Instance(
            name, host, f"{namespace.prefix(self.directory)}i-{name}", f"tap{port.id[:11]}", port, made_port
        )
        self._claim(instance)
        try:
            self._plug(instance, where)
            process.wait_until(
                lambda: hypervisor.flows_installed(where, instance.tap),
                timeout_s=BOUND_TIMEOUT_S,
                what=f"OVN binding port {port.id} on {host}",
            )
            self._configure(instance)
        except process.ProgramFailed as failed:
            self.remove(name)
            raise LabError(f"{name}: {failed}") from failed
        except BaseException:
            self.remove(name)
            raise
        return instance

    def require_free(self, name: str, port_id: str | None = None) -> None:
        """No instance has this name, and none is booted on this port.

        Raises: LabError.
        """
        if self._folder(name).exists():
            raise LabError(f"an instance is named {name} already")
        for other in self.instances():
            if other.port.id == port_id:
                raise LabError(f"{other.name} is booted on port {port_id}")

    def wait_lease(self, name: str, *, timeout_s: float = LEASE_TIMEOUT_S) -> dict[str, Lease]:
        """The instance has every address of its port; the leases among them, by address.

        Raises: LabError.
        """
        instance = self.instance(name)
        wanted = {each.address for each in instance.port.fixed_ips}
        leased = {each.address for each in instance.port.fixed_ips if each.method in {"dhcp", "dhcpv6"}}

        def complete() -> bool:
            return leased <= self.leases(name).keys() and wanted <= self.addresses(name)

        try:
            process.wait_until(complete, timeout_s=timeout_s, what="its addresses", interval_s=0.02)
        except process.ProgramFailed as late:
            have = ", ".join(sorted(self.addresses(name))) or "none"
            raise LabError(f"{name}: has {have}, not {', '.join(sorted(wanted))} ({late})") from late
        return self.leases(name)

    def instances(self) -> list[Instance]:
        """The instances, by name."""
        files = sorted((self.directory / "instances").glob(f"*/{_INSTANCE}"))
        return [read_instance(file) for file in files]

    def instance(self, name: str) -> Instance:
        """The instance of this name.

        Raises: LabError.
        """
        try:
            return read_instance(self._folder(name) / _INSTANCE)
        except FileNotFoundError as unknown:
            raise LabError(f"no instance is named {name}") from unknown

    def leases(self, name: str) -> dict[str, Lease]:
        """The leases that the instance holds now, by address."""
        leases = [read_lease(file) for file in sorted(self._folder(name).glob("lease?.json"))]
        return {lease.address: lease for lease in leases}

    def addresses(self, name: str) -> set[str]:
        """The addresses that the instance's interface has, without link-local ones."""
        argv = ["ip", "-n", self.instance(name).namespace, "-j", "addr", "show", "dev", dhcp.INTERFACE]
        (shown,) = json.loads(process.run(argv))
        return {each["local"] for each in shown["addr_info"] if each["scope"] == "global"}

    def hypervisor(self, name: str) -> Hypervisor:
        """The hypervisor of this name.

        Raises: LabError.
        """
        for each in self.state.hypervisors:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.state.hypervisors)
        raise LabError(f"no hypervisor is named {name}; there are {known}")

    def emptiest(self) -> str:
        """The hypervisor with the fewest instances, the first of equals."""
        counts = {each.name: 0 for each in self.state.hypervisors}
        for instance in self.instances():
            counts[instance.hypervisor] += 1
        return min(counts, key=counts.__getitem__)

    def command(self, name: str, argv: Sequence[str]) -> list[str]:
        """What to run so that `argv` runs in the instance (or OUTSIDE), with the name servers of its lease."""
        if name == OUTSIDE:
            return namespace.command(self.state.fabric, argv)
        instance = self.instance(name)
        resolv = self._folder(name) / "resolv.conf"
        leases = self.leases(name).values()
        domains = [f"search {lease.domain}\n" for lease in leases if lease.domain and _NAME.fullmatch(lease.domain)]
        resolv.write_text("".join([*domains[:1], *(f"nameserver {dns}\n" for lease in leases for dns in lease.dns)]))
        # `ip netns exec` has made a mount namespace of its own, so only `argv` sees this file.
        shell = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        return namespace.command(instance.namespace, ["sh", "-c", shell, str(resolv), *argv])

    def run(self, name: str, argv: Sequence[str], *, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        """The end of `argv`, run in the instance (or OUTSIDE). A status other than 0 is the caller's to judge.

        Raises: LabError where it does not end in time.
        """
        try:
            return subprocess.run(
                self.command(name, argv),
                env=process.user_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise LabError(f"{name}: {' '.join(argv)}: no end within {timeout_s:g} s") from late

    def background(self, name: str, argv: Sequence[str]) -> None:
        """`argv` runs in the instance until it ends or the instance is removed; it prints to `output` in its folder."""
        output = self._folder(name) / "output" if name != OUTSIDE else self.directory / "outside.output"
        with output.open("ab") as file:
            subprocess.run(
                ["setsid", "--fork", *self.command(name, argv)],
                env=process.user_environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                check=True,
            )

    def remove(self, name: str) -> None:
        """No instance has this name: its processes, namespace, interface and files are gone. Fine if there is none."""
        folder = self._folder(name)
        file = folder / _INSTANCE
        if file.exists():
            instance = read_instance(file)
            process.run(hypervisor.unplug(self.hypervisor(instance.hypervisor), instance.tap))
            namespace.remove([instance.namespace])
        shutil.rmtree(folder, ignore_errors=True)

    def freeze(self, host: str) -> None:
        """The hypervisor's daemons stand still: to the others it is as if the host had died."""
        hypervisor.signal_daemons(self.hypervisor(host), signal.SIGSTOP)

    def thaw(self, host: str) -> None:
        """The hypervisor's daemons go on."""
        hypervisor.signal_daemons(self.hypervisor(host), signal.SIGCONT)

    def give_outside_address(self, address: str) -> None:
        """The provider network physnet1 has a host at `address` ("203.0.113.1/24")."""
        namespace.ip(f"addr replace {ip_interface(address)} dev ext", namespace=self.state.fabric)

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or name == OUTSIDE:
            raise LabError(f"{name!r} is no name for an instance")
        return self.directory / "instances" / name

    def _claim(self, instance: Instance) -> None:
        _check(instance.port)
        self.require_free(instance.name, instance.port.id)
        folder = self._folder(instance.name)
        folder.parent.mkdir(exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError as taken:
            raise LabError(f"an instance is named {instance.name} already") from taken
        # Before anything is made, so that whoever removes the instance knows all that may be there.
        write_json(folder / _INSTANCE, instance)

    def _plug(self, instance: Instance, where: Hypervisor) -> None:
        """The namespace and its interface are there, the other end is a port of br-int; the interface is still down."""
        port = instance.port
        process.run(["ip", "netns", "add", instance.namespace])
        # accept_dad 0: router solicitations go unanswered while the link-local address is tentative.
        # tx off: the userspace datapath passes on checksums that the sender left to its hardware, and TCP fails.
        script = f"""
            set -e
            cd /proc/sys/net/ipv6/conf/default
            echo 0 >accept_dad
            echo 1 >router_solicitation_interval
            ip link set lo up
            ip link add {dhcp.INTERFACE} address {port.mac} mtu {port.mtu} type veth \
                peer name {instance.tap} mtu {port.mtu} netns {where.namespace}
            ethtool -K {dhcp.INTERFACE} tx off >/dev/null
        """
        process.run(namespace.command(instance.namespace, ["sh", "-c", script]))
        process.run_all(
            [
                ["ip", "-n", where.namespace, "link", "set", instance.tap, "up"],
                hypervisor.plug(where, instance.tap, port_id=port.id, mac=port.mac),
            ]
        )

    def _configure(self, instance: Instance) -> None:
        """The interface is up with its static addresses, and asks for the others."""
        lines = [f"link set {dhcp.INTERFACE} up"]
        for fixed in instance.port.fixed_ips:
            if fixed.method == "static":
                lines.append(f"addr add {fixed.address}/{fixed.prefix_length} dev {dhcp.INTERFACE}")
                if fixed.gateway:
                    lines.append(f"route add default via {fixed.gateway} dev {dhcp.INTERFACE}")
        namespace.ip(*lines, namespace=instance.namespace)
        methods = {fixed.method for fixed in instance.port.fixed_ips}
        for method, version in (("dhcp", 4), ("dhcpv6", 6)):
            if method in methods:
                dhcp.start(instance, self._folder(instance.name), common=self.directory, version=version)


def _check(port: PortSpec) -> None:
    """Nothing of `port` means more to the programs it is passed to than it should.

    Raises: LabError.
    """
    addresses = [word for fixed in port.fixed_ips for word in (fixed.address, fixed.gateway) if word is not None]
    try:
        for address in addresses:
            ip_address(address)
    except ValueError as malformed:
        raise LabError(f"port {port.id!r}: {malformed}") from malformed
    if not (_NAME.fullmatch(port.id) and _MAC.fullmatch(port.mac) and type(port.mtu) is int):
        raise LabError(f"not a port: {port.id!r} with {port.mac!r} and mtu {port.mtu!r}")


def save(directory: Path, state: LabState) -> Lab:
    """The lab, from now on found by `Lab.open`."""
    write_json(directory / _STATE, state)
    return Lab(directory, state)


def saved_hypervisors(directory: Path) -> tuple[Hypervisor, ...]:
    """The hypervisors of the lab that ran in `directory` before, if one was not ended in order."""
    file = directory / _STATE
    return read_lab(file).hypervisors if file.exists() else ()


def forget(directory: Path) -> None:
    """`directory` tells of no lab and no instance."""
    (directory / _STATE).unlink(missing_ok=True)
    shutil.rmtree(directory / "instances", ignore_errors=True)
