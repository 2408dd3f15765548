"""Security groups. `default_of` claims the one default group of a project."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

SECURITY_GROUPS = sa.Table(
    "security_groups",
    schema.METADATA,
    *schema.standard_columns(),
    schema.bool_col("stateful"),
    sa.Column("default_of", sa.String(255), unique=True, info={"wire": INTERNAL}),
)
"""`default_of`: the project whose default group this is; NULL for any other group."""
