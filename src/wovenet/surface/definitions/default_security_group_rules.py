"""Default rules: what new security groups have, in the deployment. Source: Networking API reference.

What a rule may say is checked by `resources.security_group_rule.rules`: its problems have names of their own.
"""

from typing import Any

from neutron_lib import constants
from neutron_lib.api import converters

ALIAS = "security-groups-default-rules"
NAME = "Default rules for security groups"
DESCRIPTION = "Configure set of security group rules used as default rules for every new security group"
UPDATED_TIMESTAMP = "2022-12-19T10:00:00-00:00"
REQUIRED_EXTENSIONS = ["security-group"]


def _attribute(**spec: Any) -> dict[str, Any]:
    return {
        "allow_post": True,
        "allow_put": False,
        "is_visible": True,
        "is_filter": True,
        "is_sort_key": True,
        **spec,
    }


RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "default_security_group_rules": {
        "id": _attribute(allow_post=False, validate={"type:uuid": None}, primary_key=True),
        # Taken and not kept: the rules are the deployment's.
        "tenant_id": _attribute(
            validate={"type:string": 255},
            required_by_policy=True,
            is_visible=False,
            is_filter=False,
            is_sort_key=False,
        ),
        "description": _attribute(default="", validate={"type:string": 255}),
        "remote_group_id": _attribute(default=None),
        "remote_address_group_id": _attribute(default=None),
        "direction": _attribute(validate={"type:values": ["ingress", "egress"]}),
        "protocol": _attribute(default=None),
        "port_range_min": _attribute(default=None),
        "port_range_max": _attribute(default=None),
        "ethertype": _attribute(default=constants.IPv4),
        "remote_ip_prefix": _attribute(default=None),
        "used_in_default_sg": _attribute(convert_to=converters.convert_to_boolean),
        "used_in_non_default_sg": _attribute(convert_to=converters.convert_to_boolean),
    },
}
