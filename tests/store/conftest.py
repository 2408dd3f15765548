"""A store with only the store's own tables, on each of the three databases."""

import contextlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.databases import (  # noqa: F401 - fixtures
    DATABASES,
    Server,
    database_url,
    mariadb_server,
    mariadb_url,
    new_database,
    postgresql_server,
    postgresql_url,
    sqlite_url,
)
from tests.store.support import TOPICS, empty_tables, make_tables
from wovenet.model.clock import SystemClock
from wovenet.store.engine import make_engine
from wovenet.store.tx import Store


@contextlib.contextmanager
def prepared(url: str) -> Iterator[sa.Engine]:
    """An engine of a database with the tables of the tests."""
    engine = make_engine(url, pool_size=20, lock_timeout_s=5)
    make_tables(engine)
    yield engine
    engine.dispose()


# One for all tests: making databases and tables would take most of their time.


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    with prepared(f"sqlite:///{tmp_path_factory.mktemp('store')}/wovenet.db") as engine:
        yield engine


@pytest.fixture(scope="session")
def postgresql_engine(postgresql_server: Server) -> Iterator[sa.Engine]:  # noqa: F811
    with postgresql_server.fresh() as url, prepared(url) as engine:
        yield engine


@pytest.fixture(scope="session")
def mariadb_engine(mariadb_server: Server) -> Iterator[sa.Engine]:  # noqa: F811
    with mariadb_server.fresh() as url, prepared(url) as engine:
        yield engine


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """Tables without rows, on each of the three databases."""
    engine: sa.Engine = request.getfixturevalue(f"{request.param}_engine")
    yield engine
    empty_tables(engine)


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine, SystemClock(), topics=TOPICS)


@pytest.fixture(params=["postgresql", "mariadb"])
def server_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Tables without rows on each of the two servers: for what SQLite, with one writer at a time, cannot show."""
    engine: sa.Engine = request.getfixturevalue(f"{request.param}_engine")
    yield Store(engine, SystemClock())
    empty_tables(engine)
