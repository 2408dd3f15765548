"""Default statefulness. A group that does not say whether it is stateful is told apart from one that says so."""

from typing import Any

from neutron_lib import constants
from neutron_lib.api.definitions import security_groups_default_statefulness as theirs
from neutron_lib.api.definitions import stateful_security_group

ALIAS = theirs.ALIAS
NAME = theirs.NAME
DESCRIPTION = theirs.DESCRIPTION
UPDATED_TIMESTAMP = theirs.UPDATED_TIMESTAMP
REQUIRED_EXTENSIONS = theirs.REQUIRED_EXTENSIONS

_STATEFUL = stateful_security_group.RESOURCE_ATTRIBUTE_MAP["security_groups"]["stateful"]

RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    **theirs.RESOURCE_ATTRIBUTE_MAP,
    "security_groups": {"stateful": {**_STATEFUL, "default": constants.ATTR_NOT_SPECIFIED}},
}
