"""Databases for whole deployments, and one OVN deployment per database that tests share."""

from collections.abc import Iterator

import pytest

from tests.databases import (  # noqa: F401
    DATABASES,
    MariaDB,
    PostgreSQL,
    mariadb_server,
    postgresql_server,
)
from tests.running import Running, running

SETTINGS = """
[ml2]
project_network_types = geneve
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:119
"""


@pytest.fixture(scope="session", params=DATABASES)
def shared_cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One with two workers on each of the three databases."""
    directory = tmp_path_factory.mktemp(request.param)
    file = directory / "neutron.conf"
    file.write_text(SETTINGS)
    flags = ("--workers", "2", "--config-file", str(file))
    if request.param == "sqlite":
        with running(directory / "state", *flags) as cloud:
            yield cloud
        return
    server: PostgreSQL | MariaDB = request.getfixturevalue(f"{request.param}_server")
    with server.fresh() as url, running(directory / "state", *flags, "--db", url) as cloud:
        yield cloud


@pytest.fixture
def cloud(shared_cloud: Running) -> Iterator[Running]:
    """A deployment in which all is well, and is again after the test."""
    yield shared_cloud
    shared_cloud.check()
