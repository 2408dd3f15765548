"""One `sa.Engine` per process for SQLite, PostgreSQL or MariaDB, tuned so that a transaction costs what it must.

A transaction on a connection that `connect` opened for reading sees one snapshot on every database. One for writing is
READ COMMITTED on the servers, and the only writer on SQLite; so is whatever comes from the engine otherwise, but on
SQLite it becomes a writer only when it writes.
"""

import fcntl
import os
import select
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, pool
from sqlalchemy.engine import URL, make_url

READ: Final = "read"
WRITE: Final = "write"
_ACCESS: Final = "access"

_DRIVERS: Final = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
_SQLITE_STATEMENTS = 512
"""Prepared statements that one SQLite connection keeps."""
_SQLITE_CHECKPOINT_PAGES = 4000
"""The commit that makes the write-ahead log this long (16 MB) moves it into the database, and waits for the disk."""
_SQLITE_WAL_BYTES = 64 << 20
"""The write-ahead log is cut back to this size after a burst."""


@dataclass(frozen=True, slots=True)
class _Limits:
    """Units: seconds. 0 for `statement` means none."""

    connect: int
    lock: int
    statement: int


def make_engine(
    url: str,
    *,
    pool_size: int = 8,
    overflow: int = 0,
    pool_timeout_s: float = 10.0,
    recycle_s: int = 1800,
    connect_timeout_s: int = 5,
    lock_timeout_s: int = 10,
    statement_timeout_s: int = 60,
) -> sa.Engine:
    """An engine for `url`: sqlite:///PATH, postgresql://… or mysql://…, also with the driver spelled out.

    At most `pool_size` connections are kept, and `overflow` more are made; who gets none within `pool_timeout_s` gets
    `sa.exc.TimeoutError`. Connects on first use. A connection to a server is replaced after `recycle_s`, before
    proxies on the way forget it; -1: never.

    Raises: ValueError for another database or driver, and for SQLite without a file.
    Guarantees: a forked child opens connections of its own and leaves the parent's alone, provided that no other
    thread was using the engine during the fork.
    """
    target = driver_url(url)
    limits = _Limits(connect_timeout_s, lock_timeout_s, statement_timeout_s)
    arguments: dict[str, Any] = {
        "poolclass": pool.QueuePool,
        "pool_size": pool_size,
        "max_overflow": overflow,
        "pool_recycle": recycle_s if target.get_backend_name() != "sqlite" else -1,
        "pool_timeout": pool_timeout_s,
        "pool_use_lifo": True,
        "hide_parameters": True,
    }
    make = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}[target.get_backend_name()]
    engine = make(target, arguments, limits)
    _leave_connections_of_the_parent(engine)
    return engine


def connect(engine: sa.Engine, access: str) -> sa.Connection:
    """A connection for one transaction: to `READ`, or to `WRITE`."""
    connection = engine.connect()
    connection.info[_ACCESS] = access
    return connection


def driver_url(url: str) -> URL:
    """`url` with the driver that we use for its database.

    Raises: ValueError for another database or driver, and for SQLite without a file.
    """
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(f"unsupported database {parsed.drivername!r}: use sqlite, postgresql or mysql")
    if driver == "sqlite" and (parsed.database in (None, "", ":memory:") or str(parsed.database).startswith("file:")):
        raise ValueError("SQLite needs a plain file: sqlite:///PATH")
    return parsed.set(drivername=driver)


