"""Transactions commit as a whole, are run again when they lose, and say what refused them; on all three databases."""

import threading

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.store.support import THINGS, TOPICS, in_threads, thing
from wovenet.model.clock import SystemClock
from wovenet.model.ids import Unit
from wovenet.model.problems import LostRace, NetworkNotFound
from wovenet.store import outbox
from wovenet.store.tx import Claimed, Store, StoreBusy, Tx

ONE = thing(1)["id"]
NAME = sa.select(THINGS.c.name).where(THINGS.c.id == sa.bindparam("thing_id"))
REVISION = sa.select(THINGS.c.revision_number).where(THINGS.c.id == sa.bindparam("thing_id"))
COUNT = sa.select(sa.func.count()).select_from(THINGS)
RENAME = THINGS.update().where(THINGS.c.id == sa.bindparam("thing_id")).values(name=sa.bindparam("new_name"))


class FixedClock(SystemClock):
    """Time moves by hand, and chance is the upper end."""

    elapsed = 0.0

    def monotonic(self) -> float:
        return self.elapsed

    def wall(self) -> float:
        return 1795246260.0

    def randrange(self, start: int, stop: int) -> int:
        return stop


def name_of(store: Store, thing_id: str) -> str | None:
    with store.read() as tx:
        name: str | None = tx.value(NAME, {"thing_id": thing_id})
        return name


def marks(store: Store) -> list[tuple[str, str]]:
    with store.read() as tx:
        return [(row.topic, f"{row.kind}:{row.unit_id}") for row in tx.rows(sa.select(outbox.MARKS))]


def test_a_write_commits_its_rows_and_its_marks_together(store: Store) -> None:
    def create(tx: Tx) -> str:
        tx.insert(THINGS, [thing(1), thing(2)])
        tx.mark(Unit("port", "1"))
        return "made"

    assert store.write(create) == "made"
    with store.read() as tx:
        assert tx.value(COUNT) == 2
    assert marks(store) == [("ovn", "port:1")]


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    def create(tx: Tx) -> None:
        tx.insert(THINGS, [thing(1)])
        tx.mark(Unit("port", "1"))
        raise NetworkNotFound(net_id="n")

    with pytest.raises(NetworkNotFound):
        store.write(create)
    with store.read() as tx:
        assert tx.row(sa.select(THINGS)) is None
    assert marks(store) == []


def test_marks_are_written_once_in_one_statement_whatever_their_number(store: Store) -> None:
    def mark(tx: Tx) -> None:
        for number in range(20):
            tx.mark(Unit("port", str(number % 10)))
            tx.mark(Unit("port", str(number % 10)), "placement", "notify")

    with counting(store.engine) as statements:
        store.write(mark)
    assert len(statements) == 1
    assert len(marks(store)) == len(set(marks(store))) == 30


def test_only_a_commit_with_marks_pokes_and_the_marks_are_there(store: Store) -> None:
    seen: list[list[tuple[str, str]]] = []
    poking = Store(store.engine, store.clock, poke=lambda: seen.append(marks(store)), topics=TOPICS)
    poking.write(lambda tx: tx.insert(THINGS, [thing(1)]))
    assert seen == []
    poking.write(lambda tx: tx.mark(Unit("port", "1"), "placement"))
    assert seen == [[("placement", "port:1")]]


def test_a_read_sees_one_state_to_its_end(store: Store) -> None:
    store.write(lambda tx: tx.insert(THINGS, [thing(1, name="old")]))
    with store.read() as tx:
        assert tx.value(COUNT) == 1
        in_threads([lambda: store.write(lambda tx: tx.run(RENAME, {"thing_id": ONE, "new_name": "new"}))])
        in_threads([lambda: store.write(lambda tx: tx.insert(THINGS, [thing(2)]))])
        assert tx.value(COUNT) == 1
        assert tx.value(NAME, {"thing_id": ONE}) == "old"
    assert name_of(store, ONE) == "new"


def test_a_write_sees_what_others_commit_meanwhile(server_store: Store) -> None:
    store = server_store

    def look(tx: Tx) -> tuple[int, int]:
        before = tx.value(COUNT)
        in_threads([lambda: store.write(lambda tx: tx.insert(THINGS, [thing(1)]))])
        return before, tx.value(COUNT)

    assert store.write(look) == (0, 1)


