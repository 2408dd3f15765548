"""The default group of a project: made when the project first needs it, one and no more."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.clock import timestamp
from wovenet.model.ids import Unit
from wovenet.model.problems import LostRace
from wovenet.resources.base import Context, Object
from wovenet.resources.default_security_group_rule import templates
from wovenet.resources.default_security_group_rule.templates import Template
from wovenet.resources.default_statefulness import lookup
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule import actions, rules
from wovenet.store import quota_usage
from wovenet.store.faults import Claimed
from wovenet.store.tx import ReadTx, Store, Tx

NAME = "default"
DESCRIPTION = "Default security group"
_PROJECT_ID_LENGTH_MAX = 255
_TAKEN = (
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "normalized_cidr",
    "remote_address_group_id",
)
"""What a rule has from its template as it is there."""
_DEFAULTS = sa.select(SECURITY_GROUPS.c.default_of, SECURITY_GROUPS.c.id).where(
    SECURITY_GROUPS.c.default_of.in_(sa.bindparam("project_ids", expanding=True))
)


def is_name(name: str) -> bool:
    """Whether only a default group may be called so. As the peer, upper case is no way around."""
    return name.lower() == NAME


def ensure(tx: Tx, context: Context, project_ids: Iterable[str]) -> Mapping[str, str]:
    """The id of each project's default group; those that are missing are made and marked.

    Not refused for want of quota: a project cannot be without it. It counts, though.
    Raises: LostRace if another request makes the same group at this moment.
    """
    wanted = sorted(set(project_ids))
    rows = tx.rows(_DEFAULTS, {"project_ids": wanted})
    found: dict[str, str] = {row.default_of: row.id for row in rows}
    missing = [project_id for project_id in wanted if project_id not in found]
    stateful = lookup.of_projects(tx, missing) if missing else {}
    for project_id in missing:
        found[project_id] = _make(tx, project_id, is_stateful=stateful[project_id])
    return found


def before_list(store: Store, context: Context, filters: Mapping[str, Sequence[Any]]) -> None:
    """The project that is asked about has its default group, so that a list shows it from the first time on.

    In: `filters` of the list. An administrator may ask about another project than its own.
    """
    named = filters.get("project_id") or filters.get("tenant_id") or ()
    project_id = str(named[0]) if context.actor.is_admin and len(named) == 1 else context.actor.project_id
    if not 0 < len(project_id) <= _PROJECT_ID_LENGTH_MAX:
        return
    with store.read() as tx:
        known = tx.value(sa.select(SECURITY_GROUPS.c.id).where(SECURITY_GROUPS.c.default_of == project_id))
    if known is None:
        store.write(lambda tx: ensure(tx, context, [project_id]))


def new_rules(tx: ReadTx, groups: Sequence[Object], *, are_default: bool) -> list[Object]:
    """The rules that new groups start with, as stored: the deployment's default rules. One statement for all."""
    used = "used_in_default_sg" if are_default else "used_in_non_default_sg"
    found = [template for template in templates.present(tx) if template[used]]
    return [_rule(tx, group, template) for group in groups for template in found]


def _make(tx: Tx, project_id: str, *, is_stateful: bool) -> str:
    now = timestamp(tx.clock.wall())
    group: Object = {
        "id": tx.clock.new_id(),
        "project_id": project_id,
        "name": NAME,
        "description": DESCRIPTION,
        "stateful": is_stateful,
        "default_of": project_id,
        "revision_number": 1,
        "created_at": now,
        "updated_at": now,
    }
    try:
        tx.insert(SECURITY_GROUPS, [group])
    except Claimed as error:
        raise LostRace(f"default group of {project_id}") from error
    made = new_rules(tx, [group], are_default=True)
    actions.write(tx, made)
    quota_usage.add(tx, project_id, "security_group", 1)
    quota_usage.add(tx, project_id, "security_group_rule", len(made))
    tx.mark(Unit("security_group", str(group["id"])))
    return str(group["id"])


def _rule(tx: ReadTx, group: Object, template: Template) -> Object:
    """A rule of the group as the template says, except for the description, which is the template's own."""
    remote = template["remote_group_id"]
    rule = {
        **{name: template[name] for name in _TAKEN},
        "id": tx.clock.new_id(),
        "project_id": group["project_id"],
        "tenant_id": group["project_id"],
        "security_group_id": group["id"],
        "remote_group_id": group["id"] if remote == templates.PARENT else remote,
        "description": None,
        "revision_number": 0,
        "created_at": group["created_at"],
        "updated_at": group["created_at"],
    }
    return {**rule, "claim": rules.claim(rule)}
