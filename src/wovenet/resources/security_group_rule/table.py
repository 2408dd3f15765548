"""Rules of security groups. `claim` keeps a group from having the same rule twice."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

SECURITY_GROUP_RULES = sa.Table(
    "security_group_rules",
    schema.METADATA,
    *schema.standard_columns(name=False),
    schema.uuid_col(
        "security_group_id", sa.ForeignKey("security_groups.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    schema.text_col("direction", 8),
    schema.text_col("ethertype", 8),
    schema.text_col("protocol", 40, nullable=True),
    schema.int_col("port_range_min", nullable=True),
    schema.int_col("port_range_max", nullable=True),
    schema.text_col("remote_ip_prefix", 64, nullable=True),
    schema.text_col("normalized_cidr", 64, nullable=True),
    schema.uuid_col(
        "remote_group_id", sa.ForeignKey("security_groups.id", ondelete="CASCADE"), nullable=True, index=True
    ),
    schema.uuid_col("remote_address_group_id", sa.ForeignKey("address_groups.id"), nullable=True, index=True),
    schema.text_col("claim", 64, unique=True, info={"wire": INTERNAL}),
)
"""`claim`: a digest of the group and of all that the rule matches."""
