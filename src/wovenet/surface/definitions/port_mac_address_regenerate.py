"""A null MAC asks for another one. Source: Networking API reference, alias port-mac-address-regenerate.

neutron-lib's definition makes the new MAC itself, from an option that the caller would have to register with
oslo.config globally. Here null reaches the rules of ports, which have settings and chance at hand.
"""

from typing import Any

from neutron_lib.api import converters
from neutron_lib.api.definitions import port, port_mac_address_regenerate

ALIAS = port_mac_address_regenerate.ALIAS
NAME = port_mac_address_regenerate.NAME
DESCRIPTION = port_mac_address_regenerate.DESCRIPTION
UPDATED_TIMESTAMP = port_mac_address_regenerate.UPDATED_TIMESTAMP
REQUIRED_EXTENSIONS: list[str] = []


def to_mac_or_none(value: Any) -> Any:
    """The MAC in the form in which it is stored; null stays."""
    return None if value is None else converters.convert_to_sanitized_mac_address(value)


RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "ports": {
        port.PORT_MAC_ADDRESS: {
            **port.RESOURCE_ATTRIBUTE_MAP["ports"][port.PORT_MAC_ADDRESS],
            "convert_to": to_mac_or_none,
            "validate": {"type:mac_address_or_none": None},
        },
    },
}
