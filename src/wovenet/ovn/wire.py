"""Column values between our form, OVSDB's JSON (RFC 7047, 5.1) and a normal form in which they can be compared.

The normal form of a scalar, an optional value or a set is a frozenset of atoms, that of a map a dict; a uuid is the
`_uuid` that the row really has. This is the one place where a computed uuid is replaced by the actual one (`Aliases`):
a row that was adopted from an earlier deployment keeps the random uuid it was born with.
"""

from collections.abc import Mapping
from typing import Any

from wovenet.model.ids import RowUuid
from wovenet.ovn.nb import TABLES
from wovenet.ovn.rows import Value
from wovenet.ovn.schema import Column, Kind

Aliases = Mapping[RowUuid, RowUuid]
"""Computed uuid → actual uuid, for adopted rows only."""

NO_ALIASES: Aliases = {}

Atom = str | int | float | bool
Normal = frozenset[Atom] | dict[Atom, Atom]


class InvalidValue(ValueError):  # noqa: N818
    """A rendered value that its column cannot hold: a mistake in a renderer, which concerns one unit only."""

    def __init__(self, table: str, column: str, reason: str) -> None:
        super().__init__(f"{table}.{column}: {reason}")


def column_of(table: str, column: str) -> Column:
    """The column's shape. Raises: InvalidValue when the schema does not have it."""
    shape = TABLES.get(table)
    if shape is None or column not in shape.columns:
        raise InvalidValue(table, column, "is not in the schema")
    return shape.columns[column]


def normal(table: str, column: str, value: Value, aliases: Aliases) -> Normal:
    """`value` in normal form; of `Keys`, those that are to be there. Raises: InvalidValue against the schema."""
    shape = column_of(table, column)
    try:
        if isinstance(value, Mapping):
            return _normal_map(shape, value)
        if shape.is_map:
            raise ValueError("a map is needed")
        atoms = value if isinstance(value, frozenset) else (value,)
        if len(atoms) < shape.min or (shape.max is not None and len(atoms) > shape.max):
            raise ValueError(f"{len(atoms)} values")
        return frozenset([_atom(shape, shape.key, atom, aliases) for atom in atoms])
    except ValueError as error:
        raise InvalidValue(table, column, str(error)) from error


def _normal_map(shape: Column, value: Mapping[str, str | None]) -> Normal:
    if shape.value is None:
        raise ValueError("is not a map")
    return {
        _atom(shape, shape.key, key, NO_ALIASES): _map_value(shape, one)
        for key, one in value.items()
        if one is not None
    }


def _map_value(shape: Column, value: str) -> Atom:
    # Our maps are of strings; the few columns of numbers (QoS bandwidth) take them in that form.
    return _integer(shape, int(value)) if shape.value == "integer" else str(value)


def _atom(shape: Column, kind: Kind, atom: object, aliases: Aliases) -> Atom:
    match atom:
        case bool() if kind == "boolean":
            return atom
        case str() if kind == "uuid":
            return str(aliases.get(RowUuid(atom), atom))
        case str() if kind == "string":
            if shape.among and atom not in shape.among:
                raise ValueError(f"{atom!r} is not one of {', '.join(shape.among)}")
            return str(atom)
        case int() if kind == "integer" and type(atom) is not bool:
            return _integer(shape, atom)
        case int() | float() if kind == "real" and type(atom) is not bool:
            return atom
        case _:
            raise ValueError(f"{kind} is needed, not {type(atom).__name__}")


def _integer(shape: Column, value: int) -> int:
    if (shape.low is not None and value < shape.low) or (shape.high is not None and value > shape.high):
        raise ValueError(f"{value} is out of range")
    return value


def encode(table: str, column: str, value: Value, aliases: Aliases) -> Any:
    """`value` as OVSDB's JSON. Raises: InvalidValue."""
    shape, found = column_of(table, column), normal(table, column, value, aliases)
    if isinstance(found, dict):
        return ["map", [[key, found[key]] for key in sorted(found, key=str)]]
    atoms = sorted(found, key=str)
    coded: list[Any] = [uuid_json(str(atom)) for atom in atoms] if shape.key == "uuid" else list(atoms)
    return coded[0] if len(coded) == 1 else ["set", coded]


def uuid_json(uuid: str) -> list[str]:
    return ["uuid", uuid]


def decode(found: Any) -> Normal:
    """A column's value as the server sent it, in normal form."""
    if isinstance(found, list):
        tag, content = found
        if tag == "map":
            return {_decode_atom(key): _decode_atom(value) for key, value in content}
        if tag == "set":
            return frozenset([_decode_atom(atom) for atom in content])
    return frozenset([_decode_atom(found)])


def _decode_atom(atom: Any) -> Atom:
    plain: Atom = atom[1] if isinstance(atom, list) else atom
    return plain


def where_uuid(uuid: RowUuid, aliases: Aliases = NO_ALIASES) -> list[Any]:
    """The condition that selects one row: the only one that the server answers without scanning the table."""
    return [["_uuid", "==", uuid_json(aliases.get(uuid, uuid))]]
