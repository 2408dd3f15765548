"""The outbox: which units have to be brought where, and what came of it.

A write marks units for topics; whoever serves a topic takes the marks, brings the present state of each unit out, and
settles: marks go in the same transaction that records the outcome, so a crash in between repeats work and loses none.
Taken marks are deleted by id: on a database with several writers a lower number may become visible after a higher one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from wovenet.model.ids import Unit
from wovenet.model.outcomes import Outcome, Retry, Settled, Terminal, Waiting
from wovenet.store import schema
from wovenet.store.schema import METADATA
from wovenet.store.tx import MARKS, OVN, ReadTx, Tx

__all__ = [
    "MARKS", "OVN", "UNITS", "Mark", "Pending", "Result", "State", "UnitState", "backoff_s", "done", "due", "failing",
    "is_pending", "pending", "queue", "settle", "shorten", "states", "take",
]  # fmt: skip

T = TypeVar("T")

UNITS = sa.Table(
    "units",
    METADATA,
    schema.text_col("topic", 32),
    schema.text_col("kind", 64),
    schema.text_col("id"),
    schema.bigint("revision", nullable=True),
    schema.text_col("state", 16),
    schema.text_col("reason", 1024, nullable=True),
    sa.Column("since", sa.Double(), nullable=False),
    schema.int_col("attempts"),
    sa.Column("retry_at", sa.Double(), nullable=True),
    schema.text_col("waiting_on", 320, nullable=True),
    sa.PrimaryKeyConstraint("topic", "id", "kind"),
    sa.Index(None, "state", "topic"),
    sa.Index(None, "topic", "retry_at"),
    sa.Index(None, "topic", "waiting_on"),
    sqlite_with_rowid=False,
)
"""`revision` was brought out last; `since` (seconds since the epoch) is the state or its revision unchanged."""

_CHUNK: Final = 500
"""Rows in one statement."""
_IN_LIST: Final = 150
"""Values in one IN list. From 200 on MariaDB no longer looks into the index, and may rather read the whole table."""
_MARKS_OF_A_BATCH: Final = 20_000
"""At most so many marks are taken at once, however often the same units were marked."""
_REASON_LENGTH: Final = 1024
_FIRST_DELAY_S: Final = 1.0
_LONGEST_DELAY_S: Final = 300.0
WAITING_CHECK_S: Final = 60.0
"""A waiting unit is tried again after this time even if nothing woke it."""


class State(StrEnum):
    """What became of a unit. Source: `model.outcomes`."""

    SETTLED = "settled"
    WAITING = "waiting"
    RETRY = "retry"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Mark:
    """A unit that has to be brought out, with the marks that say so (none for a unit that is due)."""

    unit: Unit
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a taken mark. `exists` is false if the unit is gone from the store."""

    mark: Mark
    outcome: Outcome
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Pending:
    """Marks that wait. Units: seconds."""

    topic: str
    kind: str
    count: int
    oldest_age_s: float


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit's state for a topic. `since` and `retry_at`: seconds since the epoch."""

    topic: str
    unit: Unit
    state: State
    revision: int | None
    reason: str | None
    since: float
    attempts: int
    retry_at: float | None
    waiting_on: str | None


def backoff_s(attempts: int) -> float:
    """Seconds to wait after so many failures in a row: doubles, up to five minutes."""
    return float(min(_FIRST_DELAY_S * 2.0 ** min(attempts - 1, 32), _LONGEST_DELAY_S))


_M = MARKS.c
_U = UNITS.c
_TOPIC: sa.BindParameter[str] = sa.bindparam("of_topic")
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_LIMIT = sa.bindparam("count", type_=sa.Integer)
# Without an order, which would lead MariaDB to walk through the marks of all topics.
_ANY_MARKS = sa.select(_M.id, _M.kind, _M.unit_id).where(_M.topic == _TOPIC).limit(_LIMIT)
# Of all topics: naming one leads the planners to its whole backlog.
_MARKS_OF_UNITS = sa.select(_M.id, _M.topic, _M.kind, _M.unit_id).where(_M.unit_id.in_(_IDS)).limit(_LIMIT)
_DELETE_MARKS = MARKS.delete().where(_M.id.in_(sa.bindparam("ids", expanding=True, type_=sa.BigInteger)))
_DELETE_OLD = MARKS.delete().where(_M.topic == _TOPIC, _M.created < sa.bindparam("before", type_=sa.Double))
_LAST_BUT = sa.select(_M.id).where(_M.topic == _TOPIC).order_by(_M.id.desc()).limit(1).offset(sa.bindparam("keep"))
_DELETE_UP_TO = MARKS.delete().where(_M.topic == _TOPIC, _M.id <= sa.bindparam("last", type_=sa.BigInteger))
_BACKLOG = (
    sa.select(_M.topic, _M.kind, sa.func.count().label("number"), sa.func.min(_M.created).label("oldest"))
    .group_by(_M.topic, _M.kind)
    .order_by(_M.topic, _M.kind)
)
_HAS_MARK = (
    sa.select(_M.id)
    .where(_M.topic == _TOPIC, _M.unit_id == sa.bindparam("of_id"), _M.kind == sa.bindparam("of_kind"))
    .limit(1)
)
_STATES = sa.select(UNITS).where(_U.topic == _TOPIC, _U.id.in_(_IDS))
_DUE = (
    sa.select(_U.kind, _U.id)
    .where(_U.topic == _TOPIC, _U.retry_at <= sa.bindparam("until", type_=sa.Double))
    .order_by(_U.retry_at)
    .limit(_LIMIT)
)
_WAITERS = sa.select(_U.kind, _U.id).where(_U.topic == _TOPIC, _U.waiting_on.in_(_IDS))
_FAILING = (
    sa.select(UNITS)
    .where(_U.state.in_([State.WAITING.value, State.RETRY.value, State.TERMINAL.value]))
    .order_by(_U.since)
    .limit(_LIMIT)
)
_FORGET = UNITS.delete().where(_U.topic == _TOPIC, _U.id == sa.bindparam("of_id"), _U.kind == sa.bindparam("of_kind"))


