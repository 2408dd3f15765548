"""Who sees a security group: its project, and whom an RBAC entry grants it to."""

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.resources.port.table import PORT_SECURITY_GROUPS, PORTS
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import SHARED
from wovenet.resources.security_group.table import SECURITY_GROUPS

USERS = (
    sa.select(PORTS.c.project_id)
    .join(PORT_SECURITY_GROUPS, PORT_SECURITY_GROUPS.c.port_id == PORTS.c.id)
    .where(PORT_SECURITY_GROUPS.c.security_group_id == sa.bindparam("of_object"))
    .distinct()
)
"""The projects whose ports are in the group `of_object`."""


def is_shared(actor: Actor) -> "sa.ColumnElement[bool]":
    """Whether the group is granted to the actor's project, as SQL."""
    return access.is_granted(SECURITY_GROUPS.c.id, actor, SHARED)


def scope(actor: Actor) -> "sa.ColumnElement[bool]":
    """The groups that the actor sees."""
    granted = access.granted_ids(actor, access.SECURITY_GROUP, SHARED)
    return sa.or_(SECURITY_GROUPS.c.project_id == actor.project_id, SECURITY_GROUPS.c.id.in_(granted))
