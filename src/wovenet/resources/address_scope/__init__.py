"""Address scopes: a set of subnet pools in which no address comes twice, so that routers need not translate."""

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.problems import AddressScopeNotFound
from wovenet.resources.address_scope import actions
from wovenet.resources.address_scope.table import ADDRESS_SCOPES
from wovenet.resources.base import Resource
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import SHARED


def _shared(actor: Actor) -> "sa.ColumnElement[bool]":
    return access.is_granted(ADDRESS_SCOPES.c.id, actor, SHARED)


def _scope(actor: Actor) -> "sa.ColumnElement[bool]":
    granted = access.granted_ids(actor, actions.OBJECT_TYPE, SHARED)
    return sa.or_(ADDRESS_SCOPES.c.project_id == actor.project_id, ADDRESS_SCOPES.c.id.in_(granted))


RESOURCE: Resource = Resource(
    collection="address_scopes",
    member="address_scope",
    table=ADDRESS_SCOPES,
    not_found=lambda scope_id: AddressScopeNotFound(address_scope_id=scope_id),
    expressions={"shared": _shared},
    scope=_scope,
    create=lambda tx, _, requests: actions.create(tx, RESOURCE, requests),
    update=lambda tx, _, current, changes: actions.update(tx, RESOURCE, current, changes),
    delete=lambda tx, _, current: actions.delete(tx, RESOURCE, current),
)
