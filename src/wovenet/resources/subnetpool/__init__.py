"""Subnet pools: prefixes that subnets are cut from, so that projects need not choose addresses."""

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.problems import SubnetPoolNotFound
from wovenet.resources import tagging
from wovenet.resources.base import Child, MemberAction, Object, Resource
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import SHARED
from wovenet.resources.subnetpool import actions, onboarding, rules
from wovenet.resources.subnetpool.table import SUBNETPOOL_PREFIXES, SUBNETPOOLS


def _shared(actor: Actor) -> "sa.ColumnElement[bool]":
    return access.is_granted(SUBNETPOOLS.c.id, actor, SHARED)


def _scope(actor: Actor) -> "sa.ColumnElement[bool]":
    granted = access.granted_ids(actor, actions.OBJECT_TYPE, SHARED)
    return sa.or_(SUBNETPOOLS.c.project_id == actor.project_id, SUBNETPOOLS.c.id.in_(granted))


def _derive(item: Object) -> None:
    """As the peer, which shows prefix lengths as text."""
    for name in rules.LENGTHS:
        if name in item:
            item[name] = str(item[name])


RESOURCE: Resource = Resource(
    collection="subnetpools",
    member="subnetpool",
    table=SUBNETPOOLS,
    not_found=lambda pool_id: SubnetPoolNotFound(subnetpool_id=pool_id),
    expressions={"shared": _shared},
    children=(
        Child(
            attribute="prefixes",
            table=SUBNETPOOL_PREFIXES,
            parent=SUBNETPOOL_PREFIXES.c.subnetpool_id,
            columns=(SUBNETPOOL_PREFIXES.c.cidr,),
            load=str,
            dump=actions.prefix_row,
            order_by=(SUBNETPOOL_PREFIXES.c.subnetpool_id, SUBNETPOOL_PREFIXES.c.cidr),
        ),
        tagging.child(),
    ),
    filters=tagging.filters(SUBNETPOOLS),
    scope=_scope,
    quota="subnetpool",
    is_bulk=False,
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, context, current, changes: actions.update(
        tx, RESOURCE, context, current=current, changes=changes
    ),
    delete=lambda tx, _, current: actions.delete(tx, RESOURCE, current),
    derived=dict.fromkeys(rules.LENGTHS, ()),
    derive=_derive,
    member_actions=(
        MemberAction(
            "add_prefixes", lambda tx, _, current, body: actions.add_prefixes(tx, current, body), is_plain=True
        ),
        MemberAction(
            "remove_prefixes", lambda tx, _, current, body: actions.remove_prefixes(tx, current, body), is_plain=True
        ),
        MemberAction(
            "onboard_network_subnets",
            lambda tx, context, current, body: onboarding.onboard(tx, context, current, body),
            is_plain=True,
        ),
    ),
)
