"""A store with only the store's own tables, on each of the three databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.databases import (  # noqa: F401 - fixtures
    database_url,
    mariadb_server,
    mariadb_url,
    new_database,
    postgresql_server,
    postgresql_url,
    sqlite_url,
)
from tests.store.support import make_tables
from wovenet.model.clock import SystemClock
from wovenet.store.engine import make_engine
from wovenet.store.tx import Store


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:  # noqa: F811
    engine = make_engine(database_url, pool_size=20, lock_timeout_s=5)
    make_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine, SystemClock())


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest) -> str:
    """An empty database on each of the two servers: for what SQLite, with one writer at a time, cannot show."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def server_store(server_url: str) -> Iterator[Store]:
    engine = make_engine(server_url, pool_size=20, lock_timeout_s=5)
    make_tables(engine)
    yield Store(engine, SystemClock())
    engine.dispose()
