"""No secret and no forged record in anything that a deployment writes (F-05, F-12), at the level that says most."""

import base64
import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import PostgreSQL
from tests.running import Running, running
from wovenet.lab.rest import read_cloud

CANARY = "canary-4f1d9a"
FORGED = "\r\n2026-01-01T00:00:00.000Z CRITICAL forged \x1b[2J record"
SETTINGS = f"""
[DEFAULT]
debug = true
[wovenet]
log_format = json
[keystone_authtoken]
password = {CANARY}
"""


@pytest.fixture
def cloud(tmp_path: Path, postgresql_server: PostgreSQL) -> Iterator[Running]:
    file = tmp_path / "neutron.conf"
    file.write_text(SETTINGS)
    with postgresql_server.fresh() as url:
        known = url.replace("//wovenet@", f"//wovenet:{CANARY}@")
        with running(tmp_path / "state", "--config-file", str(file), "--db", known) as cloud:
            yield cloud


def _ask(cloud: Running, method: str, path: str, body: object, authorization: str) -> tuple[int, bytes]:
    """The answer to a request full of canaries."""
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    headers = {
        "Authorization": authorization,
        "Content-Type": "application/json",
        "X-Auth-Token": CANARY,
        "X-Service-Token": CANARY,
        "X-Openstack-Request-Id": f"req-{CANARY}",
        "User-Agent": CANARY,
        "Cookie": CANARY,
    }
    connection.request(method, path, body if isinstance(body, str) else json.dumps(body), headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_canaries_are_nowhere(cloud: Running) -> None:
    access = read_cloud(cloud.state_dir / "clouds.yaml")
    owner = _basic(access.username or "", access.password or "")
    network = cloud.rest.create("networks", {"name": CANARY, "description": CANARY})
    requests = [
        ("POST", "/v2.0/ports", {"port": {"network_id": network["id"], "binding:profile": {"secret": CANARY}}}),
        ("POST", "/v2.0/ports", {"port": {"network_id": CANARY}}),
        ("POST", "/v2.0/ports", {"port": {"network_id": network["id"], "binding:host_id": CANARY + FORGED}}),
        ("POST", "/v2.0/networks", {"network": {"name": CANARY + FORGED}}),
        ("POST", "/v2.0/networks", "{" + CANARY),
        ("POST", "/v2.0/networks", {"network": {CANARY: CANARY}}),
        ("GET", f"/v2.0/networks?password={CANARY}", {}),
        ("PUT", f"/v2.0/networks/{network['id']}", {"network": {"mtu": 10**30}}),
    ]
    for method, path, body in requests:
        status, _ = _ask(cloud, method, path, body, owner)
        assert status < 500, (method, path)
    for authorization in (_basic(access.username or "", CANARY), f"Bearer {CANARY}", CANARY):
        assert _ask(cloud, "GET", "/v2.0/networks", {}, authorization)[0] == 401
    cloud.kill_and_await("controller")
    cloud.check()

    for log in (cloud.state_dir / "log").iterdir():
        text = log.read_text(errors="replace")
        assert CANARY not in text, log.name
        assert (access.password or CANARY) not in text, log.name
        assert "\x1b" not in text, log.name
    for name in ("api", "controller"):
        records = [json.loads(line) for line in cloud.log(name).splitlines()]
        assert records, name
        assert all({"time", "level", "logger", "message"} <= record.keys() for record in records)
    for words in (("status",), ("status", "--json"), ("audit", "--json"), ("config", "check"), ("db", "current")):
        shown = cloud.command(*words)
        assert CANARY not in shown.stdout + shown.stderr, words
