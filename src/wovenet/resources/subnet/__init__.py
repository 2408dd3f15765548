"""Subnets: a block of addresses on a network, and what is told to those who get one of them."""

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.problems import SubnetNotFound
from wovenet.resources import tagging
from wovenet.resources.base import Resource
from wovenet.resources.network import facts
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import EXTERNAL, SHARED
from wovenet.resources.subnet import actions, touched
from wovenet.resources.subnet.table import SUBNETS


def _shared(actor: Actor) -> "sa.ColumnElement[bool]":
    return access.is_granted(SUBNETS.c.network_id, actor, SHARED)


def _external(_: Actor) -> "sa.ColumnElement[bool]":
    """Whether the subnet's network leads outside: whoever sees the network sees the subnet. Asked by policies."""
    return sa.select(NETWORKS.c.router_external).where(NETWORKS.c.id == SUBNETS.c.network_id).scalar_subquery()


def _scope(actor: Actor) -> "sa.ColumnElement[bool]":
    granted = access.granted_ids(actor, access.NETWORK, SHARED, EXTERNAL)
    return sa.or_(SUBNETS.c.project_id == actor.project_id, SUBNETS.c.network_id.in_(granted))


RESOURCE: Resource = Resource(
    collection="subnets",
    member="subnet",
    table=SUBNETS,
    not_found=lambda subnet_id: SubnetNotFound(subnet_id=subnet_id),
    expressions={"shared": _shared, "router:external": _external, **facts.of(SUBNETS.c.network_id)},
    json=frozenset({"allocation_pools", "dns_nameservers", "host_routes", "service_types"}),
    children=(tagging.child(),),
    filters=tagging.filters(SUBNETS),
    scope=_scope,
    unit="subnet",
    quota="subnet",
    bumped=touched.by_options,
    defaults={"dns_publish_fixed_ip": False},
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, context, current, changes: actions.update(
        tx, RESOURCE, context, current=current, changes=changes
    ),
    delete=lambda tx, context, current: actions.delete(tx, RESOURCE, context, current),
)
