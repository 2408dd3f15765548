"""Networks. Their segments are in `segment.table`, who shares them in `rbac.table`."""

import sqlalchemy as sa

from wovenet.resources.base import wire
from wovenet.store import schema

NETWORKS = sa.Table(
    "networks",
    schema.METADATA,
    *schema.standard_columns(),
    schema.bool_col("admin_state_up"),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("mtu", sa.Integer, nullable=False),
    schema.bool_col("port_security_enabled"),
    wire("router:external", sa.Boolean(create_constraint=False), nullable=False),
)
