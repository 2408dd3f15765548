"""Transactions: one consistent read, or one write that commits as a whole and is run again when it lost a race."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql import Executable

from wovenet.model.clock import Clock, timestamp
from wovenet.model.ids import Unit
from wovenet.model.problems import LostRace
from wovenet.store import engine as engines
from wovenet.store import faults, schema
from wovenet.store.faults import Claimed, CommitUnknown, StoreBusy
from wovenet.store.prepared import Parameters, Prepared, Statements
from wovenet.store.schema import METADATA

__all__ = ["Claimed", "CommitUnknown", "ReadTx", "Store", "StoreBusy", "Tx"]

LOG = logging.getLogger(__name__)
T = TypeVar("T")

OVN: Final = "ovn"
"""The topic of a mark that names none."""
NOTIFY: Final = "notify"
"""What compute is to be told."""
SOUTHBOUND: Final = "southbound"
"""What is to go from the Southbound database."""

MARKS = sa.Table(
    "marks",
    METADATA,
    sa.Column("id", schema.bigint_type(), primary_key=True, autoincrement=True),
    schema.text_col("topic", 32),
    schema.text_col("kind", 64),
    schema.text_col("unit_id"),
    sa.Column("created", sa.Double(), nullable=False),
    sa.Index(None, "topic", "kind", "id"),
    sa.Index(None, "unit_id"),
    sqlite_autoincrement=True,
)
"""The outbox, written here and read by `store.outbox`. `created`: seconds since the epoch."""

ATTEMPTS: Final = 20
PATIENCE_S: Final = 20.0
"""No attempt is begun later than this after the first: waits for locks and connections add up."""
_FIRST_PAUSE_MS = 8
_LONGEST_PAUSE_MS = 512


class ReadTx:
    """One transaction that reads: all of its statements see the same committed state."""

    def __init__(self, connection: sa.Connection, clock: Clock, statements: Statements | None) -> None:
        self.connection = connection
        self.clock = clock
        self._statements = statements
        self._driver: Any = connection.connection.driver_connection

    def rows(self, stmt: Executable, params: Mapping[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """All rows."""
        kept = self._kept(stmt, params or {})
        return self.connection.execute(stmt, params).all() if kept is None else kept.rows(self._driver, params or {})

    def row(self, stmt: Executable, params: Mapping[str, Any] | None = None) -> sa.Row[Any] | None:
        """The first row, or None."""
        kept = self._kept(stmt, params or {})
        return self.connection.execute(stmt, params).first() if kept is None else kept.first(self._driver, params or {})

    def value(self, stmt: Executable, params: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        found = self.row(stmt, params)
        return None if found is None else found[0]

    def _kept(self, stmt: Executable, params: Parameters) -> Prepared | None:
        """The statement as the driver takes it, or None if SQLAlchemy is to run it."""
        return None if self._statements is None else self._statements.find(stmt, params)


class Tx(ReadTx):
    """One transaction that writes. It commits when the function that it was given to returns.

    A read in it sees the latest committed state and what this transaction wrote, statement by statement.
    """

    def __init__(
        self, connection: sa.Connection, clock: Clock, statements: Statements | None, topics: Collection[str] = (OVN,)
    ) -> None:
        super().__init__(connection, clock, statements)
        self._topics = topics
        self._marks: dict[tuple[str, Unit], None] = {}
        self._refused: Claimed | LostRace | None = None

    def run(self, stmt: Executable, params: Parameters | None = None) -> int:
        """Runs an INSERT, UPDATE or DELETE. Out: the number of rows it met.

        Raises: Claimed, after which the transaction can only end; LostRace for a broken reference, which somebody
        else's row must have caused.
        """
        kept = self._kept(stmt, params or {})
        try:
            if kept is None:
                return self.connection.execute(stmt, params).rowcount
            return kept.count(self._driver, params or {})
        except sa.exc.IntegrityError as error:
            self._refused = faults.claimed(error, getattr(stmt, "table", None))
            if self._refused is None and faults.is_dangling(error):
                self._refused = LostRace("a row has gone that this one refers to, or one has come that refers to it")
            if self._refused is None:
                raise
            raise self._refused from error

    def insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Inserts `rows`, all with the same columns, in one statement; nothing to do for none.

        Raises: Claimed, after which the transaction can only end.
        """
        if rows:
            self.run(_insert(table), rows if len(rows) > 1 else rows[0])

    def compare_and_swap(self, table: sa.Table, id: str, seen_revision: int, changes: Mapping[str, Any]) -> None:  # noqa: A002
        """Makes `changes` to the row that is still at `seen_revision`; its revision becomes the next one.

        Sets `revision_number`, and `updated_at` where the table has it, unless `changes` name them.

        Raises: LostRace if the row has moved on or is gone.
        """
        values: dict[str, Any] = {"seen_id": id, "seen_revision": seen_revision, "revision_number": seen_revision + 1}
        if "updated_at" in table.c:
            values["updated_at"] = self.now()
        if self.run(_swap(table), values | dict(changes)) != 1:
            raise LostRace(f"{table.name} {id} is no longer at revision {seen_revision}")

    def mark(self, unit: Unit, *topics: str) -> None:
        """Has `unit` brought to each of `topics` (to "ovn" if none is named) once this transaction has committed.

        Topics that nobody serves in this deployment are left out.
        """
        for topic in topics or (OVN,):
            if topic in self._topics:
                self._marks[topic, unit] = None

    def now(self) -> str:
        """The present time as the API shows it."""
        return timestamp(self.clock.wall())

    def _kept(self, stmt: Executable, params: Parameters) -> Prepared | None:
        self._go_on()
        return super()._kept(stmt, params)

    def _go_on(self) -> None:
        # PostgreSQL would refuse the next statement, and turn the commit into a silent rollback. The others would go
        # on: so that all three behave the same, none does.
        if self._refused is not None:
            raise RuntimeError("the transaction cannot go on after a refused row") from self._refused

    def finish(self) -> bool:
        """Writes what was collected, just before the commit. Out: whether there are marks."""
        self._go_on()
        if self._marks:
            created = self.clock.wall()
            self.insert(
                MARKS,
                [
                    {"topic": topic, "kind": unit.kind, "unit_id": unit.id, "created": created}
                    for topic, unit in self._marks
                ],
            )
        return bool(self._marks)


