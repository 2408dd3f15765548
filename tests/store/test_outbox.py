"""No mark is lost, whoever crashes when; and every unit can say what became of it."""

import threading
from collections.abc import Mapping
from functools import partial

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.store.support import THINGS, TOPICS, in_threads, make_tables, thing
from wovenet.model.clock import SystemClock
from wovenet.model.ids import Unit
from wovenet.model.outcomes import Outcome, Retry, Settled, Terminal, Waiting
from wovenet.store import outbox
from wovenet.store.engine import make_engine
from wovenet.store.outbox import Mark, Result, State
from wovenet.store.tx import Store, Tx

RANK = {"network": 0, "router": 1, "port": 1}
NET, PORT, ROUTER = Unit("network", "n"), Unit("port", "p"), Unit("router", "r")


class SetClock(SystemClock):
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def wall(self) -> float:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(engine: sa.Engine, clock: SetClock) -> Store:
    return Store(engine, clock, topics=TOPICS)


def mark(store: Store, *units: Unit, topic: str = "ovn") -> None:
    """One transaction for each."""

    def write(tx: Tx, unit: Unit) -> None:
        tx.mark(unit, topic)

    for unit in units:
        store.write(partial(write, unit=unit))


def take(store: Store, limit: int = 100, *, topic: str = "ovn", rank: Mapping[str, int] = RANK) -> list[Mark]:
    with store.read() as tx:
        return outbox.take(tx, topic, limit, rank)


def units(marks: list[Mark]) -> list[Unit]:
    return [mark.unit for mark in marks]


def settle(store: Store, outcomes: Mapping[Unit, Outcome], *, gone: bool = False) -> None:
    """Takes what is marked, and settles the units of `outcomes`."""
    taken = {mark.unit: mark for mark in take(store)}
    results = [Result(taken.get(unit, Mark(unit)), outcome, not gone) for unit, outcome in outcomes.items()]
    store.write(lambda tx: outbox.settle(tx, "ovn", results))


def state(store: Store, unit: Unit) -> outbox.UnitState | None:
    with store.read() as tx:
        return outbox.states(tx, "ovn", [unit]).get(unit)


def due(store: Store) -> list[Unit]:
    with store.read() as tx:
        return units(outbox.due(tx, "ovn", tx.clock.wall(), 10))


def test_units_come_by_rank_then_by_age_and_once(store: Store) -> None:
    mark(store, PORT, Unit("strange", "s"), ROUTER, PORT, NET, PORT)
    taken = take(store)
    assert units(taken) == [NET, PORT, ROUTER, Unit("strange", "s")]
    assert [len(mark.ids) for mark in taken] == [1, 3, 1, 1]
    assert units(take(store)) == units(taken), "taking changes nothing"


def test_a_batch_is_bounded_and_has_all_marks_of_its_units(store: Store) -> None:
    ports = [Unit("port", f"{number}") for number in range(5)]
    mark(store, *ports, *ports, NET)
    assert units(take(store, 3)) == [NET, *ports[:2]]
    assert [len(mark.ids) for mark in take(store, 3)] == [1, 2, 2]
    assert len(units(take(store, 2, rank={}))) == 2
    assert units(take(store, 11)) == [NET, *ports]


def test_topics_are_apart(store: Store) -> None:
    mark(store, PORT, NET, topic="placement")
    mark(store, ROUTER)
    assert units(take(store)) == [ROUTER]
    assert units(take(store, topic="placement")) == [NET, PORT]


def test_what_is_marked_after_taking_stays(store: Store) -> None:
    mark(store, PORT)
    taken = take(store)
    mark(store, PORT)
    store.write(lambda tx: outbox.done(tx, taken))
    assert units(take(store)) == [PORT]
    store.write(lambda tx: outbox.done(tx, take_in(tx)))
    assert take(store) == []


def take_in(tx: Tx) -> list[Mark]:
    return outbox.take(tx, "ovn", 100, RANK)


