"""What the lab is told and what it remembers, as values that go to and from JSON."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Method = Literal["dhcp", "slaac", "dhcpv6", "static"]
"""How an instance comes to an address."""


@dataclass(frozen=True, slots=True)
class FixedIp:
    """One address that the port has, and how the instance gets it. `gateway` is read for static addresses only."""

    address: str
    prefix_length: int
    method: Method
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class PortSpec:
    """What an instance needs to know of its port."""

    id: str
    mac: str
    mtu: int
    fixed_ips: tuple[FixedIp, ...] = ()


@dataclass(frozen=True, slots=True)
class Hypervisor:
    """One hypervisor: its namespace, and the directory with the sockets and pid files of its daemons."""

    name: str
    namespace: str
    directory: Path
    tunnel_ip: str

    @property
    def database(self) -> Path:
        """The socket of its Open_vSwitch database."""
        return self.directory / "db.sock"


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as it was booted. `made_port`: the port was made for it and goes with it."""

    name: str
    hypervisor: str
    namespace: str
    tap: str
    port: PortSpec
    made_port: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """`destination` is reached by `via`, or directly where there is none."""

    destination: str
    via: str | None


@dataclass(frozen=True, slots=True)
class Lease:
    """What a DHCP server said, and the instance configured."""

    address: str
    prefix_length: int
    routes: tuple[Route, ...] = ()
    dns: tuple[str, ...] = ()
    mtu: int | None = None
    server: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class LabState:
    """A lab as another process finds it."""

    hypervisors: tuple[Hypervisor, ...]
    fabric: str
    sb_socket: Path


def write_json(path: Path, value: Any) -> None:
    """`path` holds `value`, a dataclass; a reader sees all of it or what was there before."""
    text = json.dumps(asdict(value), default=str, indent=1)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text + "\n")
    fresh.replace(path)


def read_instance(path: Path) -> Instance:
    content = json.loads(path.read_text())
    return Instance(**{**content, "port": _port(content["port"])})


def read_lease(path: Path) -> Lease:
    content = json.loads(path.read_text())
    routes = tuple(Route(**route) for route in content["routes"])
    return Lease(**{**content, "routes": routes, "dns": tuple(content["dns"])})


def read_lab(path: Path) -> LabState:
    content = json.loads(path.read_text())
    hypervisors = tuple(Hypervisor(**{**each, "directory": Path(each["directory"])}) for each in content["hypervisors"])
    return LabState(hypervisors, content["fabric"], Path(content["sb_socket"]))


def _port(content: Mapping[str, Any]) -> PortSpec:
    return PortSpec(**{**content, "fixed_ips": tuple(FixedIp(**each) for each in content["fixed_ips"])})
