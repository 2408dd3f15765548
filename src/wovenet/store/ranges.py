"""Durable sets of free integers (addresses, segment ids), kept as ranges.

A pool is some rows of `free_ranges`; nothing counts its members one by one, so a /64 costs what a /28 costs. A row is
known by the last number of its range: handing out from the low end then changes no key.

What is handed out is not recorded here: the caller keeps a row for it, under a unique constraint, in the same
transaction. That row is the claim, and deleting it is what entitles to give the number back.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from wovenet.model.problems import LostRace
from wovenet.store import schema
from wovenet.store.schema import METADATA, key_of, number_of
from wovenet.store.tx import ReadTx, Tx

FREE_RANGES = sa.Table(
    "free_ranges",
    METADATA,
    schema.text_col("pool", 64),
    schema.address_key("first"),
    schema.address_key("last"),
    sa.PrimaryKeyConstraint("pool", "last"),
    sqlite_with_rowid=False,
)

_TRIES: Final = 10
"""How often one call looks again after others changed the pool under it."""
_LARGEST: Final = (1 << 128) - 1

Interval = tuple[int, int]
"""(first, last), both included."""

_C = FREE_RANGES.c
_PEEK = (
    sa.select(_C.first, _C.last)
    .where(_C.pool == sa.bindparam("in_pool"), _C.last >= sa.bindparam("start"))
    .order_by(_C.last)
    .limit(sa.bindparam("count", type_=sa.Integer))
)
# Locking makes those who want the same range wait for each other instead of losing to each other. Between the nodes of
# a Galera cluster it does nothing: there the loser's commit is refused, and the whole transaction is run again.
_LOCK = _PEEK.with_for_update()
_ALL = sa.select(_C.first, _C.last).where(_C.pool == sa.bindparam("in_pool")).order_by(_C.last)
_MOVE_FIRST = (
    FREE_RANGES.update()
    .where(
        _C.pool == sa.bindparam("in_pool"), _C.last == sa.bindparam("seen_last"), _C.first == sa.bindparam("seen_first")
    )
    .values(first=sa.bindparam("new_first"))
)
_MOVE_LAST = (
    FREE_RANGES.update()
    .where(
        _C.pool == sa.bindparam("in_pool"), _C.last == sa.bindparam("seen_last"), _C.first == sa.bindparam("seen_first")
    )
    .values(last=sa.bindparam("new_last"))
)
_DELETE = FREE_RANGES.delete().where(
    _C.pool == sa.bindparam("in_pool"), _C.last.in_(sa.bindparam("lasts", expanding=True))
)
_DROP = FREE_RANGES.delete().where(_C.pool == sa.bindparam("in_pool"))


class Exhausted(Exception):  # noqa: N818
    """The pool has fewer free numbers than were asked for."""

    def __init__(self, pool: str) -> None:
        super().__init__(pool)
        self.pool = pool


class GivenBackTwice(Exception):  # noqa: N818
    """A number that is free already was given back: a fault of the caller's claims. Nothing was changed."""


def fill(tx: Tx, pool: str, ranges: Iterable[Interval], *, without: Collection[int] = ()) -> None:
    """Adds `ranges`, except the numbers in `without`, to the pool. The ranges may touch and overlap each other.

    Raises: GivenBackTwice if the pool has any of them already.
    """
    wanted = _subtract(_normalise(ranges), sorted(set(without)))
    if tx.row(_PEEK, {"in_pool": pool, "start": key_of(0), "count": 1}) is None:
        tx.insert(FREE_RANGES, [_record(pool, interval) for interval in wanted])
    else:
        _put(tx, pool, wanted)


def drop(tx: Tx, pool: str) -> None:
    """Forgets the pool."""
    tx.run(_DROP, {"in_pool": pool})


