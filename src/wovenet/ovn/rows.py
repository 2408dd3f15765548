"""What a unit owns in the Northbound database, as plain values.

`render(view) -> Desired` is the only place that says which rows a unit has. A `Row` names the columns we own; columns
that OVN writes are in no row. A `Link` is a unit's own membership in a set column of a row that another unit owns.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from wovenet.model.ids import RowUuid, Unit

_NAMESPACE = uuid.UUID("6f0d3c1e-8f0b-5b0e-9a51-0d6c1b0f2a77")


class Ref(str):
    """The `_uuid` of another row, as the value of a reference column."""

    __slots__ = ()


class Keys(dict[str, str | None]):
    """Our keys of a map that others write to as well: each key is set, or removed where the value is None.

    A plain dict as a column's value means that the whole map is ours.
    """


Scalar = str | int | float | bool | Ref
Value = Scalar | frozenset[Scalar] | Mapping[str, str] | Keys
"""A column's value. An optional column that is empty is `frozenset()`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row owned by a unit: identity (table, unit, role) and the columns that are ours."""

    table: str
    uuid: RowUuid
    columns: Mapping[str, Value]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """`member` belongs to the set `column` of the row `uuid` of `table`, which another unit owns."""

    table: str
    uuid: RowUuid
    column: str
    member: RowUuid


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything a unit has in the Northbound database. Empty means: the unit is gone."""

    rows: tuple[Row, ...] = ()
    links: tuple[Link, ...] = ()


NOTHING = Desired()


def row_uuid(table: str, unit: Unit, role: str = "self") -> RowUuid:
    """The `_uuid` that we choose for the row of `unit` that plays `role` in `table`: computed, never looked up."""
    return RowUuid(str(uuid.uuid5(_NAMESPACE, f"{table}/{unit.kind}/{unit.id}/{role}")))


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger remembers of one unit: the fingerprint of each row, and the links, as last applied."""

    rows: Mapping[tuple[str, RowUuid], bytes] = field(default_factory=dict)
    links: frozenset[Link] = frozenset()
