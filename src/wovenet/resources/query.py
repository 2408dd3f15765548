"""Reads: one statement for the rows of a part of a list, and one for each kind of child, whatever their number."""

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.resources.base import Child, Object, Resource, columns_of
from wovenet.store.tx import ReadTx

PLANS_KEPT = 512
"""Sets of attributes whose loading is remembered; clients choose such sets."""
STATEMENTS_KEPT = 256
"""Such sets and actors whose statements are remembered: building one costs more than running it."""
PART_MAX = 500
"""So many objects of a list are in memory at once."""


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key."""

    attribute: str
    is_descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a list asks for. Values are converted; the values of one filter are alternatives, filters all hold."""

    filters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    conditions: Sequence["sa.ColumnElement[bool]"] = ()
    """Further conditions that a request cannot give."""
    sort: Sequence[Sort] = ()
    limit: int | None = None
    marker: str | None = None
    is_reversed: bool = False


class MarkerNotFound(Exception):  # noqa: N818
    """The marker names no object that the actor sees."""


def show(tx: ReadTx, resource: Resource, actor: Actor, object_id: str, *, attributes: Collection[str]) -> Object | None:
    """The object `object_id` as `actor` sees it, with `attributes`, or None. JSON attributes stay encoded."""
    plan = _plan(resource, frozenset(attributes))
    row = tx.row(_select_one(plan, actor), {"object_id": object_id})
    if row is None:
        return None
    return _objects(tx, plan, [row])[0]


def fetch(tx: ReadTx, resource: Resource, actor: Actor, object_id: str) -> Object:
    """The whole object as the rules want it: every stored attribute, JSON decoded.

    Raises: the resource's not-found problem, also if the actor may not see the object.
    """
    found = show(tx, resource, actor, object_id, attributes=stored_attributes(resource))
    if found is None:
        raise resource.not_found(object_id)
    return _decoded(resource, found)


def fetch_all(
    tx: ReadTx, resource: Resource, actor: Actor, *, conditions: Sequence["sa.ColumnElement[bool]"]
) -> list[Object]:
    """The whole objects that fulfil `conditions` and that `actor` sees, JSON decoded, by id."""
    found = index(tx, resource, actor, Query(conditions=conditions), attributes=stored_attributes(resource))
    return [_decoded(resource, item) for item in found]


def index(tx: ReadTx, resource: Resource, actor: Actor, query: Query, *, attributes: Collection[str]) -> list[Object]:
    """The objects that `query` finds among those `actor` sees, with `attributes`, sorted. JSON stays encoded.

    Raises: MarkerNotFound.
    """
    found = list(parts(tx, resource, actor, query, attributes=attributes))
    if query.is_reversed:
        found.reverse()
    return [item for part in found for item in part]


def parts(
    tx: ReadTx, resource: Resource, actor: Actor, query: Query, *, attributes: Collection[str]
) -> Iterator[list[Object]]:
    """What `index` finds, `PART_MAX` objects at a time; if the query is reversed, the last part comes first.

    Raises: MarkerNotFound.
    Guarantees: a number of statements for each part that depends on `attributes` and `query` only.
    """
    left = query.limit
    plan = _plan(resource, frozenset(attributes))
    while True:
        size = PART_MAX if left is None else min(left, PART_MAX)
        part = _part(tx, plan, actor, replace(query, limit=size))
        yield part
        if left is not None:
            left -= size
        if len(part) < size or left == 0:
            return
        query = replace(query, marker=part[0 if query.is_reversed else -1]["id"])


def _part(tx: ReadTx, plan: "_Plan", actor: Actor, query: Query) -> list[Object]:
    resource = plan.resource
    compared = {name: values for name, values in query.filters.items() if name not in resource.filters}
    shape = _Shape(
        tuple(_Filter.of(*item) for item in compared.items()),
        tuple(query.sort),
        query.is_reversed,
        has_marker=query.marker is not None,
    )
    statement = _select_part(plan, actor, shape)
    special = [resource.filters[name](values) for name, values in query.filters.items() if name not in compared]
    if special or query.conditions:
        statement = statement.where(*special, *query.conditions)
    known = ([value for value in values if value is not None] for values in compared.values())
    parameters = {"part": query.limit, **{f"known_{place}": found for place, found in enumerate(known)}}
    if query.marker is not None:
        marker = tx.row(_select_marker(resource, shape), {"marker": query.marker})
        if marker is None:
            raise MarkerNotFound(query.marker)
        parameters |= {f"marker_{place}": value for place, value in enumerate(marker)}
    found = _objects(tx, plan, tx.rows(statement, parameters))
    if query.is_reversed:
        found.reverse()
    return found


