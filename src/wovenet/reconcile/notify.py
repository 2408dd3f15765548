"""Compute is told what happened to the ports of its servers: marks of topic `notify`, batch after batch, in order.

    take ─▶ tell compute ─▶ settle (marks gone and counted, in one store transaction)

Guarantees. What happened to one port is told in the order in which it happened. An event is told at least once: whoever
ends between telling and settling leaves the marks. While compute is away, nothing is taken, so that nothing is
overtaken; it is asked again after growing delays, and shows as a unit that is tried again. Bounded: a batch, the age of
what is still told, and the number of events that wait; what is dropped is counted and logged.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from wovenet.model.ids import Unit
from wovenet.model.outcomes import Outcome, Retry, Settled
from wovenet.reconcile.backoff import Backoff
from wovenet.reconcile.compute import Away, Refused
from wovenet.reconcile.ledger import Superseded
from wovenet.resources.port import events
from wovenet.resources.port.events import Event
from wovenet.store import counters, outbox
from wovenet.store.faults import CommitUnknown, StoreBusy
from wovenet.store.tx import NOTIFY, ReadTx, Store, Tx

LOG = logging.getLogger(__name__)

BATCH: Final = 100
"""Events in one request."""
REVIEW_S: Final = 60.0
"""Time between looks at what waits for too long."""
API: Final = Unit("compute", "api")
"""The unit that is tried again while compute is away."""
KINDS: Final = (*events.STATUS_EVENTS, *events.DATA_EVENTS)


class Tells(Protocol):
    """What reaches compute. Source: `reconcile.compute.Compute`."""

    def tell(self, batch: Sequence[Event]) -> list[int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the notifier goes by. Units: seconds."""

    interval_s: float = 2.0
    """Time that events are collected between two requests; the first after a rest does not wait."""
    poll_s: float = 1.0
    names: frozenset[str] = frozenset(KINDS)
    """The events that compute wants to be told."""
    age_max_s: float = 3600.0
    count_max: int = 100_000
    backoff: Backoff = field(default_factory=lambda: Backoff(0.2, 60.0))


