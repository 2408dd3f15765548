"""What goes wrong: databases that refuse, connections that break, servers that forget, processes that end.

Everything here happens at the seams of the program: the events of its engine, and the client of OVSDB that it is given.
Errors are the drivers' and the server's own wherever they can be brought about.
"""

import os
import socket
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import pymysql
import sqlalchemy as sa
from sqlalchemy import event

from tests.sim.history import Act, History
from tests.sim.schedule import Killed, Schedule, Task
from wovenet.ovn.client import Client, JsonOp, Results
from wovenet.ovn.errors import TransactionRefused

BEGIN: Final = ("lost", "killed")
STATEMENT: Final = ("conflict", "lost", "killed")
COMMIT: Final = ("conflict", "lost", "lost after", "killed", "killed after")
MESSAGE: Final = ("refused", "lost", "lost after", "killed", "killed after")
_REFUSALS: Final = ("resources exhausted", "cluster error", "I/O error")
_READS: Final = frozenset({"select", "assert", "wait", "comment"})


_RARE: Final = {"sql commit": 5.0, "nb write": 8.0, "nb read": 2.0, "poke": 8.0}
"""Where there are few occasions, more of them are taken."""


@dataclass
class Weather:
    """How often something breaks, and how often it may."""

    rate: float
    most: int
    seen: dict[str, int] = field(default_factory=dict)

    def strikes(self, task: Task | None, where: str, kinds: Sequence[str]) -> str | None:
        """What breaks here, most often nothing. Outside of the simulation, nothing does."""
        if (
            task is None
            or task.luck.random() >= self.rate * _RARE.get(where, 1.0)
            or sum(self.seen.values()) >= self.most
        ):
            return None
        kind = task.luck.choice(kinds)
        self.seen[f"{where}: {kind}"] = self.seen.get(f"{where}: {kind}", 0) + 1
        return kind

    def clear(self) -> None:
        """Nothing breaks any more."""
        self.rate = 0.0


class Database:
    """What happens on the way to the database of one process, and what the history has to know of it."""

    def __init__(self, engine: sa.Engine, schedule: Schedule, weather: Weather, history: History) -> None:
        self._schedule = schedule
        self._weather = weather
        self._history = history
        self._session_of = _SESSIONS[engine.dialect.name]
        event.listen(engine, "checkout", self._checkout)
        for name in ("begin", "before_cursor_execute", "after_cursor_execute", "commit", "rollback"):
            event.listen(engine, name, getattr(self, f"_{name}"))

    def _checkout(self, *_: object) -> None:
        """A transaction is about to be run, from the top: ids are given before its first statement, too."""
        task = self._schedule.task
        if task is not None and task.act is not None:
            task.ids = task.act.ids(self._history.seed)
            task.act.since = 0

    def _begin(self, connection: sa.Connection) -> None:
        self._schedule.here()
        task = self._schedule.task
        if task is not None:
            task.session = self._session_of(_raw(connection))
        self._break(connection, "begin", BEGIN)

    def _before_cursor_execute(self, connection: sa.Connection, *_: object) -> None:
        self._schedule.here()
        self._break(connection, "statement", STATEMENT)

    def _after_cursor_execute(self, *_: object) -> None:
        act = self._act
        if act is not None and not act.since:
            act.since = self._history.next()
            if not act.commits:
                act.place = act.since

    def _commit(self, connection: sa.Connection) -> None:
        self._schedule.here()
        broken = self._break(connection, "commit", COMMIT)
        if broken != "lost":
            self._note_commit()
        if broken == "lost after":
            # It happened, and the answer is lost: the driver's own commit finds nobody there.
            _raw(connection).commit()
            _raw(connection).close()

    def _rollback(self, _connection: sa.Connection) -> None:
        act = self._act
        if act is not None and not act.commits and not act.only_reads:
            act.place = self._history.next()

    def _note_commit(self) -> None:
        act = self._act
        if act is not None:
            act.commits += 1
            act.place = self._history.next()

    @property
    def _act(self) -> Act | None:
        task = self._schedule.task
        return task.act if task else None

    def _break(self, connection: sa.Connection, where: str, kinds: Sequence[str]) -> str | None:
        """What breaks, unless the caller has to see to that. Raises: Killed; an error of the database."""
        kind = self._weather.strikes(self._schedule.task, f"sql {where}", kinds)
        if kind is None:
            return None
        raw = _raw(connection)
        if self._act is not None:
            self._act.disturbed = True
        match kind:
            case "lost":
                # The server notices too, and by itself later: then the course of events would be its to decide.
                raw.rollback()
                raw.close()
            case "conflict":
                raw.rollback()
                raise sa.exc.OperationalError(where, None, _conflict(connection.dialect.name))
            case "killed":
                raw.rollback()
                raise Killed
            case "killed after":
                raw.commit()
                self._note_commit()
                raise Killed
        return kind


class Line(Client):
    """A connection to OVSDB that may break, to a server that may refuse."""

    schedule: Schedule
    weather: Weather

    def transact(
        self, ops: Sequence[JsonOp], *, database: str | None = None, timeout_s: float | None = None
    ) -> Results:
        self.schedule.here()
        writes = any(op["op"] not in _READS for op in ops)
        kind = self.weather.strikes(self.schedule.task, "nb write" if writes else "nb read", MESSAGE)
        if kind == "refused" and self.schedule.task is not None:
            raise TransactionRefused(None, self.schedule.task.luck.choice(_REFUSALS), "")
        if kind == "killed":
            raise Killed
        if kind in ("lost after", "killed after"):
            super().transact(ops, database=database, timeout_s=timeout_s)
            self.schedule.here()
        if kind == "killed after":
            raise Killed
        if kind is not None:
            self.cut()
        return super().transact(ops, database=database, timeout_s=timeout_s)

    def cut(self) -> None:
        """Nothing goes through the connection any more; who has it finds out."""
        if self.connected:
            with socket.socket(fileno=os.dup(self.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


def line(client_of: Mapping[str, Any], schedule: Schedule, weather: Weather) -> Line:
    """A line; `client_of`: what a `Client` is made of."""
    made = Line(**client_of)
    made.schedule = schedule
    made.weather = weather
    return made


def _raw(connection: sa.Connection) -> Any:
    """The driver's connection."""
    return connection.connection.dbapi_connection


_SESSIONS: Final[Mapping[str, Any]] = {
    "sqlite": lambda _raw: None,
    "postgresql": lambda raw: raw.info.backend_pid,
    "mysql": lambda raw: raw.thread_id(),
}
"""The number of the session behind a driver's connection."""


def _conflict(dialect: str) -> Exception:
    """How a driver says that the transaction lost against another one."""
    if dialect == "postgresql":
        return psycopg.errors.DeadlockDetected("deadlock detected")
    if dialect == "mysql":
        return pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock")
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_BUSY, "SQLITE_BUSY"
    return error
