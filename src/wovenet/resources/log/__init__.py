"""Logs of security groups. No unit is theirs: they show in the rows of the groups, and of the deployment."""

from wovenet.model import problems
from wovenet.resources.base import Resource
from wovenet.resources.log import actions
from wovenet.resources.log.table import LOGS

RESOURCE: Resource = Resource(
    collection="logs",
    member="log",
    table=LOGS,
    prefix="log/",
    not_found=lambda log_id: problems.LogResourceNotFound(log_id=log_id),
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, _, current, changes: actions.update(tx, RESOURCE, current, changes),
    delete=lambda tx, _, current: actions.delete(tx, RESOURCE, current),
)
