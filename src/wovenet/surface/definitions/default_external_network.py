"""`is_default` of networks: the external network that is taken where nobody names one.

neutron-lib defines it with `auto-allocated-topology`, an alias that promises routers as well.
"""

from typing import Any

from neutron_lib.api.definitions import auto_allocated_topology

RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "networks": auto_allocated_topology.RESOURCE_ATTRIBUTE_MAP["networks"],
}
