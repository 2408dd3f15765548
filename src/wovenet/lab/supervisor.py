"""The lab's own life: hypervisors start, register with OVN, and end without a trace."""

import os
import shutil
import signal
from pathlib import Path

from wovenet.embedded import install, process
from wovenet.lab import dhcp, hypervisor, lab, namespace
from wovenet.lab.lab import Lab, LabError
from wovenet.lab.values import Hypervisor, LabState

MAX_HYPERVISORS = 32

_UNDERLAY_MTU = 1600
"""Room for an instance's 1500 bytes and the 58 of geneve over IPv4."""

_REGISTER_TIMEOUT_S = 30.0
_RELEASE_TIMEOUT_S = 1.5


class Supervisor:
    """A lab that runs for as long as this process. Made by `start`; ended by `stop`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._daemons: list[tuple[Hypervisor, process.Daemon]] = []
        self._lock: int | None = None
        self._lab: Lab | None = None

    @classmethod
    def start(cls, directory: Path, *, hypervisors: int, sb_socket: Path) -> "Supervisor":
        """A lab of hypervisors hv1, hv2 …, all registered in the Southbound database behind `sb_socket`.

        Raises: LabError where this machine cannot run one, process.ProgramFailed, process.DirectoryInUse.
        Guarantees: what an earlier, killed lab in `directory` left is removed first; a failed start leaves nothing.
        """
        require_machine()
        if not 1 <= hypervisors <= MAX_HYPERVISORS:
            raise LabError(f"a lab has 1 to {MAX_HYPERVISORS} hypervisors, not {hypervisors}")
        supervisor = cls(directory.absolute())
        try:
            supervisor._start(hypervisors, sb_socket.absolute())
        except BaseException:
            supervisor.stop()
            raise
        return supervisor

    @property
    def lab(self) -> Lab:
        """The lab as it is used.

        Raises: LabError after `stop`.
        """
        if self._lab is None:
            raise LabError("the lab has ended")
        return self._lab

    def pids(self) -> dict[str, int]:
        """The processes that run, by hypervisor and name."""
        return {f"{on.name}/{daemon.name}": daemon.process.pid for on, daemon in self._daemons if not daemon.ended}

    def ended(self) -> dict[str, str]:
        """The processes that ended although nobody stopped them, each with its last words."""
        return {f"{on.name}/{daemon.name}": daemon.last_words() for on, daemon in self._daemons if daemon.ended}

    def tend(self) -> None:
        """Logs are short. To be called now and then by whoever supervises."""
        for on, daemon in self._daemons:
            if not daemon.ended:
                process.rotate(daemon, hypervisor.control(on, daemon))

    def stop(self) -> None:
        """No process, namespace or interface of this lab is left, and OVN knows none of its chassis.

        To be called before the central is stopped, which has to hear of it.
        """
        if self._lock is None:
            return
        try:
            prefix = namespace.prefix(self._directory)
            namespace.remove(namespace.existing(f"{prefix}i-"))
            self._release()
            process.stop([daemon for _, daemon in reversed(self._daemons)])
            self._daemons.clear()
            namespace.remove(namespace.existing(prefix))
            lab.forget(self._directory)
            self._lab = None
        finally:
            os.close(self._lock)
            self._lock = None

    def _start(self, count: int, sb_socket: Path) -> None:
        self._lock = process.lock_directory(self._directory)
        prefix = namespace.prefix(self._directory)
        earlier = {each.name for each in lab.saved_hypervisors(self._directory)}
        namespace.remove(namespace.existing(prefix))
        lab.forget(self._directory)
        hypervisors = tuple(
            Hypervisor(f"hv{n}", f"{prefix}hv{n}", self._directory / f"hv{n}", f"192.0.2.{n}")
            for n in range(1, count + 1)
        )
        names = {each.name for each in hypervisors}
        hypervisor.forget(sb_socket, sorted(earlier - names))
        state = LabState(hypervisors, f"{prefix}fabric", sb_socket)
        lay_cables(state)
        self._start_daemons(state)
        self._await_registration(names, sb_socket)
        dhcp.prepare(self._directory)
        self._lab = lab.save(self._directory, state)

    def _start_daemons(self, state: LabState) -> None:
        template = self._directory / "template.db"
        template.unlink(missing_ok=True)
        process.run(["ovsdb-tool", "create", str(template), str(hypervisor.SCHEMA)])
        for each in state.hypervisors:
            hypervisor.prepare(each, template)
            self._daemons.append((each, hypervisor.start_database(each)))
        for each in state.hypervisors:
            hypervisor.await_database(each)
            self._daemons.append((each, hypervisor.start_switch(each)))
        process.run_all([hypervisor.configuration(each, state.sb_socket) for each in state.hypervisors])
        for each in state.hypervisors:
            hypervisor.give_tunnel_address(each)
            self._daemons.append((each, hypervisor.start_controller(each)))

    def _await_registration(self, names: set[str], sb_socket: Path) -> None:
        def registered() -> bool:
            for name, words in self.ended().items():
                raise process.ProgramFailed(f"{name}: {words}")
            return names <= hypervisor.registered(sb_socket)

        process.wait_until(registered, timeout_s=_REGISTER_TIMEOUT_S, what="registration of the hypervisors")

    def _release(self) -> None:
        """Each ovn-controller took its chassis out of the Southbound database, as far as it still could."""
        controllers = [(on, daemon) for on, daemon in self._daemons if daemon.name == hypervisor.CONTROLLER]
        for on, daemon in controllers:
            hypervisor.signal_daemons(on, signal.SIGCONT)
            hypervisor.release(on, daemon)
        process.holds_within(lambda: all(daemon.ended for _, daemon in controllers), _RELEASE_TIMEOUT_S)


def require_machine() -> None:
    """This machine can run a lab.

    Raises: LabError with everything that is missing.
    """
    reasons = []
    if os.geteuid() != 0:
        reasons.append("only root may make network namespaces")
    if packages := install.missing("lab"):
        reasons.append(f"not installed: {', '.join(packages)} (`wovenet lab install` installs them)")
    if not Path("/dev/net/tun").exists():
        reasons.append("/dev/net/tun is missing, which OVS's userspace datapath needs")
    if reasons:
        raise LabError(f"no lab can run here: {'; '.join(reasons)}")


def lay_cables(state: LabState) -> None:
    """Namespaces, and between them the underlay and the provider network, each a bridge in the fabric namespace."""
    namespaces = [state.fabric, *(each.namespace for each in state.hypervisors)]
    namespace.ip(*(f"netns add {name}" for name in namespaces))
    # Interfaces made later inherit it: an end that is a port of a switch must not talk itself.
    quiet = "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; ip link set lo up"
    process.run_all([namespace.command(name, ["sh", "-c", quiet]) for name in namespaces])
    bridges = (("und", _UNDERLAY_MTU, hypervisor.UNDERLAY), ("ext", 1500, hypervisor.EXTERNAL))
    cables, fabric = [], []
    for bridge, mtu, interface in bridges:
        fabric += [f"link add {bridge} mtu {mtu} type bridge mcast_snooping 0 forward_delay 0", f"link set {bridge} up"]
        for number, each in enumerate(state.hypervisors, 1):
            end = f"{bridge}{number}"
            cables.append(
                f"link add {end} mtu {mtu} netns {state.fabric} type veth "
                f"peer name {interface} mtu {mtu} netns {each.namespace}"
            )
            fabric += [f"link set {end} master {bridge} up"]
    namespace.ip(*cables)
    namespace.ip(*fabric, namespace=state.fabric)
    # The outside's own end: it speaks IPv6, and leaves no checksum to hardware (see Lab.boot).
    speak = "echo 0 >/proc/sys/net/ipv6/conf/ext/disable_ipv6; ethtool -K ext tx off >/dev/null"
    process.run(namespace.command(state.fabric, ["sh", "-c", speak]))
    for each in state.hypervisors:
        up = (f"link set {interface} up" for interface in (hypervisor.UNDERLAY, hypervisor.EXTERNAL))
        namespace.ip(*up, namespace=each.namespace)


def sweep(directory: Path) -> None:
    """Nothing is left of a lab whose process was killed.

    Raises: process.DirectoryInUse where it runs.
    """
    lock = process.lock_directory(directory)
    try:
        namespace.remove(namespace.existing(namespace.prefix(directory)))
        lab.forget(directory)
        for each in directory.glob("hv*"):
            shutil.rmtree(each)
    finally:
        os.close(lock)
