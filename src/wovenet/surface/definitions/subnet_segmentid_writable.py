"""`segment_id` of subnets, which can be set later too. Source: neutron-lib's definition of that name.

There are rules for who may set it, and neutron-lib's definition forgets to ask them.
"""

from typing import Any

from neutron_lib.api.definitions import subnet_segmentid_writable as library

ALIAS = library.ALIAS
NAME = library.NAME
DESCRIPTION = library.DESCRIPTION
UPDATED_TIMESTAMP = library.UPDATED_TIMESTAMP
REQUIRED_EXTENSIONS: list[str] = list(library.REQUIRED_EXTENSIONS)
RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "subnets": {"segment_id": {**library.segment_id_attr_info, "enforce_policy": True}},
}
