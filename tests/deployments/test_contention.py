"""Many clients want the same: nothing is given twice, nothing beyond a limit, and nobody is told that we failed."""

import subprocess
from collections.abc import Sequence

import pytest

from tests.running import Answer, Askers, Running, statuses, until
from wovenet.embedded import process

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


def _southbound(cloud: Running, *words: str) -> None:
    """What a host would write; a port that is gone is nothing that it could bind."""
    socket = f"--db=unix:{cloud.state_dir}/ovn/ovnsb_db.sock"
    argv = ["ovn-sbctl", "--timeout=10", "--no-leader-only", socket, *words]
    subprocess.run(argv, check=False, capture_output=True, env=process.user_environment())


def test_a_binding_that_is_moved_reported_and_deleted(cloud: Running, network: dict[str, str]) -> None:
    """F-19, F-20: one port; clients move it to and fro, hosts say that it is up, and in the midst it is deleted."""
    hosts = ("contended1", "contended2")
    for number, host in enumerate(hosts):
        _southbound(cloud, "chassis-add", host, "geneve", f"127.0.0.{number + 91}")
        _southbound(cloud, "set", "chassis", host, f"hostname={host}")
    until(lambda: {each["host"] for each in cloud.rest.list("agents")} >= set(hosts), "the hosts")
    port = cloud.rest.create("ports", {"network_id": network["id"], "device_owner": "compute:nova"})["id"]
    path = f"/v2.0/ports/{port}"
    moves = [[("PUT", path, {"port": {"binding:host_id": hosts[(client + turn) % 2] if turn % 3 else ""}})
              for turn in range(12)] for client in range(CLIENTS - 1)]  # fmt: skip
    deleter = [*[("GET", path, None)] * 20, ("DELETE", path, None), ("GET", path, None)]
    clients = Askers(cloud, [*moves, deleter])
    while not clients.have_ended:
        for host in hosts:
            _southbound(cloud, "--may-exist", "lsp-bind", port, host)
            _southbound(cloud, "set", "port_binding", port, "up=true")
    answers = clients.answers()
    assert set(statuses(answers)) <= {200, 204, 404}
    assert statuses(answers)[204] == 1
    assert _refusals(answers) == {"PortNotFound"}
    moved = [body["port"] for status, body in answers[: len(moves) * 12] if status == 200]
    bindings = {(each["revision_number"], each["binding:host_id"], each["binding:vif_type"]) for each in moved}
    assert len({revision for revision, _, _ in bindings}) == len(bindings), "two changes became one revision"
    assert {(host == "", vif_type == "unbound") for _, host, vif_type in bindings} == {(True, True), (False, False)}
    for client in range(len(moves)):
        ended = [status for status, _ in answers[client * 12 : client * 12 + 12]]
        assert ended == sorted(ended), "a port that was gone came back"
    for host in hosts:
        _southbound(cloud, "chassis-del", host)
