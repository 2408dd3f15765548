"""The full audit: of every unit, what NB really has against what it shall have, and against what the ledger says.

    report = audit.run(store, client, deployment, repair=False)

The same views, rendering and comparison as everywhere else; only "actual" is read from NB instead of remembered. It
may run beside a working controller, in any process, and needs no lock: a unit that is on its way to NB is not judged,
and a difference counts only if it is still there at a second look. Nothing is written by it to NB or to the ledger. To
repair means to mark what differs as suspect: the controller that leads reads it again and writes what is missing.

Guarantees. Units are read in slices of 100, rows by `_uuid`, so NB is never held for longer than about 50 ms, except
for one pass over the uuids of each table. Memory: one slice, the uuids of one table, and `DETAILS_MAX` findings.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import sqlalchemy as sa

from wovenet.model.ids import GLOBAL_UNIT, RowUuid, Unit
from wovenet.model.views import DeploymentView
from wovenet.ovn import actual, stamp
from wovenet.ovn.client import Client
from wovenet.ovn.diff import Difference, differences, is_shared, known_from, references
from wovenet.ovn.rows import Desired, Known
from wovenet.ovn.wire import Aliases, InvalidValue
from wovenet.reconcile import kinds, ledger, presence
from wovenet.store import outbox
from wovenet.store.faults import Claimed
from wovenet.store.tx import MARKS, OVN, ReadTx, Store, Tx

SLICE: Final = 100
DETAILS_MAX: Final = 1000
"""Units whose differences are kept; of further ones only the number."""
_ATTEMPTS: Final = 5

_MARKED = sa.select(MARKS.c.kind, MARKS.c.unit_id).where(
    MARKS.c.topic == OVN, MARKS.c.unit_id.in_(sa.bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One unit that is not as it shall be. `differences`: NB's; `ledger_differs`: the ledger says something else."""

    unit: Unit
    differences: tuple[Difference, ...] = ()
    ledger_differs: bool = False
    error: str | None = None
    """Why it cannot be rendered at all."""


@dataclass(slots=True)
class Report:
    """What an audit found."""

    is_bound: bool = True
    """The ledger describes this NB. If not, the findings are what the first controller that leads will change."""
    units: int = 0
    """Units that were judged."""
    unsettled: int = 0
    """Units that were not: they are on their way, or their state says why they are not there."""
    findings: list[Finding] = field(default_factory=list)
    further: int = 0
    """Findings that are not listed."""
    orphans: list[tuple[str, RowUuid]] = field(default_factory=list)
    """Rows of ours that nothing owns: (table, uuid)."""
    strangers: dict[str, int] = field(default_factory=dict)
    """Rows by table that are not ours. Not a fault; they are left alone."""

    @property
    def is_clean(self) -> bool:
        """NB is what it shall be, as far as units are settled."""
        return self.is_bound and not (self.findings or self.further or self.orphans)