def take(read_tx: ReadTx, topic: str, limit: int, rank: Mapping[str, int]) -> list[Mark]:
    """Up to `limit` marked units, the lowest rank of their kind first, then the longest marked.

    Each unit comes once, with all of its marks. Kinds without a rank come last, in no order. Nothing is changed: the
    marks stay until `settle` or `done`. Cost: the limit times the number of kinds, whatever the backlog.
    """
    parameters = {"of_topic": topic, "count": limit}
    found = [*read_tx.rows(_first_marks(tuple(sorted(rank.items()))), parameters)] if rank else []
    if len(found) < limit:
        # There are no more of the ranked kinds, so this meets few of them again.
        found += read_tx.rows(_ANY_MARKS, parameters)
    units: dict[Unit, list[int]] = {}
    for row in islice({row.id: row for row in found}.values(), limit):
        units.setdefault(Unit(row.kind, row.unit_id), [])
    for ids in _chunks(sorted({unit.id for unit in units})):
        for row in read_tx.rows(_MARKS_OF_UNITS, {"ids": ids, "count": _MARKS_OF_A_BATCH}):
            if row.topic == topic and (unit := Unit(row.kind, row.unit_id)) in units:
                units[unit].append(row.id)
    return [Mark(unit, tuple(sorted(ids))) for unit, ids in units.items() if ids]


def queue(read_tx: ReadTx, topic: str, kinds: Sequence[str], limit: int) -> list[Mark]:
    """Up to `limit` marks of these kinds, the first first, each by itself: for a topic where it matters what was when.

    Marks of one object come in the order of its commits, because whoever writes it waits for who wrote it before.
    """
    rows = read_tx.rows(_first_marks(tuple((kind, 0) for kind in kinds)), {"of_topic": topic, "count": limit})
    return [Mark(Unit(row.kind, row.unit_id), (row.id,)) for row in rows]


def shorten(tx: Tx, topic: str, *, created_before: float, keep: int) -> tuple[int, int]:
    """Deletes marks that were made before that time, and all but the last `keep`. Out: how many of each."""
    old = tx.run(_DELETE_OLD, {"of_topic": topic, "before": created_before})
    last = tx.value(_LAST_BUT, {"of_topic": topic, "keep": keep})
    return old, 0 if last is None else tx.run(_DELETE_UP_TO, {"of_topic": topic, "last": last})


def done(tx: Tx, marks: Iterable[Mark]) -> None:
    """Deletes exactly the taken marks; for consumers whose outcomes are recorded elsewhere, in the same transaction."""
    for ids in _chunks(sorted(number for mark in marks for number in mark.ids)):
        tx.run(_DELETE_MARKS, {"ids": ids})


def pending(read_tx: ReadTx) -> list[Pending]:
    """The marks that wait, by topic and kind."""
    now = read_tx.clock.wall()
    return [Pending(row.topic, row.kind, row.number, max(0.0, now - row.oldest)) for row in read_tx.rows(_BACKLOG)]


def is_pending(read_tx: ReadTx, topic: str, unit: Unit) -> bool:
    """Whether the unit has a mark."""
    return read_tx.row(_HAS_MARK, {"of_topic": topic, "of_id": unit.id, "of_kind": unit.kind}) is not None


