"""Ports, their addresses, allowed pairs, security groups and further bindings."""

import sqlalchemy as sa

from wovenet.resources.base import INTERNAL, wire
from wovenet.store import schema

PORTS = sa.Table(
    "ports",
    schema.METADATA,
    *schema.standard_columns(),
    schema.uuid_col("network_id", sa.ForeignKey("networks.id")),
    schema.text_col("mac_address", 32),
    schema.bool_col("admin_state_up"),
    schema.text_col("status", 16),
    schema.text_col("device_id", index=True),
    schema.text_col("device_owner"),
    schema.bool_col("is_up"),
    schema.bool_col("port_security_enabled"),
    schema.text_col("ip_allocation", 16),
    wire("binding:host_id", schema.text_type(255), nullable=False, index=True),
    wire("binding:vnic_type", schema.text_type(64), nullable=False),
    wire("binding:vif_type", schema.text_type(64), nullable=False),
    wire("binding:vif_details", schema.long_text_type(), nullable=False),
    wire("binding:profile", schema.long_text_type(), nullable=False),
    schema.json_text("extra_dhcp_opts", nullable=False),
    schema.text_col("dns_name"),
    schema.text_col("dns_domain"),
    schema.text_col("device_profile", nullable=True),
    schema.text_col("numa_affinity_policy", 16, nullable=True),
    schema.text_col("hardware_offload_type", 64, nullable=True),
    schema.bool_col("trusted", nullable=True),
    schema.bool_col("propagate_uplink_status", default=True),
    sa.UniqueConstraint("mac_address", "network_id"),
    sa.Index(None, "network_id", "id"),
)

"""`is_up`: the Southbound says that the port is up. `status` follows from it and from what the port is to be."""

PORT_FIXED_IPS = sa.Table(
    "port_fixed_ips",
    schema.METADATA,
    schema.uuid_col("subnet_id", sa.ForeignKey("subnets.id"), primary_key=True),
    schema.address_key("ip_key", primary_key=True, info={"wire": INTERNAL}),
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), index=True),
    schema.text_col("ip_address", 64, index=True),
)
"""The primary key is the claim of an address: nothing else hands one out twice."""

PORT_ALLOWED_PAIRS = sa.Table(
    "port_allowed_pairs",
    schema.METADATA,
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True),
    schema.text_col("mac_address", 32, primary_key=True),
    schema.text_col("ip_address", 64, primary_key=True, index=True),
)

PORT_SECURITY_GROUPS = sa.Table(
    "port_security_groups",
    schema.METADATA,
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True),
    schema.uuid_col("security_group_id", sa.ForeignKey("security_groups.id"), primary_key=True, index=True),
)

PORT_BINDINGS = sa.Table(
    "port_bindings",
    schema.METADATA,
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True),
    schema.text_col("host", 255, primary_key=True, index=True),
    schema.text_col("vnic_type", 64),
    schema.text_col("vif_type", 64),
    schema.json_text("vif_details", nullable=False),
    schema.json_text("profile", nullable=False),
)
"""Bindings that are prepared and not active yet. The active one is in the port's row."""

PORT_CHASSIS = sa.Table(
    "port_chassis",
    schema.METADATA,
    schema.uuid_col("port_id", sa.ForeignKey("ports.id", ondelete="CASCADE"), primary_key=True),
    schema.text_col("chassis", 255, primary_key=True),
)
"""Where the Southbound says that a port is plugged in."""
