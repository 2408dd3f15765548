"""What is logged: packets that security groups let through or stop."""

import sqlalchemy as sa

from wovenet.store import schema

LOGS = sa.Table(
    "logs",
    schema.METADATA,
    *schema.standard_columns(),
    schema.text_col("resource_type"),
    schema.uuid_col("resource_id", sa.ForeignKey("security_groups.id", ondelete="CASCADE"), nullable=True, index=True),
    schema.uuid_col("target_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), nullable=True, index=True),
    schema.text_col("event", 16),
    schema.bool_col("enabled"),
)
"""`resource_id`: one group; otherwise `target_id`: the groups of one port; otherwise all groups."""
