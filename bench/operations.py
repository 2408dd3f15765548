"""What is measured on an API: the same operations on every bed, whoever serves it.

A bed is an API with ports in it. Operations visit the beds in turns of a few calls, so that whatever else the machine
does is shared by all of them alike, and ratios mean something.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.client import Call, Client, Target, Timing, at_once

CIDR: Final = "10.64.0.0/12"
CLIENTS: Final = 8
BULK: Final = 100
RULES: Final = 100
PAGE: Final = 100
GROUPS: Final = 1000
TAGGED: Final = 100
TAGS: Final = 10
TURN: Final = 20
"""Calls that one bed gets before it is the next one's turn."""


@dataclass(slots=True)
class Bed:
    """One API, with `ports` ports in one network, and what is measured on it."""

    name: str
    target: Target
    ports: int
    rest: Callable[[], None] = lambda: None
    """Returns when what was written has been brought out, and nothing is at work any more."""
    host: str = "bench-host"
    client: Client = field(init=False)
    network_id: str = ""
    group_id: str = ""
    device_id: str = ""
    made: list[str] = field(default_factory=list)
    """Ports that `port create` made, which further operations use and `port delete` deletes."""
    networks: list[str] = field(default_factory=list)
    garbage: list[str] = field(default_factory=list)
    """Paths of what else was made."""

    def __post_init__(self) -> None:
        self.client = Client(self.target)

    def create(self, collection: str, member: str, **values: Any) -> Any:
        return self.client.call(Call("POST", f"/v2.0/{collection}", {member: values}))[member]


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of call. `prepare` gives the calls for `count` samples; `keep` is given each answer."""

    name: str
    prepare: Callable[[Bed, int], Sequence[Call]]
    keep: Callable[[Bed, Any], None] = lambda bed, answer: None
    share: int = 1
    """Only every `share`-th sample is taken of what is slow."""
    writes: bool = False
    scale: Callable[[Any], float] = lambda answer: 1.0
    """What a sample is divided by: an operation on many objects counts for so many."""


def lay(bed: Bed, rules: int = RULES) -> None:
    """The bed has a network with a subnet that holds a million ports, one port that is told apart, and a group."""
    bed.network_id = bed.create("networks", "network", name="bench")["id"]
    bed.create("subnets", "subnet", network_id=bed.network_id, ip_version=4, cidr=CIDR)
    bed.device_id = f"device of {bed.network_id}"
    bed.create("ports", "port", network_id=bed.network_id, device_id=bed.device_id, device_owner="compute:nova")
    bed.group_id = bed.create("security-groups", "security_group", name="bench")["id"]
    for number in range(rules):
        bed.create("security-group-rules", "security_group_rule", **_rule(bed, number))
    bed.rest()


def fill(bed: Bed) -> None:
    """The bed's ports are there."""
    for begin in range(0, bed.ports, BULK):
        ports = [{"network_id": bed.network_id} for _ in range(min(BULK, bed.ports - begin))]
        bed.client.call(Call("POST", "/v2.0/ports", {"ports": ports}))


def clear(bed: Bed) -> None:
    """What was made on the bed is gone: for APIs that live on."""
    listed = bed.client.call(Call("GET", f"/v2.0/ports?network_id={bed.network_id}&fields=id&fields=device_owner"))
    ports = [port["id"] for port in listed["ports"] if not port["device_owner"].startswith("network:")]
    paths = [*(f"ports/{port_id}" for port_id in ports), *bed.garbage]
    paths += [f"networks/{bed.network_id}", f"security-groups/{bed.group_id}"]
    for path in paths:
        bed.client.call(Call("DELETE", f"/v2.0/{path}"))
    bed.client.close()


def measure(
    beds: Sequence[Bed], counts: Mapping[str, int], only: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, Timing]]]:
    """Every operation, or some: name, and what it took on each bed. `counts`: samples, by the bed's name."""
    for operation in OPERATIONS:
        if only and operation.name not in only:
            continue
        yield operation.name, _in_turns(operation, beds, counts)
        if operation.name in AT_ONCE and not only:
            name, make_call = AT_ONCE[operation.name]
            yield name, {bed.name: _at_once(bed, make_call(bed), counts[bed.name]) for bed in beds}