def take_any(tx: Tx, pool: str, count: int = 1) -> list[int]:
    """The `count` lowest free numbers, which are free no more.

    Two statements for one number; three for any count that spans several ranges.

    Raises: Exhausted; LostRace if others kept changing the pool.
    """
    if count < 1:
        raise ValueError(f"cannot take {count} numbers")
    for _ in range(_TRIES):
        taken, used_up, cut = _lowest(_read(tx, _LOCK, pool, 0, count=count), count)
        if len(taken) == count:
            _delete(tx, pool, used_up)
            if cut is not None:
                _move_first(tx, pool, [(cut, taken[-1] + 1)])
            return taken
        # A row that was waited for and is gone now hides those that took its place: only a fresh look can tell.
        if len(_lowest(_read(tx, _PEEK, pool, 0, count=count), count)[0]) < count:
            raise Exhausted(pool)
    raise LostRace(f"pool {pool} keeps changing")


def take(tx: Tx, pool: str, value: int) -> bool:
    """Whether `value` was free; it is free no more."""
    for _ in range(_TRIES):
        found = _holder(_read(tx, _LOCK, pool, value, count=1), value)
        if found is not None:
            _cut_out(tx, pool, found, value)
            return True
        if not contains(tx, pool, value):
            return False
    raise LostRace(f"pool {pool} keeps changing")


def give_back(tx: Tx, pool: str, values: Collection[int]) -> None:
    """Makes `values` free again. At most three statements, and one more for each further run of neighbours.

    Raises: GivenBackTwice if one is free already, or comes twice in `values`.
    """
    if len(set(values)) != len(values):
        raise GivenBackTwice(f"pool {pool}: a number comes twice")
    _put(tx, pool, _normalise((value, value) for value in values))


def contains(read_tx: ReadTx, pool: str, value: int) -> bool:
    """Whether `value` is free."""
    return _holder(_read(read_tx, _PEEK, pool, value, count=1), value) is not None


def free(read_tx: ReadTx, pool: str) -> list[Interval]:
    """The free ranges, ascending. Neighbours may touch."""
    return [(number_of(row.first), number_of(row.last)) for row in read_tx.rows(_ALL, {"in_pool": pool})]


def size(read_tx: ReadTx, pool: str) -> int:
    """How many numbers are free. Cost: the number of ranges."""
    return sum(last - first + 1 for first, last in free(read_tx, pool))


class _Plan(NamedTuple):
    """How rows change when intervals are added between them."""

    delete: list[int]
    """The last numbers of rows that vanish into others."""
    move: list[tuple[Interval, int]]
    """Rows with their new first number."""
    insert: list[Interval]


def _put(tx: Tx, pool: str, intervals: Sequence[Interval]) -> None:
    """Adds `intervals` (ascending, neither touching nor overlapping each other)."""
    around: set[Interval] = set()
    for first, _ in intervals:
        # The range that ends just before, if there is one, and the one that follows.
        around.update(_read(tx, _LOCK, pool, max(first - 1, 0), count=2))
    plan = _merge(sorted(around), intervals)
    _delete(tx, pool, plan.delete)
    _move_first(tx, pool, plan.move)
    tx.insert(FREE_RANGES, [_record(pool, interval) for interval in plan.insert])


def _merge(rows: Sequence[Interval], added: Sequence[Interval]) -> _Plan:
    """The plan that adds `added` to `rows`; both ascending. Rows that no added interval touches stay.

    Raises: GivenBackTwice where they overlap.
    """
    plan = _Plan([], [], [])
    new = set(added)
    group: list[Interval] = []
    for interval in [*sorted([*rows, *added]), (_LARGEST + 3, _LARGEST + 3)]:
        if group and interval[0] <= group[-1][1]:
            raise GivenBackTwice("a number is free already")
        if group and interval[0] > group[-1][1] + 1:
            _merge_group(plan, group, new)
            group = []
        group.append(interval)
    return plan


