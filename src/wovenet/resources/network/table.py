"""Networks. Their segments are in `segment.table`, who shares them in `rbac.table`."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL, wire
from wovenet.store import schema

NETWORKS = sa.Table(
    "networks",
    schema.METADATA,
    *schema.standard_columns(),
    schema.bool_col("admin_state_up"),
    schema.text_col("status", 16),
    schema.int_col("mtu"),
    schema.bool_col("port_security_enabled"),
    wire("router:external", sa.Boolean(), nullable=False),
    schema.bool_col("vlan_transparent"),
    schema.bool_col("qinq"),
    schema.json_text("availability_zone_hints", nullable=False),
    schema.text_col("dns_domain"),
    schema.int_col("default_claim", unique=True, info={"wire": INTERNAL}, nullable=True),
)
"""`default_claim`: what the default external network has, and no other (see `default_external`)."""
