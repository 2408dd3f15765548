"""RBAC policies: the grants of `resources.rbac`, as a collection. What can be granted is the table in `shareable`."""

from wovenet.model import problems
from wovenet.resources.base import Resource
from wovenet.resources.rbac import entries
from wovenet.resources.rbac.table import RBAC_ENTRIES
from wovenet.resources.rbac_policy import actions

RESOURCE: Resource = Resource(
    collection="rbac_policies",
    member="rbac_policy",
    table=RBAC_ENTRIES,
    not_found=lambda entry_id: problems.RbacPolicyNotFound(object_type="unknown", id=entry_id),
    quota=entries.QUOTA,
    is_bulk=False,
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, context, current, changes: actions.update(tx, context, current, changes),
    delete=lambda tx, _, current: actions.delete(tx, current),
)
