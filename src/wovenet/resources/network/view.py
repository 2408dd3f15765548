"""NetworkViews from the store."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from wovenet.model.views import NetworkView, SegmentView
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.store.tx import ReadTx

_NETWORKS = sa.select(
    NETWORKS.c.id, NETWORKS.c.name, NETWORKS.c.revision_number, NETWORKS.c.mtu, NETWORKS.c.router_external,
    NETWORKS.c.vlan_transparent, NETWORKS.c.qinq, NETWORKS.c.availability_zone_hints,
).where(NETWORKS.c.id.in_(sa.bindparam("ids", expanding=True)))  # fmt: skip
_SEGMENTS = (
    sa.select(
        NETWORK_SEGMENTS.c.network_id, NETWORK_SEGMENTS.c.id, NETWORK_SEGMENTS.c.network_type,
        NETWORK_SEGMENTS.c.physical_network, NETWORK_SEGMENTS.c.segmentation_id,
    )
    .where(NETWORK_SEGMENTS.c.network_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(NETWORK_SEGMENTS.c.network_id, NETWORK_SEGMENTS.c.segment_index)
)  # fmt: skip

_texts = msgspec.json.Decoder(list[str]).decode


def views(tx: ReadTx, ids: Sequence[str]) -> dict[str, NetworkView]:
    """The networks of `ids` that exist. Two statements."""
    segments: dict[str, list[SegmentView]] = {}
    for row in tx.rows(_SEGMENTS, {"ids": ids}):
        segment = SegmentView(row.id, row.network_type, row.physical_network, row.segmentation_id)
        segments.setdefault(row.network_id, []).append(segment)
    return {
        row.id: NetworkView(
            id=row.id,
            name=row.name or "",
            revision=row.revision_number,
            mtu=row.mtu,
            is_external=row.router_external,
            segments=tuple(segments.get(row.id, ())),
            availability_zone_hints=tuple(_texts(row.availability_zone_hints)),
            passes_vlans=row.vlan_transparent or row.qinq,
        )
        for row in tx.rows(_NETWORKS, {"ids": ids})
    }
