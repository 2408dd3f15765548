"""Hosts, mirrored from Chassis and Chassis_Private by the controller, so that binding needs no OVSDB connection."""

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
    schema.text_col("metadata_agent_id", nullable=True),
    schema.bigint("nb_cfg"),
    sa.Column("heartbeat_s", sa.Float(53), nullable=False),
    schema.timestamp_col("created_at"),
)
"""`heartbeat_s`: when the host last answered a liveness bump, in seconds since the epoch.

`bridge_mappings`: {physical network: bridge}; `cms_options`: {option: value or ""}; `encaps`: {type: ip}.
"""
