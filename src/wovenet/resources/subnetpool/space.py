"""What of a pool's prefixes no subnet has. Taken and given back in a number of statements that no size changes.

The subnet's row is the claim; whoever changes the space of a pool holds its row first (`lock`), so that nothing is
handed out twice.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.problems import LostRace
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import blocks
from wovenet.resources.subnetpool.blocks import Block, Interval, Network
from wovenet.resources.subnetpool.table import SUBNETPOOL_SPACE, SUBNETPOOLS
from wovenet.store import schema
from wovenet.store.tx import ReadTx, Tx

_C = SUBNETPOOL_SPACE.c
_S = SUBNETS.c
_POOL: sa.BindParameter[str] = sa.bindparam("of_pool")
_LOCK = sa.update(SUBNETPOOLS).where(SUBNETPOOLS.c.id == _POOL).values(turn=SUBNETPOOLS.c.turn + 1)
_BEST = (
    sa.select(_C.prefixlen, _C.first_key)
    .where(_C.subnetpool_id == _POOL, _C.prefixlen <= sa.bindparam("wanted_prefixlen"))
    .order_by(_C.prefixlen.desc(), _C.first_key)
    .limit(1)
)
_AMONG = sa.select(_C.prefixlen, _C.first_key).where(
    _C.subnetpool_id == _POOL,
    _C.prefixlen.in_(sa.bindparam("prefixlens", expanding=True)),
    _C.first_key.in_(sa.bindparam("keys", expanding=True)),
)
_DELETE = sa.delete(SUBNETPOOL_SPACE).where(
    _C.subnetpool_id == _POOL, _C.prefixlen == sa.bindparam("old_prefixlen"), _C.first_key == sa.bindparam("old_key")
)
_DROP = sa.delete(SUBNETPOOL_SPACE).where(_C.subnetpool_id == _POOL)
_ALLOCATED = sa.select(_S.first_key, _S.last_key).where(_S.subnetpool_id == _POOL)


def lock(tx: Tx, pool_id: str) -> None:
    """Nobody else changes the pool's space until this transaction ends. Raises: LostRace if the pool is gone."""
    if tx.run(_LOCK, {"of_pool": pool_id}) != 1:
        raise LostRace(f"subnet pool {pool_id} is gone")


def allocated(tx: ReadTx, pool_id: str) -> list[Interval]:
    """The addresses of the pool that subnets have."""
    rows = tx.rows(_ALLOCATED, {"of_pool": pool_id})
    return [(schema.number_of(row.first_key), schema.number_of(row.last_key)) for row in rows]


def open_up(tx: Tx, pool_id: str, prefixes: Sequence[Network]) -> None:
    """All of `prefixes` is free, except what subnets have. In: locked. Cost: the number of those subnets."""
    tx.run(_DROP, {"of_pool": pool_id})
    left = blocks.without(prefixes, allocated(tx, pool_id))
    _insert(tx, pool_id, map(blocks.block_of, left))


def take_any(tx: Tx, pool_id: str, *, ip_version: int, prefixlen: int) -> Network | None:
    """A block that is free no more: the lowest of the smallest ones that will do; None if there is none.

    In: locked.
    """
    row = tx.row(_BEST, {"of_pool": pool_id, "wanted_prefixlen": prefixlen})
    if row is None:
        return None
    found = _block(row)
    wanted = Block(prefixlen, found.first)
    _cut(tx, pool_id, found, wanted, bits=blocks.bits_of(ip_version))
    return blocks.network_of(wanted, ip_version)


def take(tx: Tx, pool_id: str, network: Network) -> bool:
    """Whether `network` was free; it is free no more. In: locked."""
    bits = network.max_prefixlen
    wanted = blocks.block_of(network)
    found = _among(tx, pool_id, blocks.holders(wanted, bits))
    if not found:
        return False
    _cut(tx, pool_id, found.pop(), wanted, bits=bits)
    return True


def give_back(tx: Tx, pool_id: str, networks: Iterable[Network]) -> None:
    """`networks` are free again. In: their subnets are gone. Raises: LostRace if the pool is gone."""
    lock(tx, pool_id)
    for network in networks:
        bits = network.max_prefixlen
        block = blocks.block_of(network)
        near = [blocks.buddy(one, bits) for one in blocks.holders(block, bits) if one.prefixlen > 0]
        whole, taken_in = blocks.joined(block, _among(tx, pool_id, near), bits)
        for one in taken_in:
            _delete(tx, pool_id, one)
        _insert(tx, pool_id, [whole])


def _among(tx: ReadTx, pool_id: str, wanted: Sequence[Block]) -> set[Block]:
    """Those of `wanted` that are free blocks."""
    if not wanted:
        return set()
    parameters = {
        "of_pool": pool_id,
        "prefixlens": sorted({block.prefixlen for block in wanted}),
        "keys": sorted({schema.key_of(block.first) for block in wanted}),
    }
    return set(map(_block, tx.rows(_AMONG, parameters))) & set(wanted)


def _cut(tx: Tx, pool_id: str, found: Block, wanted: Block, *, bits: int) -> None:
    _delete(tx, pool_id, found)
    _insert(tx, pool_id, blocks.rest(found, wanted, bits))


def _delete(tx: Tx, pool_id: str, block: Block) -> None:
    parameters = {"of_pool": pool_id, "old_prefixlen": block.prefixlen, "old_key": schema.key_of(block.first)}
    if tx.run(_DELETE, parameters) != 1:
        raise LostRace(f"subnet pool {pool_id} has changed")


def _insert(tx: Tx, pool_id: str, found: Iterable[Block]) -> None:
    rows = [
        {"subnetpool_id": pool_id, "prefixlen": block.prefixlen, "first_key": schema.key_of(block.first)}
        for block in found
    ]
    if rows:
        tx.insert(SUBNETPOOL_SPACE, rows)


def _block(row: "sa.Row[Any]") -> Block:
    return Block(row.prefixlen, schema.number_of(row.first_key))