def test_a_mark_that_commits_late_is_not_passed_over(server_store: Store) -> None:
    """A transaction that began, and got its number, first may commit last."""
    late = threading.Event()
    marked = threading.Event()

    def slow(tx: Tx) -> None:
        tx.mark(PORT)
        tx.finish()
        marked.set()
        assert late.wait(10)

    def fast() -> None:
        assert marked.wait(10)
        mark(server_store, ROUTER)
        taken = take(server_store)
        server_store.write(lambda tx: outbox.done(tx, taken))
        assert units(taken) == [ROUTER]
        late.set()

    in_threads([lambda: server_store.write(slow), fast])
    assert units(take(server_store)) == [PORT]


def test_pending_counts_and_ages(store: Store, clock: SetClock) -> None:
    mark(store, PORT, PORT, NET)
    clock.time += 30
    mark(store, PORT)
    mark(store, NET, topic="placement")
    with store.read() as tx:
        assert outbox.pending(tx) == [
            outbox.Pending("ovn", "network", 1, 30.0),
            outbox.Pending("ovn", "port", 3, 30.0),
            outbox.Pending("placement", "network", 1, 0.0),
        ]
        assert outbox.is_pending(tx, "ovn", PORT)
        assert not outbox.is_pending(tx, "ovn", Unit("router", "p"))


def test_a_settled_unit_says_at_which_revision(store: Store, clock: SetClock) -> None:
    mark(store, PORT)
    settle(store, {PORT: Settled(7)})
    found = state(store, PORT)
    assert found == outbox.UnitState("ovn", PORT, State.SETTLED, 7, None, 1000.0, 0, None, None)
    assert take(store) == []
    clock.time += 5
    settle(store, {PORT: Settled(7)})
    assert state(store, PORT) == found
    settle(store, {PORT: Settled(8)})
    later = state(store, PORT)
    assert later is not None
    assert (later.revision, later.since) == (8, 1005.0)


def test_a_deleted_unit_that_is_settled_leaves_no_row(store: Store) -> None:
    settle(store, {PORT: Settled(7), NET: Settled(1)})
    mark(store, PORT)
    settle(store, {PORT: Settled(8)}, gone=True)
    assert (state(store, PORT), take(store)) == (None, [])
    assert state(store, NET) is not None
    settle(store, {PORT: Settled(8)}, gone=True)
    assert state(store, PORT) is None


def test_a_failing_unit_is_due_again_after_growing_delays(store: Store, clock: SetClock) -> None:
    settle(store, {PORT: Settled(7)})
    clock.time += 1
    mark(store, PORT)
    delays = []
    for attempt in range(1, 13):
        settle(store, {PORT: Retry("no route to host")})
        found = state(store, PORT)
        assert found is not None
        assert found.retry_at is not None
        assert (found.state, found.attempts, found.revision, found.since) == (State.RETRY, attempt, 7, 1001.0)
        assert found.reason == "no route to host"
        assert due(store) == []
        delays.append(found.retry_at - clock.time)
        clock.time = found.retry_at
        assert due(store) == [PORT]
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert take(store) == []
    settle(store, {PORT: Settled(8)})
    assert due(store) == []
    settle(store, {PORT: Retry("again")})
    found = state(store, PORT)
    assert found is not None
    assert found.attempts == 1


def test_a_refused_unit_rests_until_it_is_marked(store: Store, clock: SetClock) -> None:
    mark(store, PORT)
    settle(store, {PORT: Terminal("x" * 5000)})
    clock.time += 1e6
    assert (take(store), due(store)) == ([], [])
    found = state(store, PORT)
    assert found is not None
    assert (found.state, found.reason) == (State.TERMINAL, "x" * 1024)
    mark(store, PORT)
    assert units(take(store)) == [PORT]


