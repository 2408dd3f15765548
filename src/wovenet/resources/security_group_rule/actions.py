"""Rules come and go one by one; each change is a new revision of their group."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.model.ids import Unit
from wovenet.resources import crud
from wovenet.resources.address_group import sharing as address_group_sharing
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule import rules
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.store.tx import ReadTx, Tx

GROUP_PROJECT: "sa.ColumnElement[Any]" = (
    sa.select(SECURITY_GROUPS.c.project_id)
    .where(SECURITY_GROUPS.c.id == SECURITY_GROUP_RULES.c.security_group_id)
    .scalar_subquery()
)
"""The owner of the rule's group: what policies on rules ask for."""
IN_DEFAULT_GROUP: "sa.ColumnElement[bool]" = sa.exists().where(
    SECURITY_GROUPS.c.id == SECURITY_GROUP_RULES.c.security_group_id, SECURITY_GROUPS.c.default_of.is_not(None)
)
"""Whether the rule's group is the default group of its project."""

_IDS = SECURITY_GROUPS.c.id.in_(sa.bindparam("ids", expanding=True))
_GROUPS = sa.select(SECURITY_GROUPS.c.id, SECURITY_GROUPS.c.default_of).where(_IDS)
_TOUCH = (
    sa.update(SECURITY_GROUPS)
    .where(_IDS)
    .values(revision_number=SECURITY_GROUPS.c.revision_number + 1, updated_at=sa.bindparam("now"))
)
_CLAIMED = (
    sa.select(SECURITY_GROUP_RULES.c.id)
    .where(SECURITY_GROUP_RULES.c.claim.in_(sa.bindparam("claims", expanding=True)))
    .limit(1)
)


def scope(actor: Actor) -> "sa.ColumnElement[bool]":
    """Rules of the actor's project, and of its groups."""
    own_groups = sa.select(SECURITY_GROUPS.c.id).where(SECURITY_GROUPS.c.project_id == actor.project_id)
    return sa.or_(
        SECURITY_GROUP_RULES.c.project_id == actor.project_id,
        SECURITY_GROUP_RULES.c.security_group_id.in_(own_groups),
    )


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new rules of one group.

    Raises: SecurityGroupNotFound, AddressGroupNotFound, SecurityGroupRuleExists, DuplicateSecurityGroupRuleInPost, and
    what `rules` say.
    """
    made = [rules.normalised(request) for request in requests]
    groups = {rule["security_group_id"] for rule in made}
    if len(groups) > 1:
        raise problems.SecurityGroupNotSingleGroupRules()
    if len({rule["project_id"] for rule in made}) > 1:
        raise problems.SecurityGroupRulesNotSingleProject()
    defaults = require_groups(
        tx, groups | {rule["remote_group_id"] for rule in made if rule["remote_group_id"] is not None}
    )
    address_groups = [rule["remote_address_group_id"] for rule in made if rule["remote_address_group_id"] is not None]
    address_group_sharing.require_visible(tx, context.actor, address_groups)
    objects = [
        {**as_object(tx, resource, rule), "belongs_to_default_sg": rule["security_group_id"] in defaults}
        for rule in made
    ]
    claims = [item["claim"] for item in objects]
    if len(set(claims)) < len(claims):
        raise problems.DuplicateSecurityGroupRuleInPost()
    taken = tx.row(_CLAIMED, {"claims": claims})
    if taken is not None:
        raise problems.SecurityGroupRuleExists(rule_id=taken.id)
    write(tx, objects)
    touch_groups(tx, groups)
    return objects


def delete(tx: Tx, resource: Resource, current: Object) -> None:
    """The rule is gone; its group has a new revision."""
    crud.remove(tx, resource, [current])
    touch_groups(tx, {current["security_group_id"]})


def as_object(tx: ReadTx, resource: Resource, rule: Object) -> Object:
    """A new rule of normalised values, with its claim."""
    item = crud.new_object(tx, resource, rule)
    item.pop("tags")
    return {**item, "claim": rules.claim(rule)}


def write(tx: Tx, objects: Sequence[Object]) -> None:
    """The rules' rows are in the database. Their group is for the caller to touch."""
    names = [column.name for column in SECURITY_GROUP_RULES.c]
    tx.insert(SECURITY_GROUP_RULES, [{name: item.get(name) for name in names} for item in objects])


def touch_groups(tx: Tx, group_ids: set[str]) -> None:
    """The groups have a new revision and are marked."""
    tx.run(_TOUCH, {"ids": sorted(group_ids), "now": tx.now()})
    for group_id in group_ids:
        tx.mark(Unit("security_group", group_id))


def require_groups(tx: ReadTx, group_ids: set[str]) -> set[str]:
    """Those of the groups that are the default groups of their projects. Raises: SecurityGroupNotFound."""
    rows = tx.rows(_GROUPS, {"ids": sorted(group_ids)})
    missing = group_ids - {row.id for row in rows}
    if missing:
        raise problems.SecurityGroupNotFound(id=min(missing))
    return {row.id for row in rows if row.default_of is not None}
