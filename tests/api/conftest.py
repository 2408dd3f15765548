"""Deployments for the API tests. All share one ovsdb-server, which is emptied before each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ovsdb_servers
from tests.databases import (  # noqa: F401 - fixtures
    database_url,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
    server_directory,
    sqlite_url,
)
from tests.deployment import Deployment, deployment


@pytest.fixture(scope="session")
def northbound() -> Iterator[ovsdb_servers.Server]:
    """A Northbound database that is there for the whole session."""
    with server_directory("nb") as directory, ovsdb_servers.serving(directory) as server:
        yield server


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """A directory in memory: these tests write much and keep nothing."""
    with server_directory("api") as directory:
        yield directory


@pytest.fixture
def cloud(state_dir: Path) -> Iterator[Deployment]:
    """An empty deployment without OVN."""
    with deployment(state_dir) as made:
        yield made


@pytest.fixture
def followed_cloud(state_dir: Path, northbound: ovsdb_servers.Server) -> Iterator[Deployment]:
    """An empty deployment with a controller that follows, and with what it says at the end of the test."""
    with deployment(state_dir, nb=northbound) as made:
        yield made
        assert made.complaints() == []
