"""What is measured on an API: the same operations, whoever serves it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.client import Client, Target, Timing, concurrent, sequential

NETWORK_CIDR = "10.64.0.0/12"


@dataclass(slots=True)
class Bed:
    """The network that ports are measured on, among `ports` that lie there already."""

    network_id: str
    group_id: str
    host: str
    device_id: str = "bench-device"
    ids: list[str] = field(default_factory=list)


def lay(client: Client, host: str) -> Bed:
    """A network with a subnet that holds a million ports."""
    network = client.call("POST", "/v2.0/networks", {"network": {"name": "bench"}})["network"]
    client.call(
        "POST", "/v2.0/subnets", {"subnet": {"network_id": network["id"], "ip_version": 4, "cidr": NETWORK_CIDR}}
    )
    group = client.call("POST", "/v2.0/security-groups", {"security_group": {"name": "bench"}})["security_group"]
    return Bed(network["id"], group["id"], host)


def fill(client: Client, bed: Bed, number: int) -> None:
    """There are `number` more ports, a hundred a request."""
    for begin in range(0, number, 100):
        ports = [{"network_id": bed.network_id} for _ in range(min(100, number - begin))]
        client.call("POST", "/v2.0/ports", {"ports": ports})


def measure(target: Target, bed: Bed, *, count: int) -> Iterator[tuple[str, Timing]]:
    """Every operation, `count` times (bulk and full lists fewer): name and what one took."""
    client = Client(target)
    body = {"port": {"network_id": bed.network_id, "name": "one"}}
    sequential(client, [("POST", "/v2.0/ports", body)] * 3)  # connections and caches are warm
    timing, answers = sequential(client, [("POST", "/v2.0/ports", body)] * count)
    ids = [answer["port"]["id"] for answer in answers]
    yield "port create", timing
    bound = {"port": {"network_id": bed.network_id, "device_owner": "compute:nova", "binding:host_id": bed.host}}
    timing, answers = sequential(client, [("POST", "/v2.0/ports", bound)] * count)
    yield "port create with host", timing
    bound_ids = [answer["port"]["id"] for answer in answers]
    yield "port create, 8 at once", _at_once(target, bed, max(2, count // 4))
    bulk = {"ports": [{"network_id": bed.network_id} for _ in range(100)]}
    timing, answers = sequential(client, [("POST", "/v2.0/ports", bulk)] * max(2, count // 10))
    yield "port create, bulk of 100", timing
    bulk_ids = [port["id"] for answer in answers for port in answer["ports"]]
    yield "port show", sequential(client, [("GET", f"/v2.0/ports/{port_id}", None) for port_id in ids])[0]
    device = {"port": {"device_id": bed.device_id, "device_owner": "compute:nova", "binding:host_id": bed.host}}
    yield "port bind", sequential(client, [("PUT", f"/v2.0/ports/{port_id}", device) for port_id in ids])[0]
    name = {"port": {"name": "two"}}
    yield "port update", sequential(client, [("PUT", f"/v2.0/ports/{port_id}", name) for port_id in ids])[0]
    yield from _lists(client, bed, ids, count)
    yield "port delete", sequential(client, [("DELETE", f"/v2.0/ports/{port_id}", None) for port_id in ids])[0]
    yield from _others(client, bed, count)
    for port_id in (*bound_ids, *bulk_ids):
        client.call("DELETE", f"/v2.0/ports/{port_id}")
    client.close()


def _lists(client: Client, bed: Bed, ids: list[str], count: int) -> Iterator[tuple[str, Timing]]:
    few = max(3, count // 10)
    yield "port list, all", sequential(client, [("GET", "/v2.0/ports", None)] * few)[0]
    page = f"/v2.0/ports?limit=100&marker={ids[0]}&sort_key=id&sort_dir=asc"
    yield "port list, page of 100", sequential(client, [("GET", page, None)] * count)[0]
    by_network = f"/v2.0/ports?network_id={bed.network_id}&limit=100"
    yield "port list, page by network", sequential(client, [("GET", by_network, None)] * count)[0]
    by_device = f"/v2.0/ports?device_id={bed.device_id}&limit=1"
    yield "port list, by device", sequential(client, [("GET", by_device, None)] * count)[0]


def _others(client: Client, bed: Bed, count: int) -> Iterator[tuple[str, Timing]]:
    timing, answers = sequential(client, [("POST", "/v2.0/networks", {"network": {"name": "n"}})] * count)
    networks = [answer["network"]["id"] for answer in answers]
    yield "network create", timing
    subnets = [
        ("POST", "/v2.0/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.1.0.0/24"}})
        for network in networks
    ]
    yield "subnet create", sequential(client, subnets)[0]
    rules = [
        (
            "POST",
            "/v2.0/security-group-rules",
            {
                "security_group_rule": {
                    "security_group_id": bed.group_id,
                    "direction": "ingress",
                    "protocol": "tcp",
                    "port_range_min": 1000 + number,
                    "port_range_max": 1000 + number,
                }
            },
        )
        for number in range(100)
    ]
    timing, answers = sequential(client, rules)
    yield "security group rule create", timing
    path = f"/v2.0/security-groups/{bed.group_id}"
    yield "security group show, 100 rules", sequential(client, [("GET", path, None)] * count)[0]
    for answer in answers:
        client.call("DELETE", f"/v2.0/security-group-rules/{answer['security_group_rule']['id']}")
    yield "network delete", sequential(client, [("DELETE", f"/v2.0/networks/{each}", None) for each in networks])[0]


def _at_once(target: Target, bed: Bed, each: int) -> Timing:
    def worker(target: Target, number: int, each: int) -> None:
        client = Client(target)
        body = {"port": {"network_id": bed.network_id, "name": f"at once {number}"}}
        for _ in range(each):
            client.call("POST", "/v2.0/ports", body)

    took_ms = concurrent(target, worker, clients=8, each=each)
    return Timing(took_ms, took_ms, 8 * each)
