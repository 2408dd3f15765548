"""From what a unit shall have and what it is known to have, the operations that are missing. Pure.

    ops = diff(desired, known)                   # the ledger's memory is enough: no read of NB
    known_of(desired)                            # what to remember once they are applied

`Actual` is what was really read; `differences` says how it deviates (the audit), `known_from` turns it into a `Known`
(recovery), and both then go through the same `diff`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from wovenet.model.ids import RowUuid
from wovenet.ovn.nb import TABLES
from wovenet.ovn.rows import Desired, Keys, Known, Link, Row, Value
from wovenet.ovn.wire import Aliases, Normal, column_of, normal

RowKey = tuple[str, RowUuid]
"""(table, computed uuid)."""

UNKNOWN_CONTENT = b""
"""The fingerprint of a row that exists, with contents that are not what any rendering of ours wrote."""


@dataclass(frozen=True, slots=True)
class Insert:
    row: Row


@dataclass(frozen=True, slots=True)
class Update:
    """All owned columns are written: the ledger does not know which one differs."""

    row: Row


@dataclass(frozen=True, slots=True)
class Delete:
    table: str
    uuid: RowUuid


@dataclass(frozen=True, slots=True)
class AddLink:
    link: Link


@dataclass(frozen=True, slots=True)
class RemoveLink:
    link: Link


Op = Insert | Update | AddLink | RemoveLink | Delete


@dataclass(frozen=True, slots=True)
class Actual:
    """What NB really has of one unit, under computed uuids."""

    rows: Mapping[RowKey, Mapping[str, Normal]] = field(default_factory=dict)
    """Rows that exist; the columns are those that were asked for."""
    links: frozenset[Link] = frozenset()
    others: frozenset[RowKey] = frozenset()
    """Rows of other units that this one refers to, and that exist."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`column` is None when the whole row is missing, or (with `expected` None) should not be there."""

    table: str
    uuid: RowUuid
    column: str | None
    expected: object
    found: object


def fingerprint(row: Row) -> bytes:
    """16 bytes that are equal for rows with equal owned columns, in every process and version of Python."""
    canonical = [row.table, row.uuid, [[name, _canonical(row.columns[name])] for name in sorted(row.columns)]]
    return blake2b(msgspec.json.encode(canonical), digest_size=16).digest()


def _canonical(value: Value) -> object:
    if isinstance(value, Mapping):
        return ["keys" if isinstance(value, Keys) else "map", sorted(value.items())]
    atoms = value if isinstance(value, frozenset) else (value,)
    return [str(atom) if isinstance(atom, str) else atom for atom in sorted(atoms, key=str)]


def known_of(desired: Desired) -> Known:
    """What is known of a unit once `desired` is applied."""
    return Known({(row.table, row.uuid): fingerprint(row) for row in desired.rows}, frozenset(desired.links))


def is_shared(table: str) -> bool:
    """The table's only row belongs to the deployment (NB_Global): we set our keys in it, never make or remove it."""
    return table in TABLES and TABLES[table].max_rows == 1


def diff(desired: Desired, known: Known) -> list[Op]:
    """The operations that lead from `known` to `desired`, in an order in which one transaction may hold them."""
    inserts: list[Op] = []
    updates: list[Op] = []
    kept: set[RowKey] = set()
    for row in desired.rows:
        key = (row.table, row.uuid)
        kept.add(key)
        if key not in known.rows and not is_shared(row.table):
            inserts.append(Insert(row))
        elif known.rows.get(key) != fingerprint(row):
            updates.append(Update(row))
    links = frozenset(desired.links)
    return [
        *inserts,
        *updates,
        *(AddLink(link) for link in sorted(links - known.links)),
        *(RemoveLink(link) for link in sorted(known.links - links)),
        *(Delete(*key) for key in sorted(known.rows.keys() - kept) if not is_shared(key[0])),
    ]


def references(desired: Desired, *, weak_only: bool = False) -> frozenset[RowKey]:
    """The rows of other units that `desired` needs: referred to by its columns, and holding its links.

    A missing one is refused (strong), silently dropped (weak) or makes our own row vanish (holder of a link), so a
    caller that sees in its ledger that one is missing answers Waiting without trying.
    Raises: InvalidValue when a column is not in the schema.
    """
    own = {(row.table, row.uuid) for row in desired.rows}
    found: set[RowKey] = set()
    for row in desired.rows:
        found |= row_references(row, weak_only=weak_only)
    for link in desired.links:
        column = column_of(link.table, link.column)
        if column.ref is not None and (column.weak or not weak_only):
            found.add((column.ref, link.member))
        if not weak_only:
            found.add((link.table, link.uuid))
    return frozenset(found - own)


def row_references(row: Row, *, weak_only: bool = False) -> set[RowKey]:
    """The rows that the columns of `row` refer to."""
    found: set[RowKey] = set()
    for name, value in row.columns.items():
        column = column_of(row.table, name)
        if column.ref is None or (weak_only and not column.weak) or isinstance(value, Mapping):
            continue
        atoms = value if isinstance(value, frozenset) else (value,)
        found |= {(column.ref, RowUuid(str(atom))) for atom in atoms}
    return found


def named_uuids(desired: Desired, known: Known) -> frozenset[RowUuid]:
    """Every computed uuid that applying may have to write: what a caller looks up aliases for."""
    rows = {row.uuid for row in desired.rows} | {uuid for _, uuid in known.rows}
    links = {uuid for link in (*desired.links, *known.links) for uuid in (link.uuid, link.member)}
    return frozenset(rows | links | {uuid for _, uuid in references(desired)})


def differences(desired: Desired, actual: Actual, aliases: Aliases) -> list[Difference]:
    """Where NB deviates from `desired`: owned columns, owned keys and links only, each with what was found."""
    found: list[Difference] = []
    wanted = {(row.table, row.uuid) for row in desired.rows}
    for row in desired.rows:
        present = actual.rows.get((row.table, row.uuid))
        if present is None:
            found.append(Difference(row.table, row.uuid, None, "a row", None))
        else:
            found += _row_differences(row, present, aliases)
    links = frozenset(desired.links)
    found += [Difference(*_place(link), link.member, None) for link in sorted(links - actual.links)]
    found += [Difference(*_place(link), None, link.member) for link in sorted(actual.links - links)]
    extra = sorted(key for key in actual.rows.keys() - wanted if not is_shared(key[0]))
    return found + [Difference(*key, None, None, "a row") for key in extra]


def _place(link: Link) -> tuple[str, RowUuid, str]:
    return link.table, link.uuid, link.column


def _row_differences(row: Row, present: Mapping[str, Normal], aliases: Aliases) -> list[Difference]:
    found: list[Difference] = []
    for column, value in row.columns.items():
        expected, have = normal(row.table, column, value, aliases), present.get(column)
        if isinstance(value, Keys) and isinstance(have, dict):
            have = {key: have[key] for key in value if key in have}
        if expected != have:
            found.append(Difference(row.table, row.uuid, column, expected, have))
    return found


def known_from(desired: Desired, actual: Actual, aliases: Aliases) -> Known:
    """`actual` as the ledger would remember it, so that `diff` changes exactly what deviates."""
    wanted = {(row.table, row.uuid): row for row in desired.rows}
    rows: dict[RowKey, bytes] = {}
    for key, present in actual.rows.items():
        row = wanted.get(key)
        same = row is not None and not _row_differences(row, present, aliases)
        rows[key] = fingerprint(row) if row is not None and same else UNKNOWN_CONTENT
    return Known(rows, actual.links)
