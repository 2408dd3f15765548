"""What we have written to NB, in the store: of each unit its rows, with a fingerprint of their contents, and its links.

The ledger is what "actual" means on the normal path: desired against ledger gives what is to be done, without reading
NB. It describes one NB only; a stamp there and here ties them. It is written by one controller at a time; the epoch,
which grows with every change of leadership, keeps a controller that no longer leads from writing what it remembers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn.diff import UNKNOWN_CONTENT, RowKey
from wovenet.ovn.rows import Known, Link
from wovenet.resources.deployment.table import HEAD, LINKS, ROWS, SUSPECTS
from wovenet.store.tx import MARKS, OVN, ReadTx, Tx

T = TypeVar("T")

_CHUNK: Final = 500
_HEAD_ID: Final = 1

_R = ROWS.c
_L = LINKS.c
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_ROWS_OF = sa.select(_R.kind, _R.unit_id, _R.nb_table, _R.row_uuid, _R.actual_uuid, _R.fingerprint).where(
    _R.unit_id.in_(_IDS)
)
_LINKS_OF = sa.select(_L.kind, _L.unit_id, _L.nb_table, _L.row_uuid, _L.nb_column, _L.member_uuid).where(
    _L.unit_id.in_(_IDS)
)
_FIND = sa.select(_R.nb_table, _R.row_uuid, _R.actual_uuid).where(_R.row_uuid.in_(_IDS))
_FIND_ACTUAL = sa.select(_R.nb_table, _R.actual_uuid).where(_R.actual_uuid.in_(_IDS))
_ADD_ROW = ROWS.insert().inline()
_ADD_LINK = LINKS.insert().inline()
_SET_ROW = (
    ROWS.update()
    .where(_R.row_uuid == sa.bindparam("of_uuid"), _R.nb_table == sa.bindparam("of_table"))
    .values(fingerprint=sa.bindparam("new_fingerprint"))
)
_DROP_ROW = ROWS.delete().where(_R.row_uuid == sa.bindparam("of_uuid"), _R.nb_table == sa.bindparam("of_table"))
_DROP_LINK = LINKS.delete().where(
    _L.member_uuid == sa.bindparam("of_member"),
    _L.row_uuid == sa.bindparam("of_uuid"),
    _L.nb_column == sa.bindparam("of_column"),
    _L.nb_table == sa.bindparam("of_table"),
)
_HOLDERS_OF = sa.select(_L.kind, _L.unit_id).where(_L.row_uuid.in_(_IDS)).distinct()
_OWNERS = sa.select(_R.kind, _R.unit_id, _R.row_uuid).where(_R.actual_uuid.in_(_IDS))
_S = SUSPECTS.c
_SUSPECTS_OF = sa.select(_S.kind, _S.unit_id).where(_S.unit_id.in_(_IDS))
_TRUST = SUSPECTS.delete().where(_S.unit_id == sa.bindparam("of_id"), _S.kind == sa.bindparam("of_kind"))
_HOLD = HEAD.update().where(HEAD.c.id == 1, HEAD.c.epoch == sa.bindparam("of_epoch")).values(is_clean=False)
_MARKED = sa.select(MARKS.c.kind, MARKS.c.unit_id).where(MARKS.c.topic == OVN).distinct()


class Superseded(Exception):  # noqa: N818
    """Another controller has taken over: what we remember is no longer ours to write."""


@dataclass(frozen=True, slots=True)
class Head:
    """Which NB the ledger describes, and whose turn it is to write it."""

    stamp: str
    epoch: int
    is_clean: bool
    settings: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered of one unit. `actual`: the uuids of adopted rows, by their computed ones."""

    known: Known = field(default_factory=Known)
    actual: Mapping[RowUuid, RowUuid] = field(default_factory=dict)


