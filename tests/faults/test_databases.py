"""The database server drops all its connections while clients work: some are told to try again, no more."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import MariaDB, PostgreSQL, mariadb_server, postgresql_server  # noqa: F401
from tests.faults import books
from tests.running import Askers, Running, running, statuses, until

CLIENTS = 4
PORTS_EACH = 50

_POSTGRESQL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test%'"
_MARIADB = """BEGIN NOT ATOMIC
    FOR one IN (SELECT id FROM information_schema.processlist WHERE db LIKE 'test%') DO
        EXECUTE IMMEDIATE CONCAT('KILL CONNECTION ', one.id);
    END FOR;
END"""


@pytest.fixture(params=["postgresql", "mariadb"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Running, Callable[[], None]]]:
    """A deployment, and what cuts all connections of its database."""
    server: PostgreSQL | MariaDB = request.getfixturevalue(f"{request.param}_server")
    statement = {"postgresql": _POSTGRESQL, "mariadb": _MARIADB}[request.param]
    with server.fresh() as url, running(tmp_path / "state", "--db", url) as cloud:
        cloud.check()
        yield cloud, lambda: server.execute(statement)


def test_connections_that_are_cut_are_made_again(served: tuple[Running, Callable[[], None]]) -> None:
    cloud, cut = served
    ledger = books.opened(cloud)
    asked = Askers(cloud, [[ledger.port() for _ in range(PORTS_EACH)] for _ in range(CLIENTS)])
    for goal in (20, 60, 100):
        until(lambda goal=goal: len(ledger.ports()) >= goal, "ports are being made")  # type: ignore[misc]
        cut()
    until(lambda: asked.have_ended, "the end of the clients")
    answers = asked.answers()
    counts = statuses(answers)
    assert counts.keys() <= {201, 503}, counts
    made = {body["port"]["id"] for status, body in answers if status == 201}
    assert made <= {port["id"] for port in ledger.ports()}
    assert len(made) <= ledger.balance() <= len(made) + counts.get(503, 0)
    cloud.check()
