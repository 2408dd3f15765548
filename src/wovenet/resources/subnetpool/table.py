"""Subnet pools, the prefixes that they are made of, and what of these no subnet has."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

SUBNETPOOLS = sa.Table(
    "subnetpools",
    schema.METADATA,
    *schema.standard_columns(),
    schema.int_col("ip_version"),
    schema.int_col("default_prefixlen"),
    schema.int_col("min_prefixlen"),
    schema.int_col("max_prefixlen"),
    schema.bigint("default_quota", nullable=True),
    schema.bool_col("is_default"),
    schema.int_col("default_claim", unique=True, info={"wire": INTERNAL}, nullable=True),
    schema.uuid_col("address_scope_id", nullable=True, index=True),
    schema.bigint("turn", info={"wire": INTERNAL}, server_default="0"),
)
"""`default_claim`: the IP version of which the pool is the default, or NULL; unique, so that there is one only.
`turn`: counts changes of the space; whoever changes that writes here first, and so waits for the others.
"""

SUBNETPOOL_PREFIXES = sa.Table(
    "subnetpool_prefixes",
    schema.METADATA,
    schema.uuid_col("subnetpool_id", sa.ForeignKey("subnetpools.id", ondelete="CASCADE"), primary_key=True),
    schema.text_col("cidr", 64, primary_key=True),
    schema.address_key("first_key", index=True),
    schema.address_key("last_key"),
)

SUBNETPOOL_SPACE = sa.Table(
    "subnetpool_space",
    schema.METADATA,
    schema.uuid_col("subnetpool_id", sa.ForeignKey("subnetpools.id", ondelete="CASCADE"), primary_key=True),
    schema.int_col("prefixlen", primary_key=True, autoincrement=False),
    schema.address_key("first_key", primary_key=True),
)
"""The free blocks of a pool, as few and as large as they can be: two that make a larger one are never both there."""
