"""Address groups, and the addresses in them."""

import sqlalchemy as sa

from wovenet.store import schema

ADDRESS_GROUPS = sa.Table(
    "address_groups",
    schema.METADATA,
    *schema.standard_columns(),
)

ADDRESSES = sa.Table(
    "address_group_addresses",
    schema.METADATA,
    schema.uuid_col("address_group_id", sa.ForeignKey("address_groups.id", ondelete="CASCADE"), primary_key=True),
    schema.text_col("address", 64, primary_key=True),
)
"""`address`: a prefix as `rules.normalised` writes it."""
