"""What requests cost in SQL statements: the same in a large cloud as in a small one."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.client import Client
from tests.databases import counting
from tests.deployment import REGISTRY, Deployment, deployment
from wovenet.resources import host
from wovenet.resources.host.facts import of_chassis
from wovenet.store.tx import Tx

FEW, MANY = 3, 60
PEOPLE = ("admin", "member", "reader")
Body = dict[str, Any]


class Cloud:
    """A deployment in which every collection has as many objects as wanted, each as different as can be."""

    def __init__(self, running: Deployment) -> None:
        self.running = running
        self.client: Client = running.client
        unlimited = dict.fromkeys((one.quota for one in REGISTRY.resources.values() if one.quota), -1)
        for project in ("demo", "alt", "ops"):
            assert self.client.ask("PUT", f"/v2.0/quotas/{project}", {"quota": unlimited}).status == 200

    def fill(self, first: int, last: int) -> None:
        """Objects number `first` to `last` exist."""
        for number in range(first, last):
            self._one_of_each(number)
        self.running.store.write(lambda tx: _hosts(tx, first, last))

    def _one_of_each(self, number: int) -> None:
        """A network of the member's that others have ports on, or one of others that the member has ports on."""
        owner, guest = ("demo", "alt") if number % 2 else ("alt", "demo")
        network = self._make("network", {"project_id": owner, "shared": not number % 2})
        cidr = f"10.{number}.0.0/24"
        subnet = self._make("subnet", {"network_id": network, "project_id": owner, "ip_version": 4, "cidr": cidr})
        scope = self._make("address_scope", {"project_id": owner, "ip_version": 6})
        prefixes = [f"fd00:{number}::/48"]
        self._make("subnetpool", {"name": "p", "project_id": owner, "prefixes": prefixes, "address_scope_id": scope})
        group = self._make("security_group", {"name": f"g{number}", "project_id": owner})
        self._make("network_segment_range", {"network_type": "vxlan", "minimum": 1 + number, "maximum": 1 + number})
        self._make("address_group", {"project_id": owner, "addresses": [cidr, "192.0.2.0/24"]})
        unused = {"used_in_default_sg": False, "used_in_non_default_sg": False}
        prefix = {"direction": "ingress", "remote_ip_prefix": cidr}
        self._make("default_security_group_rule", {**unused, **prefix})
        self._make("security_group_rule", {"security_group_id": group, "project_id": owner, "direction": "ingress"})
        pairs = [{"ip_address": f"1.2.{number}.{last}"} for last in range(3)]
        secured = {"security_groups": [group], "allowed_address_pairs": pairs}
        port = self._make("port", {"network_id": network, "project_id": owner, **secured})
        self._make("port", {"network_id": network, "project_id": guest, "extra_dhcp_opts": []})
        self._make("log", {"resource_type": "security_group", "resource_id": group, "project_id": owner})
        sharing = {"object_type": "security_group", "action": "access_as_shared", "target_tenant": "*"}
        self._make("rbac_policy", {**sharing, "object_id": group, "project_id": owner})
        word = {"security_groups_default_statefulness": {"project_id": f"project {number}"}}
        self.client.make("/v2.0/security-groups-default-statefulness", word)
        for collection, made in {"networks": network, "subnets": subnet, "ports": port}.items():
            assert (
                self.client.ask("PUT", f"/v2.0/{collection}/{made}/tags", {"tags": ["a", f"t{number}"]}).status == 200
            )

    def _make(self, member: str, body: Body) -> str:
        if member == "log":
            return str(self.client.make("/v2.0/log/logs", {member: body})["id"])
        plural = member[:-1] + "ies" if member.endswith("y") else f"{member}s"
        path = REGISTRY.surface.collections[plural].path
        return str(self.client.make(f"/v2.0/{path}", {member: body})["id"])

    def statements(self, method: str, target: str, body: Any = None, *, who: str = "admin") -> int:
        """How many statements a request took that was answered well."""
        with counting(self.running.engine) as count:
            answer = self.client.ask(method, target, body, who=who)
        assert answer.status < 300, answer.text
        return len(count)