@cache
def _insert(table: sa.Table) -> sa.Insert:
    """One statement per table, so that it is compiled once. Inline: no key is asked back."""
    return table.insert().inline()


@cache
def _swap(table: sa.Table) -> sa.Update:
    return table.update().where(
        table.c.id == sa.bindparam("seen_id"), table.c.revision_number == sa.bindparam("seen_revision")
    )


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)


class Store:
    """The database of the deployment. Safe to share between threads."""

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        *,
        poke: Callable[[], None] | None = None,
        topics: Collection[str] = (OVN,),
        sleep: Callable[[float], None] = _pause,
        turn: Callable[[], AbstractContextManager[None]] | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        """`poke` is called after each commit that left marks: it must not block and not fail.

        `topics` are those that somebody serves.
        `turn` makes what a writer waits for before it begins, instead of `engine.writer_turns`.
        `attempts`: as many does a write get that names no number.
        """
        self.engine = engine
        self.clock = clock
        self._turn = turn or engines.writer_turns(engine)
        self._statements = Statements(engine) if engine.dialect.name == "sqlite" else None
        self._poke = poke
        self._attempts = attempts
        self._topics = frozenset(topics)
        self._sleep = sleep
        self._thread = threading.local()

    @contextmanager
    def read(self) -> Iterator[ReadTx]:
        """One transaction that reads; it sees one committed state.

        Raises: StoreBusy if the database cannot be reached or does not answer in time.
        """
        self._refuse_nesting()
        try:
            with engines.connect(self.engine, engines.READ) as connection:
                connection.begin()
                yield ReadTx(connection, self.clock, self._statements)
        except faults.DRIVER_FAULTS as error:
            if faults.transient(error):
                raise self._busy(error, attempts=1) from error
            raise

    def write(self, fn: Callable[[Tx], T], *, attempts: int | None = None) -> T:
        """What `fn` returns, after what it wrote has been committed as one transaction.

        `fn` is run again, from the top and in a new transaction, when it lost a race or met a transient fault: it
        must not act on anything but its Tx.

        Raises: StoreBusy after `attempts` or `PATIENCE_S`; CommitUnknown if the connection broke during the commit;
        Claimed for a unique constraint that `fn` ran into; and what `fn` raises, with nothing committed.
        """
        attempts = self._attempts if attempts is None else attempts
        give_up = self.clock.monotonic() + PATIENCE_S
        for attempt in range(1, attempts + 1):
            try:
                result, marked = self._once(fn)
            except (LostRace, *faults.DRIVER_FAULTS) as error:
                if not (isinstance(error, LostRace) or faults.transient(error)):
                    raise
                if attempt >= attempts or self.clock.monotonic() > give_up:
                    raise self._busy(error, attempts=attempt) from error
                LOG.debug("transaction is run again after attempt %d: %s", attempt, faults.code(error))
                self._sleep(self._pause_s(attempt))
            else:
                if marked and self._poke is not None:
                    self._poke()
                return result
        raise ValueError("attempts must be at least 1")

    def _once(self, fn: Callable[[Tx], T]) -> tuple[T, bool]:
        self._refuse_nesting()
        self._thread.writing = True
        try:
            # The turn is short: it begins with a connection at hand, and ends with the transaction.
            with engines.connect(self.engine, engines.WRITE) as connection, self._turn():
                try:
                    connection.begin()
                    tx = Tx(connection, self.clock, self._statements, self._topics)
                    result = fn(tx)
                    marked = tx.finish()
                    faults.commit(connection)
                    return result, marked
                finally:
                    if connection.in_transaction():
                        connection.rollback()
        finally:
            self._thread.writing = False

    def _busy(self, error: Exception, *, attempts: int) -> StoreBusy:
        LOG.warning("database transaction was given up after attempt %d: %s", attempts, faults.code(error))
        LOG.debug("the last error was: %s", error)
        return StoreBusy(attempts=attempts)

    def _refuse_nesting(self) -> None:
        if getattr(self._thread, "writing", False):
            raise RuntimeError("this thread is inside a write transaction: use its Tx")

    def _pause_s(self, attempt: int) -> float:
        """A random time in the upper half of a bound that doubles with every attempt."""
        bound = min(_FIRST_PAUSE_MS << (attempt - 1), _LONGEST_PAUSE_MS)
        return self.clock.randrange(bound * 500, bound * 1000) / 1e6
