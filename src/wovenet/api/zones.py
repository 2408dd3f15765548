"""Availability zones: `/v2.0/availability_zones`. Nobody makes them: hosts say which ones they are in."""

from typing import Any, Final

from wovenet.api import parse
from wovenet.api.handler import Call
from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.resources import host

_ATTRIBUTES: Final = ("name", "resource", "state")
_PAGING: Final = frozenset({"fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"})


def index(service: Service, call: Call) -> Any:
    """The zones that there are hosts in, for those who may see them. As the peer with OVN, which takes gateways from
    them, and filters by nothing.

    Raises: HTTPBadRequest, InvalidInput.
    """
    asked = [name for name, _ in call.params if name not in _PAGING]
    unknown = [name for name in asked if name not in _ATTRIBUTES]
    if unknown:
        raise problems.HTTPBadRequest(message=f"{unknown} is invalid attribute for filtering")
    if asked:
        raise problems.InvalidInput(error_message=f"'{asked[0]}' is not supported for filtering")
    fields = parse.fields_of(call.params)
    with service.store.read() as tx:
        names = sorted(host.zones(tx)) if service.policy.allows(call.actor, "get_availability_zone", {}) else []
    zones = [{"name": name, "resource": "router", "state": "available"} for name in names]
    wanted = [name for name in _ATTRIBUTES if fields is None or name in fields]
    return {"availability_zones": [{name: zone[name] for name in wanted} for zone in zones]}
