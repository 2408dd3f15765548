"""Security groups, their rules and default rules, address groups. Source: the defaults of Neutron 29."""

from wovenet.policies.rule import ADMIN, ANY_READER, MANAGER, MEMBER, OLD_ANYBODY, OLD_OWNER, READER, alias, rule

RULES = (
    alias("shared_address_groups", "field:address_groups:shared=True"),
    rule("create_address_group", MEMBER, was=OLD_ANYBODY),
    rule(
        "get_address_group",
        "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_address_groups",
        was="rule:admin_or_owner or rule:shared_address_groups",
    ),
    rule("update_address_group", MEMBER, was=OLD_OWNER),
    rule("delete_address_group", MEMBER, was=OLD_OWNER),
    rule("add_addresses", MEMBER, was=OLD_OWNER, at="PUT /address-groups/{id}/add_addresses"),
    rule("remove_addresses", MEMBER, was=OLD_OWNER, at="PUT /address-groups/{id}/remove_addresses"),
    rule("create_default_security_group_rule", ADMIN, was=ADMIN),
    rule("get_default_security_group_rule", ANY_READER, was=OLD_ANYBODY),
    rule("delete_default_security_group_rule", ADMIN, was=ADMIN),
    alias("admin_or_sg_owner", "rule:context_is_admin or project_id:%(security_group:project_id)s"),
    alias("admin_owner_or_sg_owner", "rule:owner or rule:admin_or_sg_owner"),
    alias("shared_security_group", "field:security_groups:shared=True"),
    alias("rule_default_sg", "field:security_group_rules:belongs_to_default_sg=True"),
    rule(
        "create_default_security_group",
        "(rule:admin_only) or (rule:service_api) or role:reader and project_id:%(project_id)s",
        at=(),
    ),
    rule("create_security_group", MEMBER, was=OLD_OWNER),
    rule("create_security_group:tags", MEMBER, was=MEMBER, once="create_security_groups_tags"),
    rule(
        "get_security_group",
        "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_security_group",
        was=OLD_ANYBODY,
    ),
    rule(
        "get_security_group:tags",
        "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_security_group",
        was="(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_security_group",
        once="get_security_groups_tags",
    ),
    rule("update_security_group", MEMBER, was=OLD_OWNER),
    rule("update_security_group:tags", MEMBER, was=MEMBER, once="update_security_groups_tags"),
    rule("delete_security_group", MEMBER, was=OLD_OWNER),
    rule("delete_security_group:tags", MEMBER, was=MEMBER, once="delete_security_groups_tags"),
    rule("create_security_group_rule", "(rule:admin_only) or (role:member and rule:sg_owner)", was=OLD_OWNER),
    rule(
        "get_security_group_rule",
        "(rule:admin_only) or (role:reader and rule:sg_owner)",
        was="rule:admin_owner_or_sg_owner",
    ),
    # Neutron names no such rule, and fails: only the description of a rule can be changed.
    rule("update_security_group_rule", "(rule:admin_only) or (role:member and rule:sg_owner)", was=OLD_OWNER),
    rule("delete_security_group_rule", "(rule:admin_only) or (role:member and rule:sg_owner)", was=OLD_OWNER),
    rule("create_security_groups_default_statefulness", MANAGER),
    rule("get_security_groups_default_statefulness", READER),
    rule("update_security_groups_default_statefulness", MANAGER),
    rule("delete_security_groups_default_statefulness", MANAGER),
)