def settle(tx: Tx, topic: str, results: Sequence[Result], *, delay_s: Callable[[int], float] = backoff_s) -> None:
    """Records what became of units, deletes their taken marks, and marks the units that waited for those settled.

    At most one result for a unit. A unit that is settled and gone leaves no row. `delay_s` gives the seconds to wait
    after so many failures in a row. A few statements for each 150 units.
    """
    by_unit = {result.mark.unit: result for result in results}
    if len(by_unit) != len(results):
        raise ValueError("two results for one unit")
    now = tx.clock.wall()
    before = states(tx, topic, by_unit)
    done(tx, (result.mark for result in results))
    gone = [unit for unit, result in by_unit.items() if isinstance(result.outcome, Settled) and not result.exists]
    forget = [{"of_topic": topic, "of_id": unit.id, "of_kind": unit.kind} for unit in gone if unit in before]
    if forget:
        tx.run(_FORGET, forget)
    kept = [
        _record(topic, result, before.get(unit), now=now, delay_s=delay_s)
        for unit, result in by_unit.items()
        if unit not in gone
    ]
    for rows in _chunks(kept, _CHUNK):
        tx.run(_upsert(tx.connection.dialect.name), rows)
    settled = [unit for unit, result in by_unit.items() if isinstance(result.outcome, Settled)]
    for units in _chunks(settled):
        for row in tx.rows(_WAITERS, {"of_topic": topic, "ids": [str(unit) for unit in units]}):
            tx.mark(Unit(row.kind, row.id), topic)


def due(read_tx: ReadTx, topic: str, now: float, limit: int) -> list[Mark]:
    """Up to `limit` units whose time to be tried again has come, the longest due first."""
    rows = read_tx.rows(_DUE, {"of_topic": topic, "until": now, "count": limit})
    return [Mark(Unit(row.kind, row.id)) for row in rows]


def states(read_tx: ReadTx, topic: str, units: Iterable[Unit]) -> dict[Unit, UnitState]:
    """The states of those of `units` that have one."""
    wanted = set(units)
    found: dict[Unit, UnitState] = {}
    for ids in _chunks(sorted({unit.id for unit in wanted})):
        for row in read_tx.rows(_STATES, {"of_topic": topic, "ids": ids}):
            state = _state(row)
            if state.unit in wanted:
                found[state.unit] = state
    return found


def failing(read_tx: ReadTx, *, limit: int = 1000) -> list[UnitState]:
    """The units that are not settled, of all topics, the longest so first."""
    return [_state(row) for row in read_tx.rows(_FAILING, {"count": limit})]


@cache
def _first_marks(rank: tuple[tuple[str, int], ...]) -> sa.CompoundSelect[Any]:
    """The first marks of each kind by an index, then the first of those: a backlog is never sorted."""
    parts = [
        sa.select(
            sa.select(_M.id, _M.kind, _M.unit_id, sa.literal_column(str(int(place)), sa.Integer).label("place"))
            .where(_M.topic == _TOPIC, _M.kind == kind)
            .order_by(_M.id)
            .limit(_LIMIT)
            .subquery()
        )
        for kind, place in rank
    ]
    return sa.union_all(*parts).order_by(sa.column("place"), sa.column("id")).limit(_LIMIT)


@cache
def _upsert(dialect: str) -> sa.Insert:
    changes = [column.name for column in UNITS.c if not column.primary_key]
    if dialect == "mysql":
        into = mysql.insert(UNITS)
        return into.on_duplicate_key_update({name: into.inserted[name] for name in changes})
    insert: Any
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # 3 MB and 30 ms, and only who uses it pays

        insert = postgresql.insert(UNITS)
    else:
        insert = sqlite.insert(UNITS)
    upsert: sa.Insert = insert.on_conflict_do_update(
        index_elements=list(UNITS.primary_key.columns), set_={name: insert.excluded[name] for name in changes}
    )
    return upsert


def _record(
    topic: str, result: Result, before: UnitState | None, *, now: float, delay_s: Callable[[int], float]
) -> dict[str, Any]:
    """The row of `units` after `result`."""
    unit = result.mark.unit
    revision = before.revision if before else None
    reason = waiting_on = retry_at = None
    attempts = 0
    match result.outcome:
        case Settled(revision=revision):
            state = State.SETTLED
        case Waiting(on=on):
            state, waiting_on, retry_at = State.WAITING, str(on), now + WAITING_CHECK_S
        case Retry(cause=cause):
            state, reason = State.RETRY, cause
            attempts = 1 + (before.attempts if before and before.state is State.RETRY else 0)
            retry_at = now + delay_s(attempts)
        case Terminal(cause=cause):
            state, reason = State.TERMINAL, cause
    unchanged = before is not None and (before.state, before.revision) == (state, revision)
    return {
        "topic": topic,
        "kind": unit.kind,
        "id": unit.id,
        "revision": revision,
        "state": state.value,
        "reason": reason[:_REASON_LENGTH] if reason else None,
        "since": before.since if before and unchanged else now,
        "attempts": attempts,
        "retry_at": retry_at,
        "waiting_on": waiting_on,
    }


def _state(row: sa.Row[Any]) -> UnitState:
    return UnitState(
        topic=row.topic,
        unit=Unit(row.kind, row.id),
        state=State(row.state),
        revision=row.revision,
        reason=row.reason,
        since=row.since,
        attempts=row.attempts,
        retry_at=row.retry_at,
        waiting_on=row.waiting_on,
    )


def _chunks(values: Sequence[T], size: int = _IN_LIST) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
