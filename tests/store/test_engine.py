"""Connections: the same meaning of text on all three databases, and no trouble from restarts, crashes and forks."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.store.support import THINGS, exit_code, forked, in_threads, make_tables, thing
from wovenet.model.clock import SystemClock
from wovenet.model.ids import Unit
from wovenet.store import outbox
from wovenet.store.engine import driver_url, make_engine
from wovenet.store.tx import CommitUnknown, ReadTx, Store, StoreBusy, Tx

COUNT = sa.select(sa.func.count()).select_from(THINGS)
SESSION = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT connection_id()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}


def url_of(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def count(store: Store) -> int:
    with store.read() as tx:
        number: int = tx.value(COUNT)
        return number


class Killer:
    """Ends connections at the server's side."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._name = engine.dialect.name

    def session(self, connection: sa.Connection) -> tuple[int, Any]:
        """What `kill` needs: the session's number, and its socket."""
        raw: Any = connection.connection.dbapi_connection
        (number,) = connection.exec_driver_sql(SESSION[self._name]).one()
        return number, raw if self._name == "postgresql" else raw._sock

    def kill(self, session: tuple[int, Any]) -> None:
        """Returns when the end has arrived: otherwise the next statement may be faster than it."""
        number, socket = session
        with self._engine.begin() as connection:
            connection.exec_driver_sql(KILL[self._name].format(number))
        assert select.select([socket], [], [], 10)[0]

    def __call__(self, tx: ReadTx) -> None:
        self.kill(self.session(tx.connection))


