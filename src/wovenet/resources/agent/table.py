"""Agents, mirrored from Chassis_Private by the controller: of each host ovn-controller and the one for metadata."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL
from wovenet.store import schema

AGENTS = sa.Table(
    "agents",
    schema.METADATA,
    schema.text_col("id", primary_key=True),
    schema.text_col("chassis", index=True, info={"wire": INTERNAL}),
    schema.text_col("host", index=True),
    schema.text_col("agent_type"),
    schema.text_col("binary"),
    schema.text_col("topic"),
    schema.text_col("availability_zone"),
    schema.json_text("configurations", nullable=False),
    schema.text_col("description"),
    schema.bool_col("admin_state_up"),
    schema.bool_col("alive"),
    sa.Column("heartbeat_s", sa.Double(), nullable=False),
    schema.bigint("nb_cfg", info={"wire": INTERNAL}),
    schema.timestamp_col("created_at"),
)
"""The agent that is ovn-controller has the chassis' name as its id; the other one chose its own.

`nb_cfg`: the last liveness bump that the agent answered; `heartbeat_s`: when we saw that, in seconds since the epoch.
`alive`: the controller's last judgement. Who reads it does not compare the heartbeat with its own clock: while no
controller runs, no agent is asked, and all of them would seem to die.
"""
