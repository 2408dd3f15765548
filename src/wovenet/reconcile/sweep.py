"""The audit that never ends: a slice of units at a time, every one of them within a set time, over and over.

What somebody has edited by hand is found by comparing contents, which costs too much to do to everything at once. The
controller that leads compares a slice between two batches, spread evenly over the time that there is, and marks what
differs to be put right.

Guarantees. A slice is at most 100 units, so nobody waits for more than about 0.1 s. Memory: one slice. A pass that is
cut off by a lost connection goes on where it was; after a change of leadership it begins anew.
"""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Final

import sqlalchemy as sa

from wovenet.model.ids import Unit
from wovenet.model.views import DeploymentView
from wovenet.ovn.client import Client
from wovenet.reconcile import audit, kinds, ledger
from wovenet.store.tx import Store, Tx

LOG = logging.getLogger(__name__)

SHORTEST_S: Final = 0.1
"""Time between slices at least: however many units there are, most of the time is for what is new."""
NAMED_MAX: Final = 10
"""Units of a slice that differ and are named in the log."""


class Sweep:
    """One pass after the other. For the thread of the controller that leads."""

    def __init__(self, store: Store, client: Client, deployment: DeploymentView, *, within_s: float) -> None:
        """In: `within_s`, the time in which every unit is compared once."""
        self._store = store
        self._client = client
        self._deployment = deployment
        self._within_s = within_s
        self._slices: Iterator[list[Unit]] | None = None
        self._auditor: audit.Auditor | None = None
        self._pause_s = SHORTEST_S
        self._due_at = 0.0

    def restart(self) -> None:
        """The next pass begins from the start: the ledger may have become another."""
        self._slices = None

    def wait_s(self) -> float:
        """The time until the next slice; 0 if it is due."""
        return max(0.0, self._due_at - self._store.clock.monotonic())

    def step(self, epoch: int) -> int:
        """One slice is compared, and what differs is marked. Out: how many units differ.

        Raises: ConnectionLost, Superseded, StoreBusy.
        """
        if self._slices is None or self._auditor is None:
            self._begin()
        self._due_at = self._store.clock.monotonic() + self._pause_s
        units = next(self._slices, None) if self._slices is not None else None
        if units is None or self._auditor is None:
            self._slices = None
            return 0
        findings, _, _ = self._auditor.judge(units)
        # What cannot be rendered is no matter of NB: its mark said so already.
        different = [finding.unit for finding in findings if finding.error is None]
        if different:
            named = ", ".join(map(str, different[:NAMED_MAX]))
            LOG.warning("audit: %d units are not in NB as they shall be: %s", len(different), named)
            self._store.write(partial(_suspect, units=different, epoch=epoch))
        return len(different)

    def _begin(self) -> None:
        self._auditor = audit.Auditor(self._store, self._client, self._deployment, is_bound=True)
        self._slices = self._auditor.slices()
        with self._store.read() as tx:
            counts = [
                int(tx.value(sa.select(sa.func.count()).select_from(kind.table)))
                for kind in kinds.KINDS.values()
                if kind.table is not None
            ]
        # Of each kind the units that there are, and those that the ledger remembers; and the end of each.
        slices = 2 * sum(count // audit.SLICE + 1 for count in counts) + 1
        self._pause_s = max(SHORTEST_S, self._within_s / slices)


def _suspect(tx: Tx, units: list[Unit], epoch: int) -> None:
    ledger.hold(tx, epoch)
    ledger.suspect(tx, units)