def count(tx: ReadTx, resource: Resource, actor: Actor, *conditions: "sa.ColumnElement[bool]") -> int:
    """How many objects `actor` sees that fulfil `conditions`."""
    visible = scope(resource, actor)
    extra = [] if visible is None else [visible]
    return int(tx.value(sa.select(sa.func.count()).select_from(resource.table).where(*conditions, *extra)))


def scope(resource: Resource, actor: Actor) -> "sa.ColumnElement[bool] | None":
    """The rows that `actor` may see at all; None for everything."""
    if actor.is_admin or actor.is_service:
        return None
    if resource.scope is not None:
        return resource.scope(actor)
    condition: sa.ColumnElement[bool] = resource.table.c.project_id == actor.project_id
    return condition


@functools.cache
def stored_attributes(resource: Resource) -> frozenset[str]:
    """Every attribute that the resource can load, named by the wire."""
    return frozenset(
        {*columns_of(resource), *resource.expressions, *resource.derived}
        | {child.attribute for child in resource.children}
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """How a set of attributes is loaded: names and columns in order, children, and whether to derive."""

    resource: Resource
    names: tuple[str, ...]
    columns: tuple["sa.ColumnElement[Any] | Callable[[Actor], sa.ColumnElement[Any]]", ...]
    json: tuple[str, ...]
    children: tuple[Child, ...]
    derives: bool


@functools.lru_cache(STATEMENTS_KEPT)
def _select(plan: _Plan, actor: Actor) -> "sa.Select[Any]":
    """The plan's columns of all rows that `actor` sees."""
    columns = [column if isinstance(column, sa.ColumnElement) else column(actor) for column in plan.columns]
    statement = sa.select(*columns).select_from(plan.resource.table)
    visible = scope(plan.resource, actor)
    return statement if visible is None else statement.where(visible)


@functools.lru_cache(STATEMENTS_KEPT)
def _select_one(plan: _Plan, actor: Actor) -> "sa.Select[Any]":
    """The plan's columns of the row whose id is the parameter `object_id`, if `actor` sees it."""
    return _select(plan, actor).where(plan.resource.table.c.id == sa.bindparam("object_id"))


@dataclass(frozen=True, slots=True)
class _Filter:
    """By what a list is filtered, but for the values. An attribute may be one of several known ones, or unknown."""

    attribute: str
    has_known: bool
    has_unknown: bool

    @classmethod
    def of(cls, attribute: str, values: Sequence[Any]) -> "_Filter":
        unknown = sum(value is None for value in values)
        return cls(attribute, unknown < len(values), unknown > 0)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A list that is asked for, but for values and marker."""

    filters: tuple[_Filter, ...]
    sort: tuple[Sort, ...]
    is_reversed: bool
    has_marker: bool


@functools.lru_cache(STATEMENTS_KEPT)
def _select_part(plan: _Plan, actor: Actor, shape: _Shape) -> "sa.Select[Any]":
    """The plan's columns of the rows that `actor` sees and that `shape` asks for, in its order.

    Parameters: `part`, the number of rows; `known_0` …, the known values of each filter; `marker_0` …, the marker's
    place.
    """
    statement = _select(plan, actor)
    for place, wanted in enumerate(shape.filters):
        expression = plan.resource.expressions.get(wanted.attribute)
        column = plan.resource.column(wanted.attribute) if expression is None else expression(actor)
        if column is None:
            continue
        alternatives: list[sa.ColumnElement[bool]] = []
        if wanted.has_known:
            alternatives.append(column.in_(sa.bindparam(f"known_{place}", expanding=True)))
        if wanted.has_unknown:
            alternatives.append(column.is_(None))
        statement = statement.where(sa.or_(*alternatives))
    keys = _sort_keys(plan.resource, shape)
    if shape.has_marker:
        statement = statement.where(_after_marker(keys))
    return statement.order_by(*(key.desc() if down else key.asc() for key, down in keys)).limit(
        sa.bindparam("part", type_=sa.Integer)
    )


@functools.lru_cache(PLANS_KEPT)
def _plan(resource: Resource, attributes: frozenset[str]) -> _Plan:
    wanted = set(attributes) | {"id"}
    derives = False
    for name, needs in resource.derived.items():
        if name in wanted:
            derives = True
            wanted.update(needs)
    names: list[str] = []
    columns: list[Any] = []
    for name in sorted(wanted):
        expression = resource.expressions.get(name)
        column = expression if expression is not None else resource.column(name)
        if column is not None:
            names.append(name)
            columns.append(column)
    return _Plan(
        resource=resource,
        names=tuple(names),
        columns=tuple(columns),
        json=tuple(name for name in names if name in resource.json),
        children=tuple(child for child in resource.children if child.attribute in wanted),
        derives=derives,
    )


def _objects(tx: ReadTx, plan: _Plan, rows: Sequence[Any]) -> list[Object]:
    """The objects that `rows` and their children make."""
    names = plan.names
    found = [dict(zip(names, row, strict=True)) for row in rows]
    if not found:
        return found
    for name in plan.json:
        for item in found:
            item[name] = msgspec.Raw(item[name].encode())
    for child in plan.children:
        lists: dict[str, list[Any]] = {}
        load = child.load
        values: list[Any]
        for parent_id, *values in _child_rows(tx, child, found):
            lists.setdefault(parent_id, []).append(load(*values))
        attribute = child.attribute
        for item in found:
            item[attribute] = lists.get(item["id"]) or []
    if plan.derives and plan.resource.derive is not None:
        for item in found:
            plan.resource.derive(item)
    return found


def _decoded(resource: Resource, item: Object) -> Object:
    """`item`, its JSON decoded in place."""
    for attribute in resource.json:
        item[attribute] = msgspec.json.decode(item[attribute])
    return item


def _child_rows(tx: ReadTx, child: Child, parents: Sequence[Object]) -> Sequence["sa.Row[Any]"]:
    if len(parents) == 1:
        return tx.rows(_children_by_id(child, one=True), {"parent": parents[0]["id"]})
    return tx.rows(_children_by_id(child, one=False), {"parents": [item["id"] for item in parents]})


@functools.cache
def _children_by_id(child: Child, *, one: bool) -> "sa.Select[Any]":
    """A list of one would be spelled out anew for each execution, at half its cost."""
    if one:
        return _children_of(child).where(child.parent == sa.bindparam("parent"))
    return _children_of(child).where(child.parent.in_(sa.bindparam("parents", expanding=True)))


def _children_of(child: Child) -> "sa.Select[Any]":
    statement = sa.select(child.parent, *child.columns).order_by(*child.order_by)
    return statement if child.where is None else statement.where(child.where)


def _sort_keys(resource: Resource, shape: _Shape) -> list[tuple["sa.ColumnElement[Any]", bool]]:
    """Columns and directions; the id comes last, so that the order is total and a marker is a place in it."""
    keys: list[tuple[sa.ColumnElement[Any], bool]] = []
    for sort in shape.sort:
        column = resource.column(sort.attribute)
        if column is not None:
            keys.append((_without_null(column), sort.is_descending != shape.is_reversed))
    if not any(sort.attribute == "id" for sort in shape.sort):
        keys.append((resource.table.c.id, shape.is_reversed))
    return keys


def _without_null(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    """The column as a sort key that is never NULL: the databases disagree on where NULL sorts."""
    if not getattr(column, "nullable", False):
        return column
    lowest: Any = -1 if isinstance(column.type, sa.Integer) else ""
    return sa.func.coalesce(column, lowest)


@functools.lru_cache(STATEMENTS_KEPT)
def _select_marker(resource: Resource, shape: _Shape) -> "sa.Select[Any]":
    """The place of the row whose id is the parameter `marker`: its values of the sort keys."""
    keys = (key for key, _ in _sort_keys(resource, shape))
    return sa.select(*keys).where(resource.table.c.id == sa.bindparam("marker"))


def _after_marker(keys: Sequence[tuple["sa.ColumnElement[Any]", bool]]) -> "sa.ColumnElement[bool]":
    """The rows that sort after the marker's: greater in the first key, or equal there and greater in the next …"""
    alternatives = []
    equal: list[sa.ColumnElement[bool]] = []
    for place, (key, is_descending) in enumerate(keys):
        of_marker = sa.bindparam(f"marker_{place}", type_=key.type)
        alternatives.append(sa.and_(*equal, key < of_marker if is_descending else key > of_marker))
        equal.append(key == of_marker)
    return sa.or_(*alternatives)
