"""Rules of security groups. A rule has no rows of its own in OVN: its group's unit renders them."""

from wovenet.model import problems
from wovenet.resources.base import Resource
from wovenet.resources.security_group_rule import actions
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES

RESOURCE: Resource = Resource(
    collection="security_group_rules",
    member="security_group_rule",
    table=SECURITY_GROUP_RULES,
    not_found=lambda rule_id: problems.SecurityGroupRuleNotFound(id=rule_id),
    scope=actions.scope,
    columns={
        "security_group:project_id": actions.GROUP_PROJECT,
        "security_group:tenant_id": actions.GROUP_PROJECT,
        "belongs_to_default_sg": actions.IN_DEFAULT_GROUP,
    },
    quota="security_group_rule",
    # As the peer: who may not add rules to a group is told so, and that a group is not there at all.
    require_parents=lambda tx, _actor, request: actions.require_groups(tx, {request["security_group_id"]}),
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    delete=lambda tx, context, current: actions.delete(tx, RESOURCE, current),
)
