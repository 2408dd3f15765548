"""The loop: takes marks, brings the present state of their units to NB, and settles.

    take ─▶ views ─▶ render ─▶ diff against the ledger ─▶ one NB transaction ─▶ settle (one store transaction)

A unit's outcome depends on the present state only, never on what the mark was for, so marks may be lost in each other,
repeated and reordered. A crash between applying and settling leaves the marks, and applying again changes nothing.

Guarantees. At most `batch` units are in memory. Rows that refer to rows of others are sent after those, and not before
the ledger has them: until then the unit waits for their owner. NB refuses a controller that does not hold the lock, the
store one that was superseded.
"""

import hashlib
import logging
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

import wovenet
from wovenet.model.ids import GLOBAL_UNIT, RowUuid, Unit
from wovenet.model.outcomes import Outcome, Retry, Settled, Terminal, Waiting
from wovenet.model.views import DeploymentView
from wovenet.ovn import actual, stamp
from wovenet.ovn import apply as applying
from wovenet.ovn.client import Client
from wovenet.ovn.diff import UNKNOWN_CONTENT, RowKey, is_shared, references
from wovenet.ovn.rows import Desired, Known
from wovenet.ovn.wire import InvalidValue
from wovenet.reconcile import adopt, kinds, ledger, presence
from wovenet.reconcile.backoff import Backoff
from wovenet.store import outbox
from wovenet.store.tx import OVN, ReadTx, Store, Tx

LOG = logging.getLogger(__name__)

LOCK: Final = "wovenet"
"""The OVSDB lock that the controller that leads holds."""
BATCH: Final = 200
"""Units taken at once."""

_CONSTRAINT: Final = "constraint violation"
"""How NB refuses a second row of the same name. Source: RFC 7047, 5.2.1."""

Aliases = Mapping[RowUuid, RowUuid]


class Applies(Protocol):
    """What brings changes to NB. Source: `ovn.apply.Applier`."""

    def apply(self, changes: Sequence[applying.Change], *, aliases: Aliases) -> Mapping[Unit, applying.Outcome]: ...


class Interrupted(Exception):  # noqa: N818
    """What was sent to NB may or may not have been applied. `fenced`: the lock is not ours."""

    def __init__(self, cause: str, *, fenced: bool) -> None:
        super().__init__(cause)
        self.fenced = fenced


@dataclass(frozen=True, slots=True)
class Rules:
    """What the loop goes by."""

    deployment: DeploymentView = field(default_factory=DeploymentView)
    backoff: Backoff = field(default_factory=lambda: Backoff(0.2, 60.0))
    batch: int = BATCH

    @property
    def digest(self) -> str:
        """Changes when the rows of units may, because settings or program have."""
        content = msgspec.json.encode([wovenet.__version__, self.deployment], enc_hook=dict, order="sorted")
        return hashlib.blake2b(content, digest_size=16).hexdigest()


@dataclass(slots=True)
class _Item:
    """One unit of a batch, on its way."""

    mark: outbox.Mark
    state: kinds.State
    exists: bool
    entry: ledger.Entry
    needs: frozenset[RowKey]
    is_suspect: bool
    outcome: Outcome | None = None
    after: Known | None = None
    """What the ledger is to remember, if that is not what it did."""
    blame: Unit | None = None
    """Whose row is missing in NB although the ledger has it."""
    adopted: Mapping[RowKey, RowUuid] = field(default_factory=dict)
    """Rows by our names that others made, and that are ours from now on."""

    @property
    def unit(self) -> Unit:
        return self.mark.unit


@dataclass(slots=True)
class _Batch:
    items: list[_Item]
    have: set[RowKey]
    """Rows of others that are in NB, as far as the ledger knows."""
    aliases: dict[RowUuid, RowUuid]


