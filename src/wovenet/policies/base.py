"""Rules that others refer to. Source: the defaults of Neutron 29."""

from wovenet.policies.rule import OLD_OWNER, alias

RULES = (
    alias("context_is_admin", "role:admin"),
    alias("context_with_global_access", "!"),
    alias("service_api", "role:service"),
    alias("owner", "project_id:%(project_id)s"),
    alias("admin_or_owner", "rule:context_is_admin or rule:owner"),
    alias("context_is_advsvc", "role:advsvc"),
    alias("admin_or_network_owner", "rule:context_is_admin or project_id:%(network:project_id)s"),
    alias("admin_owner_or_network_owner", "rule:owner or rule:admin_or_network_owner"),
    alias("network_owner", "project_id:%(network:project_id)s"),
    alias("admin_only", "rule:context_is_admin"),
    alias("regular_user", ""),
    alias("shared", "field:networks:shared=True"),
    alias("default", OLD_OWNER),
    alias("admin_or_ext_parent_owner", "rule:context_is_admin or project_id:%(ext_parent:project_id)s"),
    alias("ext_parent_owner", "project_id:%(ext_parent:project_id)s"),
    alias("sg_owner", "project_id:%(security_group:project_id)s"),
)
