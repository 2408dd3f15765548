"""Counters outlive the processes that count."""

from wovenet.store import counters
from wovenet.store.tx import Store


def test_counting(store: Store) -> None:
    counters.COUNTERS.create(store.engine, checkfirst=True)
    store.write(lambda tx: counters.add(tx, {"events_told": 2, "events_refused": 0, "other": 1}))
    store.write(lambda tx: counters.add(tx, {"events_told": 3}))
    with store.read() as tx:
        assert counters.values(tx, "events_") == {"told": 5}
        assert counters.values(tx, "%") == {}
