"""Routes between the subnets of a network whose segments are apart: each subnet tells its hosts of the others. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Object = Mapping[str, Any]
Route = dict[str, str]
"""`destination` and `nexthop`, as the API shows them."""


def settled(subnet: Object, others: Sequence[Object], *, former: str | None, gone: str | None = None) -> list[Route]:
    """The subnet's host routes with those to `others` on further segments, by its gateway.

    Routes that were made so before are replaced; a route of somebody's own to the same place stays instead.
    In: `others`, of the same network; `former`, the gateway so far; `gone`, the CIDR of one that is no more.
    """
    away = [
        other["cidr"]
        for other in others
        if other["segment_id"] != subnet["segment_id"] and other["ip_version"] == subnet["ip_version"]
    ]
    made = {*away, gone}
    own = [
        route
        for route in subnet["host_routes"]
        if not (former is not None and route["destination"] in made and route["nexthop"] == former)
    ]
    gateway = subnet["gateway_ip"]
    if gateway is not None:
        known = {route["destination"] for route in own}
        own += [{"destination": cidr, "nexthop": gateway} for cidr in away if cidr not in known]
    return sorted(own, key=lambda route: (route["destination"], route["nexthop"]))
