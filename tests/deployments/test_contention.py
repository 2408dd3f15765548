"""Many clients want the same: nothing is given twice, nothing beyond a limit, and nobody is told that we failed."""

from collections.abc import Sequence

import pytest

from tests.running import Answer, Running, statuses

CLIENTS = 16


def _refusals(answers: Sequence[Answer]) -> set[str]:
    return {body["NeutronError"]["type"] for status, body in answers if status >= 400}


@pytest.fixture
def network(cloud: Running) -> dict[str, str]:
    made = cloud.rest.create("networks", {"name": "contended"})
    cloud.rest.update("quotas", made["project_id"], {"port": -1, "network": -1})
    return made


def test_the_addresses_of_a_small_subnet(cloud: Running, network: dict[str, str]) -> None:
    cloud.rest.create("subnets", {"network_id": network["id"], "cidr": "10.2.0.0/26", "ip_version": 4})
    port = ("POST", "/v2.0/ports", {"port": {"network_id": network["id"]}})
    answers = cloud.ask([[port] * 5 for _ in range(CLIENTS)])
    assert statuses(answers) == {201: 61, 409: 5 * CLIENTS - 61}
    assert _refusals(answers) == {"IpAddressGenerationFailure"}
    addresses = [body["port"]["fixed_ips"][0]["ip_address"] for status, body in answers if status == 201]
    assert len(set(addresses)) == 61


def test_one_address_that_all_of_them_ask_for(cloud: Running, network: dict[str, str]) -> None:
    subnet = cloud.rest.create("subnets", {"network_id": network["id"], "cidr": "10.3.0.0/24", "ip_version": 4})
    fixed = {"subnet_id": subnet["id"], "ip_address": "10.3.0.77"}
    port = ("POST", "/v2.0/ports", {"port": {"network_id": network["id"], "fixed_ips": [fixed]}})
    answers = cloud.ask([[port] for _ in range(CLIENTS)])
    assert statuses(answers) == {201: 1, 409: CLIENTS - 1}
    assert _refusals(answers) == {"IpAddressAlreadyAllocated"}


def test_a_quota(cloud: Running, network: dict[str, str]) -> None:
    project = network["project_id"]
    used = len(cloud.rest.list("ports", project_id=project))
    cloud.rest.update("quotas", project, {"port": used + 20})
    port = ("POST", "/v2.0/ports", {"port": {"network_id": network["id"]}})
    answers = cloud.ask([[port] * 4 for _ in range(CLIENTS)])
    assert statuses(answers) == {201: 20, 409: 4 * CLIENTS - 20}
    assert _refusals(answers) == {"OverQuota"}
    assert len(cloud.rest.list("ports", project_id=project)) == used + 20
    cloud.rest.update("quotas", project, {"port": -1})


def test_a_range_of_vlans(cloud: Running, network: dict[str, str]) -> None:
    body = {"network": {"provider:network_type": "vlan", "provider:physical_network": "physnet1"}}
    answers = cloud.ask([[("POST", "/v2.0/networks", body)] * 2 for _ in range(CLIENTS)])
    assert statuses(answers) == {201: 20, 503: 2 * CLIENTS - 20}  # the peer's status of NoNetworkAvailable
    assert _refusals(answers) == {"NoNetworkAvailable"}
    vlans = [body["network"]["provider:segmentation_id"] for status, body in answers if status == 201]
    assert sorted(vlans) == list(range(100, 120))
    made = [body["network"]["id"] for status, body in answers if status == 201]
    assert {status for status, _ in cloud.ask([[("DELETE", f"/v2.0/networks/{id_}", None)] for id_ in made])} == {204}


def test_changes_of_one_port(cloud: Running, network: dict[str, str]) -> None:
    port = cloud.rest.create("ports", {"network_id": network["id"]})
    path = f"/v2.0/ports/{port['id']}"
    answers = cloud.ask([[("PUT", path, {"port": {"name": f"{client}-{number}"}}) for number in range(5)]
                         for client in range(CLIENTS)])  # fmt: skip
    assert statuses(answers) == {200: 5 * CLIENTS}
    revisions = [body["port"]["revision_number"] for _, body in answers]
    assert len(set(revisions)) == len(revisions), "two changes became one revision"
