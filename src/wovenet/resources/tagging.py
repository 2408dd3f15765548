"""Tags of any taggable object: one table for all collections."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from wovenet.model.problems import LostRace
from wovenet.resources.base import Child
from wovenet.store import schema
from wovenet.store.faults import Claimed
from wovenet.store.tx import Tx

if TYPE_CHECKING:
    from wovenet.resources.base import Resource

TAGS = sa.Table(
    "tags",
    schema.METADATA,
    schema.uuid_col("object_id", primary_key=True),
    schema.text_col("tag", primary_key=True),
    schema.text_col("collection", 64),
)
"""Ids are unique over all collections, so an object's tags are found by its id alone."""


def child() -> Child:
    """The `tags` of an object, sorted."""
    return Child(
        attribute="tags",
        table=TAGS,
        parent=TAGS.c.object_id,
        columns=(TAGS.c.tag,),
        load=str,
        order_by=(TAGS.c.object_id, TAGS.c.tag),
    )


def replace(tx: Tx, resource: "Resource", object_id: str, tags: Sequence[str]) -> None:
    """The object has exactly `tags`."""
    forget(tx, resource, [object_id])
    add(tx, resource, object_id, tags)


def add(tx: Tx, resource: "Resource", object_id: str, tags: Sequence[str]) -> None:
    """The object has `tags` too. In: none of them was there. Raises: LostRace if one has come meanwhile."""
    rows = [{"object_id": object_id, "tag": tag, "collection": resource.collection} for tag in dict.fromkeys(tags)]
    try:
        tx.insert(TAGS, rows)
    except Claimed as error:
        raise LostRace("another request gave the object the same tag") from error


def discard(tx: Tx, object_id: str, tag: str) -> bool:
    """The object lacks `tag`. Out: whether it had it."""
    return tx.run(sa.delete(TAGS).where(TAGS.c.object_id == object_id, TAGS.c.tag == tag)) > 0


def forget(tx: Tx, resource: "Resource", ids: Sequence[str]) -> None:
    """None of the objects has a tag."""
    if resource_is_tagged(resource):
        tx.run(_DELETE, {"ids": ids})


_DELETE = sa.delete(TAGS).where(TAGS.c.object_id.in_(sa.bindparam("ids", expanding=True)))


@functools.cache
def resource_is_tagged(resource: "Resource") -> bool:
    return any(child.table is TAGS for child in resource.children)


def filters(table: sa.Table) -> dict[str, Callable[[Sequence[Any]], "sa.ColumnElement[bool]"]]:
    """The four tag filters of a list. Values are comma-separated tags.

    `tags`: has all; `tags-any`: has one; `not-tags`: lacks one; `not-tags-any`: lacks all.
    """
    return {
        "tags": lambda values: _has_all(table, _split(values)),
        "tags-any": lambda values: _has_any(table, _split(values)),
        "not-tags": lambda values: sa.not_(_has_all(table, _split(values))),
        "not-tags-any": lambda values: sa.not_(_has_any(table, _split(values))),
    }


def _split(values: Sequence[Any]) -> list[str]:
    return [tag for value in values for tag in str(value).split(",")]


def _has_any(table: sa.Table, tags: Sequence[str]) -> "sa.ColumnElement[bool]":
    return sa.exists().where(TAGS.c.object_id == table.c.id, TAGS.c.tag.in_(tags))


def _has_all(table: sa.Table, tags: Sequence[str]) -> "sa.ColumnElement[bool]":
    return sa.and_(*(_has_any(table, [tag]) for tag in tags))
