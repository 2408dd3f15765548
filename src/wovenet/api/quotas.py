"""Quotas of projects: `/v2.0/quotas`. Limits that differ from the deployment's are rows; the rest is settings."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from wovenet.api import parse
from wovenet.api.handler import Call
from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.store import quota_usage
from wovenet.store.quota_usage import QUOTAS
from wovenet.store.tx import ReadTx, Tx

LIMIT_MAX = 2**31 - 1
PROJECT_ID_LENGTH_MAX = 255
_OPTIONS = ("force", "check_limit")
"""What a new limit may come with, besides resources."""


def names(service: Service) -> tuple[str, ...]:
    """The resources that are counted, in the order of the registry."""
    return tuple(resource.quota for resource in service.registry.resources.values() if resource.quota)


def index(service: Service, call: Call) -> Any:
    """The limits of every project that has some of its own."""
    _authorize(service, call, "get_quota", call.actor.project_id)
    with service.store.read() as tx:
        rows = tx.rows(sa.select(QUOTAS.c.project_id, QUOTAS.c.resource, QUOTAS.c.limit))
    own: dict[str, dict[str, int]] = {}
    for row in rows:
        own.setdefault(row.project_id, {})[row.resource] = row.limit
    return {
        "quotas": [
            {**_with_defaults(service, limits), "project_id": project_id, "tenant_id": project_id}
            for project_id, limits in sorted(own.items())
        ]
    }


def show(service: Service, call: Call, project_id: str) -> Any:
    """The limits that hold for the project."""
    _authorize_reading(service, call, project_id)
    with service.store.read() as tx:
        return {"quota": _with_defaults(service, _own(tx, project_id))}


def own_tenant(_: Service, call: Call) -> Any:
    """The caller's project, by its older name."""
    return {"tenant": {"tenant_id": call.actor.project_id}}


def own_project(_: Service, call: Call) -> Any:
    """The caller's project."""
    return {"project": {"project_id": call.actor.project_id}}


def default(service: Service, call: Call, project_id: str) -> Any:
    """The limits that hold for a project without any of its own."""
    _authorize_reading(service, call, project_id)
    return {"quota": _with_defaults(service, {})}


def details(service: Service, call: Call, project_id: str) -> Any:
    """The project's limits and how much of them is used. Nothing is ever reserved: a claim is part of the write."""
    if project_id != call.actor.project_id and not call.actor.is_admin:
        raise problems.AdminRequired(reason="Only admin is authorized to access quotas for another project")
    _authorize_reading(service, call, project_id)
    with service.store.read() as tx:
        limits = _with_defaults(service, _own(tx, project_id))
        used = quota_usage.used_by(tx, project_id)
    return {
        "quota": {name: {"limit": limit, "used": used.get(name, 0), "reserved": 0} for name, limit in limits.items()}
    }


def update(service: Service, call: Call, project_id: str) -> Any:
    """The limits of the body hold for the project."""
    _authorize(service, call, "update_quota", project_id)
    body = parse.body_of(call.body, size_max=service.settings.wovenet.body_bytes_max)
    given = body.get("quota")
    if not isinstance(given, dict):
        raise problems.HTTPBadRequest(message="Unable to find 'quota' in request body")
    # As the peer, by the word and nothing else; what asks for the check asks for what is done anyway.
    is_forced = given.get("force") is True
    given = {name: value for name, value in given.items() if name not in _OPTIONS}
    unknown = [name for name in given if name not in names(service)]
    if unknown:
        raise problems.HTTPBadRequest(message=f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    if len(project_id) > PROJECT_ID_LENGTH_MAX:
        raise problems.HTTPBadRequest(message=f"'{project_id}' exceeds maximum length of {PROJECT_ID_LENGTH_MAX}")
    limits = {name: _limit(name, value) for name, value in given.items()}

    def write(tx: Tx) -> dict[str, int]:
        if not is_forced:
            _check_used(limits, quota_usage.used_by(tx, project_id))
        own = {**_own(tx, project_id), **limits}
        _forget(tx, project_id)
        tx.insert(QUOTAS, [{"project_id": project_id, "resource": name, "limit": own[name]} for name in sorted(own)])
        return own

    return {"quota": _with_defaults(service, service.store.write(write))}


def delete(service: Service, call: Call, project_id: str) -> None:
    """The project has the deployment's limits again. Raises: TenantQuotaNotFound if it had none of its own."""
    _authorize(service, call, "delete_quota", project_id)

    def write(tx: Tx) -> None:
        if not _forget(tx, project_id):
            raise problems.TenantQuotaNotFound(tenant_id=project_id)

    service.store.write(write)


def _forget(tx: Tx, project_id: str) -> int:
    return tx.run(sa.delete(QUOTAS).where(QUOTAS.c.project_id == project_id))


def _check_used(limits: Mapping[str, int], used: Mapping[str, int]) -> None:
    """Nothing, if no limit is below what is used already. Raises: HTTPBadRequest."""
    for name, limit in limits.items():
        if quota_usage.UNLIMITED < limit < used.get(name, 0):
            raise problems.HTTPBadRequest(
                message=f"Quota limit {limit} for {name} must be greater than or equal to already used {used[name]}"
            )


def _own(tx: ReadTx, project_id: str) -> dict[str, int]:
    rows = tx.rows(sa.select(QUOTAS.c.resource, QUOTAS.c.limit).where(QUOTAS.c.project_id == project_id))
    return {row.resource: row.limit for row in rows}


def _with_defaults(service: Service, own: dict[str, int]) -> dict[str, int]:
    return {name: own.get(name, service.settings.quotas.limit(name)) for name in names(service)}


def _limit(name: str, value: Any) -> int:
    try:
        limit = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise problems.InvalidInput(error_message=f"'{value}' is not an integer") from error
    if limit < quota_usage.UNLIMITED:
        reason = f"'{limit}' is too small - must be at least '{quota_usage.UNLIMITED}'"
        raise problems.HTTPBadRequest(message=f"Invalid input for {name}. Reason: {reason}.")
    if limit > LIMIT_MAX:
        reason = f"'{limit}' is too large - must be no larger than '{LIMIT_MAX}'"
        raise problems.HTTPBadRequest(message=f"Invalid input for {name}. Reason: {reason}.")
    return limit


def _authorize_reading(service: Service, call: Call, project_id: str) -> None:
    """Nobody is kept from knowing their own limits."""
    if project_id != call.actor.project_id:
        _authorize(service, call, "get_quota", project_id)


def _authorize(service: Service, call: Call, rule: str, project_id: str) -> None:
    target = {"project_id": project_id, "tenant_id": project_id}
    service.policy.require(call.actor, rule, target)