def _hosts(tx: Tx, first: int, last: int) -> None:
    for number in range(first, last):
        facts = of_chassis(f"c{number}", f"h{number}", config={})
        assert facts is not None
        host.report(tx, facts)


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[int, Callable[[str, str], tuple[int, int]]]]:
    """Number of objects → what a list then costs, and how long it is, by path and person."""
    with deployment(tmp_path_factory.mktemp("lists")) as running:
        cloud = Cloud(running)
        cloud.fill(0, FEW)
        few = {key: _listed(cloud, *key) for key in _every_list()}
        cloud.fill(FEW, MANY)
        many = {key: _listed(cloud, *key) for key in _every_list()}
        yield MappingProxyType({FEW: lambda *key: few[key], MANY: lambda *key: many[key]})


QUERIES = ("", "?limit=1000&sort_key=id&sort_dir=desc", "?fields=id")
COLLECTIONS = sorted(REGISTRY.surface.collections)


def _every_list() -> Iterator[tuple[str, str]]:
    for collection in COLLECTIONS:
        attributes = REGISTRY.surface.collections[collection].attributes
        for query in QUERIES:
            if "sort_key" not in query or ("id" in attributes and attributes["id"].is_sort_key):
                for who in PEOPLE:
                    yield f"/v2.0/{REGISTRY.surface.collections[collection].path}{query}", who


def _listed(cloud: Cloud, target: str, who: str) -> tuple[int, int]:
    cloud.client.ask("GET", target, who=who)  # a project's default group may have to be made first
    cost = cloud.statements("GET", target, who=who)
    answer = cloud.client.ask("GET", target, who=who).body
    [length] = [len(value) for key, value in answer.items() if not key.endswith("_links")]
    return cost, length


@pytest.mark.parametrize(("target", "who"), list(_every_list()))
def test_a_list_costs_the_same_however_long_it_is(
    lists: Mapping[int, Callable[[str, str], tuple[int, int]]], target: str, who: str
) -> None:
    (few, short), (many, long) = lists[FEW](target, who), lists[MANY](target, who)
    assert few == many
    if (target.split("?")[0], who) not in NOT_FOR_THEM:
        assert long >= short + 20, "there is no difference to be seen"


NOT_FOR_THEM = {
    (f"/v2.0/{path}", who)
    for path in (
        "agents",
        "log/logs",
        "network-ip-availabilities",
        "network_segment_ranges",
        "segments",
        "security-groups-default-statefulness",
    )
    for who in ("member", "reader")
}
"""Lists that are always empty for these people, or have one object at most."""


# One request: (what it is called, who asks, at most so many statements)
BOUNDS = {
    ("create port", "admin"): 10,
    ("create port", "member"): 11,
    ("create port on a shared network", "member"): 11,
    ("create port with everything", "member"): 14,
    ("show port", "admin"): 5,
    ("show port", "member"): 5,
    ("update port", "admin"): 7,
    ("update port", "member"): 7,
    ("update port's addresses", "member"): 15,
    ("bind port", "admin"): 9,
    ("delete port", "member"): 13,
    ("create network", "member"): 10,
    ("update network", "member"): 7,
    ("delete network", "member"): 23,  # one for the range that its segment has its id of
    ("create subnet", "member"): 18,  # one for the pools that the other subnets of the network come from
    ("update subnet", "member"): 6,
    ("delete subnet", "member"): 12,
    ("create group", "member"): 9,  # one for what new groups are unless they say so
    ("delete group", "member"): 13,
    ("create rule", "member"): 7,
    ("delete rule", "member"): 5,
    ("set tag", "member"): 8,
}
BULK_PORTS_MAX = 13


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[tuple[str, str], int]]:
    """What the requests of BOUNDS cost in a cloud in which there is something already."""
    with deployment(tmp_path_factory.mktemp("costs")) as running:
        cloud = Cloud(running)
        cloud.fill(0, FEW)
        found: dict[tuple[str, str], int] = {}
        _measure_ports(cloud, found)
        _measure_others(cloud, found)
        yield MappingProxyType(found)


