"""The generic verbs on a Resource. What a collection does differently, it does in its own `actions`.

Every write happens in one `Tx`: rows, revision, quota, tags and marks commit together or not at all.
"""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.model.clock import timestamp
from wovenet.model.ids import Unit
from wovenet.model.problems import LostRace
from wovenet.resources import tagging
from wovenet.resources.base import Child, Context, Object, Resource, columns_of
from wovenet.store import quota_usage
from wovenet.store.tx import ReadTx, Tx


def create(tx: Tx, context: Context, resource: Resource, requests: Sequence[Object]) -> list[Object]:
    """The new objects of `requests`, all of them or none: quota claimed, rows written, units marked.

    In: requests are complete (defaults filled in), with `project_id`.
    Raises: OverQuota, and whatever the resource's rules say.
    """
    if resource.quota is not None:
        claim_quota(tx, context, resource.quota, requests)
    if resource.create is not None:
        return resource.create(tx, context, requests)
    objects = [new_object(tx, resource, request) for request in requests]
    insert(tx, resource, objects)
    return objects


def update(tx: Tx, context: Context, resource: Resource, current: Object, *, changes: Object) -> Object:
    """The object after `changes`, at a higher revision; units marked."""
    if resource.update is not None:
        return resource.update(tx, context, current, changes)
    return save(tx, resource, current, changes)


def delete(tx: Tx, context: Context, resource: Resource, current: Object) -> None:
    """The object is gone, its quota given back; units marked."""
    if resource.delete is not None:
        resource.delete(tx, context, current)
    else:
        remove(tx, resource, [current])


def claim_quota(tx: Tx, context: Context, quota: str, requests: Sequence[Object]) -> None:
    """Counts `requests` against the `quota` of their projects. Raises: OverQuota."""
    wanted = Counter(request["project_id"] for request in requests)
    default = context.settings.quotas.limit(quota)
    for project_id, number in sorted(wanted.items()):
        quota_usage.claim(tx, project_id, quota, number, default=default)


def new_object(tx: ReadTx, resource: Resource, request: Object) -> Object:
    """`request` with what a new object has besides: id, revision, timestamps, what columns and resource say."""
    now = timestamp(tx.clock.wall())
    return {
        **_column_defaults(resource),
        **resource.defaults,
        "id": tx.clock.new_id(),
        "tags": [],
        "revision_number": resource.first_revision,
        "created_at": now,
        "updated_at": now,
        **request,
        "tenant_id": request["project_id"],
    }


@functools.cache
def _column_defaults(resource: Resource) -> Mapping[str, Any]:
    """What an attribute is that nobody names: its column's default, or nothing where that may be.

    An attribute that is only stored and shown needs no word anywhere else, whoever makes the object.
    """
    found = {}
    for attribute in _own_columns(resource):
        column = resource.column(attribute)
        default = getattr(column, "default", None)
        if default is not None and default.is_scalar:
            found[attribute] = default.arg
        elif getattr(column, "nullable", False):
            found[attribute] = None
    return found


def insert(tx: Tx, resource: Resource, objects: Sequence[Object]) -> None:
    """The objects' rows and children are in the database, a statement a table; their units are marked."""
    tx.insert(resource.table, [row_of(resource, item) for item in objects])
    for child in resource.children:
        _insert_children(tx, child, objects)
    mark(tx, resource, objects)


def save(tx: Tx, resource: Resource, current: Object, changes: Object) -> Object:
    """`current` with `changes`, stored under the next revision; units marked.

    Raises: LostRace if the stored revision is not the one that `current` was read at.
    """
    changed = {**current, **changes, "updated_at": timestamp(tx.clock.wall())}
    changed["revision_number"] = current["revision_number"] + 1
    row = row_of(resource, changed)
    before = row_of(resource, current)
    tx.compare_and_swap(
        resource.table,
        current["id"],
        current["revision_number"],
        {name: value for name, value in row.items() if before.get(name) != value},
    )
    for child in resource.children:
        if child.dump is not None and child.attribute in changes:
            if current.get(child.attribute) == changes[child.attribute]:
                continue
            tx.run(_delete_children(child), {"parent_id": current["id"]})
            _insert_children(tx, child, [changed])
    if resource.derive is not None:
        resource.derive(changed)
    mark(tx, resource, [changed])
    return changed


