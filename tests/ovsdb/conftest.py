"""Servers shared by the tests of this folder; a test that stops or empties its server makes one of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ovsdb_servers
from wovenet.ovn.client import Client


@pytest.fixture(scope="session")
def northbound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ovsdb_servers.Server]:
    with ovsdb_servers.serving(tmp_path_factory.mktemp("nb")) as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ovsdb_servers.Server]:
    """A server of the test's own."""
    with ovsdb_servers.serving(tmp_path) as own:
        yield own


@pytest.fixture
def client(northbound: ovsdb_servers.Server) -> Iterator[Client]:
    """Connected to the shared server, whose database is empty and whose locks are free."""
    connected = northbound.client()
    # Ports too, though they go with their switches: the server checks what they hold before it collects them.
    tables = ["Logical_Switch_Port", "Logical_Switch", "Logical_Router", "Port_Group", "DHCP_Options", "Address_Set"]
    tables += ["NB_Global", "Meter", "HA_Chassis_Group", "DNS"]
    connected.transact([{"op": "delete", "table": table, "where": []} for table in tables])
    yield connected
    connected.close()
