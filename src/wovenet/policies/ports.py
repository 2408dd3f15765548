"""Ports and their bindings. Source: the defaults of Neutron 29."""

from wovenet.policies.rule import (
    ADMIN,
    ADMIN_OR_SERVICE,
    MEMBER,
    OLD_ADVSVC_OR_NETWORK_OWNER,
    OLD_ANYBODY,
    OLD_NETWORK_OWNER,
    READER,
    SERVICE,
    alias,
    rule,
)

RULES = (
    rule("get_port_binding", ADMIN_OR_SERVICE, at="GET /ports/{port_id}/bindings"),
    rule("create_port_binding", SERVICE, at="POST /ports/{port_id}/bindings"),
    rule("delete_port_binding", SERVICE, at="DELETE /ports/{port_id}/bindings/{host}"),
    rule("activate", SERVICE, at="PUT /ports/{port_id}/bindings/{host}/activate"),
    alias("network_device", "field:port:device_owner=~^network:"),
    alias("compute_device", "field:port:device_owner=~^compute:"),
    alias("baremetal_device", "field:port:device_owner=~^baremetal:"),
    alias("manila_device", "field:port:device_owner=~^manila:"),
    alias("admin_or_data_plane_int", "rule:context_is_admin or role:data_plane_integrator"),
    rule(
        "create_port",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared",
        was=OLD_ANYBODY,
    ),
    rule(
        "create_port:device_id",
        "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api",
        was=OLD_ANYBODY,
    ),
    rule(
        "create_port:device_owner",
        "not rule:network_device or (rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was="not rule:network_device or rule:context_is_advsvc or rule:admin_or_network_owner",
    ),
    rule(
        "create_port:mac_address",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was=OLD_ADVSVC_OR_NETWORK_OWNER,
    ),
    rule(
        "create_port:fixed_ips",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared",
        was="rule:context_is_advsvc or rule:admin_or_network_owner or rule:shared",
    ),
    rule(
        "create_port:fixed_ips:ip_address",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was=OLD_ADVSVC_OR_NETWORK_OWNER,
    ),
    rule(
        "create_port:fixed_ips:subnet_id",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared",
        was="rule:context_is_advsvc or rule:admin_or_network_owner or rule:shared",
    ),
    rule(
        "create_port:port_security_enabled",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was=OLD_ADVSVC_OR_NETWORK_OWNER,
    ),
    rule("create_port:binding:host_id", ADMIN_OR_SERVICE, was=ADMIN),
    rule("create_port:binding:profile", SERVICE, was=ADMIN),
    rule(
        "create_port:binding:vnic_type",
        "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api",
        was=OLD_ANYBODY,
    ),
    rule(
        "create_port:allowed_address_pairs",
        "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api",
        was=OLD_NETWORK_OWNER,
    ),
    rule(
        "create_port:allowed_address_pairs:mac_address",
        "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api",
        was=OLD_NETWORK_OWNER,
    ),
    rule(
        "create_port:allowed_address_pairs:ip_address",
        "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api",
        was=OLD_NETWORK_OWNER,
    ),
    rule("create_port:hints", ADMIN),
    rule("create_port:trusted", ADMIN),
    rule(
        "create_port:tags",
        "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:context_is_advsvc",
        was="(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:context_is_advsvc",
        once="create_ports_tags",
    ),
    rule(
        "get_port",
        "(rule:admin_only) or (rule:service_api) or role:reader and rule:network_owner or role:reader and "
        "project_id:%(project_id)s",
        was="rule:context_is_advsvc or rule:admin_owner_or_network_owner",
    ),
    rule("get_port:binding:vif_type", ADMIN_OR_SERVICE, was=ADMIN),
    rule("get_port:binding:vif_details", ADMIN_OR_SERVICE, was=ADMIN),
    rule("get_port:binding:host_id", ADMIN_OR_SERVICE, was=ADMIN),
    rule("get_port:binding:profile", ADMIN_OR_SERVICE, was=ADMIN),
    rule("get_port:resource_request", ADMIN, was=ADMIN),
    rule("get_port:hints", ADMIN),
    rule("get_port:trusted", ADMIN),
    rule(
        "get_port:tags",
        "rule:context_is_advsvc or (rule:admin_only) or (role:reader and rule:network_owner) or role:reader "
        "and project_id:%(project_id)s",
        was=(
            "rule:context_is_advsvc or (rule:admin_only) or (role:reader and rule:network_owner) or role:reader "
            "and project_id:%(project_id)s"
        ),
        once="get_ports_tags",
    ),
    rule(
        "update_port",
        "(rule:admin_only) or (rule:service_api) or role:member and project_id:%(project_id)s",
        was="rule:admin_or_owner or rule:context_is_advsvc",
    ),
    rule(
        "update_port:device_id",
        "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api",
        was=OLD_ANYBODY,
    ),
    rule(
        "update_port:device_owner",
        "not rule:network_device or (rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was="not rule:network_device or rule:context_is_advsvc or rule:admin_or_network_owner",
    ),
    rule(
        "update_port:mac_address",
        "(rule:admin_only) or (rule:service_api) or role:manager and rule:network_owner",
        was="rule:admin_only or rule:context_is_advsvc",
    ),
    rule(
        "update_port:fixed_ips",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was=OLD_ADVSVC_OR_NETWORK_OWNER,
    ),
    rule(
        "update_port:fixed_ips:ip_address",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was=OLD_ADVSVC_OR_NETWORK_OWNER,
    ),
    rule(
        "update_port:fixed_ips:subnet_id",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared",
        was="rule:context_is_advsvc or rule:admin_or_network_owner or rule:shared",
    ),
    rule(
        "update_port:port_security_enabled",
        "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner",
        was=OLD_ADVSVC_OR_NETWORK_OWNER,
    ),
    rule("update_port:binding:host_id", ADMIN_OR_SERVICE, was=ADMIN),
    rule("update_port:binding:profile", SERVICE, was=ADMIN),
    rule(
        "update_port:binding:vnic_type",
        "(rule:admin_only) or (rule:service_api) or role:member and project_id:%(project_id)s",
        was="rule:admin_or_owner or rule:context_is_advsvc",
    ),
    rule(
        "update_port:allowed_address_pairs",
        "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api",
        was=OLD_NETWORK_OWNER,
    ),
    rule(
        "update_port:allowed_address_pairs:mac_address",
        "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api",
        was=OLD_NETWORK_OWNER,
    ),
    rule(
        "update_port:allowed_address_pairs:ip_address",
        "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api",
        was=OLD_NETWORK_OWNER,
    ),
    rule(
        "update_port:data_plane_status",
        "rule:admin_only or role:data_plane_integrator",
        was="rule:admin_or_data_plane_int",
    ),
    rule("update_port:hints", ADMIN),
    rule("update_port:trusted", ADMIN),
    rule(
        "update_port:tags",
        "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:context_is_advsvc",
        was="(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:context_is_advsvc",
        once="update_ports_tags",
    ),
    rule(
        "delete_port",
        "(rule:admin_only) or (rule:service_api) or (service_roles:service and (role:member and "
        "rule:network_owner or role:member and project_id:%(project_id)s)) or (not rule:compute_device and "
        "not rule:baremetal_device and not rule:manila_device and (role:member and rule:network_owner or "
        "role:member and project_id:%(project_id)s))",
        was="rule:context_is_advsvc or rule:admin_owner_or_network_owner",
    ),
    rule(
        "delete_port:tags",
        "rule:context_is_advsvc or role:member and project_id:%(project_id)s or (rule:admin_only) or "
        "(role:member and rule:network_owner)",
        was=(
            "rule:context_is_advsvc or role:member and project_id:%(project_id)s or (rule:admin_only) or "
            "(role:member and rule:network_owner)"
        ),
        once="delete_ports_tags",
    ),
    rule("create_port:pvlan_type", MEMBER),
    rule("create_port:pvlan_community", MEMBER),
    rule("update_port:pvlan_type", MEMBER),
    rule("update_port:pvlan_community", MEMBER),
    rule("get_port:pvlan_type", READER),
    rule("get_port:pvlan_community", READER),
)
