"""Prints what the store's transactions cost: `python tools/bench_store.py [URL]` (default: SQLite in a new directory).

A write is three statements and a mark; a read is one row by its id. Writers: processes that write without a pause.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context

import sqlalchemy as sa

from wovenet.model.clock import SystemClock
from wovenet.model.ids import Unit
from wovenet.store import quota_usage, ranges, schema
from wovenet.store.engine import make_engine
from wovenet.store.tx import MARKS, Store, Tx

CLOCK = SystemClock()
TABLE = sa.Table("bench", sa.MetaData(), *schema.standard_columns(), schema.text_col("device_id"))
TABLES = [TABLE, MARKS, quota_usage.QUOTA_USAGE, ranges.FREE_RANGES]
BY_ID = sa.select(TABLE).where(TABLE.c.id == sa.bindparam("wanted"))


def write(tx: Tx) -> str:
    """Three statements, and the one that writes marks."""
    made = CLOCK.new_id()
    now = tx.now()
    row = {"id": made, "project_id": "p", "name": "n", "description": "", "device_id": ""}
    tx.insert(TABLE, [row | {"revision_number": 0, "created_at": now, "updated_at": now}])
    tx.row(BY_ID, {"wanted": made})
    tx.compare_and_swap(TABLE, made, 0, {"name": "m"})
    tx.mark(Unit("port", made))
    return made


def allocate(tx: Tx) -> None:
    """An address and a quota: what all writers of a network want at once."""
    quota_usage.claim(tx, "p", "port", 1, limit=-1)
    ranges.take_any(tx, "subnet")


def rate(url: str, work: Callable[[Tx], object], *, writers: int, seconds: float) -> float:
    """Transactions a second of so many processes."""
    context = get_context("fork")
    with context.Pool(writers) as pool:
        counts = pool.starmap(_count, [(url, work, seconds)] * writers, chunksize=1)
    return sum(counts) / seconds


def _count(url: str, work: Callable[[Tx], object], seconds: float) -> int:
    store = Store(make_engine(url, pool_size=2), CLOCK)
    store.write(work, attempts=100)
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        store.write(work, attempts=100)
        done += 1
    return done


def _prepare(url: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        for table in TABLES:
            table.drop(connection, checkfirst=True)
            table.create(connection)
    store = Store(engine, CLOCK)
    store.write(lambda tx: ranges.fill(tx, "subnet", [(1, 1 << 40)]))
    wanted = store.write(write)
    for name, once in (("write", lambda: store.write(write)), ("read", lambda: _read(store, wanted))):
        for _ in range(200):
            once()
        start = time.perf_counter()
        for _ in range(1000):
            once()
        print(f"one {name}: {time.perf_counter() - start:.3f} ms")
    engine.dispose()


def _read(store: Store, wanted: str) -> None:
    with store.read() as tx:
        tx.row(BY_ID, {"wanted": wanted})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--seconds", type=float, default=3.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        url = arguments.url or f"sqlite:///{directory}/bench.db"
        _prepare(url)
        print(f"{os.cpu_count()} processors")
        for work in (write, allocate):
            for writers in (1, 2, 4, 8):
                found = rate(url, work, writers=writers, seconds=arguments.seconds)
                print(f"{work.__name__}, {writers} writers: {found:.0f} a second")


if __name__ == "__main__":
    main()
