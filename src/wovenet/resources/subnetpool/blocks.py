"""Blocks of addresses: aligned, a power of two in size, named by first address and prefix length. Pure."""

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Interval = tuple[int, int]
"""(first, last), both included."""


class Block(NamedTuple):
    """A block of addresses, as numbers."""

    prefixlen: int
    first: int


def bits_of(ip_version: int) -> int:
    """The length of an address."""
    return 32 if ip_version == 4 else 128


def block_of(network: Network) -> Block:
    return Block(network.prefixlen, int(network.network_address))


def network_of(block: Block, ip_version: int) -> Network:
    address = ipaddress.IPv4Address(block.first) if ip_version == 4 else ipaddress.IPv6Address(block.first)
    return ipaddress.ip_network((address, block.prefixlen))


def interval_of(network: Network) -> Interval:
    return int(network.network_address), int(network.broadcast_address)


def collapsed(cidrs: Iterable[str]) -> list[Network]:
    """The same addresses as few, ascending networks. In: all of one IP version."""
    networks = [ipaddress.ip_network(cidr, strict=False) for cidr in cidrs]
    return list(ipaddress.collapse_addresses(networks))  # type: ignore[type-var]


def without(networks: Sequence[Network], taken: Iterable[Interval]) -> list[Network]:
    """The addresses of `networks` that are in none of `taken`, as few, ascending networks."""
    left = [interval_of(network) for network in networks]
    for first, last in sorted(taken):
        left = [part for one in left for part in _cut(one, first, last)]
    version = networks[0].version if networks else 4
    return [network for first, last in left for network in _networks(first, last, version)]


def _cut(interval: Interval, first: int, last: int) -> Iterator[Interval]:
    start, end = interval
    if last < start or first > end:
        yield interval
        return
    if start < first:
        yield start, first - 1
    if last < end:
        yield last + 1, end


def _networks(first: int, last: int, version: int) -> Iterable[Network]:
    address = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    found: Iterable[Network] = ipaddress.summarize_address_range(address(first), address(last))
    return found


def rest(block: Block, wanted: Block, bits: int) -> list[Block]:
    """What is left of `block` without `wanted`, which is in it: one block of each size between."""
    left = []
    current = wanted
    while current.prefixlen > block.prefixlen:
        left.append(buddy(current, bits))
        current = parent(current, bits)
    return left


def buddy(block: Block, bits: int) -> Block:
    """The other half of the block that is twice as large."""
    return Block(block.prefixlen, block.first ^ (1 << (bits - block.prefixlen)))


def parent(block: Block, bits: int) -> Block:
    """The block that is twice as large."""
    return Block(block.prefixlen - 1, block.first & ~(1 << (bits - block.prefixlen)))


def holders(block: Block, bits: int) -> list[Block]:
    """All blocks that hold `block`, itself first."""
    found = [block]
    while found[-1].prefixlen > 0:
        found.append(parent(found[-1], bits))
    return found


def joined(block: Block, free: Collection[Block], bits: int) -> tuple[Block, list[Block]]:
    """The largest block that `block` makes with those of `free`, and which of these it takes in."""
    taken = []
    while block.prefixlen > 0 and buddy(block, bits) in free:
        taken.append(buddy(block, bits))
        block = parent(block, bits)
    return block, taken
