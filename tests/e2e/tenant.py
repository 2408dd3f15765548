"""What a test has in the cloud: networks, groups and instances, all gone after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.harness import Deployment
from tests.running import until
from wovenet.embedded import process
from wovenet.lab import client, probe
from wovenet.lab.lab import Lab
from wovenet.lab.rest import Resource, Rest
from wovenet.lab.values import Instance, Lease

# Both run in an instance: an echo, and who sends it a byte twenty times a second and writes one for each that returns.
_ECHO = """
import socket, threading
def serve(connection):
    while chunk := connection.recv(64):
        connection.sendall(chunk)
with socket.create_server(("0.0.0.0", 7)) as server:
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""
_FLOW = """
import socket, sys, time
with socket.create_connection((sys.argv[1], 7), timeout=60) as connection:
    while True:
        connection.sendall(b".")
        print(connection.recv(1).decode(), end="", flush=True)
        time.sleep(0.05)
"""


@dataclass
class Tenant:
    """Makes things, and remembers what it made."""

    cloud: Deployment
    rest: Rest
    lab: Lab
    _made: list[tuple[str, str]] = field(default_factory=list)
    _booted: list[str] = field(default_factory=list)

    def make(self, collection: str, **attributes: Any) -> Resource:
        made = self.rest.create(collection, attributes)
        self._made.append((collection, made["id"]))
        return made

    def network(self, cidr: str, *, subnet: dict[str, Any] | None = None, **attributes: Any) -> Resource:
        """A network with a subnet of `cidr`."""
        network = self.make("networks", **attributes)
        self.make("subnets", network_id=network["id"], **{"cidr": cidr, "ip_version": 4, **(subnet or {})})
        return network

    def group(self, *rules: dict[str, Any]) -> str:
        """The id of a group with these ingress rules."""
        group: str = self.make("security-groups", name="e2e")["id"]
        for rule in rules:
            self.rule(group, **rule)
        return group

    def rule(self, group: str, **rule: Any) -> Resource:
        wanted = {"security_group_id": group, "direction": "ingress", "ethertype": "IPv4", **rule}
        return self.rest.create("security-group-rules", wanted)

    def port(self, network: Resource, **attributes: Any) -> Resource:
        return self.make("ports", network_id=network["id"], **attributes)

    def boot(self, name: str, port: Resource, host: str) -> tuple[Instance, dict[str, Lease]]:
        """An instance with its addresses on a port that was made before."""
        booted = client.boot(self.lab, self.rest, client.Wish(name, port=port["id"], host=host))
        self._booted.append(name)
        return booted

    def boot_as_it_is(self, name: str, port: Resource, host: str) -> None:
        """An instance on a port that is bound to `host` already: the API is not told of it."""
        self.lab.boot(name, client.port_spec(self.rest, port), host=host)
        self._booted.append(name)

    def shut(self, name: str) -> None:
        """The instance is gone; its port stays."""
        client.remove(self.lab, self.rest, name)
        self._booted.remove(name)

    def await_status(self, port: Resource, status: str) -> None:
        until(lambda: self.rest.show("ports", port["id"])["status"] == status, f"the port is {status}")

    def clean(self) -> None:
        there = {instance.name for instance in self.lab.instances()}
        for name in self._booted:
            if name in there:
                client.remove(self.lab, self.rest, name)
        self._booted.clear()
        for collection, id_ in reversed(self._made):
            self.rest.delete(collection, id_)
        self._made.clear()

    # ---- packets

    def await_ping(self, name: str, address: str, *, passes: bool = True) -> None:
        """An echo comes back from now on, or none does."""
        until(lambda: probe.ping(self.lab, name, address, within_s=1) is passes, f"ping of {address} passes: {passes}")

    def echo(self, name: str) -> None:
        """The instance echoes what it gets at TCP port 7."""
        self.lab.background(name, [*probe.PYTHON, _ECHO])
        listening = ["ip", "netns", "exec", self.lab.instance(name).namespace, "cat", "/proc/net/tcp"]
        until(lambda: ":0007 " in process.run(listening), f"{name} listens")

    def flow(self, name: str, address: str) -> Callable[[], int]:
        """A connection to the echo at `address` is open; answers with how much has come back so far."""
        self.lab.background(name, [*probe.PYTHON, _FLOW, address])
        output = self.lab.directory / "instances" / name / "output"

        def length() -> int:
            return output.read_bytes().count(b".") if output.exists() else 0

        until(lambda: length() > 3, f"{name} has a connection to {address}")
        return length


def moves(length: Callable[[], int], *, within_s: float = 1.0) -> bool:
    """Whether anything more came back `within_s` seconds."""
    before = length()
    return process.holds_within(lambda: length() > before, within_s, interval_s=0.02)


@contextmanager
def tenant(cloud: Deployment) -> Iterator[Tenant]:
    """Somebody with an empty project; everything is as it should be before and after, and nothing of theirs stays."""
    somebody = Tenant(cloud, cloud.rest, cloud.lab)
    try:
        yield somebody
        cloud.check()
    finally:
        somebody.clean()
    cloud.check()
