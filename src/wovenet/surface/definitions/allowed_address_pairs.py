"""Further addresses that a port may send from. Source: Networking API reference, alias allowed-address-pairs.

neutron-lib's validator reads an option that the caller would have to register with oslo.config globally, and raises
exceptions of another library. Here the form of pairs is checked; their number and their differing are for the rules of
ports, which have the settings at hand.
"""

from typing import Any

from neutron_lib import constants
from neutron_lib.api import converters, validators
from neutron_lib.api.definitions import allowedaddresspairs

from wovenet.model import problems

ALIAS = allowedaddresspairs.ALIAS
NAME = allowedaddresspairs.NAME
DESCRIPTION = allowedaddresspairs.DESCRIPTION
UPDATED_TIMESTAMP = allowedaddresspairs.UPDATED_TIMESTAMP
REQUIRED_EXTENSIONS: list[str] = []

_KEYS = frozenset({"mac_address", "ip_address"})


def to_pairs(value: Any) -> list[dict[str, str]]:
    """The list of pairs that `value` is; null is the empty one.

    Raises: HTTPBadRequest, AllowedAddressPairsMissingIP.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise problems.HTTPBadRequest(message="Allowed address pairs must be a list.")
    for pair in value:
        _check(pair)
    return value


def _check(pair: Any) -> None:
    reason = validators.validate_dict(pair)
    if reason:
        raise problems.HTTPBadRequest(message=f"Invalid input for allowed_address_pairs. Reason: {reason}.")
    if "mac_address" in pair:
        _refuse(validators.validate_mac_address(pair["mac_address"]))
    if "ip_address" not in pair:
        raise problems.AllowedAddressPairsMissingIP()
    unknown = sorted(map(str, set(pair) - _KEYS))
    if unknown:
        raise problems.HTTPBadRequest(message=f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    if "/" in str(pair["ip_address"]):
        _refuse(validators.validate_subnet(pair["ip_address"]))
        _refuse(validators.validate_subnet_not_multicast(pair["ip_address"]))
    else:
        _refuse(validators.validate_ip_address(pair["ip_address"]))
        _refuse(validators.validate_ip_not_multicast(pair["ip_address"]))
    if "mac_address" in pair:
        _refuse(validators.validate_mac_address_not_multicast(pair["mac_address"]))


def _refuse(reason: str | None) -> None:
    if reason:
        raise problems.HTTPBadRequest(message=reason)


RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "ports": {
        allowedaddresspairs.ADDRESS_PAIRS: {
            "allow_post": True,
            "allow_put": True,
            "convert_to": to_pairs,
            "convert_list_to": converters.convert_kvp_list_to_dict,
            "enforce_policy": True,
            "default": constants.ATTR_NOT_SPECIFIED,
            "is_visible": True,
        },
    },
}