def writer_turns(engine: sa.Engine) -> Callable[[], AbstractContextManager[None]]:
    """Makes a context manager in which this thread is the one that may write; nothing to do on a server.

    SQLite lets one transaction write at a time, and those who wait poll with growing sleeps: under load they sleep
    past free moments and starve each other. So writers first queue in the kernel, for a lock on `PATH-writers`, which
    wakes the next one at once and which the kernel releases if its holder dies.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext
    path = f"{engine.url.database}-writers"

    @contextmanager
    def turn() -> Iterator[None]:
        # A descriptor for each turn: a lock belongs to the open file, so threads exclude each other too, and a
        # forked child has none of it to keep.
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)
        finally:
            os.close(lock)

    return turn


def _sqlite(url: URL, arguments: dict[str, Any], limits: _Limits) -> sa.Engine:
    engine = sa.create_engine(
        url,
        connect_args={
            "timeout": limits.lock,
            # The driver must not guess when a transaction begins: `begin` below does.
            "isolation_level": None,
            "cached_statements": _SQLITE_STATEMENTS,
        },
        **arguments,
    )
    turn = writer_turns(engine)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            # Changing the mode needs the file alone, and does not wait for it.
            with turn():
                connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute(f"PRAGMA wal_autocheckpoint={_SQLITE_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit={_SQLITE_WAL_BYTES}")

    def begin(raw: sqlite3.Connection, access: str | None) -> None:
        raw.execute("BEGIN IMMEDIATE" if access == WRITE else "BEGIN")

    _begin_with(engine, begin)
    return engine


def _postgresql(url: URL, arguments: dict[str, Any], limits: _Limits) -> sa.Engine:
    options = [
        *([str(url.query["options"])] if "options" in url.query else []),
        f"-c lock_timeout={limits.lock}s",
        f"-c statement_timeout={limits.statement}s",
        f"-c idle_in_transaction_session_timeout={limits.statement}s",
    ]
    from psycopg import Connection, IsolationLevel  # 50 ms, and only who uses it pays

    engine = sa.create_engine(
        url,
        connect_args={
            "connect_timeout": limits.connect,
            "options": " ".join(options),
            "application_name": "wovenet",
            # Unacknowledged data ends the connection: a server that vanished does not hold a thread for minutes.
            "tcp_user_timeout": 1000 * (limits.connect + limits.statement),
        },
        **arguments,
    )
    _notice_closed(engine, lambda connection: connection.fileno())

    def begin(raw: Connection[Any], access: str | None) -> None:
        # These only change the text of the BEGIN that the driver is about to send.
        reads = access == READ
        level = IsolationLevel.REPEATABLE_READ if reads else IsolationLevel.READ_COMMITTED
        if raw.isolation_level is not level:
            raw.isolation_level = level
            raw.read_only = reads

    _begin_with(engine, begin)
    return engine


def _mysql(url: URL, arguments: dict[str, Any], limits: _Limits) -> sa.Engine:
    session = [f"innodb_lock_wait_timeout={limits.lock}", "sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"]
    if limits.statement:
        session.append(f"max_statement_time={limits.statement}")
    engine = sa.create_engine(
        url,
        # Reads are the more frequent: they find the session as they need it.
        isolation_level="REPEATABLE READ",
        connect_args={
            "charset": "utf8mb4",
            "connect_timeout": limits.connect,
            "read_timeout": limits.connect + limits.statement if limits.statement else None,
            "write_timeout": limits.connect + limits.statement if limits.statement else None,
            "init_command": f"SET SESSION {', '.join(session)}",
        },
        **arguments,
    )
    _notice_closed(engine, lambda connection: connection._sock.fileno())

    def begin(raw: Any, access: str | None) -> None:
        if access != READ:
            raw.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

    _begin_with(engine, begin)
    return engine


def _begin_with(engine: sa.Engine, begin: Callable[[Any, str | None], None]) -> None:
    """Makes transactions begin with `begin`, which is given the driver's connection and what it is for.

    SQLAlchemy has an event for it. But an engine that has any listener looks for more of them at each statement, which
    took a fifth of the time to create a port.
    """

    def do_begin(connection: Any) -> None:
        begin(connection.dbapi_connection, connection.info.pop(_ACCESS, None))

    setattr(engine.dialect, "do_begin", do_begin)  # noqa: B010 - a method of this one engine's dialect


def _leave_connections_of_the_parent(engine: sa.Engine) -> None:
    """Makes a forked child replace the connections that it inherited, without closing them.

    Closing would say goodbye on a socket that the parent still uses, so they are kept until the child ends.
    """
    inherited: list[object] = []

    @event.listens_for(engine, "connect")
    def remember(_connection: object, record: pool.ConnectionPoolEntry) -> None:
        record.info["pid"] = os.getpid()

    # Before any other check: even looking whether the server still answers would take the parent's answers.
    @event.listens_for(engine, "checkout", insert=True)
    def check(connection: object, record: pool.ConnectionPoolEntry, proxy: Any) -> None:
        if record.info["pid"] != os.getpid():
            inherited.append(connection)
            setattr(record, "dbapi_connection", None)  # noqa: B010 - SQLAlchemy's documented way, unknown to its types
            proxy.dbapi_connection = None
            raise sa.exc.DisconnectionError("the connection belongs to the parent process")


def _notice_closed(engine: sa.Engine, fileno: Callable[[Any], int]) -> None:
    """Makes a connection that its server closed while idle be replaced before use, without a round trip.

    An idle connection has nothing to say: if its socket is readable, that is an end or a farewell, and only then it
    is worth a ping.
    """

    @event.listens_for(engine, "checkout")
    def check(connection: Any, _record: object, _proxy: object) -> None:
        poll = select.poll()
        try:
            poll.register(fileno(connection), select.POLLIN)
            if poll.poll(0):
                engine.dialect.do_ping(connection)
        except (engine.dialect.loaded_dbapi.Error, OSError, AttributeError) as error:
            # AttributeError: PyMySQL drops its socket when it notices the end itself.
            raise sa.exc.DisconnectionError("the server closed the connection") from error


def database_file(engine: sa.Engine) -> Path | None:
    """The file of a SQLite database; None for a server."""
    return Path(str(engine.url.database)) if engine.dialect.name == "sqlite" else None
