"""Makes NB what units desire: many units in one transaction, and an outcome for each of them.

    applier = Applier(client, lock="wovenet")
    outcomes = applier.apply([Change(unit, desired, known), ...], aliases=...)   # {unit: outcome}, never raises

What the caller does with an outcome:

    Applied    settle: store `known`, delete the marks
    Missing    Waiting on the units of these rows, if the ledger knows them
    Refused    Terminal: NB does not take it in this state
    NotYet     Retry: what NB has just now stands against it
    Lost       connect (or leave the lock to its owner), then apply again with `suspect=True`

All of them but Lost carry what NB has of the unit where it was read, so that the ledger can be put right.

Guarantees. Every transaction starts with an `assert` of the lock: a controller that no longer leads changes nothing. A
batch holds at most `MAX_UNITS` units and, unless one unit alone is larger, `MAX_OPS` operations. The units of a refused
batch are tried without the one that the server named, or in halves, so that what is wrong in one unit does not stop
another; at most 2n transactions for n units. A unit that is in doubt for whatever reason (refused, uuid there already,
row gone, reference dangling) takes ONE path: read by `_uuid` what NB has of it, diff against that, apply it once more,
alone.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wovenet.model.ids import Unit
from wovenet.ovn import actual as reading
from wovenet.ovn.client import Client, Results
from wovenet.ovn.diff import Actual, Op, RowKey, diff, is_shared, known_from, known_of, references
from wovenet.ovn.errors import ConnectionLost, RequestRefused, TransactionRefused
from wovenet.ovn.plan import Step, plan
from wovenet.ovn.rows import Desired, Known
from wovenet.ovn.wire import NO_ALIASES, Aliases, InvalidValue

MAX_UNITS = 100
"""Units in one transaction: beyond this the rate grows no more (14 k ports a second)."""

MAX_OPS = 1000
"""Operations in one transaction, about 65 ms; a unit that has more goes alone."""

_TRANSIENT = frozenset({"cluster error", "not leader", "resources exhausted", "I/O error", "timeout", "canceled"})
"""Refusals that are about the server's condition, not about what was asked. Source: RFC 7047, 5.2; ovsdb(7), raft."""

_INTEGRITY = "referential integrity violation"


@dataclass(frozen=True, slots=True)
class Change:
    """A unit to be brought to NB.

    `suspect`: `known` may be behind, because the unit was marked when leadership was taken, or its last outcome was
    Lost. What NB has is then read first, links that nobody remembers included.
    """

    unit: Unit
    desired: Desired
    known: Known
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """NB has what was desired; the ledger is to remember `known`. `recovered`: its memory had been wrong."""

    known: Known
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows of others that have to be there first, (table, computed uuid). Nothing was applied."""

    rows: tuple[RowKey, ...]
    known: Known


@dataclass(frozen=True, slots=True)
class Refused:
    """NB does not take this state of the unit. `details` quotes row contents: for the operator only."""

    error: str
    details: str
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing is wrong with the unit: a row changed while we worked, or others still hold a row that is to go."""

    cause: str
    known: Known


@dataclass(frozen=True, slots=True)
class Lost:
    """Not known whether it was applied. `fenced`: the database says that the lock is not ours, and took nothing."""

    cause: str
    fenced: bool = False


Outcome = Applied | Missing | Refused | NotYet | Lost


