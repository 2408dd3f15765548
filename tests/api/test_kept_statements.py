"""Requests that come all the time compose no statement anew (decision 0029)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.deployment import Deployment, deployment

AGAIN = 3
"""The first time a statement is seen, the second time it is compiled."""
COMPOSED = {"create": 0, "bind": 0, "update": 0, "show": 0, "page": 0, "delete": 1}
"""Statements that SQLAlchemy runs; a removal names ids and revisions in pairs, which are not plain."""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as running:
        yield running


def test_ports_come_change_and_go_by_kept_statements(cloud: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    network = cloud.client.make("/v2.0/networks", {"network": {"name": "n"}})["id"]
    cloud.client.make("/v2.0/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}})
    last = cloud.client.make("/v2.0/ports", {"port": {"network_id": network}})["id"]
    composed: list[Any] = []
    run = sa.Connection.execute

    def noted(connection: sa.Connection, statement: Any, *rest: Any, **more: Any) -> Any:
        composed.append(statement)
        return run(connection, statement, *rest, **more)

    monkeypatch.setattr(sa.Connection, "execute", noted)
    found = {}
    for _ in range(AGAIN):
        port: dict[str, Any] = {}
        steps: dict[str, Callable[[], Any]] = {
            "create": lambda port=port: port.update(_made(cloud, network)),
            "bind": lambda port=port: _ask(cloud, "PUT", port["id"], {"port": {"binding:host_id": "h"}}),
            "update": lambda port=port: _ask(cloud, "PUT", port["id"], {"port": {"name": "two"}}),
            "show": lambda port=port: _ask(cloud, "GET", port["id"]),
            "page": lambda: _ask(cloud, "GET", f"?limit=2&marker={last}&network_id={network}"),
            "delete": lambda port=port: _ask(cloud, "DELETE", port["id"]),
        }
        for name, step in steps.items():
            composed.clear()
            step()
            found[name] = len(composed)
    assert found == COMPOSED


def _made(cloud: Deployment, network: str) -> dict[str, Any]:
    return dict(cloud.client.make("/v2.0/ports", {"port": {"network_id": network}}))


def _ask(cloud: Deployment, method: str, path: str, body: Any = None) -> None:
    answer = cloud.client.ask(method, f"/v2.0/ports{'' if path.startswith('?') else '/'}{path}", body)
    assert answer.status < 300, answer.text
