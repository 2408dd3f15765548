"""Whether new security groups are stateful, by project, and for those that have no word of their own."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

DEFAULT_STATEFULNESS = sa.Table(
    "default_statefulness",
    schema.METADATA,
    schema.uuid_pk(),
    schema.text_col("project_id", nullable=True),
    schema.bool_col("stateful"),
    schema.text_col("claim", unique=True, info={"wire": INTERNAL}),
)
"""`project_id`: NULL where it is meant for all projects. `claim`: the project, or ""; there is one word for each."""
