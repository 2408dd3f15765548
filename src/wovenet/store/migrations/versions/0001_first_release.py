"""First release."""

import sqlalchemy as sa
from alembic import op

from wovenet.store import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Changes the schema."""
    op.create_table(
        "address_groups",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_groups")),
    )
    with op.batch_alter_table("address_groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_groups_project_id"), ["project_id"], unique=False)

    op.create_table(
        "address_scopes",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_scopes")),
    )
    with op.batch_alter_table("address_scopes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_scopes_project_id"), ["project_id"], unique=False)

    op.create_table(
        "agents",
        sa.Column("id", schema.text_type(255), nullable=False),
        sa.Column("chassis", schema.text_type(255), nullable=False),
        sa.Column("host", schema.text_type(255), nullable=False),
        sa.Column("agent_type", schema.text_type(255), nullable=False),
        sa.Column("binary", schema.text_type(255), nullable=False),
        sa.Column("topic", schema.text_type(255), nullable=False),
        sa.Column("availability_zone", schema.text_type(255), nullable=False),
        sa.Column("configurations", schema.long_text_type(), nullable=False),
        sa.Column("description", schema.text_type(255), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("alive", sa.Boolean(), nullable=False),
        sa.Column("heartbeat_s", sa.Double(), nullable=False),
        sa.Column("nb_cfg", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
    )
    with op.batch_alter_table("agents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agents_chassis"), ["chassis"], unique=False)
        batch_op.create_index(batch_op.f("ix_agents_host"), ["host"], unique=False)

    op.create_table(
        "controllers",
        sa.Column("name", schema.text_type(255), nullable=False),
        sa.Column("role", schema.text_type(16), nullable=False),
        sa.Column("is_connected", sa.Boolean(), nullable=False),
        sa.Column("cause", schema.text_type(255), nullable=True),
        sa.Column("since_s", sa.Double(), nullable=False),
        sa.Column("heartbeat_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_controllers")),
    )
    op.create_table(
        "counters",
        sa.Column("name", schema.text_type(64), nullable=False),
        sa.Column("value", schema.bigint_type(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "default_security_group_rules_kept",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_default_security_group_rules_kept")),
    )
    op.create_table(
        "default_statefulness",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.Column("claim", schema.text_type(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_default_statefulness")),
        sa.UniqueConstraint("claim", name=op.f("uq_default_statefulness_claim")),
    )
    op.create_table(
        "free_ranges",
        sa.Column("pool", schema.text_type(64), nullable=False),
        sa.Column("first", schema.fixed_type(32), nullable=False),
        sa.Column("last", schema.fixed_type(32), nullable=False),
        sa.PrimaryKeyConstraint("pool", "last", name=op.f("pk_free_ranges")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hosts",
        sa.Column("chassis", schema.text_type(255), nullable=False),
        sa.Column("hostname", schema.text_type(255), nullable=False),
        sa.Column("bridge_mappings", schema.long_text_type(), nullable=False),
        sa.Column("cms_options", schema.long_text_type(), nullable=False),
        sa.Column("encaps", schema.long_text_type(), nullable=False),
        sa.Column("other_config", schema.long_text_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.PrimaryKeyConstraint("chassis", name=op.f("pk_hosts")),
    )
    with op.batch_alter_table("hosts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hosts_hostname"), ["hostname"], unique=False)

    op.create_table(
        "marks",
        sa.Column("id", schema.bigint_type(), autoincrement=True, nullable=False),
        sa.Column("topic", schema.text_type(32), nullable=False),
        sa.Column("kind", schema.text_type(64), nullable=False),
        sa.Column("unit_id", schema.text_type(255), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marks")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marks_topic_kind_id"), ["topic", "kind", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_marks_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "network_segment_ranges",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("network_type", schema.text_type(32), nullable=False),
        sa.Column("physical_network", schema.text_type(64), nullable=False),
        sa.Column("minimum", schema.bigint_type(), nullable=False),
        sa.Column("maximum", schema.bigint_type(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_segment_ranges")),
    )
    with op.batch_alter_table("network_segment_ranges", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_network_segment_ranges_network_type_physical_network_minimum"),
            ["network_type", "physical_network", "minimum"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_network_segment_ranges_project_id"), ["project_id"], unique=False)

    op.create_table(
        "networks",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("status", schema.text_type(16), nullable=False),
        sa.Column("mtu", sa.Integer(), nullable=False),
        sa.Column("port_security_enabled", sa.Boolean(), nullable=False),
        sa.Column("router_external", sa.Boolean(), nullable=False),
        sa.Column("vlan_transparent", sa.Boolean(), nullable=False),
        sa.Column("qinq", sa.Boolean(), nullable=False),
        sa.Column("availability_zone_hints", schema.long_text_type(), nullable=False),
        sa.Column("dns_domain", schema.text_type(255), nullable=False),
        sa.Column("default_claim", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_networks")),
        sa.UniqueConstraint("default_claim", name=op.f("uq_networks_default_claim")),
    )
    with op.batch_alter_table("networks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_networks_project_id"), ["project_id"], unique=False)

    op.create_table(
        "ovn_ledger",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", schema.text_type(36), nullable=False),
        sa.Column("epoch", schema.bigint_type(), nullable=False),
        sa.Column("is_clean", sa.Boolean(), nullable=False),
        sa.Column("settings", schema.text_type(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ovn_ledger")),
    )
    op.create_table(
        "ovn_links",
        sa.Column("kind", schema.text_type(64), nullable=False),
        sa.Column("unit_id", schema.text_type(255), nullable=False),
        sa.Column("nb_table", schema.text_type(64), nullable=False),
        sa.Column("row_uuid", schema.fixed_type(36), nullable=False),
        sa.Column("nb_column", schema.text_type(64), nullable=False),
        sa.Column("member_uuid", schema.fixed_type(36), nullable=False),
        sa.PrimaryKeyConstraint("member_uuid", "row_uuid", "nb_column", "nb_table", name=op.f("pk_ovn_links")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ovn_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ovn_links_row_uuid"), ["row_uuid"], unique=False)
        batch_op.create_index(batch_op.f("ix_ovn_links_unit_id_kind"), ["unit_id", "kind"], unique=False)

    op.create_table(
        "ovn_rows",
        sa.Column("kind", schema.text_type(64), nullable=False),
        sa.Column("unit_id", schema.text_type(255), nullable=False),
        sa.Column("nb_table", schema.text_type(64), nullable=False),
        sa.Column("row_uuid", schema.fixed_type(36), nullable=False),
        sa.Column("actual_uuid", schema.fixed_type(36), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("row_uuid", "nb_table", name=op.f("pk_ovn_rows")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ovn_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ovn_rows_actual_uuid"), ["actual_uuid"], unique=False)
        batch_op.create_index(batch_op.f("ix_ovn_rows_unit_id_kind"), ["unit_id", "kind"], unique=False)

    op.create_table(
        "ovn_suspects",
        sa.Column("kind", schema.text_type(64), nullable=False),
        sa.Column("unit_id", schema.text_type(255), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "kind", name=op.f("pk_ovn_suspects")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quota_usage",
        sa.Column("project_id", schema.text_type(255), nullable=False),
        sa.Column("resource", schema.text_type(64), nullable=False),
        sa.Column("used", schema.bigint_type(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "resource", name=op.f("pk_quota_usage")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quotas",
        sa.Column("project_id", schema.text_type(255), nullable=False),
        sa.Column("resource", schema.text_type(64), nullable=False),
        sa.Column("limit", schema.bigint_type(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "resource", name=op.f("pk_quotas")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rbac_entries",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=False),
        sa.Column("object_type", schema.text_type(32), nullable=False),
        sa.Column("object_id", schema.fixed_type(36), nullable=False),
        sa.Column("target_project", schema.text_type(255), nullable=False),
        sa.Column("action", schema.text_type(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rbac_entries")),
        sa.UniqueConstraint(
            "object_id", "action", "target_project", name=op.f("uq_rbac_entries_object_id_action_target_project")
        ),
    )
    with op.batch_alter_table("rbac_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rbac_entries_project_id"), ["project_id"], unique=False)
        batch_op.create_index("ix_rbac_entries_target", ["target_project", "object_type", "action"], unique=False)

    op.create_table(
        "security_groups",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.Column("default_of", schema.text_type(255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_groups")),
        sa.UniqueConstraint("default_of", name=op.f("uq_security_groups_default_of")),
    )
    with op.batch_alter_table("security_groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_groups_project_id"), ["project_id"], unique=False)

    op.create_table(
        "segment_pools",
        sa.Column("pool", schema.text_type(64), nullable=False),
        sa.Column("ranges", schema.long_text_type(), nullable=False),
        sa.PrimaryKeyConstraint("pool", name=op.f("pk_segment_pools")),
    )
    op.create_table(
        "subnetpools",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("default_prefixlen", sa.Integer(), nullable=False),
        sa.Column("min_prefixlen", sa.Integer(), nullable=False),
        sa.Column("max_prefixlen", sa.Integer(), nullable=False),
        sa.Column("default_quota", schema.bigint_type(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("default_claim", sa.Integer(), nullable=True),
        sa.Column("address_scope_id", schema.fixed_type(36), nullable=True),
        sa.Column("turn", schema.bigint_type(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subnetpools")),
        sa.UniqueConstraint("default_claim", name=op.f("uq_subnetpools_default_claim")),
    )
    with op.batch_alter_table("subnetpools", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subnetpools_address_scope_id"), ["address_scope_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subnetpools_project_id"), ["project_id"], unique=False)

    op.create_table(
        "tags",
        sa.Column("object_id", schema.fixed_type(36), nullable=False),
        sa.Column("tag", schema.text_type(255), nullable=False),
        sa.Column("collection", schema.text_type(64), nullable=False),
        sa.PrimaryKeyConstraint("object_id", "tag", name=op.f("pk_tags")),
    )
    op.create_table(
        "units",
        sa.Column("topic", schema.text_type(32), nullable=False),
        sa.Column("kind", schema.text_type(64), nullable=False),
        sa.Column("id", schema.text_type(255), nullable=False),
        sa.Column("revision", schema.bigint_type(), nullable=True),
        sa.Column("state", schema.text_type(16), nullable=False),
        sa.Column("reason", schema.text_type(1024), nullable=True),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.Double(), nullable=True),
        sa.Column("waiting_on", schema.text_type(320), nullable=True),
        sa.PrimaryKeyConstraint("topic", "id", "kind", name=op.f("pk_units")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_units_state_topic"), ["state", "topic"], unique=False)
        batch_op.create_index(batch_op.f("ix_units_topic_retry_at"), ["topic", "retry_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_units_topic_waiting_on"), ["topic", "waiting_on"], unique=False)

    op.create_table(
        "address_group_addresses",
        sa.Column("address_group_id", schema.fixed_type(36), nullable=False),
        sa.Column("address", schema.text_type(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_group_id"],
            ["address_groups.id"],
            name=op.f("fk_address_group_addresses_address_group_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("address_group_id", "address", name=op.f("pk_address_group_addresses")),
    )
    op.create_table(
        "default_security_group_rules",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("direction", schema.text_type(8), nullable=False),
        sa.Column("ethertype", schema.text_type(8), nullable=False),
        sa.Column("protocol", schema.text_type(40), nullable=True),
        sa.Column("port_range_min", sa.Integer(), nullable=True),
        sa.Column("port_range_max", sa.Integer(), nullable=True),
        sa.Column("remote_ip_prefix", schema.text_type(64), nullable=True),
        sa.Column("remote_group_id", schema.text_type(36), nullable=True),
        sa.Column("remote_address_group_id", schema.fixed_type(36), nullable=True),
        sa.Column("used_in_default_sg", sa.Boolean(), nullable=False),
        sa.Column("used_in_non_default_sg", sa.Boolean(), nullable=False),
        sa.Column("normalized_cidr", schema.text_type(64), nullable=True),
        sa.Column("claim", schema.text_type(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["remote_address_group_id"],
            ["address_groups.id"],
            name=op.f("fk_default_security_group_rules_remote_address_group_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_default_security_group_rules")),
        sa.UniqueConstraint("claim", name=op.f("uq_default_security_group_rules_claim")),
    )
    with op.batch_alter_table("default_security_group_rules", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_default_security_group_rules_remote_address_group_id"),
            ["remote_address_group_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_default_security_group_rules_remote_group_id"), ["remote_group_id"], unique=False
        )

    op.create_table(
        "network_segments",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("network_id", schema.fixed_type(36), nullable=False),
        sa.Column("segment_index", sa.Integer(), nullable=False),
        sa.Column("network_type", schema.text_type(32), nullable=False),
        sa.Column("physical_network", schema.text_type(64), nullable=True),
        sa.Column("segmentation_id", schema.bigint_type(), nullable=True),
        sa.Column("claim", schema.text_type(128), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.id"], name=op.f("fk_network_segments_network_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_segments")),
        sa.UniqueConstraint("claim", name=op.f("uq_network_segments_claim")),
    )
    with op.batch_alter_table("network_segments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_segments_network_id"), ["network_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_network_segments_network_type_segmentation_id"),
            ["network_type", "segmentation_id"],
            unique=False,
        )

    op.create_table(
        "ports",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("network_id", schema.fixed_type(36), nullable=False),
        sa.Column("mac_address", schema.text_type(32), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("status", schema.text_type(16), nullable=False),
        sa.Column("device_id", schema.text_type(255), nullable=False),
        sa.Column("device_owner", schema.text_type(255), nullable=False),
        sa.Column("is_up", sa.Boolean(), nullable=False),
        sa.Column("port_security_enabled", sa.Boolean(), nullable=False),
        sa.Column("ip_allocation", schema.text_type(16), nullable=False),
        sa.Column("binding_host_id", schema.text_type(255), nullable=False),
        sa.Column("binding_vnic_type", schema.text_type(64), nullable=False),
        sa.Column("binding_vif_type", schema.text_type(64), nullable=False),
        sa.Column("binding_vif_details", schema.long_text_type(), nullable=False),
        sa.Column("binding_profile", schema.long_text_type(), nullable=False),
        sa.Column("extra_dhcp_opts", schema.long_text_type(), nullable=False),
        sa.Column("dns_name", schema.text_type(255), nullable=False),
        sa.Column("dns_domain", schema.text_type(255), nullable=False),
        sa.Column("device_profile", schema.text_type(255), nullable=True),
        sa.Column("numa_affinity_policy", schema.text_type(16), nullable=True),
        sa.Column("hardware_offload_type", schema.text_type(64), nullable=True),
        sa.Column("trusted", sa.Boolean(), nullable=True),
        sa.Column("propagate_uplink_status", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_ports_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ports")),
        sa.UniqueConstraint("mac_address", "network_id", name=op.f("uq_ports_mac_address_network_id")),
    )
    with op.batch_alter_table("ports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ports_binding_host_id"), ["binding_host_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ports_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ports_network_id_id"), ["network_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ports_project_id"), ["project_id"], unique=False)

    op.create_table(
        "security_group_rules",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("security_group_id", schema.fixed_type(36), nullable=False),
        sa.Column("direction", schema.text_type(8), nullable=False),
        sa.Column("ethertype", schema.text_type(8), nullable=False),
        sa.Column("protocol", schema.text_type(40), nullable=True),
        sa.Column("port_range_min", sa.Integer(), nullable=True),
        sa.Column("port_range_max", sa.Integer(), nullable=True),
        sa.Column("remote_ip_prefix", schema.text_type(64), nullable=True),
        sa.Column("normalized_cidr", schema.text_type(64), nullable=True),
        sa.Column("remote_group_id", schema.fixed_type(36), nullable=True),
        sa.Column("remote_address_group_id", schema.fixed_type(36), nullable=True),
        sa.Column("claim", schema.text_type(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["remote_address_group_id"],
            ["address_groups.id"],
            name=op.f("fk_security_group_rules_remote_address_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["remote_group_id"],
            ["security_groups.id"],
            name=op.f("fk_security_group_rules_remote_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["security_group_id"],
            ["security_groups.id"],
            name=op.f("fk_security_group_rules_security_group_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_group_rules")),
        sa.UniqueConstraint("claim", name=op.f("uq_security_group_rules_claim")),
    )
    with op.batch_alter_table("security_group_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_group_rules_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_security_group_rules_remote_address_group_id"), ["remote_address_group_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_security_group_rules_remote_group_id"), ["remote_group_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_security_group_rules_security_group_id"), ["security_group_id"], unique=False
        )

    op.create_table(
        "subnetpool_prefixes",
        sa.Column("subnetpool_id", schema.fixed_type(36), nullable=False),
        sa.Column("cidr", schema.text_type(64), nullable=False),
        sa.Column("first_key", schema.fixed_type(32), nullable=False),
        sa.Column("last_key", schema.fixed_type(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["subnetpool_id"], ["subnetpools.id"], name=op.f("fk_subnetpool_prefixes_subnetpool_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subnetpool_id", "cidr", name=op.f("pk_subnetpool_prefixes")),
    )
    with op.batch_alter_table("subnetpool_prefixes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subnetpool_prefixes_first_key"), ["first_key"], unique=False)

    op.create_table(
        "subnetpool_space",
        sa.Column("subnetpool_id", schema.fixed_type(36), nullable=False),
        sa.Column("prefixlen", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_key", schema.fixed_type(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["subnetpool_id"], ["subnetpools.id"], name=op.f("fk_subnetpool_space_subnetpool_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subnetpool_id", "prefixlen", "first_key", name=op.f("pk_subnetpool_space")),
    )
    op.create_table(
        "logs",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("resource_type", schema.text_type(255), nullable=False),
        sa.Column("resource_id", schema.fixed_type(36), nullable=True),
        sa.Column("target_id", schema.fixed_type(36), nullable=True),
        sa.Column("event", schema.text_type(16), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["security_groups.id"], name=op.f("fk_logs_resource_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["target_id"], ["ports.id"], name=op.f("fk_logs_target_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
    )
    with op.batch_alter_table("logs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_logs_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_logs_resource_id"), ["resource_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_logs_target_id"), ["target_id"], unique=False)

    op.create_table(
        "port_allowed_pairs",
        sa.Column("port_id", schema.fixed_type(36), nullable=False),
        sa.Column("mac_address", schema.text_type(32), nullable=False),
        sa.Column("ip_address", schema.text_type(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"], ["ports.id"], name=op.f("fk_port_allowed_pairs_port_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("port_id", "mac_address", "ip_address", name=op.f("pk_port_allowed_pairs")),
    )
    with op.batch_alter_table("port_allowed_pairs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_port_allowed_pairs_ip_address"), ["ip_address"], unique=False)

    op.create_table(
        "port_bindings",
        sa.Column("port_id", schema.fixed_type(36), nullable=False),
        sa.Column("host", schema.text_type(255), nullable=False),
        sa.Column("vnic_type", schema.text_type(64), nullable=False),
        sa.Column("vif_type", schema.text_type(64), nullable=False),
        sa.Column("vif_details", schema.long_text_type(), nullable=False),
        sa.Column("profile", schema.long_text_type(), nullable=False),
        sa.ForeignKeyConstraint(["port_id"], ["ports.id"], name=op.f("fk_port_bindings_port_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("port_id", "host", name=op.f("pk_port_bindings")),
    )
    with op.batch_alter_table("port_bindings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_port_bindings_host"), ["host"], unique=False)

    op.create_table(
        "port_chassis",
        sa.Column("port_id", schema.fixed_type(36), nullable=False),
        sa.Column("chassis", schema.text_type(255), nullable=False),
        sa.ForeignKeyConstraint(["port_id"], ["ports.id"], name=op.f("fk_port_chassis_port_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("port_id", "chassis", name=op.f("pk_port_chassis")),
    )
    op.create_table(
        "port_security_groups",
        sa.Column("port_id", schema.fixed_type(36), nullable=False),
        sa.Column("security_group_id", schema.fixed_type(36), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"], ["ports.id"], name=op.f("fk_port_security_groups_port_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["security_group_id"], ["security_groups.id"], name=op.f("fk_port_security_groups_security_group_id")
        ),
        sa.PrimaryKeyConstraint("port_id", "security_group_id", name=op.f("pk_port_security_groups")),
    )
    with op.batch_alter_table("port_security_groups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_port_security_groups_security_group_id"), ["security_group_id"], unique=False
        )

    op.create_table(
        "subnets",
        sa.Column("id", schema.fixed_type(36), nullable=False),
        sa.Column("project_id", schema.text_type(255), nullable=True),
        sa.Column("name", schema.text_type(255), nullable=True),
        sa.Column("description", schema.text_type(255), nullable=True),
        sa.Column("revision_number", schema.bigint_type(), nullable=False),
        sa.Column("created_at", schema.fixed_type(20), nullable=False),
        sa.Column("updated_at", schema.fixed_type(20), nullable=False),
        sa.Column("network_id", schema.fixed_type(36), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("cidr", schema.text_type(64), nullable=False),
        sa.Column("gateway_ip", schema.text_type(64), nullable=True),
        sa.Column("enable_dhcp", sa.Boolean(), nullable=False),
        sa.Column("ipv6_ra_mode", schema.text_type(32), nullable=True),
        sa.Column("ipv6_address_mode", schema.text_type(32), nullable=True),
        sa.Column("subnetpool_id", schema.fixed_type(36), nullable=True),
        sa.Column("segment_id", schema.fixed_type(36), nullable=True),
        sa.Column("allocation_pools", schema.long_text_type(), nullable=False),
        sa.Column("dns_nameservers", schema.long_text_type(), nullable=False),
        sa.Column("host_routes", schema.long_text_type(), nullable=False),
        sa.Column("service_types", schema.long_text_type(), nullable=False),
        sa.Column("dns_publish_fixed_ip", sa.Boolean(), nullable=False),
        sa.Column("first_key", schema.fixed_type(32), nullable=False),
        sa.Column("last_key", schema.fixed_type(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.id"], name=op.f("fk_subnets_network_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["segment_id"], ["network_segments.id"], name=op.f("fk_subnets_segment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subnets")),
    )
    with op.batch_alter_table("subnets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subnets_network_id"), ["network_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subnets_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subnets_segment_id"), ["segment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subnets_subnetpool_id"), ["subnetpool_id"], unique=False)

    op.create_table(
        "port_fixed_ips",
        sa.Column("subnet_id", schema.fixed_type(36), nullable=False),
        sa.Column("ip_key", schema.fixed_type(32), nullable=False),
        sa.Column("port_id", schema.fixed_type(36), nullable=False),
        sa.Column("ip_address", schema.text_type(64), nullable=False),
        sa.ForeignKeyConstraint(["port_id"], ["ports.id"], name=op.f("fk_port_fixed_ips_port_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["subnet_id"], ["subnets.id"], name=op.f("fk_port_fixed_ips_subnet_id")),
        sa.PrimaryKeyConstraint("subnet_id", "ip_key", name=op.f("pk_port_fixed_ips")),
    )
    with op.batch_alter_table("port_fixed_ips", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_port_fixed_ips_ip_address"), ["ip_address"], unique=False)
        batch_op.create_index(batch_op.f("ix_port_fixed_ips_port_id"), ["port_id"], unique=False)
