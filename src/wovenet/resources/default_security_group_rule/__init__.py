"""Default rules of security groups: what new groups of any project have. OVN knows nothing of them."""

from wovenet.model import problems
from wovenet.resources.base import Resource
from wovenet.resources.default_security_group_rule import actions
from wovenet.resources.default_security_group_rule.table import DEFAULT_RULES

RESOURCE: Resource = Resource(
    collection="default_security_group_rules",
    member="default_security_group_rule",
    table=DEFAULT_RULES,
    not_found=lambda rule_id: problems.DefaultSecurityGroupRuleNotFound(id=rule_id),
    scope=lambda _: None,
    before_list=actions.before_list,
    is_bulk=False,
    create=lambda tx, context, requests: actions.create(tx, context, requests),
)
