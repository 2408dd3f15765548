"""Names of ports, and the domain of networks. Source: Networking API reference, alias dns-integration.

neutron-lib's check of a port's name reads an option that the caller would have to register with oslo.config globally.
Here the form of names is checked; their fitting the deployment's domain is for the rules of ports, which have the
settings at hand.
"""

import re
from typing import Any

from neutron_lib import constants
from neutron_lib.api import converters
from neutron_lib.api.definitions import dns
from neutron_lib.db import constants as sizes

from wovenet.model import problems

ALIAS = dns.ALIAS
NAME = dns.NAME
DESCRIPTION = dns.DESCRIPTION
UPDATED_TIMESTAMP = dns.UPDATED_TIMESTAMP
REQUIRED_EXTENSIONS: list[str] = []
"""neutron-lib names `router`, for the names of floating IPs. Those of ports and networks need none."""

_LABEL = re.compile(constants.DNS_LABEL_REGEX)


def to_name(value: Any) -> str:
    """The name in lower case. Raises: InvalidInput, HTTPBadRequest."""
    name: str = converters.convert_string_to_case_insensitive(value)
    reason = _fault_of(name)
    if reason:
        raise problems.HTTPBadRequest(
            message=f"Invalid input for {dns.DNSNAME}. Reason: '{name}' not a valid PQDN or FQDN. Reason: {reason}."
        )
    return name


def _fault_of(name: str) -> str | None:
    """What is wrong with the form of a name, which may end in a dot."""
    if not name:
        return None
    trimmed = name.removesuffix(".")
    if len(trimmed) > sizes.FQDN_FIELD_SIZE:
        return f"'{trimmed}' exceeds the {sizes.FQDN_FIELD_SIZE} character FQDN limit"
    labels = trimmed.split(".")
    for label in labels:
        if not label:
            return "Encountered an empty component"
        if label.startswith("-") or label.endswith("-"):
            return f"Name '{label}' must not start or end with a hyphen"
        if not _LABEL.match(label):
            return f"Name '{label}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen"
    if len(labels) > 1 and labels[-1].isdecimal():
        return f"TLD '{labels[-1]}' must not be all numeric"
    return None


RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    **dns.RESOURCE_ATTRIBUTE_MAP,
    "ports": {
        **dns.RESOURCE_ATTRIBUTE_MAP["ports"],
        dns.DNSNAME: {
            "allow_post": True,
            "allow_put": True,
            "default": "",
            "convert_to": to_name,
            "is_visible": True,
        },
    },
}
