"""Address scopes are made, shared and removed."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from wovenet.model.problems import AddressScopeInUse, AddressScopeUpdateError, LostRace
from wovenet.resources import crud
from wovenet.resources.address_scope.table import ADDRESS_SCOPES
from wovenet.resources.base import Object, Resource
from wovenet.resources.rbac import access, entries
from wovenet.resources.rbac.table import SHARED
from wovenet.resources.subnetpool.table import SUBNETPOOLS
from wovenet.store.tx import Claimed, Tx

OBJECT_TYPE: Final = "address_scope"

_POOL = sa.select(SUBNETPOOLS.c.id).where(SUBNETPOOLS.c.address_scope_id == sa.bindparam("of_scope")).limit(1)
_LOCK = (
    sa.update(ADDRESS_SCOPES)
    .where(ADDRESS_SCOPES.c.id == sa.bindparam("of_scope"))
    .values(revision_number=ADDRESS_SCOPES.c.revision_number + 1)
)


def create(tx: Tx, resource: Resource, requests: Sequence[Object]) -> list[Object]:
    """The new scopes, shared with everyone where that is asked for."""
    scopes = [crud.new_object(tx, resource, request) for request in requests]
    crud.insert(tx, resource, scopes)
    _share(tx, [scope for scope in scopes if scope["shared"]])
    return scopes


def update(tx: Tx, resource: Resource, current: Object, changes: Object) -> Object:
    """The scope after `changes`. Raises: AddressScopeUpdateError if it is to be shared no more; LostRace."""
    if current["shared"] and not changes.get("shared", True):
        raise AddressScopeUpdateError(address_scope_id=current["id"], reason="Shared address scope can't be unshared")
    found = {name: value for name, value in changes.items() if value != current[name]}
    if not found:
        return current
    if "shared" in found:
        _share(tx, [current])
    return crud.save(tx, resource, current, found)


def delete(tx: Tx, resource: Resource, current: Object) -> None:
    """The scope is gone. Raises: AddressScopeInUse while there are pools in it; LostRace."""
    lock(tx, current["id"])
    if tx.row(_POOL, {"of_scope": current["id"]}) is not None:
        raise AddressScopeInUse(address_scope_id=current["id"])
    # To hold it is a revision.
    crud.remove(tx, resource, [{**current, "revision_number": current["revision_number"] + 1}])
    entries.forget(tx, current["id"])


def lock(tx: Tx, scope_id: str) -> None:
    """Nobody else changes which pools are in the scope, nor their prefixes, until this transaction ends.

    Raises: LostRace if there is no such scope any more.
    """
    if tx.run(_LOCK, {"of_scope": scope_id}) != 1:
        raise LostRace(f"address scope {scope_id} is gone")


def _share(tx: Tx, scopes: Sequence[Object]) -> None:
    try:
        access_entries = [
            access.entry(
                tx.clock.new_id(),
                project_id=scope["project_id"],
                object_type=OBJECT_TYPE,
                object_id=scope["id"],
                action=SHARED,
            )
            for scope in scopes
        ]
        if access_entries:
            entries.add(tx, access_entries)
    except Claimed as error:
        raise LostRace("the scope was shared at the same moment") from error
