"""A pool gives out each number once and takes it back, at a cost that does not depend on its size."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.databases import counting
from tests.store.support import CLAIMS, in_threads, make_tables
from wovenet.model.clock import SystemClock
from wovenet.store import ranges
from wovenet.store.engine import make_engine
from wovenet.store.tx import ReadTx, Store, Tx

POOL = "d3f4a1c2-subnet"
TOP = (1 << 128) - 1
POOLS = {
    "/28": (0x0A000001, 0x0A00000E),
    "/8": (0x0A000001, 0x0AFFFFFE),
    "/64": (0x20010DB8 << 96, (0x20010DB8 << 96) + (1 << 64) - 1),
    "all": (0, TOP),
}


def free(store: Store, pool: str = POOL) -> list[tuple[int, int]]:
    with store.read() as tx:
        return ranges.free(tx, pool)


def fill(store: Store, *intervals: tuple[int, int]) -> None:
    store.write(lambda tx: ranges.fill(tx, POOL, intervals))


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_any_number_is_the_lowest_and_two_statements_whatever_the_size(store: Store, pool: tuple[int, int]) -> None:
    first, last = pool
    fill(store, pool)
    for number in range(first, first + 3):
        with counting(store.engine) as statements:
            assert store.write(lambda tx: ranges.take_any(tx, POOL)) == [number]
        assert len(statements) == 2
    assert free(store) == [(first + 3, last)]
    with store.read() as tx:
        assert ranges.size(tx, POOL) == last - first - 2


def test_a_chosen_number_is_taken_once(store: Store) -> None:
    fill(store, (10, 20), (30, 30))
    for value, taken in [(10, True), (10, False), (20, True), (15, True), (15, False), (30, True), (9, False)]:
        with counting(store.engine) as statements:
            assert store.write(partial(ranges.take, pool=POOL, value=value)) == taken
        assert len(statements) <= 3
    assert free(store) == [(11, 14), (16, 19)]
    with store.read() as tx:
        assert [value for value in range(8, 32) if ranges.contains(tx, POOL, value)] == [11, 12, 13, 14, 16, 17, 18, 19]


def test_many_at_once_are_the_lowest_in_three_statements(store: Store) -> None:
    fill(store, (1, 2), (5, 5), (8, 20), (30, 40))
    with counting(store.engine) as statements:
        assert store.write(lambda tx: ranges.take_any(tx, POOL, 6)) == [1, 2, 5, 8, 9, 10]
    assert len(statements) == 3
    assert free(store) == [(11, 20), (30, 40)]
    assert store.write(lambda tx: ranges.take_any(tx, POOL, 10)) == list(range(11, 21))
    assert free(store) == [(30, 40)]


def test_more_than_there_are_takes_none(store: Store) -> None:
    fill(store, (1, 2), (5, 5))
    with pytest.raises(ranges.Exhausted):
        store.write(lambda tx: ranges.take_any(tx, POOL, 4))
    assert free(store) == [(1, 2), (5, 5)]
    with pytest.raises(ranges.Exhausted):
        store.write(lambda tx: ranges.take_any(tx, "another"))


@pytest.mark.parametrize(
    ("values", "after"),
    [
        ([15], [(10, 12), (15, 15), (18, 20)]),
        ([13], [(10, 13), (18, 20)]),
        ([17], [(10, 12), (17, 20)]),
        ([9], [(9, 12), (18, 20)]),
        ([21], [(10, 12), (18, 21)]),
        ([14, 13, 17, 16, 15], [(10, 20)]),
        ([13, 17, 22], [(10, 13), (17, 20), (22, 22)]),
        ([0, TOP], [(0, 0), (10, 12), (18, 20), (TOP, TOP)]),
        ([], [(10, 12), (18, 20)]),
    ],
)
def test_what_is_given_back_joins_its_neighbours(store: Store, values: list[int], after: list[tuple[int, int]]) -> None:
    fill(store, (10, 12), (18, 20))
    with counting(store.engine) as statements:
        store.write(lambda tx: ranges.give_back(tx, POOL, values))
    assert free(store) == after
    if len(values) == 1 or len(values) == 5:
        assert len(statements) <= 3


@pytest.mark.parametrize("values", [[10], [12], [13, 18], [5, 5]])
def test_giving_back_what_is_free_is_detected_and_changes_nothing(store: Store, values: list[int]) -> None:
    fill(store, (10, 12), (18, 20))
    with pytest.raises(ranges.GivenBackTwice):
        store.write(lambda tx: ranges.give_back(tx, POOL, values))
    assert free(store) == [(10, 12), (18, 20)]


def test_filling_leaves_out_what_is_used_and_dropping_forgets_one_pool(store: Store) -> None:
    store.write(lambda tx: ranges.fill(tx, POOL, [(5, 9), (1, 3), (3, 4)], without=[1, 4, 5, 9, 77]))
    assert free(store) == [(2, 3), (6, 8)]
    store.write(lambda tx: ranges.fill(tx, POOL, [(9, 12)]))
    assert free(store) == [(2, 3), (6, 12)]
    with pytest.raises(ranges.GivenBackTwice):
        store.write(lambda tx: ranges.fill(tx, POOL, [(0, 100)]))
    store.write(lambda tx: ranges.fill(tx, "other", [(1, 1)]))
    store.write(lambda tx: ranges.drop(tx, POOL))
    assert (free(store), free(store, "other")) == ([], [(1, 1)])


@pytest.mark.parametrize("interval", [(-1, 3), (5, 4), (0, TOP + 1)])
def test_what_is_no_range_of_numbers_is_refused(store: Store, interval: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="range"):
        fill(store, interval)


def test_nothing_reads_a_whole_pool(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    make_tables(engine)
    store = Store(engine, SystemClock())

    def work(tx: Tx) -> None:
        ranges.fill(tx, POOL, [(1, 9)])
        ranges.take_any(tx, POOL, 2)
        ranges.take(tx, POOL, 5)
        ranges.give_back(tx, POOL, [1, 5])

    with counting(engine) as statements:
        store.write(work)
    with engine.connect() as connection:
        for statement in statements.statements:
            arguments = tuple("x" * statement.count("?"))
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", arguments).all()
            assert "SCAN" not in str(plan), (statement, plan)
    engine.dispose()


@pytest.mark.parametrize("count", [1, 3])
def test_many_threads_never_hold_the_same_number(store: Store, count: int) -> None:
    """Sixteen threads on a pool that is nearly too small: every row of it is fought for."""
    fill(store, (1, 20), (31, 46))
    held: list[set[int]] = [set() for _ in range(16)]
    forget = CLAIMS.delete().where(CLAIMS.c.value.in_(sa.bindparam("values", expanding=True)))

    def grab(tx: Tx) -> list[int]:
        taken = ranges.take_any(tx, POOL, count)
        tx.insert(CLAIMS, [{"value": value} for value in taken])
        return taken

    def release(tx: Tx, values: list[int]) -> None:
        tx.run(forget, {"values": values})
        ranges.give_back(tx, POOL, values)

    def work(own: set[int]) -> None:
        for round_number in range(5):
            try:
                own.update(store.write(grab, attempts=50))
            except ranges.Exhausted:
                assert count > 1
            if round_number % 2 and own:
                given = sorted(own)[: 2 * count]
                store.write(partial(release, values=given), attempts=50)
                own.difference_update(given)

    in_threads([partial(work, own) for own in held])
    everywhere = [value for own in held for value in own]
    assert len(everywhere) == len(set(everywhere))
    left = [value for first, last in free(store) for value in range(first, last + 1)]
    assert sorted(left + everywhere) == [*range(1, 21), *range(31, 47)]


def test_a_number_that_many_want_is_had_by_one(store: Store) -> None:
    fill(store, (1, 9))
    for value in (5, 1, 9):
        won = in_threads([partial(store.write, partial(ranges.take, pool=POOL, value=value))] * 8)
        assert sum(won) == 1
    assert free(store) == [(2, 4), (6, 8)]


def test_splits_and_shrinks_at_the_same_time_do_not_hide_free_numbers(store: Store) -> None:
    """Whoever waits for a row that is split or gone when it wakes has to look again."""
    fill(store, (1, 40))
    wanted = [*range(1, 41, 3), *range(2, 41, 3)]
    won = in_threads([partial(store.write, partial(ranges.take, pool=POOL, value=value)) for value in wanted[:20]])
    assert all(won)
    left = {value for first, last in free(store) for value in range(first, last + 1)}
    assert left == set(range(1, 41)) - set(wanted[:20])


VALUES = st.integers(0, 25).map(lambda value: value if value < 20 else TOP - 25 + value)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("any"), st.integers(1, 4)),
        st.tuples(st.just("take"), VALUES),
        st.tuples(st.just("give"), st.sets(VALUES, min_size=1, max_size=4)),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.sets(VALUES), steps=STEPS)
def test_a_pool_is_a_set(sqlite_engine: sa.Engine, start: set[int], steps: list[tuple[str, object]]) -> None:
    """Whatever is done to a pool in whatever order, it is what the same steps make of a Python set."""
    store = Store(sqlite_engine, SystemClock())
    model = set(start)

    def begin(tx: Tx) -> None:
        ranges.drop(tx, POOL)
        ranges.fill(tx, POOL, [(value, value) for value in start])

    store.write(begin)
    for name, argument in steps:
        _STEPS[name](store, model, argument)
        with store.read() as tx:
            _check(tx, model)
    store.write(lambda tx: ranges.drop(tx, POOL))


def _any(store: Store, model: set[int], count: int) -> None:
    if count > len(model):
        with pytest.raises(ranges.Exhausted):
            store.write(lambda tx: ranges.take_any(tx, POOL, count))
        return
    taken = store.write(lambda tx: ranges.take_any(tx, POOL, count))
    assert taken == sorted(model)[:count]
    model.difference_update(taken)


def _take(store: Store, model: set[int], value: int) -> None:
    assert store.write(lambda tx: ranges.take(tx, POOL, value)) == (value in model)
    model.discard(value)


def _give(store: Store, model: set[int], values: set[int]) -> None:
    if model & values:
        with pytest.raises(ranges.GivenBackTwice):
            store.write(lambda tx: ranges.give_back(tx, POOL, values))
        return
    store.write(lambda tx: ranges.give_back(tx, POOL, values))
    model.update(values)


def _check(tx: ReadTx, model: set[int]) -> None:
    found = ranges.free(tx, POOL)
    assert {value for first, last in found for value in range(first, last + 1)} == model
    assert ranges.size(tx, POOL) == len(model)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(found)), "neighbours were not joined"


_STEPS: dict[str, Callable[..., None]] = {"any": _any, "take": _take, "give": _give}