def test_settling_wakes_who_waits(store: Store) -> None:
    mark(store, PORT, ROUTER)
    settle(store, {PORT: Waiting(on=NET), ROUTER: Waiting(on=Unit("network", "another"))})
    assert take(store) == []
    mark(store, NET)
    settle(store, {NET: Retry("not yet")})
    assert take(store) == []
    settle(store, {NET: Settled(1)})
    assert units(take(store)) == [PORT]
    settle(store, {PORT: Settled(1)})
    assert take(store) == []


@pytest.mark.parametrize("gone", [False, True])
def test_who_waits_for_what_settles_in_the_same_batch_is_woken(store: Store, gone: bool) -> None:
    mark(store, PORT, NET)
    settle(store, {PORT: Waiting(on=NET), NET: Settled(1)}, gone=gone)
    assert units(take(store)) == [PORT]


def test_who_waits_is_looked_at_again_even_if_nothing_woke_it(store: Store, clock: SetClock) -> None:
    settle(store, {PORT: Waiting(on=NET)})
    assert due(store) == []
    clock.time += outbox.WAITING_CHECK_S
    assert due(store) == [PORT]


def test_failing_names_what_is_not_settled_the_longest_first(store: Store, clock: SetClock) -> None:
    settle(store, {PORT: Retry("a")})
    clock.time += 1
    settle(store, {NET: Terminal("b"), Unit("port", "fine"): Settled(1)})
    clock.time += 1
    settle(store, {ROUTER: Waiting(on=NET), PORT: Retry("c")})
    with store.read() as tx:
        found = outbox.failing(tx)
        assert units_of(found) == [PORT, NET, ROUTER]
        assert [(unit.reason, unit.waiting_on) for unit in found] == [("c", None), ("b", None), (None, "network:n")]
        assert units_of(outbox.failing(tx, limit=1)) == [PORT]


def units_of(found: list[outbox.UnitState]) -> list[Unit]:
    return [state.unit for state in found]


def test_two_results_for_one_unit_are_refused(store: Store) -> None:
    results = [Result(Mark(PORT), Settled(1)), Result(Mark(PORT, (1,)), Settled(2))]
    with pytest.raises(ValueError, match="two results"):
        store.write(lambda tx: outbox.settle(tx, "ovn", results))


def test_a_batch_costs_a_few_statements(store: Store) -> None:
    ports = [Unit("port", f"{number}") for number in range(200)]

    def mark_all(tx: Tx) -> None:
        for unit in ports:
            tx.mark(unit)

    store.write(mark_all)
    outcomes: list[Outcome] = [Settled(1), Waiting(on=NET), Retry("x"), Terminal("y")]
    with counting(store.engine) as statements:
        taken = take(store, 200)
    assert len(statements) == 3
    results = [Result(mark, outcomes[number % 4]) for number, mark in enumerate(taken)]
    for _ in range(2):
        with counting(store.engine) as statements:
            store.write(lambda tx: outbox.settle(tx, "ovn", results))
        assert len(statements) <= 6
    with store.read() as tx:
        assert len(outbox.failing(tx)) == 150
        assert len(outbox.states(tx, "ovn", ports)) == 200


def test_a_backlog_is_not_read_to_take_some_of_it(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    make_tables(engine)
    store = Store(engine, SystemClock(), topics=TOPICS)
    mark(store, NET)
    with counting(engine) as statements:
        take(store, 1)
        due(store)
    with engine.connect() as connection:
        for statement in statements.statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple("1" * statement.count("?")))
            steps = [row.detail for row in plan]
            assert not [step for step in steps if step.startswith(("SCAN marks", "SCAN units"))], steps
            # What is sorted are the rows of the limited selections.
            limited = [step for step in steps if step.startswith("CO-ROUTINE")]
            assert len([step for step in steps if "USE TEMP B-TREE" in step]) <= max(1, len(limited)), steps
    engine.dispose()


class CrashError(Exception):
    """A consumer that dies."""


