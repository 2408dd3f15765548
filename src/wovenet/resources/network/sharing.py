"""Grants on networks that `shared` and `router:external` stand for."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.problems import ExternalNetworkInUse, InvalidSharedSetting, LostRace
from wovenet.resources.port.table import PORTS
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import EVERYONE, EXTERNAL, RBAC_ENTRIES, SHARED
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store.tx import Claimed, ReadTx, Tx

_C = RBAC_ENTRIES.c
_NETWORK: sa.BindParameter[str] = sa.bindparam("of_network")
_TO_EVERYONE = sa.select(_C.id).where(
    _C.object_id == _NETWORK, _C.action == sa.bindparam("of_action"), _C.target_project == EVERYONE
)
_REVOKE = sa.delete(RBAC_ENTRIES).where(_C.id == sa.bindparam("of_entry"))
_REVOKE_ACTION = sa.delete(RBAC_ENTRIES).where(_C.object_id == _NETWORK, _C.action == sa.bindparam("of_action"))
_FORGET = sa.delete(RBAC_ENTRIES).where(_C.object_id == _NETWORK)
_GRANTED = sa.select(_C.target_project).where(_C.object_id == _NETWORK, _C.action == SHARED)
_OWNER: sa.BindParameter[str] = sa.bindparam("of_owner")
_USED_BY_OTHERS = sa.union_all(
    sa.select(PORTS.c.id).where(
        PORTS.c.network_id == _NETWORK,
        PORTS.c.project_id != _OWNER,
        PORTS.c.project_id.not_in(_GRANTED),
        PORTS.c.device_owner.not_like("network:%"),
    ),
    sa.select(SUBNETS.c.id).where(
        SUBNETS.c.network_id == _NETWORK, SUBNETS.c.project_id != _OWNER, SUBNETS.c.project_id.not_in(_GRANTED)
    ),
).limit(1)
_GATEWAY = (
    sa.select(PORTS.c.id)
    .where(PORTS.c.network_id == _NETWORK, PORTS.c.device_owner == "network:router_gateway")
    .limit(1)
)


def grant(tx: Tx, action: str, networks: Sequence[Mapping[str, Any]]) -> None:
    """`action` on `networks` is granted to everyone.

    Raises: LostRace if it is already.
    """
    entries = [
        access.entry(
            tx.clock.new_id(),
            project_id=network["project_id"],
            object_type=access.NETWORK,
            object_id=network["id"],
            action=action,
        )
        for network in networks
    ]
    try:
        tx.insert(RBAC_ENTRIES, entries)
    except Claimed as error:
        raise LostRace(f"{action} was granted at the same moment") from error


def set_shared(tx: Tx, network: Mapping[str, Any], shared: bool) -> bool:
    """Whether it made a difference: the network is shared with everyone, or not.

    Raises: InvalidSharedSetting if others use it who would then have no right to.
    """
    entry = tx.value(_TO_EVERYONE, {"of_network": network["id"], "of_action": SHARED})
    if shared == (entry is not None):
        return False
    if shared:
        grant(tx, SHARED, [network])
        return True
    if tx.row(_USED_BY_OTHERS, {"of_network": network["id"], "of_owner": network["project_id"]}) is not None:
        raise InvalidSharedSetting(network=network["name"])
    tx.run(_REVOKE, {"of_entry": entry})
    return True


def is_shared_with(tx: ReadTx, actor: Actor, network_id: str) -> bool:
    """Whether `actor` may use the network because it is shared."""
    return bool(tx.value(sa.select(access.is_granted(sa.literal(network_id), actor, SHARED))))


def set_external(tx: Tx, network: Mapping[str, Any], external: bool) -> None:
    """Everyone may see the network as external, or nobody. In: it was the other way round.

    Raises: ExternalNetworkInUse if routers have their gateway on it.
    """
    if external:
        grant(tx, EXTERNAL, [network])
        return
    if tx.row(_GATEWAY, {"of_network": network["id"]}) is not None:
        raise ExternalNetworkInUse(net_id=network["id"])
    tx.run(_REVOKE_ACTION, {"of_network": network["id"], "of_action": EXTERNAL})


def forget(tx: Tx, network_id: str) -> None:
    """There are no grants on the network."""
    tx.run(_FORGET, {"of_network": network_id})
