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
from wovenet.resources.segment import extra
from wovenet.resources.segment.config import config_of
from wovenet.resources.segment.table import NETWORK_SEGMENT_RANGES, NETWORK_SEGMENTS, SEGMENT_POOLS
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
_HOLD = (
    sa.update(SEGMENT_POOLS)
    .where(SEGMENT_POOLS.c.pool == sa.bindparam("of_pool"))
    .values(ranges=SEGMENT_POOLS.c.ranges)
)
_R = NETWORK_SEGMENT_RANGES.c
_DEFAULTS = sa.and_(
    _R.is_default,
    _R.network_type == sa.bindparam("of_network_type"),
    _R.physical_network == sa.bindparam("of_physical_network"),
)
_NOTHING = "[]"
"""What is noted of a pool of which the settings say nothing."""


def refresh(tx: Tx, settings: "Settings") -> None:
    """The pools hold exactly the configured ids that no network has. One statement if the settings are the same.

    Raises: drivers.config.ConfigError; LostRace if another process does the same at this moment.
    """
    config = config_of(settings)
    wanted = types.pools(config)
    known = {row.pool: row.ranges for row in tx.rows(_POOLS)}
    for pool in sorted({*wanted, *known}):
        text = msgspec.json.encode(wanted[pool]).decode() if pool in wanted else _NOTHING
        if text != known.get(pool, _NOTHING):
            _remember(tx, pool, known.get(pool), text)
            rebuild(tx, config, pool)
            _tell(tx, pool, wanted.get(pool, ()))


def hold(tx: Tx, config: Config, pool: str) -> None:
    """Nobody else changes the ranges of `pool` now. Raises: LostRace."""
    if tx.run(_HOLD, {"of_pool": pool}) != 1:
        _remember(tx, pool, None, msgspec.json.encode(types.pools(config).get(pool, ())).decode())


def rebuild(tx: Tx, config: Config, pool: str) -> set[int]:
    """`pool`, and those of projects' own ranges, hold what the settings and the further ranges say and nobody has.

    Out: the ids that networks have. In: nobody else changes these ranges now. Raises: LostRace.
    """
    extras = extra.of_pool(tx, pool)
    own = [one for one in extras if one.project_id is not None]
    shared = (one.span for one in extras if one.project_id is None)
    # Dropped before the claims are read: whoever is taking from the pool has either committed, and its claim is seen,
    # or finds the pool changed.
    ranges.drop(tx, pool, *(one.pool for one in own))
    used = _used(tx, pool)
    spans = [*types.pools(config).get(pool, ()), *shared]
    try:
        ranges.fill(tx, pool, _without(spans, [one.span for one in own]), without=used)
        for one in own:
            ranges.fill(tx, one.pool, [one.span], without=used)
    except ranges.GivenBackTwice as error:
        raise LostRace(f"pool {pool}") from error
    if any(first <= one.span[1] and last >= one.span[0] for first, last in ranges.free(tx, pool) for one in own):
        raise LostRace(f"pool {pool} was given back what is a project's own now")
    return used


def reserve(
    tx: Tx, config: Config, wants: Sequence[Sequence[Asked]], own: Sequence[Sequence[extra.Extra]] = ()
) -> list[Asked]:
    """A complete segment for each of `wants`: the first of its alternatives that is to be had. The caller stores it.

    In: `own`, for each of `wants` the ranges of its project, from which ids come first.
    Statements: two for each pool that ids come from; one, and up to four for each, if ids are named.
    Raises: VlanIdInUse, TunnelIdInUse, FlatNetworkInUse, NoNetworkAvailable; LostRace.
    """
    named = [want[0] for want in wants if _is_named(want)]
    if named:
        _reserve_named(tx, named)
    keys = [(tuple(want), tuple(own[place]) if own else ()) for place, want in enumerate(wants)]
    open_wants = Counter(key for key in keys if not _is_named(key[0]))
    chosen = {key: iter(_choose(tx, config, *key, count=count)) for key, count in open_wants.items()}
    return [key[0][0] if _is_named(key[0]) else next(chosen[key]) for key in keys]


