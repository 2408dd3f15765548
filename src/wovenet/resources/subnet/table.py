"""Subnets. Lists that nobody filters by are JSON in the subnet's own row."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

SUBNETS = sa.Table(
    "subnets",
    schema.METADATA,
    *schema.standard_columns(),
    schema.uuid_col("network_id", sa.ForeignKey("networks.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("ip_version", sa.SmallInteger, nullable=False),
    sa.Column("cidr", sa.String(64), nullable=False),
    sa.Column("gateway_ip", sa.String(64)),
    schema.bool_col("enable_dhcp"),
    sa.Column("ipv6_ra_mode", sa.String(32)),
    sa.Column("ipv6_address_mode", sa.String(32)),
    schema.uuid_col("subnetpool_id", index=True),
    schema.json_text("allocation_pools"),
    schema.json_text("dns_nameservers"),
    schema.json_text("host_routes"),
    schema.address_key("first_key", nullable=False, info={"wire": INTERNAL}),
    schema.address_key("last_key", nullable=False, info={"wire": INTERNAL}),
)
"""`first_key`, `last_key`: the CIDR's bounds, sortable, so that overlaps are found by an index range."""
