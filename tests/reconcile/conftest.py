"""A store with the schema, and a real NB of its own for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import ovsdb_servers
from tests.databases import (  # noqa: F401 - fixtures
    database_url,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
    sqlite_url,
)
from tests.ovsdb_servers import CLOCK
from tests.reconcile.world import World
from wovenet.reconcile import ledger  # noqa: F401 - its tables are part of the schema
from wovenet.store.engine import make_engine
from wovenet.store.schema import METADATA
from wovenet.store.tx import Store


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ovsdb_servers.Server]:
    with ovsdb_servers.serving(tmp_path) as own:
        yield own


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    engine = make_engine(f"sqlite:///{tmp_path}/wovenet.db")
    METADATA.create_all(engine)
    yield Store(engine, CLOCK)
    engine.dispose()


@pytest.fixture
def world(store: Store, server: ovsdb_servers.Server) -> Iterator[World]:
    own = World(store, server)
    own.lead()
    yield own
    own.client.close()


@pytest.fixture
def make_world(store: Store, server: ovsdb_servers.Server) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(**options: object) -> World:
        made.append(World(store, server, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.client.close()
