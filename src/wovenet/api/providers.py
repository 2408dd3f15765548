"""Providers of services: `/v2.0/service-providers`. There is one for each service that is served at all: OVN."""

from collections.abc import Mapping
from typing import Any, Final

from wovenet.api import parse
from wovenet.api.handler import Call
from wovenet.api.service import Service

_ATTRIBUTES: Final = ("service_type", "name", "default")
_SERVICES: Final[Mapping[str, str]] = {"router": "L3_ROUTER_NAT"}
"""Extension → the type of the service that it is."""


def index(service: Service, call: Call) -> Any:
    """The providers. As the peer, which compares with what it shows and ignores filters that it does not know.

    Raises: PolicyNotAuthorized.
    """
    service.policy.require(call.actor, "get_service_provider", {})
    fields = parse.fields_of(call.params)
    filters = [(name, value) for name, value in call.params if name in _ATTRIBUTES]
    found = [
        {"service_type": service_type, "name": "ovn", "default": True}
        for alias, service_type in _SERVICES.items()
        if alias in service.registry.surface.extensions
    ]
    shown = [
        {name: provider[name] for name in _ATTRIBUTES if fields is None or name in fields}
        for provider in found
        if all(provider[name] == value for name, value in filters)
    ]
    return {"service_providers": shown}