class Notifier:
    """Tells compute, for as long as this controller leads. One thread; `wake` may be called from others."""

    def __init__(self, store: Store, compute: Tells, rules: Rules, *, hold: Callable[[Tx], None]) -> None:
        """`hold` lets a transaction commit only while the controller leads. Raises: Superseded."""
        self._store = store
        self._compute = compute
        self._rules = rules
        self._hold = hold
        self._clock = store.clock
        self._woken = threading.Event()
        self._not_before = 0.0
        self._review_at = 0.0
        self._attempts = 0

    def wake(self) -> None:
        """There may be something to tell."""
        self._woken.set()

    def run(self, done: threading.Event) -> None:
        """Steps until `done`, or until another controller leads."""
        while not done.is_set():
            rest_s = self._rules.poll_s
            try:
                rest_s = self.step()
            except Superseded:
                return
            except (StoreBusy, CommitUnknown) as error:
                LOG.warning("compute is told later: %s", error)
            except Exception:
                # The edge of this thread: one event must not keep the others from being told.
                LOG.exception("the notifier met an unexpected fault")
            self._woken.wait(rest_s)
            self._woken.clear()

    def step(self) -> float:
        """Tells compute what waits, if it is time. Out: seconds until the next step has something to do.

        Raises: StoreBusy, CommitUnknown, Superseded.
        """
        now = self._clock.monotonic()
        if now < self._not_before:
            return self._not_before - now
        if now >= self._review_at:
            self._review_at = now + REVIEW_S
            self._drop_what_waits_too_long()
        with self._store.read() as tx:
            marks = outbox.queue(tx, NOTIFY, KINDS, BATCH)
        if not marks:
            return self._rules.poll_s
        batch = [event for event in _distinct(marks) if event.name in self._rules.names]
        try:
            counts = self._tell(batch) if batch else Counter[str]()
        except Away as away:
            return self._postpone(str(away))
        self._attempts = 0
        self._not_before = now + (self._rules.interval_s if len(marks) < BATCH else 0.0)
        ids = tuple(number for mark in marks for number in mark.ids)
        self._write(outbox.Mark(API, ids), Settled(0), counts)
        return self._not_before - now

    def _tell(self, batch: Sequence[Event]) -> Counter[str]:
        """Compute has been told; what became of the events. One that it refuses does not take others with it."""
        try:
            codes = self._compute.tell(batch)
        except Refused as refused:
            if len(batch) > 1:
                middle = len(batch) // 2
                return self._tell(batch[:middle]) + self._tell(batch[middle:])
            LOG.warning("compute refuses an event, which is dropped", extra={"unit": batch[0].name, "cause": refused})
            return Counter(refused=1)
        unknown = codes.count(404)
        if codes:
            level = logging.INFO if unknown == len(codes) else logging.WARNING
            cause = ", ".join(f"{code}: {count}" for code, count in sorted(Counter(codes).items()))
            LOG.log(level, "compute has no use for some events", extra={"count": len(codes), "cause": cause})
        return Counter(told=len(batch) - len(codes), unknown=unknown, refused=len(codes) - unknown)

    def _postpone(self, cause: str) -> float:
        self._attempts += 1
        delay_s = self._rules.backoff.delay_s(self._attempts, self._clock)
        self._not_before = self._clock.monotonic() + delay_s
        log = LOG.warning if self._attempts == 1 else LOG.debug
        log("compute is told later", extra={"cause": cause, "attempt": self._attempts, "delay_s": round(delay_s, 1)})
        self._write(outbox.Mark(API), Retry(cause), Counter(), delay_s=delay_s)
        return delay_s

    def _drop_what_waits_too_long(self) -> None:
        dropped = self._store.write(partial(_drop, hold=self._hold, rules=self._rules))
        if dropped:
            LOG.error("events for compute are dropped: they have waited too long", extra={"count": dropped})

    def _write(self, mark: outbox.Mark, outcome: Outcome, counts: Counter[str], *, delay_s: float = 0.0) -> None:
        def write(tx: Tx) -> None:
            self._hold(tx)
            outbox.settle(tx, NOTIFY, [outbox.Result(mark, outcome, exists=False)], delay_s=lambda _: delay_s)
            counters.add(tx, {f"{events.COUNTED}{name}": count for name, count in counts.items()})

        self._store.write(write)


def report(tx: ReadTx) -> dict[str, Any]:
    """What compute is still to be told, and what became of what it was told, as plain values."""
    waiting = [each for each in outbox.pending(tx) if each.topic == NOTIFY]
    return {
        "pending": sum(each.count for each in waiting),
        "oldest_age_s": max((each.oldest_age_s for each in waiting), default=0.0),
        **dict.fromkeys(events.COUNTS, 0),
        **counters.values(tx, events.COUNTED),
    }


def discard(tx: Tx) -> None:
    """Nothing waits to be told: this deployment has no compute."""
    outbox.shorten(tx, NOTIFY, created_before=0.0, keep=0)


def _drop(tx: Tx, *, hold: Callable[[Tx], None], rules: Rules) -> int:
    hold(tx)
    outdated, surplus = outbox.shorten(
        tx, NOTIFY, created_before=tx.clock.wall() - rules.age_max_s, keep=rules.count_max
    )
    counters.add(tx, {f"{events.COUNTED}outdated": outdated, f"{events.COUNTED}surplus": surplus})
    return outdated + surplus


def _distinct(marks: Sequence[outbox.Mark]) -> list[Event]:
    """The events in order; of equal ones the last, which says as much."""
    last: dict[Unit, None] = {}
    for mark in marks:
        last.pop(mark.unit, None)
        last[mark.unit] = None
    return [events.event_of(unit) for unit in last]
