"""Turns the operations of several units into one OVSDB transaction, and knows which step is whose. Pure.

The steps are ordered by kind over the whole batch, so the order of the units does not matter: rows, then contents, then
links, then removals, and at the end guards which see the result. Links into the same set are one mutation, because the
server's cost of a mutation grows with the set (1.1 ms at 50 k members), not with what is added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn.diff import AddLink, Delete, Insert, Op, RemoveLink, RowKey, Update, row_references
from wovenet.ovn.rows import Keys, Link, Row
from wovenet.ovn.wire import Aliases, InvalidValue, column_of, encode, uuid_json, where_uuid


@dataclass(frozen=True, slots=True)
class Step:
    """One operation as the wire has it.

    `must_match`: the row has to be there, so a count of 0 means that our memory of NB was wrong. (A row to delete and
    the holder of a link to remove may be gone: that is what was wanted.)
    """

    op: dict[str, Any]
    units: tuple[Unit, ...]
    must_match: bool = False


def plan(changes: Sequence[tuple[Unit, Sequence[Op]]], aliases: Aliases) -> list[Step]:
    """One transaction's steps. Raises: InvalidValue when a column cannot hold what was rendered."""
    inserts: list[Step] = []
    updates: list[Step] = []
    deletes: list[Step] = []
    added: dict[tuple[str, RowUuid, str], list[tuple[Link, Unit]]] = {}
    removed: dict[tuple[str, RowUuid, str], list[tuple[Link, Unit]]] = {}
    for unit, ops in changes:
        for op in ops:
            match op:
                case Insert(row):
                    inserts.append(Step(_insert(row, aliases), (unit,)))
                case Update(row):
                    updates += [Step(one, (unit,), must_match=True) for one in _update(row, aliases)]
                case AddLink(link):
                    added.setdefault((link.table, link.uuid, link.column), []).append((link, unit))
                case RemoveLink(link):
                    removed.setdefault((link.table, link.uuid, link.column), []).append((link, unit))
                case Delete(table, uuid):
                    where = where_uuid(uuid, aliases)
                    deletes.append(Step({"op": "delete", "table": table, "where": where}, (unit,)))
    return [
        *inserts,
        *updates,
        *(_links("insert", links, aliases) for links in added.values()),
        *(_links("delete", links, aliases) for links in removed.values()),
        *deletes,
        *_guards(changes, aliases),
    ]


def _insert(row: Row, aliases: Aliases) -> dict[str, Any]:
    columns = {name: encode(row.table, name, value, aliases) for name, value in row.columns.items()}
    return {"op": "insert", "table": row.table, "uuid": aliases.get(row.uuid, row.uuid), "row": columns}


def _update(row: Row, aliases: Aliases) -> list[dict[str, Any]]:
    where = where_uuid(row.uuid, aliases)
    whole = {
        name: encode(row.table, name, value, aliases)
        for name, value in row.columns.items()
        if not isinstance(value, Keys)
    }
    mutations: list[Any] = []
    for name, value in row.columns.items():
        if isinstance(value, Keys) and value:
            mutations.append([name, "delete", ["set", sorted(value)]])
            mutations.append([name, "insert", encode(row.table, name, value, aliases)])
    ops: list[dict[str, Any]] = []
    if whole:
        ops.append({"op": "update", "table": row.table, "where": where, "row": whole})
    if mutations:
        ops.append({"op": "mutate", "table": row.table, "where": where, "mutations": mutations})
    return ops


def _links(how: str, links: Sequence[tuple[Link, Unit]], aliases: Aliases) -> Step:
    first = links[0][0]
    if not column_of(first.table, first.column).is_set:
        raise InvalidValue(first.table, first.column, "a link needs a set")
    members = {aliases.get(link.member, link.member) for link, _ in links}
    mutation = [first.column, how, ["set", [uuid_json(member) for member in sorted(members)]]]
    op = {"op": "mutate", "table": first.table, "where": where_uuid(first.uuid, aliases), "mutations": [mutation]}
    return Step(op, tuple(dict.fromkeys(unit for _, unit in links)), must_match=how == "insert")


def _guards(changes: Sequence[tuple[Unit, Sequence[Op]]], aliases: Aliases) -> list[Step]:
    """One `wait` for each row that is referred to weakly: the server would drop a dangling one without a word.

    (Strong references need none: the server refuses them. Rows that this transaction inserts are there.)
    """
    here: set[RowKey] = set()
    needed: dict[RowKey, list[Unit]] = {}
    for unit, ops in changes:
        for op in ops:
            keys: set[RowKey] = set()
            match op:
                case Insert(row):
                    here.add((row.table, row.uuid))
                    keys = row_references(row, weak_only=True)
                case Update(row):
                    keys = row_references(row, weak_only=True)
                case AddLink(link):
                    column = column_of(link.table, link.column)
                    keys = {(column.ref, link.member)} if column.ref is not None and column.weak else set()
                case _:
                    pass
            for key in keys:
                needed.setdefault(key, []).append(unit)
    return [
        Step(_exists(table, uuid, aliases), tuple(dict.fromkeys(units)))
        for (table, uuid), units in needed.items()
        if (table, uuid) not in here
    ]


def _exists(table: str, uuid: RowUuid, aliases: Aliases) -> dict[str, Any]:
    row = {"_uuid": uuid_json(aliases.get(uuid, uuid))}
    where = where_uuid(uuid, aliases)
    return {
        "op": "wait",
        "timeout": 0,
        "table": table,
        "where": where,
        "columns": ["_uuid"],
        "until": "==",
        "rows": [row],
    }
