"""Segments of networks. The unique `claim` is what makes a VLAN or a tunnel id belong to one network."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

NETWORK_SEGMENTS = sa.Table(
    "network_segments",
    schema.METADATA,
    schema.uuid_pk(),
    schema.uuid_col("network_id", sa.ForeignKey("networks.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("segment_index", sa.Integer, nullable=False),
    sa.Column("network_type", sa.String(32), nullable=False),
    sa.Column("physical_network", sa.String(64)),
    sa.Column("segmentation_id", sa.BigInteger),
    sa.Column("claim", sa.String(128), unique=True, info={"wire": INTERNAL}),
)
"""`claim`: "vlan/physnet1/101", "flat/physnet1", "geneve/77"; NULL for a local segment, which claims nothing."""
