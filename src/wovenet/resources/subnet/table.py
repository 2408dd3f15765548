"""Subnets. Lists that nobody filters by are JSON in the subnet's own row."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

SUBNETS = sa.Table(
    "subnets",
    schema.METADATA,
    *schema.standard_columns(),
    schema.uuid_col("network_id", sa.ForeignKey("networks.id", ondelete="CASCADE"), index=True),
    schema.int_col("ip_version"),
    schema.text_col("cidr", 64),
    schema.text_col("gateway_ip", 64, nullable=True),
    schema.bool_col("enable_dhcp"),
    schema.text_col("ipv6_ra_mode", 32, nullable=True),
    schema.text_col("ipv6_address_mode", 32, nullable=True),
    schema.uuid_col("subnetpool_id", nullable=True, index=True),
    schema.uuid_col("segment_id", sa.ForeignKey("network_segments.id"), nullable=True, index=True),
    schema.json_text("allocation_pools", nullable=False),
    schema.json_text("dns_nameservers", nullable=False),
    schema.json_text("host_routes", nullable=False),
    schema.json_text("service_types", nullable=False),
    schema.bool_col("dns_publish_fixed_ip"),
    schema.address_key("first_key", info={"wire": INTERNAL}),
    schema.address_key("last_key", info={"wire": INTERNAL}),
)
"""`first_key`, `last_key`: the CIDR's bounds, sortable, so that overlaps are found by an index range."""
