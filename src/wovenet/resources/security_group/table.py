"""Security groups. `default_of` claims the one default group of a project."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

SECURITY_GROUPS = sa.Table(
    "security_groups",
    schema.METADATA,
    *schema.standard_columns(),
    schema.bool_col("stateful"),
    schema.text_col("default_of", unique=True, info={"wire": INTERNAL}, nullable=True),
)
"""`default_of`: the project whose default group this is; NULL for any other group."""
