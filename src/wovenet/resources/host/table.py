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
    schema.bigint("nb_cfg"),
    sa.Column("heartbeat_s", sa.Double(), nullable=False),
    schema.bool_col("is_alive"),
    schema.text_col("description"),
    schema.text_col("metadata_agent_id", nullable=True),
    schema.bigint("metadata_nb_cfg"),
    sa.Column("metadata_heartbeat_s", sa.Double(), nullable=False),
    schema.bool_col("metadata_is_alive"),
    schema.text_col("metadata_description"),
    schema.timestamp_col("created_at"),
)
"""A host and its two agents: ovn-controller, and (columns `metadata_…`) the one that serves metadata.

`bridge_mappings`: {physical network: bridge}; `cms_options`: {option: value or ""}; `encaps`: {type: ip}.

`nb_cfg`: the last liveness bump that the agent answered; `heartbeat_s`: when we saw that, in seconds since the epoch.
`is_alive`: the controller's last judgement. Who reads it does not compare the heartbeat with its own clock: while no
controller runs, no host is asked, and all of them would seem to die.
"""