NO_ENTRY = Entry()


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that the ledger has, of whatever unit."""

    keys: frozenset[RowKey]
    aliases: Mapping[RowUuid, RowUuid]


def head(tx: ReadTx) -> Head | None:
    """Which NB the ledger describes; None if there is no ledger yet."""
    row = tx.row(sa.select(HEAD))
    return None if row is None else Head(row.stamp, row.epoch, row.is_clean, row.settings)


def take_over(tx: Tx) -> Head:
    """The head as it was, after the epoch has moved on to the next: whoever wrote before is refused from now on."""
    now = head(tx)
    if now is None:
        tx.insert(HEAD, [{"id": _HEAD_ID, "stamp": "", "epoch": 1, "is_clean": True, "settings": ""}])
        return Head("", 1, True, "")
    tx.run(HEAD.update().where(HEAD.c.id == _HEAD_ID).values(epoch=now.epoch + 1, is_clean=False))
    return Head(now.stamp, now.epoch + 1, now.is_clean, now.settings)


def hold(tx: Tx, epoch: int) -> None:
    """This transaction commits only while `epoch` is the present one. Raises: Superseded."""
    # An update, so that the databases put it in an order with `take_over`; a mere read would not be.
    if tx.run(_HOLD, {"of_epoch": epoch}) != 1:
        raise Superseded


def release(tx: Tx, epoch: int) -> None:
    """Notes that the controller stops with nothing half done. Raises: Superseded."""
    if tx.run(HEAD.update().where(HEAD.c.id == _HEAD_ID, HEAD.c.epoch == epoch).values(is_clean=True)) != 1:
        raise Superseded


def remember_settings(tx: Tx, digest: str) -> None:
    """All units are marked to be rendered with the settings of this digest."""
    tx.run(HEAD.update().where(HEAD.c.id == _HEAD_ID).values(settings=digest))


def reset(tx: Tx, stamp: str) -> None:
    """The ledger is empty and describes the NB with `stamp`."""
    for table in (ROWS, LINKS, SUSPECTS):
        tx.run(table.delete())
    tx.run(HEAD.update().where(HEAD.c.id == _HEAD_ID).values(stamp=stamp))


def load(tx: ReadTx, units: Iterable[Unit]) -> dict[Unit, Entry]:
    """What is remembered of those of `units` that have anything. Two statements for each 500."""
    wanted = set(units)
    rows: dict[Unit, dict[RowKey, bytes]] = {}
    actual: dict[Unit, dict[RowUuid, RowUuid]] = {}
    links: dict[Unit, set[Link]] = {}
    for ids in _chunks(sorted({unit.id for unit in wanted})):
        for row in tx.rows(_ROWS_OF, {"ids": ids}):
            unit = Unit(row.kind, row.unit_id)
            uuid = RowUuid(row.row_uuid)
            rows.setdefault(unit, {})[row.nb_table, uuid] = bytes(row.fingerprint)
            if row.actual_uuid != uuid:
                actual.setdefault(unit, {})[uuid] = RowUuid(row.actual_uuid)
        for row in tx.rows(_LINKS_OF, {"ids": ids}):
            links.setdefault(Unit(row.kind, row.unit_id), set()).add(_link(row))
    return {
        unit: Entry(Known(rows.get(unit, {}), frozenset(links.get(unit, ()))), actual.get(unit, {}))
        for unit in wanted & (rows.keys() | links.keys())
    }


def store(tx: Tx, changes: Mapping[Unit, tuple[Known, Known]]) -> None:
    """Remembers of each unit the second instead of the first. At most five statements, whatever the number of units."""
    add_rows, set_rows, drop_rows, add_links, drop_links = [], [], [], [], []
    for unit, (before, after) in changes.items():
        drop_rows += [{"of_table": key[0], "of_uuid": key[1]} for key in before.rows.keys() - after.rows.keys()]
        for key, fingerprint in after.rows.items():
            if key not in before.rows:
                add_rows.append(_row(unit, key, fingerprint))
            elif before.rows[key] != fingerprint:
                set_rows.append({"of_table": key[0], "of_uuid": key[1], "new_fingerprint": fingerprint})
        drop_links += [_link_key(link) for link in before.links - after.links]
        add_links += [_link_row(unit, link) for link in after.links - before.links]
    for statement, parameters in (
        (_DROP_LINK, drop_links),
        (_DROP_ROW, drop_rows),
        (_SET_ROW, set_rows),
        (_ADD_ROW, add_rows),
        (_ADD_LINK, add_links),
    ):
        if parameters:
            tx.run(statement, parameters)


def adopt(tx: Tx, unit: Unit, rows: Mapping[RowKey, RowUuid]) -> None:
    """Remembers rows of an earlier deployment as the unit's: computed (table, uuid) → actual uuid."""
    if not rows:
        return
    tx.run(
        _ADD_ROW,
        [{**_row(unit, key, UNKNOWN_CONTENT), "actual_uuid": actual} for key, actual in rows.items()],
    )


def find(tx: ReadTx, uuids: Iterable[RowUuid]) -> Found:
    """Which of these computed uuids are rows in the ledger, and under which uuid they really are."""
    keys: set[RowKey] = set()
    aliases: dict[RowUuid, RowUuid] = {}
    for ids in _chunks(sorted(set(uuids))):
        for row in tx.rows(_FIND, {"ids": ids}):
            keys.add((row.nb_table, row.row_uuid))
            if row.actual_uuid != row.row_uuid:
                aliases[row.row_uuid] = row.actual_uuid
    return Found(frozenset(keys), aliases)


