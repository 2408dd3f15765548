"""The cheap audit: is every row there that the ledger says is there, and no row of ours that nothing owns?

One pass over the uuids of each table, no contents: 0.4 s at 50 k rows. Run by the controller that leads, when it
connects and then from time to time, so that an NB that was emptied, restored or edited by hand is noticed. Memory: the
uuids of one table at a time.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn import actual
from wovenet.ovn.client import Client
from wovenet.reconcile import kinds, ledger
from wovenet.store.tx import Store, Tx

LOG = logging.getLogger(__name__)

_SLICE = 200


@dataclass(frozen=True, slots=True)
class Presence:
    """Rows of one table, by actual uuid: remembered and not there; there and ours, and not remembered."""

    table: str
    missing: tuple[RowUuid, ...]
    orphans: tuple[RowUuid, ...]


@dataclass(slots=True)
class _Table:
    """The rows of a table in NB of which no one has yet said that he owns them."""

    name: str
    present: dict[RowUuid, str]
    missing: list[RowUuid] = field(default_factory=list)


def look(store: Store, client: Client) -> list[Presence]:
    """What is not as the ledger says, by table. Writes nothing.

    Right only while nobody writes to NB or ledger; a reader beside a working controller has to look twice.
    """
    found = []
    for name in kinds.TABLES:
        table = _Table(name, dict(actual.versions(client, name)))
        for page in ledger.pages(store.read, name):
            table.missing += [uuid for uuid in page if table.present.pop(uuid, None) is None]
        orphans = sorted(actual.orphans(table.present, ()))
        if table.missing or orphans:
            found.append(Presence(name, tuple(table.missing), tuple(orphans)))
    return found


def repair(store: Store, client: Client, epoch: int) -> int:
    """Whatever is missing is marked to be looked at, and orphans are marked to be removed. Out: how many rows.

    For the controller that leads, between two batches. Raises: Superseded, ConnectionLost.
    """
    count = 0
    for presence in look(store, client):
        LOG.warning(
            "audit: %s: %d rows are missing, %d are orphans",
            presence.table, len(presence.missing), len(presence.orphans),
        )  # fmt: skip
        count += len(presence.missing) + len(presence.orphans)
        for uuids in _slices(presence.missing):
            store.write(partial(_suspect_missing, uuids=uuids, epoch=epoch))
        for uuids in _slices(presence.orphans):
            units = [kinds.orphan(presence.table, uuid) for uuid in uuids]
            store.write(partial(_suspect, units=units, epoch=epoch))
    return count


def _suspect_missing(tx: Tx, uuids: Sequence[RowUuid], epoch: int) -> None:
    units = ledger.concerned(tx, uuids)
    _suspect(tx, [*units, *kinds.referrers(tx, units)], epoch)


def _suspect(tx: Tx, units: Iterable[Unit], epoch: int) -> None:
    ledger.hold(tx, epoch)
    ledger.suspect(tx, units)


def _slices(uuids: Sequence[RowUuid]) -> Iterator[Sequence[RowUuid]]:
    for at in range(0, len(uuids), _SLICE):
        yield uuids[at : at + _SLICE]
