"""Ranges of segment ids come, change and go together with the pools that ids are taken from."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import crud
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.segment import pools
from wovenet.resources.segment.config import config_of
from wovenet.resources.segment.table import NETWORK_SEGMENT_RANGES
from wovenet.resources.segment_range import rules, usage
from wovenet.store import ranges
from wovenet.store.tx import ReadTx, Tx

_R = NETWORK_SEGMENT_RANGES.c
NAMED_MAX = 100
"""Ranges that are named as the reason why another cannot be."""
_ALL = frozenset({"used", "available"})
_OVERLAPPING = (
    sa.select(_R.id)
    .where(
        sa.not_(_R.is_default),
        _R.network_type == sa.bindparam("of_type"),
        _R.physical_network == sa.bindparam("on_physical"),
        _R.minimum <= sa.bindparam("until"),
        _R.maximum >= sa.bindparam("since"),
        _R.id != sa.bindparam("but"),
    )
    .order_by(_R.minimum)
    .limit(NAMED_MAX)
)


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new ranges, from which ids can be had.

    Raises: NetworkSegmentRangeNetTypeNotSupported, BadRequest, NetworkVlanRangeError, NetworkTunnelRangeError,
    NetworkSegmentRangeOverlaps; LostRace.
    """
    config = config_of(context.settings)
    made = []
    for request in requests:
        place = rules.place(request)
        rules.check_span(place["network_type"], request["minimum"], request["maximum"])
        found = crud.new_object(tx, resource, {**request, **place, "default": False})
        if found["shared"]:
            found["project_id"] = found["tenant_id"] = None
        pools.hold(tx, config, rules.pool_of(found))
        _refuse_overlap(tx, found)
        crud.insert(tx, resource, [found])
        pools.rebuild(tx, config, rules.pool_of(found))
        made.append(found)
    usage.complement(tx, made, {}, _ALL)
    return made


def update(tx: Tx, resource: Resource, context: Context, *, current: Object, changes: Object) -> Object:
    """The range after `changes`.

    Raises: NetworkSegmentRangeDefaultReadOnly, NetworkSegmentRangeReferencedByProject for ids that networks have, and
    what `create` raises.
    """
    _refuse_default(current)
    found = {name: value for name, value in changes.items() if value != current[name]}
    changed = {**current, **found}
    if not rules.PARTS.isdisjoint(found):
        config = config_of(context.settings)
        rules.check_span(current["network_type"], changed["minimum"], changed["maximum"])
        pools.hold(tx, config, rules.pool_of(current))
        _refuse_overlap(tx, changed)
        changed = crud.save(tx, resource, current, found)
        used = pools.rebuild(tx, config, rules.pool_of(current))
        _refuse_used(current, {number for number in used if not _holds(changed, number)})
    elif found:
        changed = crud.save(tx, resource, current, found)
    usage.complement(tx, [changed], {}, _ALL)
    return changed


def delete(tx: Tx, resource: Resource, context: Context, current: Object) -> None:
    """The range is gone. Ids of it that are in a range of the settings are everybody's again.

    Raises: NetworkSegmentRangeDefaultReadOnly, NetworkSegmentRangeReferencedByProject; LostRace.
    """
    _refuse_default(current)
    config = config_of(context.settings)
    pools.hold(tx, config, rules.pool_of(current))
    crud.remove(tx, resource, [current])
    ranges.drop(tx, f"range/{current['id']}")
    _refuse_used(current, pools.rebuild(tx, config, rules.pool_of(current)))


def _refuse_default(current: Object) -> None:
    if current["default"]:
        raise problems.NetworkSegmentRangeDefaultReadOnly(range_id=current["id"])


def _refuse_overlap(tx: ReadTx, item: Object) -> None:
    parameters = {
        "of_type": item["network_type"],
        "on_physical": item["physical_network"],
        "since": item["minimum"],
        "until": item["maximum"],
        "but": item["id"],
    }
    others = [row.id for row in tx.rows(_OVERLAPPING, parameters)]
    if others:
        raise problems.NetworkSegmentRangeOverlaps(range_id=", ".join(others))


def _refuse_used(current: Object, used: set[int]) -> None:
    if any(_holds(current, number) for number in used):
        raise problems.NetworkSegmentRangeReferencedByProject(range_id=current["id"])


def _holds(item: Object, number: int) -> bool:
    return bool(item["minimum"] <= number <= item["maximum"])
