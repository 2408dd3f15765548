"""Who may use an object of another project, as SQL over the grants."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.resources.rbac.table import EVERYONE, RBAC_ENTRIES

_C = RBAC_ENTRIES.c

NETWORK = "network"
SECURITY_GROUP = "security_group"
ADDRESS_GROUP = "address_group"
"""`object_type` of grants: the member name of the collection."""


def targets(actor: Actor) -> tuple[str, ...]:
    """The targets of grants that reach `actor`: its own project, and everyone."""
    return (EVERYONE, actor.project_id) if actor.project_id else (EVERYONE,)


def is_granted(object_id: "sa.ColumnElement[str]", actor: Actor, *actions: str) -> "sa.ColumnElement[bool]":
    """Whether one of `actions` on the object is granted to `actor`. For rows that are found by other means."""
    return sa.exists().where(_C.object_id == object_id, _C.action.in_(actions), _C.target_project.in_(targets(actor)))


def granted_ids(actor: Actor, object_type: str, *actions: str) -> "sa.Select[Any]":
    """The objects of `object_type` on which one of `actions` is granted to `actor`. For finding rows by index."""
    return sa.select(_C.object_id).where(
        _C.target_project.in_(targets(actor)), _C.object_type == object_type, _C.action.in_(actions)
    )


def entry(entry_id: str, *, project_id: str, object_type: str, object_id: str, action: str) -> Mapping[str, Any]:
    """The row that grants `action` on the object to everyone."""
    return {
        "id": entry_id,
        "project_id": project_id,
        "object_type": object_type,
        "object_id": object_id,
        "target_project": EVERYONE,
        "action": action,
    }
