"""Who sees a security group: its project, and whom an RBAC entry grants it to."""

from typing import Any

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.resources.rbac.table import EVERYONE, RBAC_ENTRIES, SHARED
from wovenet.resources.security_group.table import SECURITY_GROUPS


def is_shared(actor: Actor) -> "sa.ColumnElement[Any]":
    """Whether the group is granted to the actor's project, as SQL."""
    entries = RBAC_ENTRIES.c
    return sa.exists().where(
        entries.object_id == SECURITY_GROUPS.c.id,
        entries.action == SHARED,
        entries.target_project.in_((EVERYONE, actor.project_id)),
    )


def scope(actor: Actor) -> "sa.ColumnElement[bool]":
    """The groups that the actor sees."""
    return sa.or_(SECURITY_GROUPS.c.project_id == actor.project_id, is_shared(actor))
