"""What a driver's error means, on all three databases: run it again, a claim that was refused, or a fault."""

import re
import sqlite3
from typing import Any, Final

import sqlalchemy as sa

from wovenet.store.schema import METADATA

DRIVER_FAULTS: Final = (sa.exc.DBAPIError, sa.exc.TimeoutError)
"""What may come out of a statement, or of waiting for a connection."""

_SQLITE_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_UNIQUE: Final = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_POSTGRESQL_CONFLICTS: Final = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available: lock_timeout
        "57014",  # query_canceled: statement_timeout
        "53300",  # too_many_connections
        "57P03",  # cannot_connect_now: starting up
    }
)
_POSTGRESQL_UNIQUE: Final = "23505"
_MYSQL_CONFLICTS: Final = frozenset(
    {
        1213,  # ER_LOCK_DEADLOCK, and Galera's certification failure, also at the commit
        1205,  # ER_LOCK_WAIT_TIMEOUT
        1020,  # ER_CHECKREAD: the row changed since it was read
        1047,  # ER_UNKNOWN_COM_ERROR: the Galera node is not (yet) part of the cluster
        1969,  # ER_STATEMENT_TIMEOUT
        1040,  # ER_CON_COUNT_ERROR
        1203,  # ER_TOO_MANY_USER_CONNECTIONS
        1053,  # ER_SERVER_SHUTDOWN
        2002,  # CR_CONNECTION_ERROR
        2003,  # CR_CONN_HOST_ERROR
        2006,  # CR_SERVER_GONE_ERROR
        2013,  # CR_SERVER_LOST
    }
)
_POSTGRESQL_FOREIGN: Final = "23503"
_MYSQL_UNIQUE: Final = 1062
_MYSQL_FOREIGN: Final = frozenset({1451, 1452})
_MYSQL_KEY = re.compile(r"for key '(?:[^']*\.)?([^'.]+)'$")


class StoreBusy(Exception):  # noqa: N818
    """The database could not do it now: conflicts, locks or no connection. Nothing was committed; ask again later."""

    def __init__(self, *, attempts: int) -> None:
        super().__init__(f"gave up after {attempts} attempts")
        self.attempts = attempts


class CommitUnknown(Exception):  # noqa: N818
    """The connection broke during the commit: it may have happened or not, so it must not be run again blindly."""


class Claimed(Exception):  # noqa: N818
    """A unique constraint refused a row: somebody has that already.

    `table` and `columns` say which constraint of the schema it was. The transaction cannot go on.
    """

    def __init__(self, table: str, columns: frozenset[str]) -> None:
        super().__init__(f"{table}({', '.join(sorted(columns))})")
        self.table = table
        self.columns = columns

    def on(self, *columns: str | sa.Column[Any]) -> bool:
        """Whether it is the constraint over exactly these columns."""
        return self.columns == {column if isinstance(column, str) else column.name for column in columns}


def transient(error: BaseException) -> bool:
    """Whether the same transaction may succeed when it is run again: a conflict, a full house, or no connection."""
    if isinstance(error, sa.exc.TimeoutError):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        # Extended codes carry the primary one in their low byte.
        return cause.sqlite_errorcode & 0xFF in _SQLITE_BUSY
    number = _mysql_number(error)
    if number is not None:
        return number in _MYSQL_CONFLICTS
    return _postgresql_transient(error, getattr(cause, "sqlstate", None))


def code(error: BaseException) -> str:
    """What may be logged of `error`: its kind and the database's number for it. The text may name hosts and users."""
    cause: Any = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig is not None else error
    number = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    if isinstance(error, sa.exc.DBAPIError):
        number = _mysql_number(error) or number
    return f"{type(cause).__name__} {number}" if number else type(cause).__name__


def claimed(error: sa.exc.IntegrityError, table: sa.Table | None) -> Claimed | None:
    """The unique constraint that `error` is about, met by a statement on `table`; None if it is about another kind."""
    cause: Any = error.orig
    if isinstance(cause, sqlite3.IntegrityError):
        if cause.sqlite_errorcode not in _SQLITE_UNIQUE:
            return None
        # "UNIQUE constraint failed: ports.network_id, ports.mac_address"
        names = str(cause).partition(": ")[2].split(", ")
        return Claimed(names[0].partition(".")[0], frozenset(name.partition(".")[2] for name in names))
    if getattr(cause, "sqlstate", None) == _POSTGRESQL_UNIQUE:
        return _named(cause.diag.constraint_name, METADATA.tables.get(cause.diag.table_name, table))
    if _mysql_number(error) == _MYSQL_UNIQUE:
        key = _MYSQL_KEY.search(str(cause.args[1]))
        return _named(key.group(1) if key else "", table)
    return None


def is_dangling(error: sa.exc.IntegrityError) -> bool:
    """Whether a foreign key refused a row: what it refers to is missing, or what is to go is referred to."""
    cause: Any = error.orig
    if isinstance(cause, sqlite3.IntegrityError):
        return cause.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    return getattr(cause, "sqlstate", None) == _POSTGRESQL_FOREIGN or _mysql_number(error) in _MYSQL_FOREIGN


def commit(connection: sa.Connection) -> None:
    """Commits.

    Raises: CommitUnknown if the connection broke, so that nobody can say what became of it.
    """
    try:
        connection.commit()
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise CommitUnknown from error
        # SQLite stays in a transaction whose COMMIT it refused, which SQLAlchemy takes for ended: nobody is to get it.
        connection.invalidate()
        raise


def _postgresql_transient(error: sa.exc.DBAPIError, state: str | None) -> bool:
    if state in _POSTGRESQL_CONFLICTS:
        return True
    # Without a state, or of class 08: the connection.
    return isinstance(error, sa.exc.OperationalError) and (state is None or state.startswith("08"))


def _mysql_number(error: sa.exc.DBAPIError) -> int | None:
    arguments = error.orig.args if error.orig is not None else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _named(constraint: str, table: sa.Table | None) -> Claimed:
    """The claim over the columns of the unique constraint or index of this name, or of the primary key."""
    if table is None:
        return Claimed("", frozenset({constraint}))
    for index in table.indexes:
        if index.unique and index.name == constraint:
            return Claimed(table.name, frozenset(index.columns.keys()))
    for candidate in table.constraints:
        if isinstance(candidate, sa.UniqueConstraint) and candidate.name == constraint:
            return Claimed(table.name, frozenset(candidate.columns.keys()))
    if constraint in ("PRIMARY", table.primary_key.name):
        return Claimed(table.name, frozenset(table.primary_key.columns.keys()))
    return Claimed(table.name, frozenset({constraint}))
