"""The same acts once more, one after the other on a database of their own, where nothing ever breaks.

It gives the same ids, so that answers and contents can be compared as they are.
"""

import random
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import event

from tests.client import Answer
from tests.sim import invariants
from tests.sim.history import Act, History, Request
from tests.sim.invariants import Contents
from tests.sim.processes import application, plain_store, prepare
from tests.sim.schedule import EPOCH_S
from wovenet.resources.port import status
from wovenet.settings import Settings

_TIMES: Final = frozenset({"created_at", "updated_at"})


class StillClock:
    """Time stands still, and chance is that of the present act. Source: `model.clock.Clock`."""

    def __init__(self) -> None:
        self.ids = random.Random(0)

    def monotonic(self) -> float:
        return 0.0

    def wall(self) -> float:
        return EPOCH_S

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.ids.getrandbits(128), version=4))

    def randrange(self, start: int, stop: int) -> int:
        return self.ids.randrange(start, stop)


RERUNS_MAX: Final = 40


def explain(seed: str, url: str, settings: Settings, *, history: History, found: Contents) -> list[str]:
    """What no serial order of the acts explains, in what they were told and in what is there in the end.

    The order of commits explains everything but, on databases that run transactions side by side, what an act was told
    that had looked before another one committed: then such an act is tried in the places that it overlaps with.
    """
    order = history.in_order()
    complaints, culprit = _run(seed, url, settings, order=order, found=found)
    for _ in range(RERUNS_MAX):
        if culprit is None:
            break
        for earlier in _earlier(order, culprit):
            again, other = _run(seed, url, settings, order=earlier, found=found)
            if len(again) < len(complaints):
                order, complaints, culprit = earlier, again, other
                break
        else:
            break
    return complaints


def _earlier(order: Sequence[Act], act: Act) -> Iterator[list[Act]]:
    """The orders in which the act comes before others that committed while it ran."""
    place = order.index(act)
    for before in reversed(range(place)):
        if order[before].place <= act.since:
            return
        yield [*order[:before], act, *order[before:place], *order[place + 1 :]]


def _run(
    seed: str, url: str, settings: Settings, *, order: Sequence[Act], found: Contents
) -> tuple[list[str], Act | None]:
    """What is different in this order, and the first act that is told something else."""
    serial = Serial(seed, url, settings)
    try:
        told = list(serial.replay(order))
        complaints = [f"act {act.number}: {act.what}: {how}" for act, how in told]
        for table, rows in invariants.contents(serial.store).items():
            lost = [row for row in rows if row not in found[table]]
            extra = [row for row in found[table] if row not in rows]
            if lost or extra:
                complaints.append(f"{table}: lacks {lost[:3]}, has {extra[:3]}")
        return complaints, next((act for act, _ in told), None)
    finally:
        serial.close()


class Serial:
    """A deployment with one process and one client."""

    def __init__(self, seed: str, url: str, settings: Settings) -> None:
        self._seed = seed
        self._clock = StillClock()
        self.store = plain_store(url, self._clock)
        prepare(self.store, settings)
        self._client = application(self.store, settings)
        self._act: Act | None = None
        event.listen(self.store.engine, "checkout", self._checkout)

    def replay(self, acts: Sequence[Act]) -> Iterator[tuple[Act, str]]:
        """The acts that come out otherwise than they did, and how; revisions that do not tell of a change."""
        before = invariants.revisions(self.store)
        for act in acts:
            self._act, changes = act, True
            if isinstance(act.what, Request):
                found = self._ask(act.what)
                changes = found.status < 300 and not act.only_reads
                if act.answer is not None and act.answer.status != 503 and (how := _difference(act.answer, found)):
                    yield act, how
            else:
                up = act.what.up
                self.store.write(lambda tx, up=up: status.set_up(tx, up))
            if changes:
                after = invariants.revisions(self.store)
                for fault in invariants.wrong_revisions(before, after):
                    yield act, fault
                before = after

    def close(self) -> None:
        """All connections are closed."""
        self.store.engine.dispose()

    def _ask(self, request: Request) -> Answer:
        return self._client.ask(request.method, request.target, request.body, who=request.who, headers=request.headers)

    def _checkout(self, *_: object) -> None:
        if self._act is not None:
            self._clock.ids = self._act.ids(self._seed)


def _difference(got: Answer, expected: Answer) -> str | None:
    if got.status != expected.status:
        return (
            f"answered {got.status} {got.text[:300]!r}, one after the other {expected.status} {expected.text[:300]!r}"
        )
    found = list(_differences("", _timeless(got.body), _timeless(expected.body)))
    return f"answered and, one after the other: {'; '.join(found)}" if found else None


def _differences(where: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key, value in one.items():
            yield from _differences(f"{where}.{key}", value, other[key])
    elif one != other:
        yield f"{where} {one} and {other}"


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in _TIMES}
    return [_timeless(item) for item in value] if isinstance(value, list) else value
