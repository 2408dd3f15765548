"""What controllers keep in the store: the ledger of what was written to NB, and what they say of themselves."""

import sqlalchemy as sa

from wovenet.store import schema

ROWS = sa.Table(
    "ovn_rows",
    schema.METADATA,
    schema.text_col("kind", 64),
    schema.text_col("unit_id"),
    schema.text_col("nb_table", 64),
    schema.uuid_col("row_uuid"),
    schema.uuid_col("actual_uuid"),
    sa.Column("fingerprint", sa.LargeBinary(16), nullable=False),
    sa.PrimaryKeyConstraint("row_uuid", "nb_table"),
    sa.Index(None, "unit_id", "kind"),
    sa.Index(None, "actual_uuid"),
    sqlite_with_rowid=False,
)
"""`row_uuid` is the computed one; `actual_uuid` is another only if the row was adopted. An empty fingerprint: the row
exists, with contents that we do not know."""

LINKS = sa.Table(
    "ovn_links",
    schema.METADATA,
    schema.text_col("kind", 64),
    schema.text_col("unit_id"),
    schema.text_col("nb_table", 64),
    schema.uuid_col("row_uuid"),
    schema.text_col("nb_column", 64),
    schema.uuid_col("member_uuid"),
    sa.PrimaryKeyConstraint("member_uuid", "row_uuid", "nb_column", "nb_table"),
    sa.Index(None, "unit_id", "kind"),
    sa.Index(None, "row_uuid"),
    sqlite_with_rowid=False,
)

SUSPECTS = sa.Table(
    "ovn_suspects",
    schema.METADATA,
    schema.text_col("kind", 64),
    schema.text_col("unit_id"),
    sa.PrimaryKeyConstraint("unit_id", "kind"),
    sqlite_with_rowid=False,
)
"""Units of which the ledger may be wrong: what NB has of them is read before anything is done to them."""

HEAD = sa.Table(
    "ovn_ledger",
    schema.METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    schema.text_col("stamp", 36),
    schema.bigint("epoch"),
    schema.bool_col("is_clean"),
    schema.text_col("settings", 64),
)
"""One row. `is_clean`: the last controller stopped with nothing half done. `settings`: a digest of what all units were
last rendered with."""

CONTROLLERS = sa.Table(
    "controllers",
    schema.METADATA,
    schema.text_col("name", primary_key=True),
    schema.text_col("role", 16),
    schema.bool_col("is_connected"),
    schema.text_col("cause", nullable=True),
    sa.Column("since_s", sa.Double(), nullable=False),
    sa.Column("heartbeat_s", sa.Double(), nullable=False),
)
"""`since_s`: when the role was taken, `heartbeat_s`: when it was last seen, in seconds since the epoch. `cause`: why it
is not connected."""