def test_compare_and_swap_changes_the_row_that_was_seen(store: Store) -> None:
    fixed = Store(store.engine, FixedClock())
    fixed.write(lambda tx: tx.insert(THINGS, [thing(1), thing(2)]))
    fixed.write(lambda tx: tx.compare_and_swap(THINGS, ONE, 0, {"name": "x"}))
    with store.read() as tx:
        row = tx.row(sa.select(THINGS).where(THINGS.c.id == ONE))
        assert row is not None
        assert (row.name, row.revision_number, row.updated_at) == ("x", 1, "2026-11-21T07:31:00Z")
        assert tx.value(REVISION, {"thing_id": thing(2)["id"]}) == 0


@pytest.mark.parametrize(("thing_id", "seen"), [(ONE, 1), (thing(2)["id"], 0)], ids=["moved on", "gone"])
def test_compare_and_swap_of_what_is_not_there_loses(store: Store, thing_id: str, seen: int) -> None:
    store.write(lambda tx: tx.insert(THINGS, [thing(1)]))

    def swap(tx: Tx) -> None:
        with pytest.raises(LostRace):
            tx.compare_and_swap(THINGS, thing_id, seen, {"name": "x"})

    store.write(swap)


def test_every_increment_of_many_threads_counts(store: Store) -> None:
    store.write(lambda tx: tx.insert(THINGS, [thing(1)]))

    def increment(tx: Tx) -> None:
        tx.compare_and_swap(THINGS, ONE, tx.value(REVISION, {"thing_id": ONE}), {"name": "x"})

    in_threads([lambda: [store.write(increment, attempts=100) for _ in range(5)]] * 8)
    with store.read() as tx:
        assert tx.value(REVISION, {"thing_id": ONE}) == 40


def test_a_deployment_says_how_often_a_write_is_tried(store: Store) -> None:
    tries: list[int] = []

    def lose(tx: Tx) -> None:
        tries.append(1)
        raise LostRace("always")

    with pytest.raises(StoreBusy):
        Store(store.engine, SystemClock(), sleep=lambda _: None, attempts=3).write(lose)
    assert len(tries) == 3


