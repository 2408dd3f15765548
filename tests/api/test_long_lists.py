"""Lists that are longer than what is in memory at once are read in parts, and no client sees where those end."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.client import Client
from tests.deployment import deployment
from wovenet.resources.query import PART_MAX

MADE = 2 * PART_MAX + 20
COUNT = MADE + 1
"""The network has a port for metadata."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A network with a few names for many ports."""
    directory: Path = tmp_path_factory.mktemp("long")
    with deployment(directory) as running:
        client: Client = running.client
        unlimited = {"quota": {"port": -1}}
        assert client.ask("PUT", "/v2.0/quotas/demo", unlimited).status == 200
        network = client.ask("POST", "/v2.0/networks", {"network": {"project_id": "demo"}}).body["network"]["id"]
        ports = [
            {"network_id": network, "project_id": "demo", "name": f"n{number % 7}", "fixed_ips": []}
            for number in range(MADE)
        ]
        assert client.ask("POST", "/v2.0/ports", {"ports": ports}).status == 201
        yield client


def listed(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.ask("GET", f"/v2.0/ports{query}")
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.body["ports"]
    return found


def test_all_of_them(client: Client) -> None:
    ids = [port["id"] for port in listed(client)]

    assert len(set(ids)) == len(ids) == COUNT
    assert ids == sorted(ids)


def test_sorted_by_what_many_have_in_common(client: Client) -> None:
    ports = listed(client, "?sort_key=name&sort_dir=desc&fields=name&fields=id")

    assert len({port["id"] for port in ports}) == COUNT
    assert all(one["name"] >= other["name"] for one, other in pairwise(ports))


def test_a_long_page_and_its_links(client: Client) -> None:
    ids = [port["id"] for port in listed(client)]
    limit = PART_MAX + 7
    answer = client.ask("GET", f"/v2.0/ports?limit={limit}&marker={ids[3]}")

    assert [port["id"] for port in answer.body["ports"]] == ids[4 : 4 + limit]
    links = {link["rel"]: link["href"] for link in answer.body["ports_links"]}
    assert f"marker={ids[3 + limit]}" in links["next"]
    assert f"marker={ids[4]}" in links["previous"]


def test_a_long_page_backwards(client: Client) -> None:
    ids = [port["id"] for port in listed(client)]
    limit = PART_MAX + 7

    found = listed(client, f"?limit={limit}&marker={ids[-3]}&page_reverse=true")

    assert [port["id"] for port in found] == ids[-3 - limit : -3]


def test_exactly_one_part(client: Client) -> None:
    assert len(listed(client, f"?limit={PART_MAX}")) == PART_MAX


def test_none_of_them(client: Client) -> None:
    assert listed(client, "?name=nobody") == []
