"""Subnet pools are made, changed and removed together with what of their prefixes is free."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.ids import Unit
from wovenet.resources import crud
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.port.table import PORT_FIXED_IPS
from wovenet.resources.rbac import access, entries
from wovenet.resources.rbac.table import SHARED
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import blocks, rules, scoping, space
from wovenet.resources.subnetpool.table import SUBNETPOOL_PREFIXES, SUBNETPOOLS
from wovenet.store import schema
from wovenet.store.tx import Claimed, Tx

OBJECT_TYPE: Final = "subnetpool"

_X = SUBNETPOOL_PREFIXES.c
_POOL: sa.BindParameter[str] = sa.bindparam("of_pool")
_DEFAULT = sa.select(SUBNETPOOLS.c.id).where(SUBNETPOOLS.c.default_claim == sa.bindparam("ip_version"))
_SUBNET_IN = sa.select(SUBNETS.c.id).where(SUBNETS.c.subnetpool_id == _POOL).limit(1)
_CLAIM = sa.update(SUBNETPOOLS).where(SUBNETPOOLS.c.id == _POOL).values(default_claim=sa.bindparam("new_claim"))
_FORGET_PREFIXES = sa.delete(SUBNETPOOL_PREFIXES).where(_X.subnetpool_id == _POOL)
_TAKEN_IN = _SUBNET_IN.where(SUBNETS.c.first_key <= sa.bindparam("last"), SUBNETS.c.last_key >= sa.bindparam("first"))
_PORTS_IN = (
    sa.select(PORT_FIXED_IPS.c.port_id)
    .join(SUBNETS, SUBNETS.c.id == PORT_FIXED_IPS.c.subnet_id)
    .where(SUBNETS.c.subnetpool_id == _POOL)
    .distinct()
)


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new pools; all of their prefixes is free.

    Raises: what `rules.new` and `scoping.check` say; InvalidInput for a second default pool; LostRace.
    """
    pools = []
    for request in requests:
        pool = crud.new_object(tx, resource, {"default_quota": None, "address_scope_id": None, **request})
        pool |= rules.new(request)
        if pool["is_default"]:
            _refuse_second_default(tx, pool)
        scoping.check(tx, context, pool)
        pools.append(pool)
        crud.insert(tx, resource, [pool])
        _claim_default(tx, pool)
        space.open_up(tx, pool["id"], blocks.collapsed(pool["prefixes"]))
    _share(tx, [pool for pool in pools if pool["shared"]])
    if resource.derive is not None:
        for pool in pools:
            resource.derive(pool)
    return pools


def update(tx: Tx, resource: Resource, context: Context, *, current: Object, changes: Object) -> Object:
    """The pool after `changes`. Its revision moves only if something other than its prefixes does.

    Raises: what `rules` and `scoping` say; InvalidInput for a second default pool; LostRace.
    """
    current = rules.numbers(current)
    found = {name: value for name, value in changes.items() if value != current[name]}
    changed = {**current, **found}
    if "prefixes" in found:
        changed["prefixes"] = rules.replaced(current["prefixes"], found["prefixes"])
    rules.check_lengths(changed)
    if found.get("is_default"):
        _refuse_second_default(tx, current)
    if not found.keys().isdisjoint({"prefixes", "address_scope_id"}):
        scoping.check(tx, context, changed)
    own = {name: value for name, value in found.items() if name != "prefixes"}
    saved = crud.save(tx, resource, current, own) if own else current
    if "is_default" in own:
        _claim_default(tx, saved)
    if "address_scope_id" in own:
        scoping.check_networks(tx, changed)
        _mark_ports(tx, current["id"])
    if "prefixes" in found:
        set_prefixes(tx, current["id"], changed["prefixes"])
    return rules.numbers({**saved, "prefixes": changed["prefixes"]})


