"""Sixteen clients at once, on each database: nothing is given twice, nothing beyond a limit, and all of it is given.

Nobody is told that the service failed: who comes too late is told what was too late for.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.client import Answer, Client
from tests.deployment import Deployment, deployment
from tests.store.support import in_threads
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.store.quota_usage import QUOTA_USAGE

CLIENTS = 16
VLANS = 10


@pytest.fixture
def cloud(database_url: str, state_dir: Path) -> Iterator[Deployment]:
    flags = {"ovn.ovn_metadata_enabled": False, "quotas.quota_network": -1, "quotas.quota_port": -1}
    vlans = {"ml2_type_vlan.network_vlan_ranges": f"physnet1:100:{99 + VLANS}"}
    with deployment(state_dir, url=database_url, **flags, **vlans) as made:
        yield made


@pytest.fixture
def network(cloud: Deployment) -> str:
    return str(cloud.client.make("/v2.0/networks", {"network": {"shared": True}})["id"])


def subnet_of(cloud: Deployment, network: str, cidr: str) -> str:
    body = {"subnet": {"network_id": network, "ip_version": 4, "cidr": cidr, "enable_dhcp": False}}
    return str(cloud.client.make("/v2.0/subnets", body)["id"])


def all_at_once(cloud: Deployment, ask: Callable[[Client, int], Answer], times: int = 1) -> list[Answer]:
    """What sixteen clients were answered who each asked so many times. `ask` is told which client asks."""

    def client(number: int) -> list[Answer]:
        return [ask(cloud.client, number) for _ in range(times)]

    found = in_threads([lambda number=number: client(number) for number in range(CLIENTS)])
    return list(itertools.chain.from_iterable(found))


def outcome(answers: Sequence[Answer]) -> Counter[str]:
    """How many were answered what: the type of the error, or the status."""
    return Counter(answer.error or str(answer.status) for answer in answers)


def ports_in(cloud: Deployment, network: str) -> list[Any]:
    found: list[Any] = cloud.client.ask("GET", f"/v2.0/ports?network_id={network}").body["ports"]
    return found


def test_a_small_subnet_gives_each_address_once_and_all_of_them(cloud: Deployment, network: str) -> None:
    subnet_of(cloud, network, "10.0.0.0/28")
    body = {"port": {"network_id": network}}
    answers = all_at_once(cloud, lambda client, _: client.ask("POST", "/v2.0/ports", body), times=2)
    assert outcome(answers) == {"201": 13, "IpAddressGenerationFailure": 2 * CLIENTS - 13}
    given = {answer.body["port"]["fixed_ips"][0]["ip_address"] for answer in answers if answer.status == 201}
    assert given == {f"10.0.0.{number}" for number in range(2, 15)}


def test_addresses_that_come_and_go_are_neither_lost_nor_doubled(cloud: Deployment, network: str) -> None:
    subnet_of(cloud, network, "10.0.0.0/28")

    def come_and_go(client: Client, number: int) -> Answer:
        made = client.ask("POST", "/v2.0/ports", {"ports": [{"network_id": network}] * (1 + number % 3)})
        for port in made.body.get("ports", [])[: 1 + number % 2]:
            assert client.ask("DELETE", f"/v2.0/ports/{port['id']}").status == 204
        return made

    answers = all_at_once(cloud, come_and_go, times=3)
    assert set(outcome(answers)) <= {"201", "IpAddressGenerationFailure"}
    left = 13 - len(ports_in(cloud, network))
    more = [cloud.client.ask("POST", "/v2.0/ports", {"port": {"network_id": network}}) for _ in range(left + 1)]
    assert (
        outcome(more) == {"201": left, "IpAddressGenerationFailure": 1} if left else {"IpAddressGenerationFailure": 1}
    )
    with cloud.store.read() as tx:
        taken = [row.ip_address for row in tx.rows(sa.select(PORT_FIXED_IPS.c.ip_address))]
    assert len(taken) == len(set(taken)) == 13


def test_a_quota_holds_and_is_used_up(cloud: Deployment, network: str) -> None:
    assert cloud.client.ask("PUT", "/v2.0/quotas/demo", {"quota": {"port": 10}}).status == 200

    def ask(client: Client, number: int) -> Answer:
        body = {"ports": [{"network_id": network}] * (1 + number % 2)}
        return client.ask("POST", "/v2.0/ports", body, who="member")

    assert set(outcome(all_at_once(cloud, ask, times=2))) == {"201", "OverQuota"}
    with cloud.store.read() as tx:
        there = tx.value(sa.select(sa.func.count()).select_from(PORTS).where(PORTS.c.project_id == "demo"))
        counted = sa.select(QUOTA_USAGE.c.used).where(
            QUOTA_USAGE.c.project_id == "demo", QUOTA_USAGE.c.resource == "port"
        )
        assert there == tx.value(counted) == 10


def test_a_range_of_vlans_gives_each_once_and_all_of_them(cloud: Deployment) -> None:
    body = {"network": {"provider:network_type": "vlan", "provider:physical_network": "physnet1"}}
    answers = all_at_once(cloud, lambda client, _: client.ask("POST", "/v2.0/networks", body))
    assert outcome(answers) == {"201": VLANS, "NoNetworkAvailable": CLIENTS - VLANS}
    vlans = [answer.body["network"]["provider:segmentation_id"] for answer in answers if answer.status == 201]
    assert sorted(vlans) == list(range(100, 100 + VLANS))


def test_what_all_want_one_has(cloud: Deployment, network: str) -> None:
    subnet = subnet_of(cloud, network, "10.0.0.0/24")
    group = cloud.client.make("/v2.0/security-groups", {"security_group": {"name": "s"}})["id"]
    rule = {"security_group_id": group, "direction": "ingress", "protocol": "tcp"}
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 5}
    wishes = {
        "IpAddressAlreadyAllocated": ("port", {"network_id": network, "fixed_ips": [{"ip_address": "10.0.0.77"}]}),
        "MacAddressInUse": ("port", {"network_id": network, "mac_address": "fa:16:3e:00:00:77", "fixed_ips": []}),
        "SecurityGroupRuleExists": ("security_group_rule", rule),
        "VlanIdInUse": ("network", vlan),
        "InvalidInput": ("subnet", {"network_id": network, "ip_version": 4, "cidr": "10.1.0.0/24"}),  # it overlaps
    }
    for refusal, (member, body) in wishes.items():
        path = f"/v2.0/{member.replace('_', '-')}s"
        answers = all_at_once(cloud, lambda client, _, path=path, body={member: body}: client.ask("POST", path, body))
        assert outcome(answers) == {"201": 1, refusal: CLIENTS - 1}, refusal
    assert cloud.client.ask("GET", f"/v2.0/subnets/{subnet}").status == 200


def test_a_project_has_one_default_group_whoever_asks_first(cloud: Deployment, network: str) -> None:
    def ask(client: Client, number: int) -> Answer:
        if number % 2:
            return client.ask("GET", "/v2.0/security-groups?name=default", who="other")
        return client.ask("POST", "/v2.0/ports", {"port": {"network_id": network}}, who="other")

    answers = all_at_once(cloud, ask)
    assert outcome(answers) == {"200": CLIENTS // 2, "201": CLIENTS // 2}
    shown = {answer.body["security_groups"][0]["id"] for answer in answers if answer.status == 200}
    used = {answer.body["port"]["security_groups"][0] for answer in answers if answer.status == 201}
    assert len(shown | used) == 1


def test_a_network_goes_or_has_ports(cloud: Deployment) -> None:
    for _ in range(4):
        network = cloud.client.make("/v2.0/networks", {"network": {}})["id"]
        subnet_of(cloud, network, "10.0.0.0/24")

        def ask(client: Client, number: int, network: str = network) -> Answer:
            if number % 4:
                return client.ask("POST", "/v2.0/ports", {"port": {"network_id": network}})
            return client.ask("DELETE", f"/v2.0/networks/{network}")

        found = outcome(all_at_once(cloud, ask))
        there = cloud.client.ask("GET", f"/v2.0/networks/{network}").status
        if there == 404:
            assert found["204"] == 1 and found["201"] == 0, found
            assert ports_in(cloud, network) == []
        else:
            assert found["204"] == 0 and len(ports_in(cloud, network)) == found["201"] > 0, found
        assert set(found) <= {"201", "204", "NetworkInUse", "NetworkNotFound"}


def test_every_change_of_one_object_counts(cloud: Deployment, network: str) -> None:
    def ask(client: Client, number: int) -> Answer:
        if number % 2:
            return client.ask("PUT", f"/v2.0/networks/{network}/tags/t{number % 4}")
        return client.ask("PUT", f"/v2.0/networks/{network}", {"network": {"name": f"n{number}"}})

    assert outcome(all_at_once(cloud, ask)) == {"200": CLIENTS // 2, "201": CLIENTS // 2}
    found = cloud.client.ask("GET", f"/v2.0/networks/{network}").body["network"]
    assert found["tags"] == ["t1", "t3"]
    assert found["revision_number"] == 1 + CLIENTS // 2 + 2
