"""Default rules come and go one by one; groups that exist keep the rules that they have."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.problems import LostRace
from wovenet.resources.address_group import sharing as address_group_sharing
from wovenet.resources.base import Context, Object
from wovenet.resources.default_security_group_rule import templates
from wovenet.resources.default_security_group_rule.table import DEFAULT_RULES, RULES_KEPT
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule import rules
from wovenet.store.tx import Claimed, ReadTx, Store, Tx

_KEPT = sa.select(RULES_KEPT.c.id)


def before_list(store: Store, context: Context, filters: Mapping[str, Sequence[Any]]) -> None:
    """The rules that a deployment starts with can be listed, and deleted."""
    with store.read() as tx:
        kept = tx.row(_KEPT)
    if kept is None:
        store.write(_keep)


def create(tx: Tx, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new default rules.

    Raises: DuplicateDefaultSgRuleInPost, DefaultSecurityGroupRuleExists, SecurityGroupNotFound, AddressGroupNotFound,
    and what `rules` say.
    """
    _keep(tx)
    made = [_as_stored(tx, rules.normalised(request)) for request in requests]
    claims = [rule["claim"] for rule in made]
    if len(set(claims)) < len(claims):
        raise problems.DuplicateDefaultSgRuleInPost()
    taken = tx.row(sa.select(DEFAULT_RULES.c.id).where(DEFAULT_RULES.c.claim.in_(claims)).limit(1))
    if taken is not None:
        raise problems.DefaultSecurityGroupRuleExists(rule_id=taken.id)
    named = {rule["remote_group_id"] for rule in made} - {None, templates.PARENT}
    missing = named - {
        row.id for row in tx.rows(sa.select(SECURITY_GROUPS.c.id).where(SECURITY_GROUPS.c.id.in_(named)))
    }
    if missing:
        raise problems.SecurityGroupNotFound(id=min(missing))
    address_groups = [rule["remote_address_group_id"] for rule in made]
    address_group_sharing.require_visible(tx, context.actor, [one for one in address_groups if one is not None])
    try:
        tx.insert(DEFAULT_RULES, made)
    except Claimed as error:
        raise LostRace("another default rule says the same at this moment") from error
    return made


def _keep(tx: Tx) -> None:
    """What holds are the rules in the table; before, those that a deployment starts with are put there."""
    if tx.row(_KEPT) is not None:
        return
    try:
        tx.insert(RULES_KEPT, [{"id": 1}])
    except Claimed as error:
        raise LostRace("the default rules are kept by somebody else at this moment") from error
    tx.insert(DEFAULT_RULES, [_as_stored(tx, template) for template in templates.FIRST])


def _as_stored(tx: ReadTx, rule: Mapping[str, Any]) -> Object:
    """A new default rule of normalised values, with its claim."""
    known = {column.name: rule.get(column.name) for column in DEFAULT_RULES.c}
    return {**known, "id": tx.clock.new_id(), "claim": rules.claim({**known, "security_group_id": None})}