def delete(tx: Tx, resource: Resource, current: Object) -> None:
    """The pool is gone. Raises: SubnetPoolDeleteError while there are subnets of it; LostRace."""
    space.lock(tx, current["id"])
    if tx.row(_SUBNET_IN, {"of_pool": current["id"]}) is not None:
        raise problems.SubnetPoolDeleteError(reason="Subnet pool has existing allocations")
    crud.remove(tx, resource, [current])
    entries.forget(tx, current["id"])


def add_prefixes(tx: Tx, current: Object, body: Mapping[str, Any]) -> Object:
    """The prefixes of the pool, with those of the body as well. Raises: HTTPBadRequest, PrefixVersionMismatch."""
    wanted = [*current["prefixes"], *rules.listed(body)]
    changed = {**current, "prefixes": rules.texts(rules.prefixes_of(wanted))}
    scoping.check_prefixes(tx, changed)
    set_prefixes(tx, current["id"], changed["prefixes"])
    return {"prefixes": changed["prefixes"]}


def remove_prefixes(tx: Tx, current: Object, body: Mapping[str, Any]) -> Object:
    """The prefixes of the pool without those of the body.

    Raises: HTTPBadRequest, PrefixVersionMismatch, IllegalSubnetPoolPrefixUpdate if a subnet has an address of them.
    """
    left, gone = rules.removed(current["prefixes"], rules.listed(body))
    space.lock(tx, current["id"])
    for first, last in gone:
        parameters = {"of_pool": current["id"], "first": schema.key_of(first), "last": schema.key_of(last)}
        if tx.row(_TAKEN_IN, parameters) is not None:
            raise problems.IllegalSubnetPoolPrefixUpdate(
                msg="One or more the prefixes to be removed is in use by a subnet."
            )
    set_prefixes(tx, current["id"], left)
    return {"prefixes": left}


def set_prefixes(tx: Tx, pool_id: str, prefixes: Sequence[str]) -> None:
    """The pool is made of `prefixes`; what of them no subnet has is free. In: collapsed. Raises: LostRace."""
    space.lock(tx, pool_id)
    tx.run(_FORGET_PREFIXES, {"of_pool": pool_id})
    if prefixes:
        tx.insert(SUBNETPOOL_PREFIXES, [{"subnetpool_id": pool_id, **prefix_row(prefix)} for prefix in prefixes])
    space.open_up(tx, pool_id, blocks.collapsed(prefixes))


def prefix_row(prefix: str) -> Mapping[str, str]:
    """The columns of a prefix, without its pool."""
    first, last = blocks.interval_of(ipaddress.ip_network(prefix))
    return {"cidr": prefix, "first_key": schema.key_of(first), "last_key": schema.key_of(last)}


def _refuse_second_default(tx: Tx, pool: Object) -> None:
    if tx.row(_DEFAULT, {"ip_version": pool["ip_version"]}) is not None:
        raise problems.InvalidInput(
            error_message="A default subnetpool for this IP family has already been set. Only one default may exist "
            "per IP family"
        )


def _claim_default(tx: Tx, pool: Object) -> None:
    claim = pool["ip_version"] if pool["is_default"] else None
    try:
        tx.run(_CLAIM, {"of_pool": pool["id"], "new_claim": claim})
    except Claimed as error:
        raise problems.LostRace("another pool became the default at the same moment") from error


def _mark_ports(tx: Tx, pool_id: str) -> None:
    """The ports that show the address scope of the pool are marked."""
    for row in tx.rows(_PORTS_IN, {"of_pool": pool_id}):
        tx.mark(Unit("port", row.port_id))


def _share(tx: Tx, pools: Sequence[Object]) -> None:
    made = [
        access.entry(
            tx.clock.new_id(),
            project_id=pool["project_id"],
            object_type=OBJECT_TYPE,
            object_id=pool["id"],
            action=SHARED,
        )
        for pool in pools
    ]
    if made:
        entries.add(tx, made)
