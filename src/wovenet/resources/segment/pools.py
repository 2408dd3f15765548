"""Ids of segments: reserved with a network, given back with it. Free ones are kept as ranges, used ones as claims."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from wovenet.drivers import types
from wovenet.drivers.config import Config, Range
from wovenet.drivers.types import Asked, Pool
from wovenet.model.problems import LostRace, NoNetworkAvailable
from wovenet.resources.segment.config import config_of
from wovenet.resources.segment.table import NETWORK_SEGMENTS, SEGMENT_POOLS
from wovenet.store import ranges
from wovenet.store.tx import Claimed, ReadTx, Tx

if TYPE_CHECKING:
    from wovenet.settings import Settings

_C = NETWORK_SEGMENTS.c
_POOLS = sa.select(SEGMENT_POOLS.c.pool, SEGMENT_POOLS.c.ranges)
_CLAIMED = sa.select(_C.claim).where(_C.claim.in_(sa.bindparam("claims", expanding=True))).order_by(_C.claim).limit(1)
_REMEMBER = (
    sa.update(SEGMENT_POOLS)
    .where(SEGMENT_POOLS.c.pool == sa.bindparam("of_pool"), SEGMENT_POOLS.c.ranges == sa.bindparam("seen"))
    .values(ranges=sa.bindparam("new"))
)
_FORGET = sa.delete(SEGMENT_POOLS).where(
    SEGMENT_POOLS.c.pool == sa.bindparam("of_pool"), SEGMENT_POOLS.c.ranges == sa.bindparam("seen")
)


def refresh(tx: Tx, settings: "Settings") -> None:
    """The pools hold exactly the configured ids that no network has. One statement if the settings are the same.

    Raises: drivers.config.ConfigError; LostRace if another process does the same at this moment.
    """
    wanted = types.pools(config_of(settings))
    known = {row.pool: row.ranges for row in tx.rows(_POOLS)}
    for pool in sorted({*wanted, *known}):
        text = msgspec.json.encode(wanted[pool]).decode() if pool in wanted else None
        if text != known.get(pool):
            _remember(tx, pool, known.get(pool), text)
            _refill(tx, pool, wanted.get(pool, ()))


def reserve(tx: Tx, config: Config, wants: Sequence[Sequence[Asked]]) -> list[Asked]:
    """A complete segment for each of `wants`: the first of its alternatives that is to be had. The caller stores it.

    Statements: two for each pool that ids come from; one, and up to three for each, if ids are named.
    Raises: VlanIdInUse, TunnelIdInUse, FlatNetworkInUse, NoNetworkAvailable; LostRace.
    """
    named = [want[0] for want in wants if _is_named(want)]
    if named:
        _reserve_named(tx, named)
    open_wants = Counter(tuple(want) for want in wants if not _is_named(want))
    chosen = {want: iter(_choose(tx, config, want, count)) for want, count in open_wants.items()}
    return [want[0] if _is_named(want) else next(chosen[tuple(want)]) for want in wants]


def release(tx: Tx, config: Config, segments: Iterable[Asked]) -> None:
    """The ids of `segments` can be chosen again. In: their rows are gone already, in this transaction.

    Statements: at most three for each pool.
    """
    given_back: dict[str, list[int]] = {}
    for segment in segments:
        pool = types.pool_of(config, segment)
        if pool is not None and segment.segmentation_id is not None:
            given_back.setdefault(pool, []).append(segment.segmentation_id)
    for pool in sorted(given_back):
        ranges.give_back(tx, pool, given_back[pool])


def _is_named(want: Sequence[Asked]) -> bool:
    """Whether the request says all that makes its segment one of a kind."""
    return len(want) == 1 and types.is_complete(want[0])


def _reserve_named(tx: Tx, named: Sequence[Asked]) -> None:
    claims: dict[str, Asked] = {}
    for asked in named:
        claim = types.DRIVERS[asked.network_type].claim(asked)
        if claim in claims:
            raise types.DRIVERS[asked.network_type].in_use(asked)
        if claim is not None:
            claims[claim] = asked
    if not claims:
        return
    taken = tx.value(_CLAIMED, {"claims": sorted(claims)})
    if taken is not None:
        asked = claims[taken]
        raise types.DRIVERS[asked.network_type].in_use(asked)
    for asked in claims.values():
        # Not found there: it was named from outside of the ranges. Its claim decides, in either case.
        if asked.segmentation_id is not None:
            ranges.take(tx, _pool_name(asked), asked.segmentation_id)


def _pool_name(asked: Asked) -> str:
    return f"vlan/{asked.physical_network}" if asked.network_type == "vlan" else asked.network_type


def _choose(tx: Tx, config: Config, alternatives: Sequence[Asked], count: int) -> list[Asked]:
    """`count` complete segments, of the earliest alternatives that have any left."""
    chosen: list[Asked] = []
    for asked in alternatives:
        driver = types.driver_of(config, asked.network_type)
        if asked.network_type == "local":
            return [*chosen, *[asked] * (count - len(chosen))]
        for name, pool in driver.pools(config, asked).items():
            numbers = _take(tx, name, count - len(chosen))
            chosen.extend(_segment(asked.network_type, pool, number) for number in numbers)
            if len(chosen) == count:
                return chosen
    raise NoNetworkAvailable


def _segment(network_type: str, pool: Pool, segmentation_id: int) -> Asked:
    return Asked(network_type, pool.physical_network, segmentation_id)


def _take(tx: Tx, pool: str, count: int) -> list[int]:
    """Up to `count` free ids."""
    try:
        return ranges.take_any(tx, pool, count)
    except ranges.Exhausted:
        left = min(ranges.size(tx, pool), count)
    return ranges.take_any(tx, pool, left) if left else []


def _remember(tx: Tx, pool: str, seen: str | None, new: str | None) -> None:
    """The pool's ranges are noted as `new`. Raises: LostRace if they are not `seen` any more."""
    if seen is None:
        try:
            tx.insert(SEGMENT_POOLS, [{"pool": pool, "ranges": new}])
        except Claimed as error:
            raise LostRace(f"pool {pool}") from error
    elif new is None:
        _expect_one(tx.run(_FORGET, {"of_pool": pool, "seen": seen}), pool)
    else:
        _expect_one(tx.run(_REMEMBER, {"of_pool": pool, "seen": seen, "new": new}), pool)


def _expect_one(met: int, pool: str) -> None:
    if met != 1:
        raise LostRace(f"pool {pool}")


def _refill(tx: Tx, pool: str, wanted: Sequence[Range]) -> None:
    # Dropped before the claims are read: whoever is taking from the pool has either committed, and its claim is seen,
    # or finds the pool changed.
    ranges.drop(tx, pool)
    try:
        ranges.fill(tx, pool, wanted, without=_used(tx, pool))
    except ranges.GivenBackTwice as error:
        raise LostRace(f"pool {pool}") from error


def _used(tx: ReadTx, pool: str) -> set[int]:
    network_type, _, physical_network = pool.partition("/")
    conditions = [_C.network_type == network_type, _C.segmentation_id.is_not(None)]
    if physical_network:
        conditions.append(_C.physical_network == physical_network)
    return {row.segmentation_id for row in tx.rows(sa.select(_C.segmentation_id).where(*conditions))}
