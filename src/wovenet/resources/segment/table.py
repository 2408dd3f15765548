"""Segments of networks. The unique `claim` is what makes a VLAN or a tunnel id belong to one network."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

NETWORK_SEGMENTS = sa.Table(
    "network_segments",
    schema.METADATA,
    schema.uuid_pk(),
    schema.uuid_col("network_id", sa.ForeignKey("networks.id", ondelete="CASCADE"), index=True),
    schema.int_col("segment_index"),
    schema.text_col("network_type", 32),
    schema.text_col("physical_network", 64, nullable=True),
    schema.bigint("segmentation_id", nullable=True),
    schema.text_col("claim", 128, unique=True, info={"wire": INTERNAL}, nullable=True),
    schema.text_col("name", nullable=True),
    schema.text_col("description", nullable=True),
    schema.bigint("revision_number"),
    schema.timestamp_col("created_at"),
    schema.timestamp_col("updated_at"),
    sa.Index(None, "network_type", "segmentation_id"),
)
"""`claim`: "vlan/physnet1/101", "flat/physnet1", "geneve/77"; NULL for a local segment, which claims nothing."""

SEGMENT_POOLS = sa.Table(
    "segment_pools",
    schema.METADATA,
    schema.text_col("pool", 64, primary_key=True),
    schema.json_text("ranges", nullable=False),
)
"""The ranges that each pool of ids was filled from, so that a start with the same settings does nothing."""

NETWORK_SEGMENT_RANGES = sa.Table(
    "network_segment_ranges",
    schema.METADATA,
    *schema.standard_columns(),
    sa.Column("is_default", sa.Boolean(), info={"wire": "default"}, nullable=False),
    schema.bool_col("shared"),
    schema.text_col("network_type", 32),
    schema.text_col("physical_network", 64),
    schema.bigint("minimum"),
    schema.bigint("maximum"),
    sa.Index(None, "network_type", "physical_network", "minimum"),
)
"""`is_default`: the settings say so. `physical_network`: empty if the type has none."""
