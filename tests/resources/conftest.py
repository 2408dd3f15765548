"""Worlds: an empty deployment on SQLite (`world`), or on each of the three databases in turn (`any_world`)."""

from collections.abc import Iterator

import pytest

from tests.databases import (  # noqa: F401 - fixtures
    database_url,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
    sqlite_url,
)
from tests.resources.world import World
from wovenet.settings import Settings
from wovenet.settings.networking import Ml2TypeGeneve, Ml2TypeVlan, Ml2TypeVxlan
from wovenet.store.engine import make_engine


@pytest.fixture
def settings() -> Settings:
    """Few ids, so that they can run out."""
    return Settings(
        ml2_type_vlan=Ml2TypeVlan(network_vlan_ranges=("physnet1:100:102", "physnet2:200:201", "physnet3")),
        ml2_type_geneve=Ml2TypeGeneve(vni_ranges=("1:9",)),
        ml2_type_vxlan=Ml2TypeVxlan(vni_ranges=("1001:1002",)),
    )


def _world(url: str, settings: Settings) -> Iterator[World]:
    engine = make_engine(url, pool_size=20)
    yield World(engine, settings)
    engine.dispose()


@pytest.fixture
def world(sqlite_url: str, settings: Settings) -> Iterator[World]:  # noqa: F811
    yield from _world(sqlite_url, settings)


@pytest.fixture
def any_world(database_url: str, settings: Settings) -> Iterator[World]:  # noqa: F811
    yield from _world(database_url, settings)
