"""The shape of OVSDB tables as values: what `nb` (generated) is made of, and what encoding is checked against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["integer", "real", "boolean", "string", "uuid"]
"""An atomic type of RFC 7047, section 3.2."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `key` (and `value`, when it is a map), and how many of them there may be."""

    key: Kind
    value: Kind | None = None
    min: int = 1
    max: int | None = 1
    """None: no limit."""
    ref: str | None = None
    """The table that the uuids refer to. No map of the Northbound schema has references as values."""
    weak: bool = False
    """The reference does not keep its row alive: the database drops it when the row goes, or never was."""
    among: tuple[str, ...] = ()
    """The strings (in a map, the keys) that are allowed; empty: any."""
    low: int | None = None
    high: int | None = None
    """The bounds of an integer (in a map, of the values)."""
    mutable: bool = True
    ephemeral: bool = False

    @property
    def is_map(self) -> bool:
        return self.value is not None

    @property
    def is_set(self) -> bool:
        """Holds any number of atoms: the only columns that a link can be in."""
        return self.value is None and self.max != 1


@dataclass(frozen=True, slots=True)
class Table:
    """One table. A row of a table that is not `root` lives only while a strong reference holds it."""

    columns: Mapping[str, Column]
    root: bool = False
    max_rows: int | None = None
    indexes: tuple[tuple[str, ...], ...] = ()
