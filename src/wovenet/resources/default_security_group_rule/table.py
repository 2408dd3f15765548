"""Default rules of the deployment. `claim` keeps it from having the same rule twice."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

DEFAULT_RULES = sa.Table(
    "default_security_group_rules",
    schema.METADATA,
    schema.uuid_pk(),
    schema.text_col("description", nullable=True),
    schema.text_col("direction", 8),
    schema.text_col("ethertype", 8),
    schema.text_col("protocol", 40, nullable=True),
    schema.int_col("port_range_min", nullable=True),
    schema.int_col("port_range_max", nullable=True),
    schema.text_col("remote_ip_prefix", 64, nullable=True),
    schema.text_col("remote_group_id", 36, nullable=True, index=True),
    schema.uuid_col("remote_address_group_id", sa.ForeignKey("address_groups.id"), nullable=True, index=True),
    schema.bool_col("used_in_default_sg"),
    schema.bool_col("used_in_non_default_sg"),
    schema.text_col("normalized_cidr", 64, nullable=True, info={"wire": INTERNAL}),
    schema.text_col("claim", 64, unique=True, info={"wire": INTERNAL}),
)
"""`remote_group_id`: a group, or `templates.PARENT`. `claim`: a digest of all that the rule matches."""

RULES_KEPT = sa.Table(
    "default_security_group_rules_kept",
    schema.METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
)
"""One row as soon as DEFAULT_RULES is what holds; until then, the rules that every deployment starts with hold."""
