"""Ports: where instances and services meet networks. The unit of a port renders its logical switch port."""

from typing import Any

import sqlalchemy as sa

from wovenet.drivers.binding import UNBOUND
from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.resources import tagging
from wovenet.resources.base import Child, Resource, SubResource
from wovenet.resources.ipam import claims
from wovenet.resources.network import facts as network_facts
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port import actions, bindings, dns, facts, filters
from wovenet.resources.port.table import PORT_ALLOWED_PAIRS, PORT_FIXED_IPS, PORT_SECURITY_GROUPS, PORTS
from wovenet.resources.subnet.table import SUBNETS


def _scope(actor: Actor) -> "sa.ColumnElement[bool]":
    """The actor's ports, and all ports of the actor's networks."""
    own_networks = sa.select(NETWORKS.c.id).where(NETWORKS.c.project_id == actor.project_id)
    return sa.or_(PORTS.c.project_id == actor.project_id, PORTS.c.network_id.in_(own_networks))


def _is_routed() -> "sa.ColumnElement[bool]":
    """Whether the port's network is a routed one: asked when the port moves."""
    return sa.exists(
        sa.select(SUBNETS.c.id).where(SUBNETS.c.network_id == PORTS.c.network_id, SUBNETS.c.segment_id.is_not(None))
    )


def _fixed_ip_row(fixed_ip: dict[str, str]) -> dict[str, Any]:
    return {**fixed_ip, "ip_key": claims.key_of(fixed_ip["ip_address"])}


FIXED_IPS = Child(
    attribute="fixed_ips",
    table=PORT_FIXED_IPS,
    parent=PORT_FIXED_IPS.c.port_id,
    columns=(PORT_FIXED_IPS.c.subnet_id, PORT_FIXED_IPS.c.ip_address),
    load=lambda subnet_id, ip_address: {"subnet_id": subnet_id, "ip_address": ip_address},
    dump=_fixed_ip_row,
    order_by=(PORT_FIXED_IPS.c.port_id, PORT_FIXED_IPS.c.ip_address, PORT_FIXED_IPS.c.subnet_id),
)
ALLOWED_PAIRS = Child(
    attribute="allowed_address_pairs",
    table=PORT_ALLOWED_PAIRS,
    parent=PORT_ALLOWED_PAIRS.c.port_id,
    columns=(PORT_ALLOWED_PAIRS.c.mac_address, PORT_ALLOWED_PAIRS.c.ip_address),
    load=lambda mac_address, ip_address: {"mac_address": mac_address, "ip_address": ip_address},
    dump=dict,
    order_by=(PORT_ALLOWED_PAIRS.c.port_id, PORT_ALLOWED_PAIRS.c.mac_address, PORT_ALLOWED_PAIRS.c.ip_address),
)
GROUPS = Child(
    attribute="security_groups",
    table=PORT_SECURITY_GROUPS,
    parent=PORT_SECURITY_GROUPS.c.port_id,
    columns=(PORT_SECURITY_GROUPS.c.security_group_id,),
    load=str,
    dump=lambda group_id: {"security_group_id": group_id},
    order_by=(PORT_SECURITY_GROUPS.c.port_id, PORT_SECURITY_GROUPS.c.security_group_id),
)

BINDINGS = SubResource(
    collection="bindings",
    member="binding",
    key="host",
    definition="portbindings_extended",
    policies={
        "get": "get_port_binding",
        "create": "create_port_binding",
        # The peer has no rule for changes, so that owners may make them; they say as much as a new binding.
        "update": "create_port_binding",
        "delete": "delete_port_binding",
        "activate": "activate",
    },
    not_found=lambda port, host: problems.PortBindingNotFound(port_id=port["id"], host=host),
    index=bindings.index,
    create=lambda tx, context, port, request: bindings.create(tx, context, port, request, resource=RESOURCE),
    update=lambda tx, context, port, *, current, changes: bindings.update(
        tx, context, port, current=current, changes=changes, resource=RESOURCE
    ),
    delete=lambda tx, context, port, current: bindings.delete(tx, context, port, current, resource=RESOURCE),
    actions={"activate": lambda tx, _context, port, current: bindings.activate(tx, port, current, resource=RESOURCE)},
)

RESOURCE: Resource = Resource(
    collection="ports",
    member="port",
    table=PORTS,
    not_found=lambda port_id: problems.PortNotFound(port_id=port_id),
    expressions={**network_facts.of(PORTS.c.network_id), "network:is_routed": lambda _: _is_routed()},
    json=frozenset({"binding:vif_details", "binding:profile", "extra_dhcp_opts"}),
    derived={"dns_assignment": ("dns_name", "fixed_ips")},
    complete=lambda settings, item: item.update(dns.assignments(item, settings.default.dns_domain)),
    children=(FIXED_IPS, ALLOWED_PAIRS, GROUPS, tagging.child()),
    filters={**filters.FILTERS, **tagging.filters(PORTS)},
    scope=_scope,
    subresources=(BINDINGS,),
    unit="port",
    quota="port",
    first_revision=1,
    defaults={
        "name": "",
        "description": "",
        "admin_state_up": True,
        "status": "DOWN",
        "is_up": False,
        "device_id": "",
        "device_owner": "",
        "binding:host_id": "",
        "binding:vnic_type": "normal",
        "binding:vif_type": UNBOUND,
        "binding:vif_details": {},
        "binding:profile": {},
        "dns_name": "",
        "dns_domain": "",
    },
    require_parents=lambda tx, actor, request: facts.networks(tx, actor, [request["network_id"]]),
    create=lambda tx, context, requests: actions.create(tx, context, requests, resource=RESOURCE),
    update=lambda tx, context, current, changes: actions.update(tx, context, current, changes, resource=RESOURCE),
    delete=lambda tx, _context, current: actions.delete(tx, current, resource=RESOURCE),
)
