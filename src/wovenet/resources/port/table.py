"""Ports, their addresses, allowed pairs and security groups. The active binding is in the port's own row."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL, wire
from wovenet.store import schema

PORTS = sa.Table(
    "ports",
    schema.METADATA,
    *schema.standard_columns(),
    schema.uuid_col("network_id", sa.ForeignKey("networks.id"), nullable=False),
    sa.Column("mac_address", sa.String(32), nullable=False),
    schema.bool_col("admin_state_up"),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("device_id", sa.String(255), nullable=False, index=True),
    sa.Column("device_owner", sa.String(255), nullable=False),
    schema.bool_col("port_security_enabled"),
    sa.Column("ip_allocation", sa.String(16), nullable=False),
    wire("binding:host_id", sa.String(255), nullable=False, index=True),
    wire("binding:vnic_type", sa.String(64), nullable=False),
    wire("binding:vif_type", sa.String(64), nullable=False),
    wire("binding:vif_details", sa.Text, nullable=False),
    wire("binding:profile", sa.Text, nullable=False),
    schema.json_text("extra_dhcp_opts"),
    sa.UniqueConstraint("network_id", "mac_address"),
)

PORT_FIXED_IPS = sa.Table(
    "port_fixed_ips",
    schema.METADATA,
    schema.uuid_col("subnet_id", sa.ForeignKey("subnets.id"), primary_key=True),
    schema.address_key("ip_key", primary_key=True, info={"wire": INTERNAL}),
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("ip_address", sa.String(64), nullable=False, index=True),
)
"""The primary key is the claim of an address: nothing else hands one out twice."""

PORT_ALLOWED_PAIRS = sa.Table(
    "port_allowed_pairs",
    schema.METADATA,
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("mac_address", sa.String(32), primary_key=True),
    sa.Column("ip_address", sa.String(64), primary_key=True, index=True),
)

PORT_SECURITY_GROUPS = sa.Table(
    "port_security_groups",
    schema.METADATA,
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True),
    schema.uuid_col("security_group_id", sa.ForeignKey("security_groups.id"), primary_key=True, index=True),
)
