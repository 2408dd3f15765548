"""Grants of access to objects of one project for another (or for everyone)."""

import sqlalchemy as sa

from wovenet.store import schema

EVERYONE = "*"
SHARED = "access_as_shared"
EXTERNAL = "access_as_external"

RBAC_ENTRIES = sa.Table(
    "rbac_entries",
    schema.METADATA,
    schema.uuid_pk(),
    sa.Column("project_id", sa.String(255), nullable=False, index=True),
    sa.Column("object_type", sa.String(32), nullable=False),
    schema.uuid_col("object_id", nullable=False),
    sa.Column("target_project", sa.String(255), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.UniqueConstraint("object_id", "action", "target_project"),
    sa.Index("ix_rbac_entries_target", "target_project", "object_type", "action"),
)
