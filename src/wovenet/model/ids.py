"""Identifiers as types: a plain `str` id does not cross a function boundary by accident."""

import re
from typing import Final, NamedTuple, NewType

NetworkId = NewType("NetworkId", str)
SubnetId = NewType("SubnetId", str)
PortId = NewType("PortId", str)
SegmentId = NewType("SegmentId", str)
SecurityGroupId = NewType("SecurityGroupId", str)
SecurityGroupRuleId = NewType("SecurityGroupRuleId", str)
ProjectId = NewType("ProjectId", str)
RowUuid = NewType("RowUuid", str)
"""The `_uuid` of an OVSDB row."""


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID as we and OVSDB write it: 36 characters, lower case."""
    return _UUID.fullmatch(text) is not None


class Unit(NamedTuple):
    """What is reconciled as a whole: one object of the API (or one host) and all rows it owns outside."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


GLOBAL_UNIT = Unit("global", "global")
"""The rows that belong to the deployment and to no object: the drop group, options of NB_Global."""

NETWORK_DNS: Final = "network_dns"
"""The kind of the units that are the names in a network; their ids are the networks'."""

NETWORK_HA: Final = "network_ha"
"""The kind of the units that are the chassis which serve a network's external ports; their ids are the networks'."""