class Loop:
    """The loop of the controller that leads. Made anew with each epoch; one thread."""

    def __init__(self, store: Store, client: Client, applier: Applies, rules: Rules) -> None:
        self._store = store
        self._client = client
        self._applier = applier
        self._rules = rules
        self._aliases: dict[RowUuid, RowUuid] = {}
        self._doubtful: set[Unit] = set()
        """Units that were sent when the connection broke, or not settled when the store did."""
        self.epoch: int | None = None
        self.wants_audit = False
        """NB was not as the ledger says: the next moment of rest is for an audit."""

    # ---- leading

    def lead(self) -> None:
        """The ledger is ours and describes this NB; what may be wrong with either is marked.

        Call after each connect, with the lock. Raises: ConnectionLost, TransactionRefused ("not owner"), StoreBusy.
        """
        head = self._resume() or self._store.write(ledger.take_over)
        is_new = self.epoch != head.epoch
        self.epoch = head.epoch
        self._aliases = {stamp.NB_GLOBAL: stamp.global_row(self._client, lock=LOCK)}
        if not head.stamp or stamp.read(self._client) != head.stamp:
            if head.stamp:
                LOG.warning("the ledger does not describe this NB: everything is brought to it anew")
            self._start_anew()
        else:
            if is_new and not head.is_clean:
                self._write(ledger.suspect_marked)
            if head.settings != self._rules.digest:
                self._write(self._mark_all)
            self.audit()
        self._write(lambda tx: tx.mark(GLOBAL_UNIT))

    def _resume(self) -> ledger.Head | None:
        """The head, if nobody else has led since we did: then only what was in flight is in doubt."""
        if self.epoch is None:
            return None
        with self._store.read() as tx:
            head = ledger.head(tx)
        return head if head is not None and head.epoch == self.epoch else None

    def _start_anew(self) -> None:
        """Binds the ledger to an NB that it does not describe: emptied, restored, another deployment's, or new."""
        name = self._store.clock.new_id()
        is_empty = not any(actual.versions(self._client, table) for table in kinds.TABLES)

        def write(tx: Tx) -> None:
            ledger.reset(tx, name)
            self._mark_all(tx)
            if not is_empty:
                ledger.suspect_marked(tx)

        self._write(write)
        if not is_empty:
            adopt.run(self._store, self._client, self.required_epoch(), self._rules.deployment)
            self.audit()
        # Last: until NB has the name, a crash repeats all of this.
        stamp.write(self._client, name, lock=LOCK)

    def _mark_all(self, tx: Tx) -> None:
        kinds.mark_all(tx)
        ledger.remember_settings(tx, self._rules.digest)

    def audit(self) -> int:
        """Missing rows and orphans are marked. Out: how many. Raises: ConnectionLost, Superseded."""
        self.wants_audit = False
        return presence.repair(self._store, self._client, self.required_epoch())

    def release(self) -> None:
        """Notes that nothing is half done, if that is so."""
        if self.epoch is not None and not self._doubtful:
            epoch = self.epoch
            self._store.write(lambda tx: ledger.release(tx, epoch))

    # ---- one step

    def step(self) -> int:
        """Takes a batch of units, brings them to NB and settles. Out: how many were taken; 0 when nothing is to do.

        Raises: Interrupted (connect again, then `lead`), Superseded, StoreBusy, CommitUnknown.
        """
        with self._store.read() as tx:
            marks = self._take(tx)
            if not marks:
                return 0
            batch = self._gather(tx, marks)
        units = {item.unit for item in batch.items}
        self._doubtful |= units
        lost = self._apply(batch)
        settled = [item for item in batch.items if item.outcome is not None]
        self._write(lambda tx: self._settle(tx, settled))
        self._doubtful -= {item.unit for item in settled}
        if lost is not None:
            raise Interrupted(lost.cause, fenced=lost.fenced)
        return len(marks)

    def _take(self, tx: ReadTx) -> list[outbox.Mark]:
        limit = self._rules.batch
        marks = outbox.take(tx, OVN, limit, kinds.RANK)
        if len(marks) < limit:
            taken = {mark.unit for mark in marks}
            due = outbox.due(tx, OVN, tx.clock.wall(), limit - len(marks))
            marks += [mark for mark in due if mark.unit not in taken]
        return marks

    def _gather(self, tx: ReadTx, marks: Sequence[outbox.Mark]) -> _Batch:
        """All that is to be known of the units, from one state of the store."""
        units = [mark.unit for mark in marks]
        loaded = kinds.load_each(tx, units, self._rules.deployment)
        entries = ledger.load(tx, units)
        suspects = ledger.suspects(tx, units) | self._doubtful
        items = [
            _item(mark, loaded.get(mark.unit), entries.get(mark.unit, ledger.NO_ENTRY), mark.unit in suspects)
            for mark in marks
        ]
        wanted = {uuid for item in items for _, uuid in item.needs}
        wanted |= {link.uuid for item in items for link in item.entry.known.links}
        left_over = [item.unit for item in items if item.is_suspect and not item.exists]
        wanted |= {uuid for unit in left_over for _, uuid in kinds.anchors(unit)}
        found = ledger.find(tx, wanted)
        aliases = {**self._aliases, **found.aliases}
        for item in items:
            aliases.update(item.entry.actual)
        return _Batch(items, set(found.keys), aliases)

    def _apply(self, batch: _Batch) -> applying.Lost | None:
        """Sends the units, lower ranks first. Items get their outcomes, but those that are lost."""
        by_rank: dict[int, list[_Item]] = {}
        for item in batch.items:
            by_rank.setdefault(kinds.RANK.get(item.unit.kind, 0), []).append(item)
        for _, items in sorted(by_rank.items()):
            ready = [item for item in items if item.outcome is None and not _waits(item, batch.have)]
            changes = [_change(item, batch.have) for item in ready]
            outcomes = self._applier.apply(changes, aliases=batch.aliases) if changes else {}
            for item in ready:
                outcome = outcomes[item.unit]
                if isinstance(outcome, applying.Lost):
                    return outcome
                self._take_outcome(item, outcome)
                _note_rows(item, batch.have)
        return None

    def _take_outcome(self, item: _Item, outcome: applying.Outcome) -> None:
        match outcome:
            case applying.Applied(known=known):
                item.outcome, item.after = Settled(item.state.revision), known
            case applying.Missing(rows=rows, known=known):
                # The ledger has them, so it is wrong, and not only about this unit.
                self.wants_audit = True
                item.after = known
                item.blame = item.state.owners.get(rows[0][1])
                item.outcome = _waiting(item, rows)
            case applying.NotYet(cause=cause, known=known):
                item.outcome, item.after = Retry(cause), known
            case applying.Refused(error=error, details=details, known=refused_known):
                LOG.warning("%s: NB refuses it: %s", item.unit, error)
                item.outcome, item.after = Terminal(f"{error}: {details}"), refused_known
                if error == _CONSTRAINT:
                    self._look_for_namesakes(item)

    def _look_for_namesakes(self, item: _Item) -> None:
        """Someone else's row may have the name that ours needs: then it becomes ours."""
        known = {*item.entry.known.rows, *(item.after.rows if item.after else ())}
        found = adopt.namesakes(self._client, item.state.desired)
        item.adopted = {key: uuid for key, uuid in found.items() if key not in known}
        if item.adopted:
            LOG.warning("%s: %d rows of the same name are adopted", item.unit, len(item.adopted))
            item.outcome = Retry("rows of the same name were there and are adopted")

    def _settle(self, tx: Tx, items: Sequence[_Item]) -> None:
        changes = {item.unit: (item.entry.known, item.after) for item in items if item.after is not None}
        ledger.store(tx, changes)
        ledger.trust(tx, [item.unit for item in items if item.is_suspect and isinstance(item.outcome, Settled)])
        results = [outbox.Result(item.mark, item.outcome, item.exists) for item in items if item.outcome is not None]
        self._mark_awaited(tx, results)
        clock = tx.clock
        outbox.settle(tx, OVN, results, delay_s=lambda attempts: self._rules.backoff.delay_s(attempts, clock))
        for item in items:
            ledger.adopt(tx, item.unit, item.adopted)
        adopting = {item.unit for item in items if item.adopted}
        ledger.suspect(tx, adopting | {item.blame for item in items if item.blame is not None})

    def _mark_awaited(self, tx: Tx, results: Sequence[outbox.Result]) -> None:
        """Whoever is newly waited for is looked at again: a mark that was forgotten must not keep others waiting."""
        waiting = {result.mark.unit: result.outcome.on for result in results if isinstance(result.outcome, Waiting)}
        if not waiting:
            return
        before = outbox.states(tx, OVN, waiting)
        for unit, on in waiting.items():
            # Only the first time: who is woken and still waits would otherwise wake itself for ever.
            if unit not in before or before[unit].waiting_on != str(on):
                tx.mark(on)

    def _write(self, fn: Callable[[Tx], None]) -> None:
        """`fn` in a transaction that commits only while we lead. Raises: Superseded."""
        epoch = self.required_epoch()

        def write(tx: Tx) -> None:
            ledger.hold(tx, epoch)
            fn(tx)

        self._store.write(write)

    def required_epoch(self) -> int:
        """The epoch in which we lead. Raises: Superseded if we do not."""
        if self.epoch is None:
            raise ledger.Superseded
        return self.epoch


