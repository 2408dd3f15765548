"""Logs are made, switched on and off, and removed."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import crud, query
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.log import marks, rules
from wovenet.resources.port.table import PORT_SECURITY_GROUPS, PORTS
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.store.tx import ReadTx, Tx


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new logs; all of them or none.

    Raises: InvalidLogResourceType, ResourceNotFound, TargetResourceNotFound, InvalidResourceConstraint; LostRace.
    """
    for request in requests:
        rules.check_type(request["resource_type"])
    _check_groups(tx, context, [request["resource_id"] for request in requests if request["resource_id"]])
    _check_ports(tx, context, [request["target_id"] for request in requests if request["target_id"]])
    _check_together(tx, [request for request in requests if request["resource_id"] and request["target_id"]])
    logs = [crud.new_object(tx, resource, request) for request in requests]
    crud.insert(tx, resource, logs)
    marks.of(tx, [log for log in logs if log["enabled"]])
    return logs


def update(tx: Tx, resource: Resource, current: Object, changes: Object) -> Object:
    """The log after `changes`; of the same values it stays as it is."""
    changes = {name: value for name, value in changes.items() if value != current[name]}
    if not changes:
        return current
    if "enabled" in changes:
        marks.of(tx, [current])
    return crud.save(tx, resource, current, changes)


def delete(tx: Tx, resource: Resource, current: Object) -> None:
    """The log is gone."""
    if current["enabled"]:
        marks.of(tx, [current])
    crud.remove(tx, resource, [current])


def _check_groups(tx: ReadTx, context: Context, ids: Sequence[str]) -> None:
    from wovenet.resources import security_group  # inside: it is made with the help of this package

    missing = _missing(tx, SECURITY_GROUPS, query.scope(security_group.RESOURCE, context.actor), ids)
    if missing is not None:
        raise problems.ResourceNotFound(resource_id=missing)


def _check_ports(tx: ReadTx, context: Context, ids: Sequence[str]) -> None:
    from wovenet.resources import port  # inside: as above

    missing = _missing(tx, PORTS, query.scope(port.RESOURCE, context.actor), ids)
    if missing is not None:
        raise problems.TargetResourceNotFound(target_id=missing)


def _missing(tx: ReadTx, table: sa.Table, visible: "sa.ColumnElement[bool] | None", ids: Sequence[str]) -> str | None:
    """The first of `ids` that the actor does not see in `table`. No statement if there are no ids."""
    if not ids:
        return None
    statement = sa.select(table.c.id).where(table.c.id.in_(sorted(set(ids))))
    found = {row.id for row in tx.rows(statement if visible is None else statement.where(visible))}
    return next((one for one in ids if one not in found), None)


def _check_together(tx: ReadTx, requests: Sequence[Object]) -> None:
    """Raises: InvalidResourceConstraint if a port that is named is not in the group that is named with it."""
    if not requests:
        return
    members = PORT_SECURITY_GROUPS.c
    wanted = sorted({request["target_id"] for request in requests})
    rows = tx.rows(sa.select(members.port_id, members.security_group_id).where(members.port_id.in_(wanted)))
    found = {(row.port_id, row.security_group_id) for row in rows}
    for request in requests:
        if (request["target_id"], request["resource_id"]) not in found:
            raise problems.InvalidResourceConstraint(
                resource=request["resource_type"],
                resource_id=request["resource_id"],
                target_resource="port",
                target_id=request["target_id"],
            )
