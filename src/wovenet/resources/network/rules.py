"""What a request about a network comes to. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from wovenet.drivers import types
from wovenet.drivers.config import Config
from wovenet.drivers.types import Asked
from wovenet.model.problems import (
    BadRequest,
    InvalidInput,
    NetworkInUse,
    NetworkMTUSubnetConflict,
    SegmentsContainDuplicateEntry,
    SegmentsSetInConjunctionWithProviders,
    VlanIdInUse,
    VlanQinqDriverError,
)
from wovenet.resources.segment.values import Segment

TYPE: Final = "provider:network_type"
PHYSICAL: Final = "provider:physical_network"
ID: Final = "provider:segmentation_id"
PROVIDER: Final = (TYPE, PHYSICAL, ID)
"""The attributes that describe a network's one segment."""
SEGMENTS: Final = "segments"
"""The attribute that describes the segments of a network that has several."""

_HINTS_TEXT_MAX: Final = 255
"""Characters that availability zone hints may have as JSON. As the peer, which keeps them so."""

MTU_LEAST: Final[Mapping[int, int]] = MappingProxyType({4: 68, 6: 1280})
"""IP version of a subnet → the smallest packet that its network must carry. Source: RFC 791, RFC 8200."""

AUTO_DELETED_OWNERS: Final = ("network:dhcp", "network:distributed", "network:floatingip_agent_gateway")
"""Owners of ports that go with their network and keep nobody from deleting it."""


def provider_of(segments: Sequence[Segment]) -> Mapping[str, Any]:
    """The provider attributes of a network with `segments`: those of the one segment, or nothing if there are more."""
    if len(segments) != 1:
        return dict.fromkeys(PROVIDER)
    return _provider(segments[0])


def shown(segments: Sequence[Segment]) -> dict[str, Any]:
    """The attributes that tell of a network's segments: `provider:*` of the one, or `segments` if there are more."""
    return {**provider_of(segments), SEGMENTS: [_provider(segment) for segment in segments]}


def wants(config: Config, request: Mapping[str, Any]) -> list[tuple[Asked, ...]]:
    """For each segment of the network of `request`, what it may be, the best first.

    Raises: InvalidInput, SegmentsSetInConjunctionWithProviders, SegmentsContainDuplicateEntry.
    """
    is_described = any(name in request for name in PROVIDER)
    segments = request.get(SEGMENTS)
    if segments is not None and is_described:
        raise SegmentsSetInConjunctionWithProviders
    if segments or is_described:
        asked = [_asked(config, segment) for segment in segments or [request]]
        complete = [one for one in asked if types.is_complete(one)]
        if len(set(complete)) < len(complete):
            raise SegmentsContainDuplicateEntry
        return [(one,) for one in asked]
    if request.get("router:external") and config.external_network_type:
        return [(Asked(config.external_network_type),)]
    return [tuple(Asked(network_type) for network_type in config.project_network_types)]


def _asked(config: Config, described: Mapping[str, Any]) -> Asked:
    if not isinstance(described.get(TYPE), str):
        raise InvalidInput(error_message="network_type required")
    physical, number = described.get(PHYSICAL), described.get(ID)
    # What a description of several segments leaves out is neither null nor absent.
    asked = Asked(
        described[TYPE],
        physical if isinstance(physical, str) and physical else None,
        number if isinstance(number, int) else None,
    )
    types.driver_of(config, asked.network_type).check(config, asked)
    return asked


def _provider(segment: Segment) -> dict[str, Any]:
    return {TYPE: segment.network_type, PHYSICAL: segment.physical_network, ID: segment.segmentation_id}


def check_vlans(request: Mapping[str, Any], segments: Sequence[Asked]) -> None:
    """Raises: BadRequest, VlanQinqDriverError if the network cannot let the VLANs of instances through as asked."""
    if not request.get("qinq"):
        return
    if request.get("vlan_transparent"):
        raise BadRequest(
            resource="network",
            msg="Attributes 'vlan_transparent' and 'qinq' can not be set to True for the same network.",
        )
    if any(segment.network_type != "vlan" for segment in segments):
        raise VlanQinqDriverError


def check_hints(hints: Sequence[str]) -> None:
    """Raises: InvalidInput if there are more hints of availability zones than fit."""
    if len(json.dumps(list(hints))) > _HINTS_TEXT_MAX:
        raise InvalidInput(error_message="Too many availability_zone_hints specified")


def is_default(current: Mapping[str, Any], changes: Mapping[str, Any]) -> bool | None:
    """Whether the network is the default external one after `changes`; None if it is not external at all."""
    if not changes.get("router:external", current["router:external"]):
        return None
    return bool(changes.get("is_default", current["is_default"]))


def mtu(requested: int, most: int) -> int:
    """The network's MTU in bytes: what was requested, or `most` if that is 0. Raises: InvalidInput if it is more."""
    if requested > most:
        raise InvalidInput(error_message=f"Requested MTU is too big, maximum is {most}")
    return requested or most


def check_mtu_for_subnets(network_id: str, network_mtu: int, ip_versions: Iterable[int]) -> None:
    """Raises: NetworkMTUSubnetConflict if subnets of `ip_versions` need larger packets than `network_mtu`."""
    for ip_version in sorted(set(ip_versions)):
        if network_mtu < MTU_LEAST[ip_version]:
            raise NetworkMTUSubnetConflict(net_id=network_id, mtu=MTU_LEAST[ip_version])


def segmentation_change(config: Config, current: Mapping[str, Any], changes: Mapping[str, Any]) -> Asked | None:
    """The segment that `changes` make of the network's; None if they say nothing about it.

    In: `current` with its `carriers`.
    Raises: InvalidInput for any other change of a segment than a VLAN's id; VlanIdInUse for the id that it has.
    """
    if len(current["carriers"]) != 1 and any(name in changes for name in PROVIDER):
        raise InvalidInput(
            error_message="Provider network attributes can be updated only in provider networks with a single segment."
        )
    if any(name in changes and changes[name] != current[name] for name in (TYPE, PHYSICAL)):
        raise InvalidInput(
            error_message=f"Plugin does not support updating the following provider network attributes: "
            f"{TYPE}, {PHYSICAL}"
        )
    if ID not in changes:
        return None
    if current[TYPE] != "vlan":
        raise InvalidInput(error_message="Only VLAN type networks can be updated.")
    asked = Asked(current[TYPE], current[PHYSICAL], changes[ID])
    types.driver_of(config, asked.network_type).check(config, asked)
    if changes[ID] == current[ID]:
        raise VlanIdInUse(vlan_id=changes[ID], physical_network=current[PHYSICAL])
    return asked


def in_use(network_id: str, port_ids: Sequence[str]) -> NetworkInUse:
    """The problem of a network that cannot go because of `port_ids`."""
    return NetworkInUse(
        net_id=network_id,
        reason="There are one or more ports still in use on the network, id for these ports is: " + ",".join(port_ids),
    )
