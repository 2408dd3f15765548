"""Address scopes. What the wire does not show of them, their revision for one, orders their changes."""

import sqlalchemy as sa

from wovenet.store import schema

ADDRESS_SCOPES = sa.Table(
    "address_scopes",
    schema.METADATA,
    *schema.standard_columns(),
    schema.int_col("ip_version"),
)
