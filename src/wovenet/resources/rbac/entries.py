"""Grants come and go here, and nowhere else: each counts against the quota of the project that it belongs to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.resources.rbac.table import RBAC_ENTRIES
from wovenet.store import quota_usage
from wovenet.store.tx import Tx

QUOTA = "rbac_policy"

_C = RBAC_ENTRIES.c
_OWNERS = sa.select(_C.id, _C.project_id)
_ON_OBJECT = _OWNERS.where(_C.object_id == sa.bindparam("of_object"))
_REMOVE = sa.delete(RBAC_ENTRIES).where(_C.id.in_(sa.bindparam("ids", expanding=True)))


def add(tx: Tx, entries: Sequence[Mapping[str, Any]]) -> None:
    """The grants exist and are counted. They are not refused for want of quota: `shared` on a network is one.

    Raises: Claimed if one of them exists already.
    """
    tx.insert(RBAC_ENTRIES, entries)
    for project_id, number in sorted(Counter(entry["project_id"] for entry in entries).items()):
        quota_usage.add(tx, project_id, QUOTA, number)


def remove(tx: Tx, *conditions: "sa.ColumnElement[bool]") -> int:
    """The grants that fulfil `conditions` are gone and counted no more. Out: how many there were."""
    return _remove(tx, tx.rows(_OWNERS.where(*conditions)))


def forget(tx: Tx, object_id: str) -> None:
    """There are no grants on the object."""
    _remove(tx, tx.rows(_ON_OBJECT, {"of_object": object_id}))


def _remove(tx: Tx, found: "Sequence[sa.Row[Any]]") -> int:
    if not found:
        return 0
    tx.run(_REMOVE, {"ids": [row.id for row in found]})
    for project_id, number in sorted(Counter(row.project_id for row in found).items()):
        quota_usage.release(tx, project_id, QUOTA, number)
    return len(found)
