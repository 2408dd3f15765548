"""Durable sets of free integers (addresses, segment ids), kept as ranges.

A pool is some rows of `free_ranges`; nothing counts its members one by one, so a /64 costs what a /28 costs. A row is
known by the last number of its range: handing out from the low end then changes no key.

What is handed out is not recorded here: the caller keeps a row for it, under a unique constraint, in the same
transaction. That row is the claim, and deleting it is what entitles to give the number back.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

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
# Those who want the lowest number all want the same row: locking makes them wait for each other instead of losing to
# each other. Between the nodes of a Galera cluster it does nothing: there the loser's commit is refused.
_LOCK = _PEEK.with_for_update()
_ALL = sa.select(_C.first, _C.last).where(_C.pool == sa.bindparam("in_pool")).order_by(_C.last)
_SEEN = (
    _C.pool == sa.bindparam("in_pool"),
    _C.last == sa.bindparam("seen_last"),
    _C.first == sa.bindparam("seen_first"),
)
_MOVE_FIRST = FREE_RANGES.update().where(*_SEEN).values(first=sa.bindparam("new_first"))
_MOVE_LAST = FREE_RANGES.update().where(*_SEEN).values(last=sa.bindparam("new_last"))
_DELETE = FREE_RANGES.delete().where(*_SEEN)
_DELETE_ALL = FREE_RANGES.delete().where(
    _C.pool == sa.bindparam("in_pool"), _C.last.in_(sa.bindparam("lasts", expanding=True))
)
_DROP = FREE_RANGES.delete().where(_C.pool.in_(sa.bindparam("in_pools", expanding=True)))


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
        for interval in wanted:
            _put(tx, pool, interval)


def drop(tx: Tx, *pools: str) -> None:
    """Forgets the pools. One statement."""
    if pools:
        tx.run(_DROP, {"in_pools": pools})


def take_any(tx: Tx, pool: str, count: int = 1) -> list[int]:
    """The `count` lowest free numbers, which are free no more.

    Two statements for one number; three for any count that spans several ranges.

    Raises: Exhausted; LostRace if others kept changing the pool.
    """
    if count < 1:
        raise ValueError(f"cannot take {count} numbers")
    for _ in range(_TRIES):
        rows = _read(tx, _LOCK, pool, 0, count=count)
        taken, used_up, cut = _lowest(rows, count)
        if len(taken) == count:
            _delete_all(tx, pool, used_up)
            if cut is not None and not _change(tx, _MOVE_FIRST, pool, cut, new_first=taken[-1] + 1):
                raise LostRace(f"pool {pool} changed under its lock")
            return taken
        # PostgreSQL does not return a row that was waited for and is gone now, nor those that took its place: only a
        # fresh look can tell. Looking again with locks in hand would invite deadlocks.
        if len(_lowest(_read(tx, _PEEK, pool, 0, count=count), count)[0]) < count:
            raise Exhausted(pool)
        if rows:
            break
    raise LostRace(f"pool {pool} keeps changing")


def take(tx: Tx, pool: str, value: int) -> bool:
    """Whether `value` was free; it is free no more. One statement if it was not, two or three if it was.

    Raises: LostRace if others kept changing the pool.
    """
    for attempt in range(_TRIES):
        # Most often nobody interferes. If somebody did, wait for them once, and look again at what they left.
        peeks = attempt % 2 == 0
        found = _holder(_read(tx, _PEEK if peeks else _LOCK, pool, value, count=1), value)
        if found is None and peeks:
            return False
        if found is not None and _cut_out(tx, pool, found, value):
            return True
    raise LostRace(f"pool {pool} keeps changing")


def give_back(tx: Tx, pool: str, values: Collection[int]) -> None:
    """Makes `values` free again. At most three statements for each run of neighbours (four if others interfere).

    Waits for nobody but those who are changing a range next to one of the values, and then does without joining it.

    Raises: GivenBackTwice if one is free already, or comes twice in `values`.
    """
    if len(set(values)) != len(values):
        raise GivenBackTwice(f"pool {pool}: a number comes twice")
    for interval in _normalise((value, value) for value in values):
        _put(tx, pool, interval)


def contains(read_tx: ReadTx, pool: str, value: int) -> bool:
    """Whether `value` is free."""
    return _holder(_read(read_tx, _PEEK, pool, value, count=1), value) is not None


def free(read_tx: ReadTx, pool: str) -> list[Interval]:
    """The free ranges, ascending. Neighbours may touch."""
    return [(number_of(row.first), number_of(row.last)) for row in read_tx.rows(_ALL, {"in_pool": pool})]


def size(read_tx: ReadTx, pool: str) -> int:
    """How many numbers are free. Cost: the number of ranges."""
    return sum(last - first + 1 for first, last in free(read_tx, pool))


def _put(tx: Tx, pool: str, added: Interval) -> None:
    """Makes the numbers of `added` free, in one row with the ranges next to it.

    Ranges that others are changing stay apart: that is untidy, and true.
    """
    start, end = added
    before, overlapping, after = _around(_read(tx, _PEEK, pool, max(start - 1, 0), count=2), added)
    if overlapping:
        raise GivenBackTwice(f"pool {pool}: a number is free already")
    if before is not None:
        if after is None and _change(tx, _MOVE_LAST, pool, before, new_last=end):
            return
        if after is not None and _change(tx, _DELETE, pool, before):
            start = before[0]
    if after is None or not _change(tx, _MOVE_FIRST, pool, after, new_first=start):
        tx.insert(FREE_RANGES, [_record(pool, (start, end))])


def _around(rows: Sequence[Interval], added: Interval) -> tuple[Interval | None, bool, Interval | None]:
    """The row that ends just before `added`, whether one overlaps it, and the row that begins just after it.

    `rows`: the first two that end just before `added` begins, or later.
    """
    before = after = None
    overlapping = False
    for row in rows:
        if row[1] == added[0] - 1:
            before = row
        elif row[0] <= added[1]:
            overlapping = True
        elif row[0] == added[1] + 1:
            after = row
    return before, overlapping, after


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


def _cut_out(tx: Tx, pool: str, row: Interval, value: int) -> bool:
    """Whether `row` was still there; it no longer holds `value`."""
    first, last = row
    if first == last:
        return _change(tx, _DELETE, pool, row)
    if value == last:
        return _change(tx, _MOVE_LAST, pool, row, new_last=last - 1)
    if not _change(tx, _MOVE_FIRST, pool, row, new_first=value + 1):
        return False
    if value > first:
        tx.insert(FREE_RANGES, [_record(pool, (first, value - 1))])
    return True


def _change(tx: Tx, stmt: sa.Update | sa.Delete, pool: str, row: Interval, **ends: int) -> bool:
    """Whether `row` was still what was seen; it is changed."""
    seen = {"in_pool": pool, "seen_first": key_of(row[0]), "seen_last": key_of(row[1])}
    return tx.run(stmt, seen | {name: key_of(end) for name, end in ends.items()}) == 1


def _delete_all(tx: Tx, pool: str, lasts: Sequence[int]) -> None:
    if lasts and tx.run(_DELETE_ALL, {"in_pool": pool, "lasts": [key_of(last) for last in lasts]}) != len(lasts):
        raise LostRace(f"pool {pool} changed under its lock")


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