def release(tx: Tx, config: Config, segments: Iterable[Asked]) -> None:
    """The ids of `segments` can be chosen again. In: their rows are gone already, in this transaction.

    Statements: one, and at most three for each pool.
    """
    given_back: dict[str, list[int]] = {}
    numbered = [segment for segment in segments if segment.segmentation_id is not None]
    holding = extra.holding(tx, numbered)
    for segment in numbered:
        holder = holding.get(segment)
        if holder is None:
            pool = types.pool_of(config, segment)
        else:
            pool = _pool_name(segment) if holder.project_id is None else holder.pool
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
        if asked.segmentation_id is not None and not ranges.take(tx, _pool_name(asked), asked.segmentation_id):
            holder = extra.holding(tx, [asked]).get(asked)
            if holder is not None and holder.project_id is not None:
                ranges.take(tx, holder.pool, asked.segmentation_id)


def _pool_name(asked: Asked) -> str:
    return f"vlan/{asked.physical_network}" if asked.network_type == "vlan" else asked.network_type


def _choose(
    tx: Tx, config: Config, alternatives: Sequence[Asked], own: Sequence[extra.Extra], *, count: int
) -> list[Asked]:
    """`count` complete segments, of the earliest alternatives that have any left; of each from `own` ranges first."""
    chosen: list[Asked] = []
    for asked in alternatives:
        driver = types.driver_of(config, asked.network_type)
        if asked.network_type == "local":
            return [*chosen, *[asked] * (count - len(chosen))]
        for one in own:
            if len(chosen) < count and one.serves(asked):
                place = Pool((one.span,), one.physical_network)
                numbers = _take(tx, one.pool, count - len(chosen))
                chosen.extend(_segment(asked.network_type, place, number) for number in numbers)
        if len(chosen) == count:
            return chosen
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


def _remember(tx: Tx, pool: str, seen: str | None, new: str) -> None:
    """The pool's ranges are noted as `new`. Raises: LostRace if they are not `seen` any more."""
    if seen is None:
        try:
            tx.insert(SEGMENT_POOLS, [{"pool": pool, "ranges": new}])
        except Claimed as error:
            raise LostRace(f"pool {pool}") from error
    else:
        _expect_one(tx.run(_REMEMBER, {"of_pool": pool, "seen": seen, "new": new}), pool)


def _expect_one(met: int, pool: str) -> None:
    if met != 1:
        raise LostRace(f"pool {pool}")


def _tell(tx: Tx, pool: str, wanted: Sequence[Range]) -> None:
    """The ranges that the settings say are shown as the default ones."""
    network_type, _, physical_network = pool.partition("/")
    place = {"network_type": network_type, "physical_network": physical_network}
    tx.run(sa.delete(NETWORK_SEGMENT_RANGES).where(_DEFAULTS), {f"of_{name}": value for name, value in place.items()})
    now = tx.now()
    standard = {"name": "", "description": None, "revision_number": 0, "created_at": now, "updated_at": now}
    tx.insert(
        NETWORK_SEGMENT_RANGES,
        [
            {**standard, **place, "id": tx.clock.new_id(), "project_id": None, "is_default": True, "shared": True}
            | {"minimum": first, "maximum": last}
            for first, last in wanted
        ],
    )


def _without(spans: Iterable[Range], taken: Sequence[Range]) -> list[Range]:
    """The parts of `spans` that are in none of `taken`."""
    left = list(spans)
    for first, last in taken:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, first - 1)), (max(start, last + 1), end))
            if part[0] <= part[1]
        ]
    return left


def _used(tx: ReadTx, pool: str) -> set[int]:
    network_type, _, physical_network = pool.partition("/")
    conditions = [_C.network_type == network_type, _C.segmentation_id.is_not(None)]
    if physical_network:
        conditions.append(_C.physical_network == physical_network)
    return {row.segmentation_id for row in tx.rows(sa.select(_C.segmentation_id).where(*conditions))}
