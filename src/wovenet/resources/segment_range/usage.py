"""Which ids of ranges are used, by whose networks, and which are to be had."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.resources.base import Object
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.segment.table import NETWORK_SEGMENT_RANGES, NETWORK_SEGMENTS
from wovenet.store.tx import ReadTx

_R = NETWORK_SEGMENT_RANGES.c
_S = NETWORK_SEGMENTS.c
_USED = (
    sa.select(_R.id, _S.segmentation_id, NETWORKS.c.project_id)
    .join(
        NETWORK_SEGMENTS,
        sa.and_(
            _S.network_type == _R.network_type,
            sa.func.coalesce(_S.physical_network, "") == _R.physical_network,
            _S.segmentation_id.between(_R.minimum, _R.maximum),
        ),
    )
    .join(NETWORKS, NETWORKS.c.id == _S.network_id)
    .where(_R.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_R.id, _S.segmentation_id)
)


def complement(
    tx: ReadTx, ranges: Sequence[Object], filters: Mapping[str, Sequence[Any]], wanted: frozenset[str]
) -> None:
    """The ranges say which of their ids are used, and by the networks of which project. One statement, or none."""
    del filters
    for one in ranges:
        one |= {"used": {}, "available": []}
    if not ranges or wanted.isdisjoint({"used", "available"}):
        return
    by_id = {one["id"]: one for one in ranges}
    for row in tx.rows(_USED, {"ids": sorted(by_id)}):
        by_id[row.id]["used"][str(row.segmentation_id)] = row.project_id
    if "available" in wanted:
        for one in ranges:
            numbers = range(one["minimum"], one["maximum"] + 1)
            one["available"] = [number for number in numbers if str(number) not in one["used"]]
