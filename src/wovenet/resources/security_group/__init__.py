"""Security groups. The unit of a group renders its port group and the ACLs of its rules."""

from wovenet.model import problems
from wovenet.resources import tagging
from wovenet.resources.base import Resource
from wovenet.resources.security_group import actions, default, sharing
from wovenet.resources.security_group.table import SECURITY_GROUPS

RESOURCE: Resource = Resource(
    collection="security_groups",
    member="security_group",
    table=SECURITY_GROUPS,
    not_found=lambda group_id: problems.SecurityGroupNotFound(id=group_id),
    expressions={"shared": sharing.is_shared},
    children=(actions.RULES, tagging.child()),
    derived={"security_group_rules": ("name",)},
    derive=actions.derive,
    filters={**tagging.filters(SECURITY_GROUPS)},
    scope=sharing.scope,
    unit="security_group",
    quota="security_group",
    first_revision=1,
    before_list=default.before_list,
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, context, current, changes: actions.update(tx, RESOURCE, current, changes),
    delete=lambda tx, context, current: actions.delete(tx, RESOURCE, context, current),
)
