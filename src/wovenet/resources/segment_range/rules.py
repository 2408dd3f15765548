"""What a range of segment ids can be. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from wovenet.drivers.config import NAME_MAX, VLAN_LAST
from wovenet.model import problems

VNI_LAST: Final = (1 << 24) - 1
"""Source: RFC 7348, RFC 8926."""
KEY_LAST: Final = (1 << 32) - 1
"""Source: RFC 2890."""

_LAST: Final = {"vlan": VLAN_LAST, "vxlan": VNI_LAST, "geneve": VNI_LAST, "gre": KEY_LAST}
PARTS: Final = frozenset({"minimum", "maximum"})


def place(request: Mapping[str, Any]) -> dict[str, str]:
    """The kind of ids, and the physical network that they are of, if they are of any.

    Raises: NetworkSegmentRangeNetTypeNotSupported, BadRequest.
    """
    network_type = request.get("network_type")
    if network_type not in _LAST:
        raise problems.NetworkSegmentRangeNetTypeNotSupported(type=network_type)
    if network_type != "vlan":
        return {"network_type": network_type, "physical_network": ""}
    if len(request.get("physical_network") or "") > NAME_MAX:
        raise problems.BadRequest(resource="network_segment_range", msg="The name of the physical network is too long")
    if not request.get("physical_network"):
        raise problems.BadRequest(
            resource="network_segment_range",
            msg="Network type vlan requires 'physical_network' to be specified while creating new range",
        )
    return {"network_type": network_type, "physical_network": request["physical_network"]}


def check_span(network_type: str, minimum: int, maximum: int) -> None:
    """Raises: NetworkVlanRangeError, NetworkTunnelRangeError for a range that is none."""
    span = f"{minimum}:{maximum}"
    unknown = next((number for number in (minimum, maximum) if not 1 <= number <= _LAST[network_type]), None)
    if network_type == "vlan":
        if unknown is not None:
            raise problems.NetworkVlanRangeError(vlan_range=span, error=f"{unknown} is not a valid VLAN tag")
        if maximum < minimum:
            error = "End of VLAN range is less than start of VLAN range"
            raise problems.NetworkVlanRangeError(vlan_range=span, error=error)
    if unknown is not None:
        error = f"{unknown} is not a valid {network_type} identifier"
        raise problems.NetworkTunnelRangeError(tunnel_range=span, error=error)
    if maximum < minimum:
        error = "End of tunnel range is less than start of tunnel range"
        raise problems.NetworkTunnelRangeError(tunnel_range=span, error=error)


def pool_of(item: Mapping[str, Any]) -> str:
    """The pool that ids of this kind are in."""
    physical_network = item["physical_network"]
    return f"{item['network_type']}/{physical_network}" if physical_network else str(item["network_type"])