def _in_turns(operation: Operation, beds: Sequence[Bed], counts: Mapping[str, int]) -> dict[str, Timing]:
    samples: dict[str, list[float]] = {bed.name: [] for bed in beds}
    calls: dict[str, Iterator[Call]] = {}
    for bed in beds:
        calls[bed.name] = iter(operation.prepare(bed, max(3, counts[bed.name] // operation.share)))
    waiting = list(beds)
    while waiting:
        for bed in tuple(waiting):
            turn = list(itertools.islice(calls[bed.name], TURN))
            if not turn:
                waiting.remove(bed)
            for call in turn:
                took_ms, answer = bed.client.timed(call)
                samples[bed.name].append(took_ms / operation.scale(answer))
                operation.keep(bed, answer)
            if operation.writes:
                bed.rest()  # before it is another's turn: no bed is to carry what was done on the other
    return {name: Timing.of(taken) for name, taken in samples.items()}


def _at_once(bed: Bed, call: Call, count: int) -> Timing:
    each = max(2, count // 4)
    took_ms = at_once(bed.target, [[call] * each] * CLIENTS)
    bed.rest()
    return Timing(took_ms, took_ms, each * CLIENTS)


def _rule(bed: Bed, number: int) -> dict[str, Any]:
    port = 1000 + number
    ports = {"port_range_min": port, "port_range_max": port}
    return {"security_group_id": bed.group_id, "direction": "ingress", "protocol": "tcp", **ports}


def _post(collection: str, member: str, **values: Any) -> Call:
    return Call("POST", f"/v2.0/{collection}", {member: values})


def _create_port(bed: Bed) -> Call:
    return _post("ports", "port", network_id=bed.network_id, name="one")


def _create_bound(bed: Bed) -> Call:
    values = {"device_owner": "compute:nova", "binding:host_id": bed.host}
    return _post("ports", "port", network_id=bed.network_id, **values)


def _create_bulk(bed: Bed) -> Call:
    return Call("POST", "/v2.0/ports", {"ports": [{"network_id": bed.network_id}] * BULK})


def _put_ports(bed: Bed, count: int, **values: Any) -> list[Call]:
    return [Call("PUT", f"/v2.0/ports/{port_id}", {"port": values}) for port_id in bed.made[:count]]


def _list(path: Callable[[Bed], str]) -> Callable[[Bed, int], list[Call]]:
    return lambda bed, count: [Call("GET", path(bed))] * count


def _own_subnets(bed: Bed, count: int) -> list[Call]:
    return [
        _post("subnets", "subnet", network_id=network_id, ip_version=4, cidr="10.1.0.0/24")
        for network_id in bed.networks[:count]
    ]


def _own_rules(bed: Bed, count: int) -> list[Call]:
    group_id = bed.create("security-groups", "security_group", name="rules")["id"]
    bed.garbage.append(f"security-groups/{group_id}")
    return [
        _post("security-group-rules", "security_group_rule", **{**_rule(bed, number), "security_group_id": group_id})
        for number in range(count)
    ]


def _list_groups(bed: Bed, count: int) -> list[Call]:
    _make_many(bed, "security-groups", "security_groups", [{"name": "listed"}] * GROUPS)
    return [Call("GET", "/v2.0/security-groups")] * count


def _list_tagged(bed: Bed, count: int) -> list[Call]:
    tags = [f"tag {number}" for number in range(TAGS)]
    for path in _make_many(bed, "networks", "networks", [{"name": "tagged"}] * TAGGED):
        bed.client.call(Call("PUT", f"/v2.0/{path}/tags", {"tags": tags}))
    bed.rest()
    return [Call("GET", "/v2.0/networks?name=tagged")] * count


def _make_many(bed: Bed, path: str, collection: str, values: Sequence[Mapping[str, Any]]) -> list[str]:
    """Paths of new objects, which are brought out."""
    made = []
    for begin in range(0, len(values), BULK):
        answer = bed.client.call(Call("POST", f"/v2.0/{path}", {collection: values[begin : begin + BULK]}))
        made += [f"{path}/{item['id']}" for item in answer[collection]]
    bed.garbage += made
    bed.rest()
    return made


AT_ONCE: Final[Mapping[str, tuple[str, Callable[[Bed], Call]]]] = {
    "port create": (f"port create, {CLIENTS} at once", _create_port),
    "port show": (f"port show, {CLIENTS} at once", lambda bed: Call("GET", f"/v2.0/ports/{bed.made[0]}")),
}
"""What is also measured by many clients at once, after it was measured by one."""

OPERATIONS: Final = (
    Operation(
        "port create",
        lambda bed, count: [_create_port(bed)] * count,
        keep=lambda bed, answer: bed.made.append(answer["port"]["id"]),
        writes=True,
    ),
    Operation("port create with host", lambda bed, count: [_create_bound(bed)] * count, writes=True),
    Operation(f"port create, bulk of {BULK}", lambda bed, count: [_create_bulk(bed)] * count, share=20, writes=True),
    Operation("port show", lambda bed, count: [Call("GET", f"/v2.0/ports/{port_id}") for port_id in bed.made[:count]]),
    Operation(
        "port bind",
        lambda bed, count: _put_ports(
            bed, count, **{"device_id": "bench", "device_owner": "compute:nova", "binding:host_id": bed.host}
        ),
        writes=True,
    ),
    Operation("port update", lambda bed, count: _put_ports(bed, count, name="two"), writes=True),
    Operation(
        "port list, all (per 1 000 ports)",
        _list(lambda bed: "/v2.0/ports"),
        share=20,
        scale=lambda answer: len(answer["ports"]) / 1000,
    ),
    Operation(
        f"port list, page of {PAGE}",
        _list(lambda bed: f"/v2.0/ports?limit={PAGE}&marker={min(bed.made)}&sort_key=id&sort_dir=asc"),
        share=4,
    ),
    Operation(
        f"port list, page of {PAGE} by network",
        _list(lambda bed: f"/v2.0/ports?network_id={bed.network_id}&limit={PAGE}"),
        share=4,
    ),
    Operation("port list, by device", _list(lambda bed: f"/v2.0/ports?device_id={bed.device_id}".replace(" ", "%20"))),
    Operation(
        "port delete",
        lambda bed, count: [Call("DELETE", f"/v2.0/ports/{port_id}") for port_id in bed.made[:count]],
        writes=True,
    ),
    Operation(
        "network create",
        lambda bed, count: [_post("networks", "network", name="n")] * count,
        keep=lambda bed, answer: bed.networks.append(answer["network"]["id"]),
        writes=True,
    ),
    Operation("subnet create", _own_subnets, writes=True),
    Operation(
        "network delete",
        lambda bed, count: [Call("DELETE", f"/v2.0/networks/{network_id}") for network_id in bed.networks[:count]],
        writes=True,
    ),
    Operation("security group rule create", _own_rules, writes=True),
    Operation(
        f"security group show, {RULES} rules", _list(lambda bed: f"/v2.0/security-groups/{bed.group_id}"), share=2
    ),
    Operation(f"security group list, {GROUPS} groups", _list_groups, share=10),
    Operation(f"network list, {TAGGED} networks of {TAGS} tags", _list_tagged, share=4),
)
"""In the order in which they need each other."""