def test_a_lost_race_is_run_again_from_the_top_with_bounded_growing_pauses(store: Store) -> None:
    pauses: list[float] = []
    patient = Store(store.engine, FixedClock(), sleep=pauses.append)
    runs = 0

    def lose(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        tx.insert(THINGS, [thing(1)])
        raise LostRace

    with pytest.raises(StoreBusy) as caught:
        patient.write(lose)
    assert isinstance(caught.value.__cause__, LostRace)
    assert runs == 20
    assert pauses == [0.008, 0.016, 0.032, 0.064, 0.128, 0.256, *[0.512] * 13]
    with store.read() as tx:
        assert tx.value(COUNT) == 0


def test_attempts_end_after_some_time_even_if_there_were_few(store: Store) -> None:
    clock = FixedClock()
    slow = Store(store.engine, clock, sleep=lambda _seconds: None)
    runs = 0

    def lose(_tx: Tx) -> None:
        nonlocal runs
        runs += 1
        clock.elapsed += 15.0
        raise LostRace

    with pytest.raises(StoreBusy) as caught:
        slow.write(lose)
    assert runs == caught.value.attempts == 2


def test_a_deadlock_ends_with_both_written(server_store: Store) -> None:
    store = server_store
    store.write(lambda tx: tx.insert(THINGS, [thing(1), thing(2)]))
    both_hold_one = threading.Barrier(2)

    def rename(*, first: int, second: int) -> int:
        runs = 0

        def work(tx: Tx) -> None:
            nonlocal runs
            runs += 1
            tx.run(RENAME, {"thing_id": thing(first)["id"], "new_name": f"{first}"})
            if runs == 1:
                both_hold_one.wait(10)
            tx.run(RENAME, {"thing_id": thing(second)["id"], "new_name": f"{second}"})

        store.write(work)
        return runs

    runs = in_threads([lambda: rename(first=1, second=2), lambda: rename(first=2, second=1)])
    assert sorted(runs) == [1, 2]


def test_waiting_for_a_row_is_bounded(server_store: Store) -> None:
    server_store.write(lambda tx: tx.insert(THINGS, [thing(1)]))

    def outer(tx: Tx) -> None:
        tx.run(RENAME, {"thing_id": ONE, "new_name": "outer"})
        with pytest.raises(StoreBusy):
            in_threads([lambda: server_store.write(inner, attempts=1)])

    def inner(tx: Tx) -> None:
        lock_timeout = {"postgresql": "SET LOCAL lock_timeout = 1", "mysql": "SET innodb_lock_wait_timeout = 0"}
        tx.connection.exec_driver_sql(lock_timeout[tx.connection.dialect.name])
        tx.run(RENAME, {"thing_id": ONE, "new_name": "inner"})

    server_store.write(outer)
    assert name_of(server_store, ONE) == "outer"


CLAIMS = [
    ("primary key", {"id": ONE}, ("id",)),
    ("unique constraint", {"network_id": "n", "mac_address": "m"}, ("mac_address", "network_id")),
    ("unique index", {"name": "it's 'x' for key 'y'"}, ("name",)),
]


@pytest.mark.parametrize("how", ["one row", "many rows", "update"])
@pytest.mark.parametrize(("same", "columns"), [claim[1:] for claim in CLAIMS], ids=[claim[0] for claim in CLAIMS])
def test_a_refused_claim_says_what_is_taken(
    store: Store, same: dict[str, str], columns: tuple[str, ...], how: str
) -> None:
    store.write(lambda tx: tx.insert(THINGS, [thing(1, **same), thing(2)]))

    def claim(tx: Tx) -> None:
        if how == "update":
            tx.run(THINGS.update().where(THINGS.c.id == thing(2)["id"]).values(**same))
        else:
            tx.insert(THINGS, [thing(3, **same), *([thing(4)] if how == "many rows" else [])])

    with pytest.raises(Claimed) as caught:
        store.write(claim)
    assert caught.value.table == "things"
    assert caught.value.on(*columns)
    assert caught.value.on(*(THINGS.c[name] for name in columns))
    assert not caught.value.on("id", "name")
    with store.read() as tx:
        assert tx.value(COUNT) == 2


def test_a_swallowed_refusal_commits_nothing_and_runs_nothing(store: Store) -> None:
    store.write(lambda tx: tx.insert(THINGS, [thing(1)]))

    def swallow(tx: Tx) -> None:
        tx.insert(THINGS, [thing(2)])
        with pytest.raises(Claimed):
            tx.insert(THINGS, [thing(1)])
        with pytest.raises(RuntimeError, match="refused row"):
            tx.value(COUNT)

    with pytest.raises(RuntimeError, match="refused row"):
        store.write(swallow)
    with store.read() as tx:
        assert tx.value(COUNT) == 1


def test_other_broken_constraints_are_no_claims(store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        store.write(lambda tx: tx.insert(THINGS, [thing(1, revision_number=None)]))


def test_a_refused_commit_leaves_nobody_a_connection_in_a_transaction(sqlite_engine: sa.Engine) -> None:
    store = Store(sqlite_engine, SystemClock())

    def refer_to_nothing(tx: Tx) -> None:
        tx.connection.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
        tx.insert(THINGS, [thing(1, parent_id=thing(7)["id"])])

    with pytest.raises(sa.exc.IntegrityError):
        store.write(refer_to_nothing)
    store.write(lambda tx: tx.insert(THINGS, [thing(2)]))
    with store.read() as tx:
        assert tx.value(COUNT) == 1
    store.write(lambda tx: tx.run(THINGS.delete()))


def test_a_reference_to_a_row_that_has_gone_is_a_lost_race(store: Store) -> None:
    def insert(tx: Tx) -> None:
        with pytest.raises(LostRace):
            tx.insert(THINGS, [thing(1, parent_id=thing(7)["id"])])
        raise LostRace

    with pytest.raises(StoreBusy):
        store.write(insert, attempts=1)


def test_a_row_that_others_have_come_to_refer_to_is_a_lost_race(store: Store) -> None:
    store.write(lambda tx: tx.insert(THINGS, [thing(1)]))
    store.write(lambda tx: tx.insert(THINGS, [thing(2, parent_id=thing(1)["id"])]))

    def delete(tx: Tx) -> None:
        with pytest.raises(LostRace):
            tx.run(THINGS.delete().where(THINGS.c.id == thing(1)["id"]))
        raise LostRace

    with pytest.raises(StoreBusy):
        store.write(delete, attempts=1)


def test_a_transaction_inside_a_write_is_refused(store: Store) -> None:
    def read(_tx: Tx) -> None:
        with store.read():
            pass

    for nested in (lambda _tx: store.write(lambda tx: None), read):
        with pytest.raises(RuntimeError, match="inside a write"):
            store.write(nested)
    store.write(lambda tx: tx.insert(THINGS, [thing(1)]))


def test_statements_are_compiled_once(store: Store) -> None:
    def work(tx: Tx) -> None:
        number = tx.value(COUNT)
        tx.insert(THINGS, [thing(number)])
        tx.compare_and_swap(THINGS, thing(number)["id"], 0, {"name": f"{number}"})
        tx.mark(Unit("port", "1"))

    store.write(work)
    with store.engine.connect() as connection:
        cache = connection.engine._compiled_cache
        assert cache is not None
        known = len(cache)
    for _ in range(3):
        store.write(work)
    assert len(cache) == known