def run(store: Store, client: Client, deployment: DeploymentView, *, repair: bool = False) -> Report:
    """Compares everything; with `repair`, marks what differs. Raises: ConnectionLost, StoreBusy."""
    report = Report()
    with store.read() as tx:
        head = ledger.head(tx)
    report.is_bound = head is not None and bool(head.stamp) and stamp.read(client) == head.stamp
    auditor = Auditor(store, client, deployment, is_bound=report.is_bound)
    for units in auditor.slices():
        findings, judged, unsettled = auditor.judge(units)
        report.units += judged
        report.unsettled += unsettled
        room = max(0, DETAILS_MAX - len(report.findings))
        report.findings += findings[:room]
        report.further += len(findings[room:])
        if repair and findings:
            _suspect(store, [finding.unit for finding in findings])
    auditor.rows_of_nobody(report)
    if repair and report.orphans:
        for at in range(0, len(report.orphans), SLICE):
            _suspect(store, [kinds.orphan(*one) for one in report.orphans[at : at + SLICE]])
    return report


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at some units."""

    findings: Mapping[Unit, Finding]
    unsettled: frozenset[Unit]


class Auditor:
    """Compares units with NB, a slice at a time."""

    def __init__(self, store: Store, client: Client, deployment: DeploymentView, *, is_bound: bool) -> None:
        self._is_bound = is_bound
        self._store = store
        self._client = client
        self._deployment = deployment
        found = actual.versions(client, "NB_Global")
        self._aliases: Aliases = {stamp.NB_GLOBAL: next(iter(found), stamp.NB_GLOBAL)}

    def slices(self) -> Iterator[list[Unit]]:
        """Every unit that there is, and every one that the ledger remembers; those of both may come twice."""
        yield [GLOBAL_UNIT]
        for kind in kinds.KINDS.values():
            if kind.table is not None:
                yield from self._stored(kind.name, kind.table)
            for units in ledger.units(self._store.read, kind.name, SLICE):
                # Also if it is empty: who takes a slice at a time is not to wait for all of them.
                yield self._gone(units)

    def _stored(self, name: str, table: sa.Table) -> Iterator[list[Unit]]:
        page = sa.select(table.c.id).where(table.c.id > sa.bindparam("last")).order_by(table.c.id).limit(SLICE)
        last = ""
        while True:
            with self._store.read() as tx:
                ids = [row.id for row in tx.rows(page, {"last": last})]
            if not ids:
                return
            yield [Unit(name, id_) for id_ in ids]
            last = ids[-1]

    def _gone(self, units: Sequence[Unit]) -> list[Unit]:
        with self._store.read() as tx:
            there = kinds.load(tx, units, self._deployment)
        return [unit for unit in units if unit not in there]

    def judge(self, units: Sequence[Unit]) -> tuple[list[Finding], int, int]:
        """The findings that last, how many units were judged, and how many were not."""
        if not units:
            return [], 0, 0
        first = self._look(units)
        # The store is read before NB, so a unit that was settled in between looks wrong once.
        second = self._look([*first.findings]) if first.findings else first
        unsettled = first.unsettled | second.unsettled
        findings = [finding for unit, finding in second.findings.items() if unit in first.findings]
        return findings, len(units) - len(unsettled), len(unsettled)

    def _look(self, units: Sequence[Unit]) -> _Look:
        with self._store.read() as tx:
            # Of an NB that nobody has written to yet the question is what would change: all is on its way.
            unsettled = _unsettled(tx, units) if self._is_bound else frozenset[Unit]()
            judged = [unit for unit in units if unit not in unsettled]
            states = kinds.load(tx, judged, self._deployment)
            entries = ledger.load(tx, judged)
            findings: dict[Unit, Finding] = {}
            desired: dict[Unit, Desired] = {}
            for unit in judged:
                try:
                    desired[unit] = states.get(unit, lambda: kinds.GONE)().desired
                    references(desired[unit])
                except (ValueError, InvalidValue) as error:
                    desired.pop(unit, None)
                    findings[unit] = Finding(unit, error=str(error))
            aliases = self._aliases_of(tx, desired, entries)
        known = {unit: entries.get(unit, ledger.NO_ENTRY).known for unit in desired}
        read = actual.read(self._client, [(desired[unit], known[unit]) for unit in desired], aliases)
        for unit, found in zip(desired, read, strict=True):
            differ = tuple(differences(desired[unit], found, aliases))
            forgets = self._is_bound and _comparable(known_from(desired[unit], found, aliases)) != _comparable(
                known[unit]
            )
            if differ or forgets:
                findings[unit] = Finding(unit, differ, forgets)
        return _Look(findings, unsettled)

    def _aliases_of(self, tx: ReadTx, desired: Mapping[Unit, Desired], entries: Mapping[Unit, ledger.Entry]) -> Aliases:
        wanted = {uuid for one in desired.values() for _, uuid in references(one)}
        wanted |= {link.uuid for entry in entries.values() for link in entry.known.links}
        aliases = {**self._aliases, **ledger.find(tx, wanted).aliases}
        for entry in entries.values():
            aliases.update(entry.actual)
        return aliases

    def rows_of_nobody(self, report: Report) -> None:
        """Adds orphans, seen twice, and the number of strangers."""
        first = {one.table: frozenset(one.orphans) for one in presence.look(self._store, self._client)}
        if any(first.values()):
            second = {one.table: frozenset(one.orphans) for one in presence.look(self._store, self._client)}
            for table, orphans in first.items():
                report.orphans += [(table, uuid) for uuid in sorted(orphans & second.get(table, frozenset()))]
        for table in kinds.TABLES:
            present = set(actual.versions(self._client, table))
            for page in ledger.pages(self._store.read, table):
                present.difference_update(page)
            strangers = present - actual.orphans(dict.fromkeys(present, ""), ())
            if strangers:
                report.strangers[table] = len(strangers)


def _unsettled(tx: ReadTx, units: Sequence[Unit]) -> frozenset[Unit]:
    rows = tx.rows(_MARKED, {"ids": sorted({unit.id for unit in units})})
    marked = {Unit(row.kind, row.unit_id) for row in rows}
    states = outbox.states(tx, OVN, units)
    failing = {unit for unit, state in states.items() if state.state is not outbox.State.SETTLED}
    return frozenset((marked | failing) & set(units))


def _comparable(known: Known) -> Known:
    """Without the deployment's row, of which the ledger remembers only what was written last."""
    return Known({key: value for key, value in known.rows.items() if not is_shared(key[0])}, known.links)


def _suspect(store: Store, units: Iterable[Unit]) -> None:
    wanted = list(units)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            store.write(partial(_write_suspects, units=wanted))
        except Claimed:
            # The controller came to suspect one of them at the same moment.
            if attempt == _ATTEMPTS:
                raise
        else:
            return


def _write_suspects(tx: Tx, units: Sequence[Unit]) -> None:
    ledger.suspect(tx, units)