def queued(store: Store, limit: int = 100) -> list[Unit]:
    with store.read() as tx:
        return [mark.unit for mark in outbox.queue(tx, "ovn", ["port", "network"], limit)]


def test_a_queue_has_every_mark_in_order(store: Store) -> None:
    """ML-076: whoever waits for what happens hears of each time, whatever else happened in between."""
    first, second = Unit("port", "p"), Unit("network", "n")
    for unit in (first, second, first, Unit("subnet", "s"), first):
        mark(store, unit)
    mark(store, first, topic="placement")
    assert queued(store) == [first, second, first, first]
    assert queued(store, 2) == [first, second]


def test_a_queue_can_be_shortened(store: Store, clock: SetClock) -> None:
    ids = [Unit("port", str(number)) for number in range(6)]
    mark(store, ids[0])
    clock.time += 100
    mark(store, Unit("port", "of another"), topic="placement")
    for unit in ids[1:]:
        mark(store, unit)
    shortened = store.write(lambda tx: outbox.shorten(tx, "ovn", created_before=clock.time - 50, keep=3))
    assert shortened == (1, 2)
    assert queued(store) == ids[3:]
    assert store.write(lambda tx: outbox.shorten(tx, "ovn", created_before=0.0, keep=3)) == (0, 0)
    assert units(take(store, topic="placement")) == [Unit("port", "of another")]


def test_marks_of_topics_that_nobody_serves_are_left_out(store: Store) -> None:
    for each in (store, Store(store.engine, store.clock)):
        each.write(lambda tx: tx.mark(Unit("port", "p"), "notify"))
    assert len(take(store, topic="notify")[0].ids) == 1


def test_every_change_of_many_writers_reaches_a_consumer_that_crashes_at_times(engine: sa.Engine) -> None:
    store = Store(engine, SystemClock(), topics=TOPICS)
    applied: dict[str, int] = {}  # what the consumer brought out: things by id, with their revision
    numbers = range(4)
    store.write(lambda tx: tx.insert(THINGS, [thing(number) for number in numbers]))
    revisions = sa.select(THINGS.c.id, THINGS.c.revision_number)
    writing = threading.Event()
    writing.set()

    def change(tx: Tx, number: int) -> None:
        known = {row.id: row.revision_number for row in tx.rows(revisions)}
        thing_id = thing(number)["id"]
        tx.compare_and_swap(THINGS, thing_id, known[thing_id], {"name": f"{number}"})
        tx.mark(Unit("port", thing_id))

    def write() -> None:
        for number in [*numbers] * 4:
            store.write(partial(change, number=number), attempts=100)

    def consume_once(round_number: int) -> bool:
        with store.read() as tx:
            taken = outbox.take(tx, "ovn", 3, RANK)
            present = {row.id: row.revision_number for row in tx.rows(revisions)}

        def finish(tx: Tx) -> None:
            outbox.settle(tx, "ovn", [Result(mark, Settled(present[mark.unit.id])) for mark in taken])
            if round_number % 3 == 0:
                raise CrashError

        applied.update({mark.unit.id: present[mark.unit.id] for mark in taken})
        try:
            store.write(finish)
        except CrashError:
            return True
        return bool(taken)

    def consume() -> None:
        round_number = 1
        while writing.is_set() or consume_once(round_number):
            consume_once(round_number)
            round_number += 1

    def write_all() -> None:
        try:
            in_threads([write] * 6)
        finally:
            writing.clear()

    in_threads([write_all, consume])
    with store.read() as tx:
        assert applied == {row.id: row.revision_number for row in tx.rows(revisions)}
        assert sum(applied.values()) == 6 * 16
        assert {
            unit.id: state.revision for unit, state in outbox.states(tx, "ovn", _things(numbers)).items()
        } == applied
        assert outbox.pending(tx) == []


def _things(numbers: range) -> list[Unit]:
    return [Unit("port", thing(number)["id"]) for number in numbers]
