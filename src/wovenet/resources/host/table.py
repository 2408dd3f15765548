"""Hosts, mirrored from Chassis and Chassis_Private by the controller, so that binding needs no OVSDB connection."""

import sqlalchemy as sa

from wovenet.store import schema

HOSTS = sa.Table(
    "hosts",
    schema.METADATA,
    sa.Column("chassis", sa.String(255), primary_key=True),
    sa.Column("hostname", sa.String(255), nullable=False, index=True),
    schema.json_text("bridge_mappings"),
    schema.json_text("cms_options"),
    schema.json_text("encaps"),
    schema.json_text("other_config"),
    sa.Column("metadata_agent_id", sa.String(255)),
    sa.Column("nb_cfg", sa.BigInteger, nullable=False),
    sa.Column("heartbeat_s", sa.Float(53), nullable=False),
    sa.Column("created_at", sa.String(20), nullable=False),
)
"""`heartbeat_s`: when the host last answered a liveness bump, in seconds since the epoch.

`bridge_mappings`: {physical network: bridge}; `cms_options`: {option: value or ""}; `encaps`: {type: ip}.
"""
