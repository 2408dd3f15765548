"""Grants on networks that `shared` and `router:external` stand for."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.ids import Unit
from wovenet.model.problems import ExternalNetworkInUse, InvalidSharedSetting, LostRace
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port.table import PORTS
from wovenet.resources.rbac import access, entries
from wovenet.resources.rbac.table import EVERYONE, EXTERNAL, RBAC_ENTRIES, SHARED
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store.tx import Claimed, ReadTx, Tx

_C = RBAC_ENTRIES.c
_NETWORK: sa.BindParameter[str] = sa.bindparam("of_network")
_TO_EVERYONE = sa.select(_C.id).where(
    _C.object_id == _NETWORK, _C.action == sa.bindparam("of_action"), _C.target_project == EVERYONE
)
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
    made = [
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
        entries.add(tx, made)
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
    entries.remove(tx, _C.id == entry)
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
    if has_gateways(tx, network["id"]):
        raise ExternalNetworkInUse(net_id=network["id"])
    entries.remove(tx, _C.object_id == network["id"], _C.action == EXTERNAL)


USERS = sa.union(
    sa.select(PORTS.c.project_id).where(
        PORTS.c.network_id == sa.bindparam("of_object"), PORTS.c.device_owner.not_like("network:%")
    ),
    sa.select(SUBNETS.c.project_id).where(SUBNETS.c.network_id == sa.bindparam("of_object")),
)
"""The projects that use the network `of_object`."""


def has_gateways(tx: ReadTx, network_id: str) -> bool:
    """Whether routers have their gateway on the network."""
    return tx.row(_GATEWAY, {"of_network": network_id}) is not None


def changed(tx: Tx, network_id: str) -> None:
    """After grants on the network have changed: it has a new revision, and is external if anybody may use it so.

    Becoming external or ceasing to be is a change of its own, with a revision of its own, as the peer counts.
    """
    networks = NETWORKS.c
    own = networks.id == network_id
    # The revision first: whoever else changes grants on the network waits here, and then sees what we have done.
    tx.run(sa.update(NETWORKS).where(own).values(revision_number=networks.revision_number + 1, updated_at=tx.now()))
    found = tx.row(sa.select(_C.id).where(_C.object_id == network_id, _C.action == EXTERNAL).limit(1))
    is_external = found is not None
    tx.run(
        sa.update(NETWORKS)
        .where(own, networks.router_external != is_external)
        .values(router_external=is_external, default_claim=None, revision_number=networks.revision_number + 1)
    )
    tx.mark(Unit("network", network_id))
