"""Networks: an isolated broadcast domain, carried by segments, seen by its owner and by those it is shared with."""

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.problems import NetworkNotFound
from wovenet.resources import segment, tagging
from wovenet.resources.base import Child, Object, Resource
from wovenet.resources.network import actions, rules
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import EXTERNAL, SHARED
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool.table import SUBNETPOOLS


def _shared(actor: Actor) -> "sa.ColumnElement[bool]":
    return access.is_granted(NETWORKS.c.id, actor, SHARED)


def _scope(actor: Actor) -> "sa.ColumnElement[bool]":
    granted = access.granted_ids(actor, access.NETWORK, SHARED, EXTERNAL)
    return sa.or_(NETWORKS.c.project_id == actor.project_id, NETWORKS.c.id.in_(granted))


def _address_scope(ip_version: int) -> "sa.ColumnElement[str | None]":
    """The address scope that the network's subnets of an IP version are in. They are all in the same one."""
    return (
        sa.select(sa.func.min(SUBNETPOOLS.c.address_scope_id))
        .join(SUBNETS, SUBNETS.c.subnetpool_id == SUBNETPOOLS.c.id)
        .where(SUBNETS.c.network_id == NETWORKS.c.id, SUBNETS.c.ip_version == ip_version)
        .scalar_subquery()
    )


def _is_adjacent() -> "sa.ColumnElement[bool]":
    """Whether the network is one broadcast domain: no subnet of it belongs to one of its segments only."""
    routed = sa.select(SUBNETS.c.id).where(SUBNETS.c.network_id == NETWORKS.c.id, SUBNETS.c.segment_id.is_not(None))
    return sa.not_(sa.exists(routed))


def _derive(item: Object) -> None:
    if "carriers" in item:
        item.update(rules.shown(item["carriers"]))
    if "is_default" in item and not item["router:external"]:
        item["is_default"] = None
    # Hosts are connected to networks by OVN wherever they are: zones are those of routers.
    item["availability_zones"] = []


def _lacks(item: Object) -> frozenset[str]:
    """A network shows its one segment in the provider attributes, or several in `segments`.

    Only an external one shows `is_default`.
    """
    hidden = _IS_DEFAULT if item.get("is_default") is None else frozenset()
    if "carriers" not in item:
        return hidden
    return hidden | (_SEVERAL if len(item["carriers"]) < 2 else _PROVIDER)


_IS_DEFAULT = frozenset({"is_default"})
_SEVERAL = frozenset({rules.SEGMENTS})
_PROVIDER = frozenset(rules.PROVIDER)


RESOURCE: Resource = Resource(
    collection="networks",
    member="network",
    table=NETWORKS,
    not_found=lambda network_id: NetworkNotFound(net_id=network_id),
    columns={"is_default": NETWORKS.c.default_claim.is_not(None)},
    expressions={
        "shared": _shared,
        "l2_adjacency": lambda _: _is_adjacent(),
        "ipv4_address_scope": lambda _: _address_scope(4),
        "ipv6_address_scope": lambda _: _address_scope(6),
    },
    json=frozenset({"availability_zone_hints"}),
    children=(
        segment.child(),
        Child(
            attribute="subnets",
            table=SUBNETS,
            parent=SUBNETS.c.network_id,
            columns=(SUBNETS.c.id,),
            load=str,
            order_by=(SUBNETS.c.network_id, SUBNETS.c.id),
        ),
        tagging.child(),
    ),
    derived={
        **dict.fromkeys((*rules.PROVIDER, rules.SEGMENTS), ("carriers",)),
        "availability_zones": (),
        "is_default": ("router:external",),
    },
    derive=_derive,
    lacks=_lacks,
    filters={**segment.filters(NETWORKS.c.id), **tagging.filters(NETWORKS)},
    scope=_scope,
    unit="network",
    quota="network",
    first_revision=1,
    defaults={
        "status": "ACTIVE",
        "subnets": [],
        "vlan_transparent": False,
        "qinq": False,
        "l2_adjacency": True,
        "availability_zone_hints": [],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "dns_domain": "",
    },
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, context, current, changes: actions.update(
        tx, RESOURCE, context, current=current, changes=changes
    ),
    delete=lambda tx, context, current: actions.delete(tx, RESOURCE, context, current),
)