@pytest.fixture
def killer(server_store: Store) -> Iterator[Killer]:
    engine = make_engine(url_of(server_store), pool_size=1)
    yield Killer(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:////var/lib/w.db", "sqlite:////var/lib/w.db"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("mysql://u@h/d", "mysql+pymysql://u@h/d"),
        ("mysql+pymysql://u@h/d?charset=utf8", "mysql+pymysql://u@h/d?charset=utf8"),
        ("mariadb://u@h/d", "mysql+pymysql://u@h/d"),
    ],
)
def test_plain_urls_get_our_drivers(given: str, used: str) -> None:
    assert driver_url(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize(
    "url", ["oracle://h/d", "postgresql+psycopg2://h/d", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"]
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"database|SQLite"):
        make_engine(url)


def test_text_is_compared_by_code_point(store: Store) -> None:
    names = ["Zoe", "_", "a", "a ", "zoe", "Å", "é", "東京", "😀"]
    store.write(lambda tx: tx.insert(THINGS, [thing(number, name=name) for number, name in enumerate(reversed(names))]))
    with store.read() as tx:
        assert [row.name for row in tx.rows(sa.select(THINGS.c.name).order_by(THINGS.c.name))] == sorted(names)
        for name in ("zoe", "a", "a "):
            assert [row.name for row in tx.rows(sa.select(THINGS.c.name).where(THINGS.c.name == name))] == [name]
        assert tx.row(sa.select(THINGS).where(THINGS.c.name == "ZOE")) is None


def test_too_long_text_is_refused_and_not_cut(server_store: Store) -> None:
    with pytest.raises(sa.exc.DataError):
        server_store.write(lambda tx: tx.insert(THINGS, [thing(1, name="x" * 256)]))


def test_sqlite_is_set_up_for_many_readers_and_one_writer(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas] == ["wal", 1, 1]
    engine.dispose()


def test_one_statement_costs_one_statement(store: Store) -> None:
    with counting(store.engine) as statements:
        count(store)
        store.write(lambda tx: tx.value(COUNT))
    assert len(statements) == 2


def test_a_connection_closed_while_idle_is_replaced_before_use(server_store: Store, killer: Killer) -> None:
    with server_store.read() as tx:
        session = killer.session(tx.connection)
    killer.kill(session)
    assert count(server_store) == 0
    with server_store.read() as tx:
        assert killer.session(tx.connection) != session


def test_a_connection_that_breaks_in_a_write_is_no_fault(server_store: Store, killer: Killer) -> None:
    runs = 0

    def work(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        tx.insert(THINGS, [thing(runs)])
        if runs == 1:
            killer(tx)
        tx.insert(THINGS, [thing(runs + 10)])

    server_store.write(work)
    assert (runs, count(server_store)) == (2, 2)


def test_a_connection_that_breaks_in_a_read_says_busy(server_store: Store, killer: Killer) -> None:
    def work() -> None:
        with server_store.read() as tx:
            killer(tx)
            tx.value(COUNT)

    with pytest.raises(StoreBusy):
        work()
    assert count(server_store) == 0


def test_a_commit_without_an_answer_is_not_run_again(server_store: Store, killer: Killer) -> None:
    runs = 0

    def work(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        tx.insert(THINGS, [thing(runs)])
        killer(tx)

    with pytest.raises(CommitUnknown):
        server_store.write(work)
    assert runs == 1


@pytest.mark.parametrize("backend", ["postgresql", "mysql"])
def test_no_server_says_busy(backend: str, caplog: pytest.LogCaptureFixture) -> None:
    pauses: list[float] = []
    # Nobody listens on port 1.
    store = Store(make_engine(f"{backend}://u@127.0.0.1:1/d"), SystemClock(), sleep=pauses.append)
    with pytest.raises(StoreBusy):
        count(store)
    with pytest.raises(StoreBusy):
        store.write(lambda tx: tx.value(COUNT), attempts=3)
    assert len(pauses) == 2
    assert [record.getMessage().split(":")[0] for record in caplog.records if record.levelname == "WARNING"] == [
        "database transaction was given up after attempt 1",
        "database transaction was given up after attempt 3",
    ]
    assert "127.0.0.1" not in caplog.text


def test_no_free_connection_says_busy(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=1, pool_timeout_s=0.05)
    make_tables(engine)
    store = Store(engine, SystemClock())
    with store.read() as tx, pytest.raises(StoreBusy):
        tx.value(COUNT)
        count(store)
    engine.dispose()


def test_connections_beyond_those_kept_are_made_and_closed(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=1, overflow=1, pool_timeout_s=0.05)
    make_tables(engine)
    store = Store(engine, SystemClock())
    with store.read() as tx:
        assert (tx.value(COUNT), count(store)) == (0, 0)
    assert engine.pool.status().startswith("Pool size: 1  Connections in pool: 1 ")
    engine.dispose()


def test_a_foreign_writer_on_sqlite_is_waited_for_a_bounded_time(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url, lock_timeout_s=0)
    make_tables(engine)
    store = Store(engine, SystemClock())
    with engine.connect() as foreign:
        foreign.exec_driver_sql("DELETE FROM things")
        with pytest.raises(StoreBusy):
            store.write(lambda tx: tx.insert(THINGS, [thing(1)]), attempts=2)
    store.write(lambda tx: tx.insert(THINGS, [thing(1)]))
    assert count(store) == 1
    engine.dispose()


def test_a_process_killed_inside_a_write_leaves_nothing_and_holds_up_nobody(store: Store) -> None:
    told, tell = os.pipe()

    def child() -> None:
        engine = make_engine(url_of(store))

        def work(tx: Tx) -> None:
            tx.insert(THINGS, [thing(1)])
            tx.mark(Unit("port", "1"))
            tx.finish()
            os.write(tell, b".")
            threading.Event().wait()

        Store(engine, SystemClock()).write(work)

    pid = forked(child)
    assert os.read(told, 1) == b"."
    os.kill(pid, signal.SIGKILL)
    assert exit_code(pid) == -signal.SIGKILL
    # The same row: it would wait for a transaction that is still there.
    store.write(lambda tx: tx.insert(THINGS, [thing(1, name="after")]))
    with store.read() as tx:
        assert tx.value(sa.select(THINGS.c.name)) == "after"
        assert tx.row(sa.select(outbox.MARKS)) is None
    os.close(told)
    os.close(tell)


def insert(store: Store, numbers: range) -> None:
    """One write for each."""
    for number in numbers:
        store.write(partial(Tx.insert, table=THINGS, rows=[thing(number)]))
        assert count(store)


def test_a_forked_child_and_its_parent_do_not_share_connections(store: Store) -> None:
    insert(store, range(1))
    children = [forked(partial(insert, store, range(start, start + 20))) for start in (100, 200)]
    insert(store, range(300, 320))
    assert [exit_code(pid) for pid in children] == [0, 0]
    assert count(store) == 61


def test_a_forked_child_does_not_even_look_at_its_parents_connections(
    server_store: Store, killer: Killer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server_store.read() as tx:
        session = killer.session(tx.connection)
    # Something can be read from the idle connection now, which in the parent is a reason to ask the server.
    killer.kill(session)
    asked: list[object] = []
    monkeypatch.setattr(server_store.engine.dialect, "do_ping", asked.append)

    def child() -> None:
        assert count(server_store) == 0
        assert asked == []

    assert exit_code(forked(child)) == 0


def test_writers_of_many_processes_and_threads_all_get_their_turn(store: Store) -> None:
    def child(start: int) -> None:
        own = Store(make_engine(url_of(store)), SystemClock())
        in_threads([partial(insert, own, range(first, first + 10)) for first in (start, start + 100)])

    children = [forked(partial(child, 1000 * number)) for number in range(4)]
    assert [exit_code(pid) for pid in children] == [0] * 4
    assert count(store) == 80
