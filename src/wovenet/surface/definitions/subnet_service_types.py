"""Owners of the ports that a subnet is for. Source: neutron-lib's definition, alias subnet-service-types.

neutron-lib's validator raises exceptions of another library, without the fields that the wire's text is made of.
"""

from typing import Any

from neutron_lib import constants
from neutron_lib.api.definitions import subnet_service_types

from wovenet.model import problems

ALIAS = subnet_service_types.ALIAS
NAME = subnet_service_types.NAME
DESCRIPTION = subnet_service_types.DESCRIPTION
UPDATED_TIMESTAMP = subnet_service_types.UPDATED_TIMESTAMP
REQUIRED_EXTENSIONS: list[str] = []

_LENGTH_MAX = 255
# As the peer, which compares with the letters of the compute prefix, one by one, too.
_PREFIXES = (*constants.DEVICE_OWNER_PREFIXES, *constants.DEVICE_OWNER_COMPUTE_PREFIX)


def to_owners(value: Any) -> list[str]:
    """The owners that `value` names; null names none.

    Raises: HTTPBadRequest, InvalidInputSubnetServiceType, InvalidSubnetServiceType.
    """
    if not value:
        return []
    if not isinstance(value, list):
        raise problems.HTTPBadRequest(message="Subnet service types must be a list.")
    for owner in value:
        if not isinstance(owner, str):
            raise problems.InvalidInputSubnetServiceType(service_type=owner)
        if not owner.startswith(_PREFIXES) or len(owner) > _LENGTH_MAX:
            raise problems.InvalidSubnetServiceType(service_type=owner)
    return value


RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "subnets": {
        subnet_service_types.COLLECTION_NAME: {
            "allow_post": True,
            "allow_put": True,
            "convert_to": to_owners,
            "default": constants.ATTR_NOT_SPECIFIED,
            "enforce_policy": True,
            "is_visible": True,
        },
    },
}
