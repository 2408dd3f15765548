"""Hosts, mirrored from Chassis by the controller, so that binding needs no OVSDB connection."""

import sqlalchemy as sa

from wovenet.store import schema

HOSTS = sa.Table(
    "hosts",
    schema.METADATA,
    schema.text_col("chassis", primary_key=True),
    schema.text_col("hostname", index=True),
    schema.json_text("bridge_mappings", nullable=False),
    schema.json_text("cms_options", nullable=False),
    schema.json_text("encaps", nullable=False),
    schema.json_text("other_config", nullable=False),
    schema.timestamp_col("created_at"),
)
"""`bridge_mappings`: {physical network: bridge}; `cms_options`: {option: value or ""}; `encaps`: {type: ip}.

Whether a host lives is in the row of its agent.
"""
