"""The life of a network on each database, with real processes: made, bound, changed, taken away."""

import json
from pathlib import Path

from tests.running import Running, until

PORTS = 100


def _bulk(cloud: Running, collection: str, members: list[dict[str, object]]) -> list[dict[str, str]]:
    (answer,) = cloud.ask([[("POST", f"/v2.0/{collection}", {collection: members})]])
    assert answer[0] == 201, answer
    found: list[dict[str, str]] = answer[1][collection]
    return found


def test_the_life_of_a_network(cloud: Running) -> None:
    rest = cloud.rest
    network = rest.create("networks", {"name": "life"})
    subnet = rest.create("subnets", {"network_id": network["id"], "cidr": "10.1.0.0/24", "ip_version": 4})
    group = rest.create("security-groups", {"name": "life"})
    rest.create(
        "security-group-rules",
        {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp", "port_range_min": 80,
         "port_range_max": 80, "ethertype": "IPv4"},
    )  # fmt: skip
    wanted = {"network_id": network["id"], "security_groups": [group["id"]]}
    ports = _bulk(cloud, "ports", [{**wanted, "name": f"p{number}"} for number in range(PORTS)])
    assert len({port["fixed_ips"][0]["ip_address"] for port in ports}) == PORTS  # type: ignore[index]
    cloud.check()

    changes = [("PUT", f"/v2.0/ports/{port['id']}", {"port": {"binding:host_id": "nowhere", "name": "moved"}})
               for port in ports[:10]]  # fmt: skip
    assert {status for status, _ in cloud.ask([changes])} == {200}
    rest.update("networks", network["id"], {"mtu": 1400})
    rest.update("subnets", subnet["id"], {"dns_nameservers": ["10.1.0.2"]})
    cloud.check()
    assert len(rest.list("ports", network_id=network["id"], name="moved")) == 10

    gone = [[("DELETE", f"/v2.0/ports/{port['id']}", None) for port in ports[half::2]] for half in range(2)]
    assert {status for status, _ in cloud.ask(gone)} == {204}
    rest.delete("subnets", subnet["id"])
    rest.delete("networks", network["id"])
    rest.delete("security-groups", group["id"])
    cloud.check()
    assert rest.list("networks", name="life") == []


def test_status_and_audit_need_only_the_state_directory(cloud: Running) -> None:
    until(cloud.is_settled, "everything is settled")
    shown = cloud.command("status", "--json")
    assert shown.returncode == 0, shown.stderr
    found = json.loads(shown.stdout)
    assert found["database"] == {"backend": cloud.backend, "ok": True, "revision": found["database"]["revision"]}
    assert found["ovn"] == {"connection": "embedded", "connected": True}
    assert found["controller"]["role"] == "leader"
    roles = [each["role"] for each in found["processes"]]
    assert [role for role in roles if role.startswith("api")] == ["api", "api worker", "api worker"]
    assert {"supervisor", "controller", "ovsdb-server-nb", "ovsdb-server-sb", "ovn-northd"} <= set(roles)
    audit = cloud.command("audit")
    assert (audit.returncode, "everything is as it should be" in audit.stdout) == (0, True), audit.stdout + audit.stderr
    current = cloud.command("db", "current")
    assert (current.returncode, "up to date" in current.stdout) == (0, True), current.stdout


def test_the_address_of_the_database_is_on_no_command_line_but_the_users(cloud: Running) -> None:
    url = cloud.settings.database.connection.reveal()
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in cloud.all_pids()}
    (supervisor,) = cloud.pids()["supervisor"]
    assert [pid for pid, line in lines.items() if url in line and pid != supervisor] == []
