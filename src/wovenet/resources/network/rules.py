"""What a request about a network comes to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from wovenet.drivers import types
from wovenet.drivers.config import Config
from wovenet.drivers.types import Asked
from wovenet.model.problems import InvalidInput, NetworkInUse, NetworkMTUSubnetConflict, VlanIdInUse
from wovenet.resources.segment.values import Segment

TYPE: Final = "provider:network_type"
PHYSICAL: Final = "provider:physical_network"
ID: Final = "provider:segmentation_id"
PROVIDER: Final = (TYPE, PHYSICAL, ID)
"""The attributes that describe a network's one segment."""

MTU_LEAST: Final[Mapping[int, int]] = MappingProxyType({4: 68, 6: 1280})
"""IP version of a subnet → the smallest packet that its network must carry. Source: RFC 791, RFC 8200."""

AUTO_DELETED_OWNERS: Final = ("network:dhcp", "network:distributed", "network:floatingip_agent_gateway")
"""Owners of ports that go with their network and keep nobody from deleting it."""


def provider_of(segments: Sequence[Segment]) -> Mapping[str, Any]:
    """The provider attributes of a network with `segments`: those of the one segment, or nothing if there are more."""
    if len(segments) != 1:
        return dict.fromkeys(PROVIDER)
    segment = segments[0]
    return {TYPE: segment.network_type, PHYSICAL: segment.physical_network, ID: segment.segmentation_id}


def alternatives(config: Config, request: Mapping[str, Any]) -> tuple[Asked, ...]:
    """What may carry the network of `request`, the best first.

    Raises: InvalidInput.
    """
    if any(name in request for name in PROVIDER):
        if TYPE not in request:
            raise InvalidInput(error_message="network_type required")
        asked = Asked(request[TYPE], request.get(PHYSICAL) or None, request.get(ID))
        types.driver_of(config, asked.network_type).check(config, asked)
        return (asked,)
    if request.get("router:external") and config.external_network_type:
        return (Asked(config.external_network_type),)
    return tuple(Asked(network_type) for network_type in config.project_network_types)


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

    Raises: InvalidInput for any other change of a segment than a VLAN's id; VlanIdInUse for the id that it has.
    """
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
