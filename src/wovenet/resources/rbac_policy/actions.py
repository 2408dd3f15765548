"""Grants are given by owners, moved to another target, and taken away unless somebody needs them."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.problems import LostRace
from wovenet.resources import crud, query
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.rbac import entries
from wovenet.resources.rbac.table import EVERYONE, RBAC_ENTRIES, SHARED
from wovenet.resources.rbac_policy import rules, shareable
from wovenet.resources.rbac_policy.shareable import Shareable
from wovenet.store.tx import Claimed, Tx

_C = RBAC_ENTRIES.c


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new grants. Raises: InvalidInput, InvalidActionForType, DuplicateRbacPolicy."""
    made = []
    for request in requests:
        kind = shareable.named(request["object_type"])
        rules.check_action(kind.object_type, request["action"], kind.actions)
        rules.check_target(request["target_tenant"])
        _require_visible(tx, context, kind, request["object_id"])
        _require_owner(tx, context, kind, request["object_id"])
        entry = crud.new_object(tx, resource, request)
        try:
            tx.insert(RBAC_ENTRIES, [crud.row_of(resource, entry)])
        except Claimed as error:
            raise problems.DuplicateRbacPolicy() from error
        if kind.changed is not None:
            kind.changed(tx, entry["object_id"])
        made.append(entry)
    return made


def update(tx: Tx, context: Context, current: Object, changes: Object) -> Object:
    """The grant to another target.

    Raises: InvalidInput, RbacPolicyInUse if somebody needs the one that it was, DuplicateRbacPolicy; LostRace.
    """
    target = changes.get("target_tenant", current["target_tenant"])
    rules.check_target(target)
    kind = shareable.named(current["object_type"])
    _require_owner(tx, context, kind, current["object_id"])
    if target == current["target_tenant"]:
        return current
    if not (kind.is_free_to_widen and target == EVERYONE and current["action"] == SHARED):
        _require_free(tx, kind, current)
    move = (
        sa.update(RBAC_ENTRIES)
        .where(_C.id == current["id"], _C.target_project == current["target_tenant"])
        .values(target_project=target)
    )
    try:
        if tx.run(move) != 1:
            raise LostRace(f"grant {current['id']} has changed")
    except Claimed as error:
        raise problems.DuplicateRbacPolicy() from error
    if kind.changed is not None:
        kind.changed(tx, current["object_id"])
    return {**current, "target_tenant": target}


def delete(tx: Tx, current: Object) -> None:
    """The grant is gone. Raises: RbacPolicyInUse if somebody needs it; LostRace."""
    kind = shareable.named(current["object_type"])
    _require_free(tx, kind, current)
    if entries.remove(tx, _C.id == current["id"], _C.target_project == current["target_tenant"]) != 1:
        raise LostRace(f"grant {current['id']} has changed")
    if kind.changed is not None:
        kind.changed(tx, current["object_id"])


def _require_visible(tx: Tx, context: Context, kind: Shareable, object_id: str) -> None:
    if query.show(tx, kind.resource, context.actor, object_id, attributes=["id"]) is None:
        raise problems.InvalidInput(error_message=f"{kind.label} {object_id} could not be found")


def _require_owner(tx: Tx, context: Context, kind: Shareable, object_id: str) -> None:
    if not context.actor.is_admin and shareable.owner_of(tx, kind, object_id) != context.actor.project_id:
        raise problems.InvalidInput(error_message="Only admins can manipulate policies on objects they do not own")


def _require_free(tx: Tx, kind: Shareable, entry: Object) -> None:
    """Nothing, if nobody depends on the grant."""
    rows = tx.rows(
        sa.select(_C.target_project).where(
            _C.object_id == entry["object_id"], _C.action == entry["action"], _C.id != entry["id"]
        )
    )
    reason = shareable.reason_to_keep(tx, kind, entry, {row.target_project for row in rows})
    if reason is not None:
        raise problems.RbacPolicyInUse(object_id=entry["object_id"], details=reason)
