"""Rules of security groups. `claim` keeps a group from having the same rule twice."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

SECURITY_GROUP_RULES = sa.Table(
    "security_group_rules",
    schema.METADATA,
    *schema.standard_columns(is_named=False),
    schema.uuid_col(
        "security_group_id", sa.ForeignKey("security_groups.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("direction", sa.String(8), nullable=False),
    sa.Column("ethertype", sa.String(8), nullable=False),
    sa.Column("protocol", sa.String(40)),
    sa.Column("port_range_min", sa.Integer),
    sa.Column("port_range_max", sa.Integer),
    sa.Column("remote_ip_prefix", sa.String(64)),
    sa.Column("normalized_cidr", sa.String(64)),
    schema.uuid_col("remote_group_id", sa.ForeignKey("security_groups.id", ondelete="CASCADE"), index=True),
    sa.Column("claim", sa.String(64), nullable=False, unique=True, info={"wire": INTERNAL}),
)
"""`claim`: a digest of the group and of all that the rule matches."""
