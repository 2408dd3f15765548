"""Blocks of addresses, against counting them one by one."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wovenet.resources.subnetpool import blocks
from wovenet.resources.subnetpool.blocks import Block

BITS = 32
FIRST = 10 << 24


def texts(networks: list[blocks.Network]) -> list[str]:
    return [str(network) for network in networks]


def addresses(network: str) -> set[int]:
    first, last = blocks.interval_of(ipaddress.ip_network(network))
    return set(range(first, last + 1))


small = st.builds(
    lambda prefixlen, at: str(
        ipaddress.ip_network((FIRST + (at % 2 ** (prefixlen - 26) << 32 - prefixlen), prefixlen))
    ),
    st.integers(26, 32),
    st.integers(0, 63),
)


def test_prefixes_are_put_together() -> None:
    assert texts(blocks.collapsed(["10.9.0.0/16", "10.8.0.7/16", "10.8.5.0/24"])) == ["10.8.0.0/15"]


@given(st.lists(small, min_size=1, max_size=6), st.lists(small, max_size=6))
def test_what_is_left_is_what_nobody_took(prefixes: list[str], taken: list[str]) -> None:
    left = blocks.without(blocks.collapsed(prefixes), [blocks.interval_of(ipaddress.ip_network(one)) for one in taken])
    expected = set().union(*map(addresses, prefixes)) - set().union(*map(addresses, taken))
    assert set().union(*(addresses(str(one)) for one in left)) == expected
    assert left == blocks.collapsed(texts(left))


@given(small, st.integers(0, 63))
def test_a_block_is_what_is_cut_out_and_the_rest(network: str, at: int) -> None:
    block = blocks.block_of(ipaddress.ip_network(network))
    wanted = Block(32, block.first + at % 2 ** (32 - block.prefixlen))
    rest = blocks.rest(block, wanted, BITS)
    parts = [addresses(str(blocks.network_of(one, 4))) for one in (wanted, *rest)]
    assert set().union(*parts) == addresses(network)
    assert sum(map(len, parts)) == len(addresses(network))
    assert blocks.joined(wanted, set(rest), BITS)[0] == block


@pytest.mark.parametrize("version", [4, 6])
def test_every_block_is_in_everything(version: int) -> None:
    bits = blocks.bits_of(version)
    assert blocks.holders(Block(bits, 5), bits)[-1] == Block(0, 0)
