"""Groups are made with rules that let everything out, and a default group with rules for its own members as well."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import crud
from wovenet.resources.base import Child, Context, Object, Resource
from wovenet.resources.default_security_group_rule.table import DEFAULT_RULES
from wovenet.resources.default_statefulness import lookup
from wovenet.resources.log import marks as log_marks
from wovenet.resources.port.table import PORT_SECURITY_GROUPS
from wovenet.resources.rbac import entries
from wovenet.resources.security_group import default
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule import actions as rule_actions
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.store import quota_usage
from wovenet.store.tx import Tx

_RULE_ATTRIBUTES = (
    *(column.name for column in SECURITY_GROUP_RULES.c if column.info.get("wire") is None),
    "tenant_id",
)


def _load_rule(*values: object) -> Object:
    rule = dict(zip(_RULE_ATTRIBUTES, values, strict=False))
    rule["tenant_id"] = rule["project_id"]
    rule["belongs_to_default_sg"] = None
    return rule


def derive(group: Object) -> None:
    """The group's rules say whether they belong to a default group. As the peer, but for groups that are just made."""
    for rule in group["security_group_rules"]:
        rule["belongs_to_default_sg"] = group["name"] == default.NAME


RULES = Child(
    attribute="security_group_rules",
    table=SECURITY_GROUP_RULES,
    parent=SECURITY_GROUP_RULES.c.security_group_id,
    columns=tuple(column for column in SECURITY_GROUP_RULES.c if column.info.get("wire") is None),
    load=_load_rule,
    order_by=(SECURITY_GROUP_RULES.c.security_group_id, SECURITY_GROUP_RULES.c.id),
)

_DELETE_DEFAULT_RULES = sa.delete(DEFAULT_RULES).where(DEFAULT_RULES.c.remote_group_id == sa.bindparam("of_group"))


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new groups, each with what default rules say. The default groups of their projects exist as well.

    Raises: SecurityGroupDefaultAlreadyExists, OverQuota (for the rules).
    """
    if any(default.is_name(request["name"]) for request in requests):
        raise problems.SecurityGroupDefaultAlreadyExists()
    default.ensure(tx, context, {request["project_id"] for request in requests})
    stateful = lookup.of_projects(tx, [request["project_id"] for request in requests])
    groups = [
        crud.new_object(tx, resource, {"stateful": stateful[request["project_id"]], **request}) for request in requests
    ]
    crud.insert(tx, resource, groups)
    rules = default.new_rules(tx, groups, are_default=False)
    crud.claim_quota(tx, context, "security_group_rule", rules)
    rule_actions.write(tx, rules)
    for group in groups:
        group["shared"] = False
        group["security_group_rules"] = [
            {**{name: rule.get(name) for name in _RULE_ATTRIBUTES}, "belongs_to_default_sg": False}
            for rule in rules
            if rule["security_group_id"] == group["id"]
        ]
    return groups


def update(tx: Tx, resource: Resource, current: Object, changes: Object) -> Object:
    """The group after `changes`.

    Raises: SecurityGroupDefaultAlreadyExists, SecurityGroupCannotUpdateDefault; SecurityGroupInUse if ports would turn
    from stateful to stateless, or back.
    """
    if "name" in changes:
        if default.is_name(changes["name"]):
            raise problems.SecurityGroupDefaultAlreadyExists()
        if current["name"] == default.NAME:
            raise problems.SecurityGroupCannotUpdateDefault()
    changes = {name: value for name, value in changes.items() if value != current[name]}
    if not changes:
        return current
    if "stateful" in changes:
        _require_unused(tx, current["id"])
    return crud.save(tx, resource, current, changes)


def delete(tx: Tx, resource: Resource, context: Context, current: Object) -> None:
    """The group and its rules are gone, and so are the rules of other groups, and default rules, that refer to it.

    Raises: SecurityGroupInUse, SecurityGroupCannotRemoveDefault.
    """
    group_id = current["id"]
    if current["name"] == default.NAME and not context.actor.is_admin:
        raise problems.SecurityGroupCannotRemoveDefault()
    _require_unused(tx, group_id)
    _give_back_rules(tx, group_id)
    log_marks.of_group(tx, group_id)
    tx.run(_DELETE_DEFAULT_RULES, {"of_group": group_id})
    crud.remove(tx, resource, [current])
    entries.forget(tx, group_id)


def _require_unused(tx: Tx, group_id: str) -> None:
    members = sa.select(PORT_SECURITY_GROUPS.c.port_id).where(PORT_SECURITY_GROUPS.c.security_group_id == group_id)
    if tx.row(members.limit(1)) is not None:
        raise problems.SecurityGroupInUse(id=group_id, reason="in use")


def _give_back_rules(tx: Tx, group_id: str) -> None:
    """The quota of every rule that goes with the group is given back; groups that lose a rule are touched."""
    rules = SECURITY_GROUP_RULES.c
    gone = tx.rows(
        sa.select(rules.security_group_id, rules.project_id, sa.func.count().label("number"))
        .where(sa.or_(rules.security_group_id == group_id, rules.remote_group_id == group_id))
        .group_by(rules.security_group_id, rules.project_id)
        .order_by(rules.project_id)
    )
    for row in gone:
        quota_usage.release(tx, row.project_id, "security_group_rule", row.number)
    others = {row.security_group_id for row in gone} - {group_id}
    if others:
        rule_actions.touch_groups(tx, others)


def is_known(tx: Tx, group_ids: set[str]) -> set[str]:
    """The ids among `group_ids` that name groups."""
    return {row.id for row in tx.rows(sa.select(SECURITY_GROUPS.c.id).where(SECURITY_GROUPS.c.id.in_(group_ids)))}
