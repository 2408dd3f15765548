"""What a request about a subnet pool comes to. Pure. Source: the answers of Neutron 29."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wovenet.model import problems
from wovenet.resources.subnetpool import blocks
from wovenet.resources.subnetpool.blocks import Interval, Network

LENGTHS: Final = ("default_prefixlen", "min_prefixlen", "max_prefixlen")
_LEAST: Final = {4: 8, 6: 64}
"""IP version → the least prefix length unless the pool says otherwise."""
_QUOTA_UNIT: Final = {4: 32, 6: 64}
"""IP version → prefix length of what quotas count: IPv4 addresses, IPv6 /64s."""


def new(request: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the pool that `request` asks for: prefixes collapsed, lengths completed.

    Raises: EmptySubnetPoolPrefixList, PrefixVersionMismatch, IllegalSubnetPoolPrefixBounds.
    """
    if not request["prefixes"]:
        raise problems.EmptySubnetPoolPrefixList
    prefixes = prefixes_of(request["prefixes"])
    version = prefixes[0].version
    least = request.get("min_prefixlen", _LEAST[version])
    found = {
        "ip_version": version,
        "min_prefixlen": least,
        "max_prefixlen": request.get("max_prefixlen", blocks.bits_of(version)),
        "default_prefixlen": request.get("default_prefixlen", least),
    }
    check_lengths(found)
    return {**found, "prefixes": texts(prefixes)}


def numbers(pool: Mapping[str, Any]) -> dict[str, Any]:
    """The pool with its prefix lengths as numbers."""
    return {**pool, **{name: int(pool[name]) for name in LENGTHS}}


def prefixes_of(cidrs: Sequence[str]) -> list[Network]:
    """The prefixes, collapsed. Raises: PrefixVersionMismatch if they are not all of one IP version."""
    if len({ipaddress.ip_network(cidr, strict=False).version for cidr in cidrs}) > 1:
        raise problems.PrefixVersionMismatch
    return blocks.collapsed(cidrs)


def texts(networks: Sequence[Network]) -> list[str]:
    """The networks as the API shows them."""
    return [str(network) for network in networks]


def check_lengths(pool: Mapping[str, Any]) -> None:
    """Raises: IllegalSubnetPoolPrefixBounds if the pool's prefix lengths contradict each other."""
    default, least, most = (pool[name] for name in LENGTHS)
    bits = blocks.bits_of(pool["ip_version"])
    if most > bits:
        raise _bounds("max_prefixlen", most, "ip_version_max", bits)
    if least > most:
        raise _bounds("min_prefixlen", least, "max_prefixlen", most)
    if default < least:
        raise _bounds("default_prefixlen", default, "min_prefixlen", least)
    if default > most:
        raise _bounds("default_prefixlen", default, "max_prefixlen", most)


def replaced(current: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """`wanted` as the pool's prefixes. Raises: IllegalSubnetPoolPrefixUpdate if one of `current` would be lost."""
    found = blocks.collapsed(cidr for cidr in wanted if _version(cidr) == _version(current[0])) if current else []
    known = [ipaddress.ip_network(cidr) for cidr in current]
    if not all(any(one.subnet_of(other) for other in found) for one in known):  # type: ignore[arg-type]
        raise problems.IllegalSubnetPoolPrefixUpdate(msg="Existing prefixes must be a subset of the new prefixes")
    return texts(prefixes_of(wanted))


def listed(body: Mapping[str, Any]) -> list[str]:
    """The prefixes that the body of an action names. Raises: HTTPBadRequest."""
    given = body.get("prefixes")
    if not isinstance(given, list) or not given:
        raise problems.HTTPBadRequest(message="Request body contains invalid data")
    try:
        return [str(ipaddress.ip_network(str(cidr), strict=False)) for cidr in given]
    except ValueError as error:
        raise problems.HTTPBadRequest(message="Request body contains invalid data") from error


def removed(current: Sequence[str], taken: Sequence[str]) -> tuple[list[str], list[Interval]]:
    """The prefixes without `taken`, and the addresses that go. Raises: PrefixVersionMismatch."""
    prefixes_of([*current, *taken])
    gone = [blocks.interval_of(ipaddress.ip_network(cidr)) for cidr in taken]
    return texts(blocks.without([ipaddress.ip_network(cidr) for cidr in current], gone)), gone


def check_prefixlen(pool: Mapping[str, Any], prefixlen: int) -> None:
    """Raises: MinPrefixSubnetAllocationError, MaxPrefixSubnetAllocationError for what the pool does not hand out."""
    if prefixlen < pool["min_prefixlen"]:
        raise problems.MinPrefixSubnetAllocationError(prefixlen=prefixlen, min_prefixlen=pool["min_prefixlen"])
    if prefixlen > pool["max_prefixlen"]:
        raise problems.MaxPrefixSubnetAllocationError(prefixlen=prefixlen, max_prefixlen=pool["max_prefixlen"])


def check_quota(pool: Mapping[str, Any], used: Sequence[str], prefixlen: int) -> None:
    """Raises: SubnetPoolQuotaExceeded if a project that has the subnets `used` may not have another one."""
    if not pool["default_quota"]:
        return
    unit = _QUOTA_UNIT[pool["ip_version"]]
    lengths = [prefixlen, *(int(cidr.rpartition("/")[2]) for cidr in used)]
    if sum(2.0 ** (unit - length) for length in lengths) > pool["default_quota"]:
        raise problems.SubnetPoolQuotaExceeded


def wanted(pool: Mapping[str, Any], request: Mapping[str, Any]) -> Network | int:
    """What a subnet is to have of the pool: a certain network, or any of a prefix length.

    A gateway that is named says which one. Raises: BadRequest.
    """
    if request.get("cidr") is not None:
        return ipaddress.ip_network(request["cidr"], strict=False)
    prefixlen = request.get("prefixlen")
    length: int = pool["default_prefixlen"] if prefixlen is None else prefixlen
    if request.get("allocation_pools"):
        raise problems.BadRequest(resource="subnets", msg="allocation_pools allowed only for specific subnet requests.")
    gateway = request.get("gateway_ip")
    if gateway is not None and length <= blocks.bits_of(pool["ip_version"]):
        return ipaddress.ip_network((gateway, length), strict=False)
    return length


def _bounds(name: str, length: int, base: str, bound: int) -> problems.IllegalSubnetPoolPrefixBounds:
    return problems.IllegalSubnetPoolPrefixBounds(
        prefix_type=name, prefixlen=length, base_prefix_type=base, base_prefixlen=bound
    )


def _version(cidr: str) -> int:
    return ipaddress.ip_network(cidr, strict=False).version
