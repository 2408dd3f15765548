"""Security groups and their rules. Source: Networking API reference.

What a rule may say is checked by `resources.security_group_rule.rules`: its problems have names of their own.
"""

from typing import Any

from neutron_lib import constants
from neutron_lib.api import converters

ALIAS = "security-group"
NAME = "security-group"
DESCRIPTION = "The security groups extension."
UPDATED_TIMESTAMP = "2012-10-05T10:00:00-00:00"
REQUIRED_EXTENSIONS: list[str] = []

_ID = {
    "allow_post": False,
    "allow_put": False,
    "validate": {"type:uuid": None},
    "is_visible": True,
    "is_filter": True,
    "is_sort_key": True,
    "primary_key": True,
}
_OWNER = {
    "allow_post": True,
    "allow_put": False,
    "validate": {"type:string": 255},
    "required_by_policy": True,
    "is_visible": True,
    "is_filter": True,
    "is_sort_key": True,
}


def _rule(**spec: Any) -> dict[str, Any]:
    """A rule's attribute: given at creation, never changed."""
    return {
        "allow_post": True,
        "allow_put": False,
        "is_visible": True,
        "is_filter": True,
        "is_sort_key": True,
        **spec,
    }


RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "security_groups": {
        "id": _ID,
        "name": {
            "allow_post": True,
            "allow_put": True,
            "validate": {"type:name_string": 255},
            "default": "",
            "is_visible": True,
            "is_filter": True,
            "is_sort_key": True,
        },
        "tenant_id": _OWNER,
        "security_group_rules": {"allow_post": False, "allow_put": False, "is_visible": True},
    },
    "security_group_rules": {
        "id": _ID,
        "security_group_id": _rule(validate={"type:string": None}, required_by_policy=True),
        "remote_group_id": _rule(default=None),
        "direction": _rule(validate={"type:values": ["ingress", "egress"]}),
        "protocol": _rule(default=None),
        "port_range_min": _rule(default=None),
        "port_range_max": _rule(default=None),
        "ethertype": _rule(default=constants.IPv4),
        "remote_ip_prefix": _rule(default=None),
        "tenant_id": _OWNER,
    },
    "ports": {
        "security_groups": {
            "allow_post": True,
            "allow_put": True,
            "validate": {"type:uuid_list": None},
            "convert_to": converters.convert_none_to_empty_list,
            "default": constants.ATTR_NOT_SPECIFIED,
            "is_visible": True,
            "is_filter": True,
            "enforce_policy": True,
        },
    },
}
