"""A first look: a network, three instances on two hypervisors, and proof that packets pass and rules hold."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from wovenet.embedded import process
from wovenet.lab import client, probe
from wovenet.lab.lab import Lab
from wovenet.lab.rest import CLOUD, Resource, Rest, RestFailed
from wovenet.model.clock import SystemClock

NETWORK = "demo"
CIDR = "10.20.0.0/24"
OPEN_GROUP = "demo-web"
CLOSED_GROUP = "demo-quiet"
PORT = 80

_CONFLICT = 409
_ACTIVE_TIMEOUT_S = 20.0
_clock = SystemClock()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that should be so, and whether it is."""

    what: str
    passed: bool
    took_s: float


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo found; `addresses` of its instances by name."""

    checks: tuple[Check, ...]
    addresses: Mapping[str, str]

    @property
    def ok(self) -> bool:
        return all(check.passed for check in self.checks)


def run(lab: Lab, rest: Rest, console: Console, *, clouds_file: Path) -> DemoResult:
    """The demo's network and instances are there, and every check of them was made; `console` shows each step.

    A second run finds the network, the groups, the ports and, in a lab that went on, the instances of the first.

    Raises: LabError, rest.RestFailed.
    """
    began = _clock.monotonic()
    network = _network(rest, console)
    groups = _groups(rest, console)
    hosts = [each.name for each in lab.state.hypervisors]
    here, there = hosts[0], hosts[-1]
    members = {"web1": (here, OPEN_GROUP), "web2": (there, OPEN_GROUP), "quiet": (here, CLOSED_GROUP)}
    addresses: dict[str, str] = {}
    for name, (host, group) in members.items():
        port = _port(rest, network, name, groups[group])
        addresses[name] = _instance(lab, rest, client.Wish(name, port=port["id"], host=host))
        _done(console, f"{name} on {host} has {addresses[name]}")
    checks = []
    for check in _checks(lab, rest, addresses, across=here != there):
        _done(console, check.what, ok=check.passed, took_s=check.took_s)
        checks.append(check)
    result = DemoResult(tuple(checks), addresses)
    verdict = "everything is as it should be" if result.ok else "[red]not everything is as it should be[/]"
    console.print(f"{verdict} [dim]({_clock.monotonic() - began:.1f} s)[/]\n\nGo on:", highlight=False)
    for line in (
        f"export OS_CLIENT_CONFIG_FILE={clouds_file}",
        f"openstack --os-cloud {CLOUD} network list",
        f"wovenet lab exec --state-dir {clouds_file.parent} web1 -- ping -c3 {addresses['web2']}",
    ):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)  # to be copied: never broken
    return result


def _done(console: Console, what: str, *, ok: bool = True, took_s: float | None = None) -> None:
    mark = "[green]✓[/]" if ok else "[red]✗[/]"
    console.print(
        f"  {mark} {what}" + (f" [dim]{took_s * 1000:.0f} ms[/]" if took_s is not None else ""), highlight=False
    )


def _network(rest: Rest, console: Console) -> Resource:
    network = rest.ensure("networks", {"name": NETWORK})
    subnet = {"name": NETWORK, "network_id": network["id"], "ip_version": 4, "cidr": CIDR}
    rest.ensure("subnets", subnet, by=("name", "network_id"))
    _done(console, f"network {NETWORK}, {CIDR}, mtu {network.get('mtu')}")
    return network


def _groups(rest: Rest, console: Console) -> dict[str, str]:
    """The ids of the two security groups, each with its rules."""
    groups = {name: rest.ensure("security-groups", {"name": name})["id"] for name in (OPEN_GROUP, CLOSED_GROUP)}
    web = {"port_range_min": PORT, "port_range_max": PORT, "protocol": "tcp"}
    ping = {"protocol": "icmp"}
    for group, rules in ((OPEN_GROUP, (ping, web)), (CLOSED_GROUP, (ping,))):
        for rule in rules:
            _rule(rest, {"security_group_id": groups[group], "remote_group_id": groups[OPEN_GROUP], **rule})
    _done(console, f"security group {OPEN_GROUP}: ping and tcp/{PORT} from its own members")
    _done(console, f"security group {CLOSED_GROUP}: ping from {OPEN_GROUP}, no tcp")
    return groups


def _rule(rest: Rest, rule: Mapping[str, object]) -> None:
    try:
        rest.create("security-group-rules", {"direction": "ingress", "ethertype": "IPv4", **rule})
    except RestFailed as failed:
        if failed.status != _CONFLICT:  # it is there from an earlier run
            raise


def _port(rest: Rest, network: Resource, name: str, group: str) -> Resource:
    wanted = {"name": f"{NETWORK}-{name}", "network_id": network["id"], "security_groups": [group]}
    return rest.ensure("ports", wanted, by=("name", "network_id"))


def _instance(lab: Lab, rest: Rest, wish: client.Wish) -> str:
    """The address of the instance, which runs."""
    running = {each.name: each for each in lab.instances()}
    instance = running.get(wish.name) or client.boot(lab, rest, wish)[0]
    if wish.name not in running:
        probe.serve(lab, wish.name, PORT, greeting=f"hello from {wish.name}")
    return instance.port.fixed_ips[0].address


def _checks(lab: Lab, rest: Rest, addresses: Mapping[str, str], *, across: bool) -> Iterator[Check]:
    far = "across geneve" if across else "on the same host"
    web1, web2, quiet = addresses["web1"], addresses["web2"], addresses["quiet"]

    def reached() -> bool:
        return probe.connect(lab, "web1", web2, PORT) == ("connected", "hello from web2")

    def kept_out() -> bool:
        return probe.connect(lab, "web1", quiet, PORT, within_s=1.0)[0] == "silent"

    yield _check("every port is ACTIVE", lambda: _active(rest))
    yield _check("ping web1 → quiet passes on the same host", lambda: probe.ping(lab, "web1", quiet))
    yield _check(f"ping web1 → web2 passes {far}", lambda: probe.ping(lab, "web1", web2))
    yield _check(f"tcp/{PORT} web1 → web2 passes {far}", reached)
    yield _check(f"tcp/{PORT} web1 → quiet is refused by {CLOSED_GROUP}", kept_out)
    yield _check(
        f"ping quiet → web1 is refused by {OPEN_GROUP}", lambda: not probe.ping(lab, "quiet", web1, within_s=1)
    )


def _check(what: str, tried: Callable[[], bool]) -> Check:
    began = _clock.monotonic()
    passed = tried()
    return Check(what, passed, _clock.monotonic() - began)


def _active(rest: Rest) -> bool:
    names = {f"{NETWORK}-{name}" for name in ("web1", "web2", "quiet")}

    def all_active() -> bool:
        return names <= {port["name"] for port in rest.list("ports", status="ACTIVE")}

    return process.holds_within(all_active, _ACTIVE_TIMEOUT_S, interval_s=0.1)
