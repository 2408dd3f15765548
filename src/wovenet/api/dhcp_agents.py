"""The URLs of `dhcp_agent_scheduler`. OVN answers DHCP itself: no network has a DHCP agent, no agent is one."""

from typing import Any

from wovenet.api import parse
from wovenet.api.handler import Call
from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.resources import network, query


def agents_of(service: Service, call: Call, object_id: str) -> Any:
    """No agents, whatever network is asked for. Raises: PolicyNotAuthorized."""
    service.policy.require(call.actor, "get_dhcp-agents", {})
    return {"agents": []}


def networks_of(service: Service, call: Call, object_id: str) -> Any:
    """Raises: PolicyNotAuthorized, AgentNotFound."""
    service.policy.require(call.actor, "get_dhcp-networks", {})
    raise problems.AgentNotFound(id=object_id)


def add(service: Service, call: Call, object_id: str) -> Any:
    """Raises: PolicyNotAuthorized, HTTPBadRequest, NetworkNotFound, AgentNotFound."""
    service.policy.require(call.actor, "create_dhcp-network", {})
    body = parse.action_body_of(call.body, size_max=service.settings.wovenet.body_bytes_max)
    network_id = body.get("network_id")
    if not isinstance(network_id, str):
        raise problems.HTTPBadRequest(message="Failed to parse request. Required attribute 'network_id' not specified")
    with service.store.read() as tx:
        query.fetch(tx, network.RESOURCE, call.actor, network_id)
    raise problems.AgentNotFound(id=object_id)


def remove(service: Service, call: Call, object_id: str, network_id: str) -> None:
    """Raises: PolicyNotAuthorized, AgentNotFound."""
    service.policy.require(call.actor, "delete_dhcp-network", {})
    raise problems.AgentNotFound(id=object_id)