class _Stopped(Exception):  # noqa: N818
    """No transaction can be made now."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.cause)
        self.lost = lost


@dataclass(frozen=True, slots=True)
class _Item:
    change: Change
    ops: list[Op]
    recovered: bool = False


class Applier:
    """Applies under one lock of one client. See the module."""

    def __init__(self, client: Client, *, lock: str) -> None:
        self._client = client
        self._lock = lock

    def apply(self, changes: Sequence[Change], *, aliases: Aliases = NO_ALIASES) -> dict[Unit, Outcome]:
        """The outcome of each change; units are distinct. `aliases` covers `diff.named_uuids` of the changes."""
        work = _Work(self._client, self._lock, aliases)
        try:
            work.run(changes)
        except _Stopped as stopped:
            lost = stopped.lost
        except (ConnectionLost, RequestRefused) as error:
            lost = Lost(f"{type(error).__name__}: {error}")
        else:
            return work.outcomes
        return {change.unit: work.outcomes.get(change.unit, lost) for change in changes}


class _Work:
    """One call of `apply`."""

    def __init__(self, client: Client, lock: str, aliases: Aliases) -> None:
        self._client = client
        self._assert = {"op": "assert", "lock": lock}
        self._aliases = aliases
        self._doubtful: list[Change] = []
        self.outcomes: dict[Unit, Outcome] = {}

    def run(self, changes: Sequence[Change]) -> None:
        items: list[_Item] = []
        for change in changes:
            if change.suspect:
                self._doubtful.append(change)
            elif ops := diff(change.desired, change.known):
                items.append(_Item(change, ops))
            else:
                self.outcomes[change.unit] = Applied(change.known)
        for batch in _batches(items):
            self._apply_batch(batch)
        # Last, so that what they refer to is there if it was in any of the batches.
        for change in self._doubtful:
            self._recover(change)

    def _apply_batch(self, batch: list[_Item]) -> None:
        """Applies what can be applied together; the rest becomes doubtful."""
        todo = deque([batch])
        while todo:
            items = todo.popleft()
            try:
                steps = plan([(item.change.unit, item.ops) for item in items], self._aliases)
                results = self._transact(steps)
            except (InvalidValue, TransactionRefused) as error:
                named = _named(error, steps) if isinstance(error, TransactionRefused) else frozenset()
                todo.extendleft(reversed(self._split(items, named)))
            else:
                self._settle(items, steps, results)

    def _split(self, items: list[_Item], named: frozenset[Unit]) -> list[list[_Item]]:
        """The batches to try instead of a refused one: without the units that were named, else in halves."""
        if len(items) == 1:
            named = frozenset({items[0].change.unit})
        if named and (len(named) < len(items) or len(items) == 1):
            self._doubtful += [item.change for item in items if item.change.unit in named]
            rest = [item for item in items if item.change.unit not in named]
            return [rest] if rest else []
        half = len(items) // 2
        return [items[:half], items[half:]]

    def _settle(self, items: Sequence[_Item], steps: Sequence[Step], results: Results) -> None:
        unmatched = _unmatched(steps, results)
        for item in items:
            if item.change.unit in unmatched:
                self._doubtful.append(item.change)
            else:
                self.outcomes[item.change.unit] = Applied(known_of(item.change.desired), item.recovered)

    def _recover(self, change: Change) -> None:
        try:
            self.outcomes[change.unit] = self._recovered(change)
        except InvalidValue as error:
            self.outcomes[change.unit] = Refused("invalid value", str(error))
        except TransactionRefused as refused:  # while reading: the server's schema lacks a column
            self.outcomes[change.unit] = Refused(refused.error, refused.details)

    def _recovered(self, change: Change) -> Outcome:
        """Reads what NB has of the unit and applies what differs from that. Raises: InvalidValue."""
        [actual] = reading.read(self._client, [(change.desired, change.known)], self._aliases)
        known = known_from(change.desired, actual, self._aliases)
        if missing := _missing(change.desired, actual):
            return Missing(missing, known)
        steps = plan([(change.unit, diff(change.desired, known))], self._aliases)
        if steps:
            try:
                results = self._transact(steps)
            except TransactionRefused as refused:
                if refused.error == _INTEGRITY:
                    # What we refer to was there when we read, so it is our row that others refer to.
                    return NotYet(refused.details, known)
                return Refused(refused.error, refused.details, known)
            if _unmatched(steps, results):
                return NotYet("a row went away meanwhile", known)
        return Applied(known_of(change.desired), recovered=True)

    def _transact(self, steps: Sequence[Step]) -> Results:
        """The results of the steps. Raises: TransactionRefused with the index of a step; _Stopped; ConnectionLost."""
        try:
            return self._client.transact([self._assert, *(step.op for step in steps)])[1:]
        except TransactionRefused as refused:
            if refused.error == "not owner":
                raise _Stopped(Lost("the lock is not ours", fenced=True)) from refused
            if refused.error in _TRANSIENT:
                raise _Stopped(Lost(refused.error)) from refused
            index = None if refused.index is None else refused.index - 1
            raise TransactionRefused(index, refused.error, refused.details) from refused


def _batches(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    size = 0
    for item in items:
        if batch and (len(batch) == MAX_UNITS or size + len(item.ops) > MAX_OPS):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item.ops)
    if batch:
        yield batch


def _named(refused: TransactionRefused, steps: Sequence[Step]) -> frozenset[Unit]:
    """The units whose step the server refused; none when it was the commit."""
    return frozenset() if refused.index is None else frozenset(steps[refused.index].units)


def _unmatched(steps: Sequence[Step], results: Results) -> frozenset[Unit]:
    """The units of which a row was not there."""
    return frozenset(
        unit
        for step, result in zip(steps, results, strict=True)
        if step.must_match and result["count"] == 0
        for unit in step.units
    )


def _missing(desired: Desired, actual: Actual) -> tuple[RowKey, ...]:
    shared = {(row.table, row.uuid) for row in desired.rows if is_shared(row.table)}
    return tuple(sorted(references(desired) - actual.others | (shared - actual.rows.keys())))