def _merge_group(plan: _Plan, group: Sequence[Interval], new: set[Interval]) -> None:
    """Plans one row for `group`, whose members touch each other. The row at its end, if there is one, grows."""
    if new.isdisjoint(group):
        return
    plan.delete.extend(last for first, last in group[:-1] if (first, last) not in new)
    if group[-1] in new:
        plan.insert.append((group[0][0], group[-1][1]))
    else:
        plan.move.append((group[-1], group[0][0]))


def _lowest(rows: Sequence[Interval], count: int) -> tuple[list[int], list[int], Interval | None]:
    """Up to `count` lowest numbers of `rows`, the ends of the rows they use up, and the row they leave a rest of."""
    taken: list[int] = []
    used_up: list[int] = []
    for first, last in rows:
        wanted = count - len(taken)
        if last - first + 1 > wanted:
            return [*taken, *range(first, first + wanted)], used_up, (first, last) if wanted else None
        taken.extend(range(first, last + 1))
        used_up.append(last)
    return taken, used_up, None


def _cut_out(tx: Tx, pool: str, row: Interval, value: int) -> None:
    first, last = row
    if first == last:
        _delete(tx, pool, [last])
    elif value == last:
        parameters = {
            "in_pool": pool,
            "seen_first": key_of(first),
            "seen_last": key_of(last),
            "new_last": key_of(last - 1),
        }
        _expect(tx.run(_MOVE_LAST, parameters), 1, pool)
    else:
        _move_first(tx, pool, [(row, value + 1)])
        if value > first:
            tx.insert(FREE_RANGES, [_record(pool, (first, value - 1))])


def _delete(tx: Tx, pool: str, lasts: Sequence[int]) -> None:
    if lasts:
        _expect(tx.run(_DELETE, {"in_pool": pool, "lasts": [key_of(last) for last in lasts]}), len(lasts), pool)


def _move_first(tx: Tx, pool: str, moves: Sequence[tuple[Interval, int]]) -> None:
    """Gives rows a new first number, if they are still what was seen."""
    if not moves:
        return
    parameters = [
        {"in_pool": pool, "seen_first": key_of(first), "seen_last": key_of(last), "new_first": key_of(new)}
        for (first, last), new in moves
    ]
    _expect(tx.run(_MOVE_FIRST, parameters if len(parameters) > 1 else parameters[0]), len(moves), pool)


def _expect(met: int, expected: int, pool: str) -> None:
    if met != expected:
        raise LostRace(f"pool {pool} changed between reading and writing")


def _read(read_tx: ReadTx, stmt: sa.Select[Any], pool: str, start: int, *, count: int) -> list[Interval]:
    """Up to `count` rows that end at `start` or later, ascending."""
    if not 0 <= start <= _LARGEST:
        raise ValueError(f"{start} is not a number of 128 bits")
    rows = read_tx.rows(stmt, {"in_pool": pool, "start": key_of(start), "count": count})
    return [(number_of(row.first), number_of(row.last)) for row in rows]


def _holder(rows: Sequence[Interval], value: int) -> Interval | None:
    """The first row, if it holds `value`."""
    return rows[0] if rows and rows[0][0] <= value else None


def _normalise(ranges: Iterable[Interval]) -> list[Interval]:
    """The same numbers as ascending intervals that neither touch nor overlap."""
    merged: list[Interval] = []
    for first, last in sorted(ranges):
        if not 0 <= first <= last <= _LARGEST:
            raise ValueError(f"{first}-{last} is not a range of numbers of 128 bits")
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _subtract(intervals: Sequence[Interval], without: Sequence[int]) -> list[Interval]:
    """`intervals` (normalised) without the numbers `without` (ascending)."""
    left: list[Interval] = []
    numbers = iter(without)
    number = next(numbers, None)
    for first, last in intervals:
        start = first
        while number is not None and number <= last:
            if number >= start:
                if number > start:
                    left.append((start, number - 1))
                start = number + 1
            number = next(numbers, None)
        if start <= last:
            left.append((start, last))
    return left


def _record(pool: str, interval: Interval) -> dict[str, str]:
    return {"pool": pool, "first": key_of(interval[0]), "last": key_of(interval[1])}