def _item(mark: outbox.Mark, render: Callable[[], kinds.State] | None, entry: ledger.Entry, is_suspect: bool) -> _Item:
    item = _Item(mark, kinds.GONE, render is not None, entry, frozenset(), is_suspect)
    if render is not None:
        try:
            item.state = render()
            item.needs = _needs(item.state.desired)
        except (ValueError, InvalidValue) as error:
            LOG.error("%s: cannot be rendered: %s", mark.unit, error)
            item.outcome = Terminal(f"cannot be rendered: {error}")
    return item


def _needs(desired: Desired) -> frozenset[RowKey]:
    """The rows of others that have to be there. (The deployment's one row always is.)"""
    return frozenset(key for key in references(desired) if not is_shared(key[0]))


def _waits(item: _Item, have: Iterable[RowKey]) -> bool:
    missing = sorted(item.needs.difference(have))
    if missing:
        item.outcome = _waiting(item, missing)
    return bool(missing)


def _waiting(item: _Item, missing: Sequence[RowKey]) -> Outcome:
    for _, uuid in missing:
        if (owner := item.state.owners.get(uuid)) is not None:
            return Waiting(owner)
    return Retry(f"a row of {missing[0][0]} is not there")


def _change(item: _Item, have: Container[RowKey]) -> applying.Change:
    known = item.entry.known
    if item.is_suspect and not item.exists:
        # Rows may be left that nobody remembers. What the ledger has by now is someone's.
        left = {key: UNKNOWN_CONTENT for key in kinds.anchors(item.unit) if key not in have}
        known = Known({**left, **known.rows}, known.links)
    return applying.Change(item.unit, item.state.desired, known, item.is_suspect)


def _note_rows(item: _Item, have: set[RowKey]) -> None:
    """Keeps `have` true for the units that come after."""
    if isinstance(item.outcome, Settled):
        have.difference_update(item.entry.known.rows)
        have.update((row.table, row.uuid) for row in item.state.desired.rows)