def remembered(tx: ReadTx, table: str, actual: Iterable[RowUuid]) -> frozenset[RowUuid]:
    """Those of `actual` that are rows of `table` in the ledger."""
    found: set[RowUuid] = set()
    for ids in _chunks(sorted(actual)):
        found.update(RowUuid(row.actual_uuid) for row in tx.rows(_FIND_ACTUAL, {"ids": ids}) if row.nb_table == table)
    return frozenset(found)


def pages(tx_of: Callable[[], Any], table: str, size: int = 1000) -> Iterator[list[RowUuid]]:
    """The actual uuids of all rows of `table`, a page at a time, each page in a transaction of its own."""
    last = ""
    page = (
        sa.select(_R.actual_uuid)
        .where(_R.nb_table == table, _R.actual_uuid > sa.bindparam("last"))
        .order_by(_R.actual_uuid)
        .limit(size)
    )
    while True:
        with tx_of() as tx:
            found = [RowUuid(row.actual_uuid) for row in tx.rows(page, {"last": last})]
        if not found:
            return
        yield found
        last = found[-1]


def units(tx_of: Callable[[], Any], kind: str, size: int = 500) -> Iterator[list[Unit]]:
    """All units of `kind` that the ledger remembers, a page at a time, each page in a transaction of its own."""
    last = ""
    parts = [sa.select(c.unit_id).where(c.kind == kind, c.unit_id > sa.bindparam("last")).distinct() for c in (_R, _L)]
    page = sa.union(*parts).order_by("unit_id").limit(size)
    while True:
        with tx_of() as tx:
            found = [Unit(kind, row.unit_id) for row in tx.rows(page, {"last": last})]
        if not found:
            return
        yield found
        last = found[-1].id


def concerned(tx: ReadTx, actual: Iterable[RowUuid]) -> list[Unit]:
    """The units that own these rows (actual uuids), or have links to them."""
    touched: set[Unit] = set()
    for ids in _chunks(sorted(actual)):
        owners = tx.rows(_OWNERS, {"ids": ids})
        touched.update(Unit(row.kind, row.unit_id) for row in owners)
        links = tx.rows(_HOLDERS_OF, {"ids": [row.row_uuid for row in owners]})
        touched.update(Unit(row.kind, row.unit_id) for row in links)
    return sorted(touched)


def suspect(tx: Tx, units: Iterable[Unit]) -> None:
    """The units are suspects, and marked, so that they are looked at soon."""
    wanted = sorted(set(units))
    known = suspects(tx, wanted)
    tx.insert(SUSPECTS, [{"kind": unit.kind, "unit_id": unit.id} for unit in wanted if unit not in known])
    for unit in wanted:
        tx.mark(unit, OVN)


def suspect_marked(tx: Tx) -> None:
    """Every unit that has a mark now is a suspect: it may have been applied, and not settled, before we came."""
    have = sa.exists().where(_S.unit_id == MARKS.c.unit_id, _S.kind == MARKS.c.kind)
    tx.run(SUSPECTS.insert().from_select(["kind", "unit_id"], _MARKED.where(~have)))


def suspects(tx: ReadTx, units: Iterable[Unit]) -> frozenset[Unit]:
    """Those of `units` that are suspects."""
    wanted = set(units)
    found: set[Unit] = set()
    for ids in _chunks(sorted({unit.id for unit in wanted})):
        found.update(Unit(row.kind, row.unit_id) for row in tx.rows(_SUSPECTS_OF, {"ids": ids}))
    return frozenset(found & wanted)


def trust(tx: Tx, units: Iterable[Unit]) -> None:
    """The ledger is right about these units again."""
    parameters = [{"of_id": unit.id, "of_kind": unit.kind} for unit in sorted(units)]
    if parameters:
        tx.run(_TRUST, parameters)


def _row(unit: Unit, key: RowKey, fingerprint: bytes) -> dict[str, Any]:
    return {
        "kind": unit.kind,
        "unit_id": unit.id,
        "nb_table": key[0],
        "row_uuid": key[1],
        "actual_uuid": key[1],
        "fingerprint": fingerprint,
    }


def _link(row: Any) -> Link:
    return Link(row.nb_table, RowUuid(row.row_uuid), row.nb_column, RowUuid(row.member_uuid))


def _link_key(link: Link) -> dict[str, Any]:
    return {"of_table": link.table, "of_uuid": link.uuid, "of_column": link.column, "of_member": link.member}


def _link_row(unit: Unit, link: Link) -> dict[str, Any]:
    return {
        "kind": unit.kind,
        "unit_id": unit.id,
        "nb_table": link.table,
        "row_uuid": link.uuid,
        "nb_column": link.column,
        "member_uuid": link.member,
    }


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
