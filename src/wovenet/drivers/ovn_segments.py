"""Which segments OVN can carry. Pure."""

from typing import Final

from wovenet.drivers.types import Asked
from wovenet.model.problems import InvalidInput

NETWORK_TYPES: Final = frozenset({"local", "flat", "vlan", "vxlan", "geneve"})
TUNNEL_KEY_LAST: Final = 16_711_680
"""The last of the 24 bit datapath keys that OVN does not keep for itself. Source: ovn-architecture(7)."""
VIF_TYPES_ANY_ID: Final = ("unbound", "binding_failed", "ovs")
"""Ports of these kinds need not hear of a change of the segment's id."""


def check(segment: Asked) -> None:
    """Raises: InvalidInput if OVN has no way to carry `segment`."""
    if segment.network_type not in NETWORK_TYPES:
        raise InvalidInput(error_message=f"Network type {segment.network_type} is not supported")
    if segment.segmentation_id is not None and segment.segmentation_id > TUNNEL_KEY_LAST:
        raise InvalidInput(error_message=f"Segmentation ID should be lower or equal to {TUNNEL_KEY_LAST}")