def remove(tx: Tx, resource: Resource, objects: Sequence[Object]) -> None:
    """The objects' rows are gone (children by cascade), tags too, quota given back; units marked.

    Raises: LostRace if another request has removed one of them, so that what it held has been given back already, or
    has changed it, so that it may hold something else by now.
    """
    ids = [item["id"] for item in objects]
    seen = {"seen": [(item["id"], item["revision_number"]) for item in objects]} if _has_revision(resource) else {}
    tagging.forget(tx, resource, ids)
    if tx.run(_delete_rows(resource), {"ids": ids, **seen}) != len(ids):
        raise LostRace(f"one of {len(ids)} {resource.collection} has been changed or removed")
    if resource.quota is not None:
        for project_id, number in sorted(Counter(item["project_id"] for item in objects).items()):
            quota_usage.release(tx, project_id, resource.quota, number)
    mark(tx, resource, objects)


def bump(tx: Tx, resource: Resource, object_id: str) -> None:
    """The object has a new revision, because something that it shows has changed; units marked."""
    tx.run(_bump(resource.table), {"object_id": object_id, "now": tx.now()})
    if resource.unit is not None:
        tx.mark(Unit(resource.unit, object_id))
    if resource.bumped is not None:
        resource.bumped(tx, object_id)


@functools.cache
def _bump(table: sa.Table) -> sa.Update:
    return (
        sa.update(table)
        .where(table.c.id == sa.bindparam("object_id"))
        .values(revision_number=table.c.revision_number + 1, updated_at=sa.bindparam("now"))
    )


def mark(tx: Tx, resource: Resource, objects: Sequence[Object]) -> None:
    """The units that show these objects outside are marked."""
    for item in objects:
        if resource.unit is not None:
            tx.mark(Unit(resource.unit, item["id"]))
        if resource.touches is not None:
            for unit in resource.touches(tx, item):
                tx.mark(unit)


def row_of(resource: Resource, item: Object) -> dict[str, Any]:
    """The values of the resource's own columns in `item`, by column name."""
    row = {}
    for attribute, name in _own_columns(resource).items():
        value = item.get(attribute)
        row[name] = msgspec.json.encode(value).decode() if attribute in resource.json else value
    return row


@functools.cache
def _own_columns(resource: Resource) -> Mapping[str, str]:
    own = columns_of(resource)
    return {
        attribute: column.name
        for attribute, column in own.items()
        if isinstance(column, sa.Column) and column.table is resource.table and attribute != "tenant_id"
    }


def _insert_children(tx: Tx, child: Child, objects: Sequence[Object]) -> None:
    dump = child.dump
    if dump is None:
        return
    rows = [
        {child.parent.name: item["id"], **child.values, **dump(value)}
        for item in objects
        for value in item.get(child.attribute) or ()
    ]
    if rows:
        tx.insert(child.parent.table, rows)


@functools.cache
def _delete_children(child: Child) -> sa.Delete:
    statement = sa.delete(child.table).where(child.parent == sa.bindparam("parent_id"))
    return statement if child.where is None else statement.where(child.where)


@functools.cache
def _delete_rows(resource: Resource) -> sa.Delete:
    """Parameters: `ids`, and `seen`, which has their revisions too, if the table has any."""
    columns = resource.table.c
    rows = sa.delete(resource.table).where(columns.id.in_(sa.bindparam("ids", expanding=True)))
    if not _has_revision(resource):
        return rows
    # The ids as well: not every database looks into an index for pairs.
    return rows.where(sa.tuple_(columns.id, columns.revision_number).in_(sa.bindparam("seen", expanding=True)))


def _has_revision(resource: Resource) -> bool:
    return "revision_number" in resource.table.c
