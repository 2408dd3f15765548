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
    schema.text_col("project_id", index=True),
    schema.text_col("object_type", 32),
    schema.uuid_col("object_id"),
    schema.text_col("target_project", info={"wire": "target_tenant"}),
    schema.text_col("action", 32),
    sa.UniqueConstraint("object_id", "action", "target_project"),
    sa.Index("ix_rbac_entries_target", "target_project", "object_type", "action"),
)