def _measure_ports(cloud: Cloud, found: dict[tuple[str, str], int]) -> None:
    network = cloud.client.make("/v2.0/networks", {"network": {}}, who="member")["id"]
    shared = cloud.client.make("/v2.0/networks", {"network": {"shared": True}})["id"]
    for one in (network, shared):
        subnet = {"network_id": one, "ip_version": 4, "cidr": "10.0.0.0/24", "project_id": "demo"}
        cloud.client.make("/v2.0/subnets", {"subnet": subnet})
    group = cloud.client.make("/v2.0/security-groups", {"security_group": {"name": "s"}}, who="member")["id"]
    everything = {
        "network_id": network,
        "mac_address": "fa:16:3e:00:00:01",
        "fixed_ips": [{"ip_address": "10.0.0.99"}],
        "security_groups": [group],
        "extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400"}],
    }
    plain = {"port": {"network_id": network, "project_id": "demo"}}
    for who in ("admin", "member"):
        found["create port", who] = cloud.statements("POST", "/v2.0/ports", plain, who=who)
    guest = {"port": {"network_id": shared}}
    found["create port on a shared network", "member"] = cloud.statements("POST", "/v2.0/ports", guest, who="member")
    body = {"port": everything}
    found["create port with everything", "member"] = cloud.statements("POST", "/v2.0/ports", body, who="member")
    port = f"/v2.0/ports/{cloud.client.make('/v2.0/ports', plain)['id']}"
    for who in ("admin", "member"):
        found["show port", who] = cloud.statements("GET", port, who=who)
        found["update port", who] = cloud.statements("PUT", port, {"port": {"name": who}}, who=who)
    moved = {"port": {"fixed_ips": [{"ip_address": "10.0.0.98"}]}}
    found["update port's addresses", "member"] = cloud.statements("PUT", port, moved, who="member")
    found["bind port", "admin"] = cloud.statements("PUT", port, {"port": {"binding:host_id": "h1"}})
    found["set tag", "member"] = cloud.statements("PUT", f"{port}/tags/x", who="member")
    found["delete port", "member"] = cloud.statements("DELETE", port, who="member")


def _measure_others(cloud: Cloud, found: dict[tuple[str, str], int]) -> None:
    def life(what: str, collection: str, member: str, body: Body) -> str:
        path = f"/v2.0/{collection}"
        found[f"create {what}", "member"] = cloud.statements("POST", path, {member: body}, who="member")
        return f"{path}/{cloud.client.make(path, {member: {**body, **OTHERWISE.get(member, {})}}, who='member')['id']}"

    def end(what: str, target: str) -> None:
        found[f"delete {what}", "member"] = cloud.statements("DELETE", target, who="member")

    network = life("network", "networks", "network", {})
    changed = {"network": {"name": "n"}}
    found["update network", "member"] = cloud.statements("PUT", network, changed, who="member")
    where = {"network_id": network.split("/")[-1], "ip_version": 4, "cidr": "10.0.0.0/24"}
    subnet = life("subnet", "subnets", "subnet", where)
    found["update subnet", "member"] = cloud.statements("PUT", subnet, {"subnet": {"name": "s"}}, who="member")
    end("subnet", subnet)
    end("network", network)
    group = life("group", "security-groups", "security_group", {"name": "g"})
    what = {"security_group_id": group.split("/")[-1], "direction": "ingress", "protocol": "tcp"}
    end("rule", life("rule", "security-group-rules", "security_group_rule", what))
    end("group", group)


OTHERWISE = {"subnet": {"cidr": "10.9.0.0/24"}, "security_group_rule": {"protocol": "udp"}}
"""How a second object has to differ from the first."""


@pytest.mark.parametrize(("what", "who"), sorted(BOUNDS))
def test_a_request_costs_no_more_than_it_has_to(costs: Mapping[tuple[str, str], int], what: str, who: str) -> None:
    assert costs[what, who] <= BOUNDS[what, who]


def test_many_ports_cost_as_much_as_two(tmp_path: Path) -> None:
    with deployment(tmp_path) as running:
        cloud = Cloud(running)
        network = cloud.client.make("/v2.0/networks", {"network": {}}, who="member")["id"]
        cloud.client.make(
            "/v2.0/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}}, who="member"
        )
        costs = {
            cloud.statements("POST", "/v2.0/ports", {"ports": [{"network_id": network}] * number}, who="member")
            for number in (2, MANY)
        }
        assert max(costs) <= BULK_PORTS_MAX
        assert len(costs) == 1
