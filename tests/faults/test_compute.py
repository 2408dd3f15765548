"""ML-076: a whole deployment, whose compute is away and whose controller is killed, loses no event."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import compute_api
from tests.running import Running, free_port, running, until

SERVER = "6d7e1c28-6b57-4b3b-a3f4-1c1f6e0d1a01"


@pytest.fixture
def nova() -> Iterator[compute_api.Server]:
    with compute_api.serving(free_port()) as server:
        yield server


@pytest.fixture
def told(tmp_path: Path, nova: compute_api.Server) -> Iterator[Running]:
    conf = tmp_path / "neutron.conf"
    conf.write_text(f"[DEFAULT]\nsend_events_interval = 0\n[nova]\nendpoint_override = {nova.url}\n")
    with running(tmp_path / "state", "--config-file", str(conf)) as cloud:
        yield cloud


def test_compute_is_told_whatever_ends(told: Running, nova: compute_api.Server) -> None:
    network = told.rest.create("networks", {"name": "n"})
    request: dict[str, Any] = {"network_id": network["id"], "device_owner": "compute:nova", "device_id": SERVER}
    ports = [told.rest.create("ports", request)["id"] for _ in range(3)]
    told.rest.update("ports", ports[0], {"name": "first"})
    until(lambda: nova.names == ["changed"], "the first event")

    nova.stop()
    told.rest.update("ports", ports[1], {"name": "second"})
    until(lambda: "compute:api" in _retrying(told), "that it shows")
    told.rest.delete("ports", ports[1])
    told.kill_and_await("controller")
    told.rest.update("ports", ports[2], {"name": "third"})
    assert told.status()["compute"]["pending"] == 3

    nova.start()
    until(lambda: not told.status()["compute"]["pending"], "that all is told")
    assert [(name, port) for name, port, _ in nova.events] == [
        ("network-changed", ports[0]),
        ("network-changed", ports[1]),
        ("network-vif-deleted", ports[1]),
        ("network-changed", ports[2]),
    ]
    assert _retrying(told) == []
    assert told.status()["compute"]["told"] == 4
    assert "compute     0 events pending, 4 told" in told.command("status").stdout
    told.check()


def _retrying(cloud: Running) -> list[str]:
    return [each["unit"] for each in cloud.status()["units"].get("retrying", ())]
