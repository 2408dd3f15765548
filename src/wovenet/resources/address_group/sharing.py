"""Who sees an address group: its project, and whom an RBAC entry grants it to."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.resources.address_group.table import ADDRESS_GROUPS
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import SHARED
from wovenet.store.tx import ReadTx


def is_shared(actor: Actor) -> "sa.ColumnElement[bool]":
    """Whether the group is granted to the actor's project, as SQL."""
    return access.is_granted(ADDRESS_GROUPS.c.id, actor, SHARED)


def scope(actor: Actor) -> "sa.ColumnElement[bool]":
    """The groups that the actor sees."""
    granted = access.granted_ids(actor, access.ADDRESS_GROUP, SHARED)
    return sa.or_(ADDRESS_GROUPS.c.project_id == actor.project_id, ADDRESS_GROUPS.c.id.in_(granted))


def require_visible(tx: ReadTx, actor: Actor, group_ids: Iterable[Any]) -> None:
    """Nothing, if the actor sees all of the groups. Raises: AddressGroupNotFound."""
    wanted = {str(group_id) for group_id in group_ids}
    if not wanted:
        return
    statement = sa.select(ADDRESS_GROUPS.c.id).where(ADDRESS_GROUPS.c.id.in_(sorted(wanted)))
    if not actor.is_admin:
        statement = statement.where(scope(actor))
    missing = wanted - {row.id for row in tx.rows(statement)}
    if missing:
        raise problems.AddressGroupNotFound(address_group_id=min(missing))
