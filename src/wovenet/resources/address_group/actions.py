"""Address groups, whose addresses come and go by themselves. As the peer counts, each that does is a revision."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import crud
from wovenet.resources.address_group import rules
from wovenet.resources.address_group.table import ADDRESSES
from wovenet.resources.base import Object, Resource
from wovenet.resources.default_security_group_rule.table import DEFAULT_RULES
from wovenet.resources.rbac import entries
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.store.tx import Tx

_REFERRING = sa.union_all(
    *(
        sa.select(table.c.id).where(table.c.remote_address_group_id == sa.bindparam("of_group"))
        for table in (SECURITY_GROUP_RULES, DEFAULT_RULES)
    )
).limit(1)
_TAKE = sa.delete(ADDRESSES).where(
    ADDRESSES.c.address_group_id == sa.bindparam("of_group"),
    ADDRESSES.c.address.in_(sa.bindparam("taken", expanding=True)),
)


def create(tx: Tx, resource: Resource, requests: Sequence[Object]) -> list[Object]:
    """The new groups. Raises: AddrFormatError."""
    groups = []
    for request in requests:
        group = crud.new_object(tx, resource, request)
        group["addresses"] = rules.normalised(request.get("addresses") or ())
        group["revision_number"] = len(group["addresses"])
        groups.append(group)
    crud.insert(tx, resource, groups)
    return groups


def update(tx: Tx, resource: Resource, current: Object, changes: Object) -> Object:
    """The group after `changes`; of the same values it stays as it is."""
    changes = {name: value for name, value in changes.items() if value != current[name]}
    return crud.save(tx, resource, current, changes) if changes else current


def delete(tx: Tx, resource: Resource, current: Object) -> None:
    """The group is gone. Raises: AddressGroupInUse while rules refer to it; LostRace if one comes at this moment."""
    if tx.row(_REFERRING, {"of_group": current["id"]}) is not None:
        raise problems.AddressGroupInUse(address_group_id=current["id"])
    crud.remove(tx, resource, [current])
    entries.forget(tx, current["id"])


def add_addresses(tx: Tx, resource: Resource, current: Object, body: Mapping[str, Any]) -> Object:
    """The group with the addresses of the body as well. Raises: AddressesAlreadyExist, AddrFormatError."""
    added = rules.asked(body)
    rules.check_new(current["id"], current["addresses"], added)
    changed = _moved_on(tx, resource, current, sorted([*current["addresses"], *added]))
    tx.insert(ADDRESSES, [{"address_group_id": current["id"], "address": address} for address in added])
    return changed


def remove_addresses(tx: Tx, resource: Resource, current: Object, body: Mapping[str, Any]) -> Object:
    """The group without the addresses of the body. Raises: AddressesNotFound, AddrFormatError."""
    taken = rules.asked(body)
    rules.check_present(current["id"], current["addresses"], taken)
    changed = _moved_on(tx, resource, current, [one for one in current["addresses"] if one not in taken])
    if taken:
        tx.run(_TAKE, {"of_group": current["id"], "taken": taken})
    return changed


def _moved_on(tx: Tx, resource: Resource, current: Object, addresses: list[str]) -> Object:
    """The group that has `addresses`, as far as its own row goes: one revision for each that is new or gone."""
    number = abs(len(addresses) - len(current["addresses"]))
    if not number:
        return current
    moved = {"revision_number": current["revision_number"] + number, "updated_at": tx.now()}
    tx.compare_and_swap(resource.table, current["id"], current["revision_number"], moved)
    crud.mark(tx, resource, [current])
    return {**current, **moved, "addresses": addresses}
