"""What the rules of ports have to know of other objects: one statement for each kind, whatever the number of ports."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from wovenet.drivers import binding
from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.resources import query
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port import rules
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store.tx import ReadTx

_NETWORKS: Final = sa.select(NETWORKS.c.id, NETWORKS.c.port_security_enabled).where(
    NETWORKS.c.id.in_(sa.bindparam("ids", expanding=True))
)
_MACS: Final = sa.select(PORTS.c.network_id, PORTS.c.mac_address).where(
    PORTS.c.network_id.in_(sa.bindparam("network_ids", expanding=True)),
    PORTS.c.mac_address.in_(sa.bindparam("macs", expanding=True)),
)
_SEGMENTS: Final = (
    sa.select(
        NETWORK_SEGMENTS.c.network_id,
        NETWORK_SEGMENTS.c.network_type,
        NETWORK_SEGMENTS.c.physical_network,
        NETWORK_SEGMENTS.c.segmentation_id,
    )
    .where(NETWORK_SEGMENTS.c.network_id.in_(sa.bindparam("network_ids", expanding=True)))
    .order_by(NETWORK_SEGMENTS.c.network_id, NETWORK_SEGMENTS.c.segment_index)
)
_DISTRIBUTED: Final = (
    sa.select(PORTS.c.network_id, PORT_FIXED_IPS.c.ip_address)
    .join(PORTS, PORTS.c.id == PORT_FIXED_IPS.c.port_id)
    .where(
        PORT_FIXED_IPS.c.ip_address.in_(sa.bindparam("addresses", expanding=True)),
        PORTS.c.network_id.in_(sa.bindparam("network_ids", expanding=True)),
        PORTS.c.device_owner == rules.DISTRIBUTED,
    )
    .order_by(PORT_FIXED_IPS.c.ip_key)
)


@dataclass(frozen=True, slots=True)
class Network:
    """What a port takes from its network."""

    id: str
    port_security_enabled: bool


def networks(tx: ReadTx, actor: Actor, ids: Iterable[str]) -> dict[str, Network]:
    """The networks with these ids, by id. Nobody changes them before this transaction, one that writes, has ended.

    A new subnet changes its network before it gives addresses to the ports that are there: so a new port comes before
    that or after, and has its address in either case.

    Raises: NetworkNotFound for one that the actor does not see.
    """
    wanted = sorted(set(ids))
    rows = tx.rows(_networks_held(actor), {"ids": wanted})
    found = {row.id: Network(row.id, row.port_security_enabled) for row in rows}
    for network_id in wanted:
        if network_id not in found:
            raise problems.NetworkNotFound(net_id=network_id)
    return found


@functools.lru_cache(query.STATEMENTS_KEPT)
def _networks_held(actor: Actor) -> "sa.Select[Any]":
    """The networks with the `ids` that `actor` sees, held until the transaction ends."""
    from wovenet.resources import network  # inside: it is made with the help of this package

    visible = query.scope(network.RESOURCE, actor)
    statement = _NETWORKS if visible is None else _NETWORKS.where(visible)
    return statement.with_for_update(read=True, of=NETWORKS)


def check_groups(tx: ReadTx, actor: Actor, ids: Iterable[str]) -> None:
    """Raises: SecurityGroupNotFound for a group that the actor does not see. No statement if there are no `ids`."""
    from wovenet.resources import security_group  # inside: as above

    wanted = sorted(set(ids))
    if not wanted:
        return
    statement = sa.select(SECURITY_GROUPS.c.id).where(SECURITY_GROUPS.c.id.in_(wanted))
    visible = query.scope(security_group.RESOURCE, actor)
    if visible is not None:
        statement = statement.where(visible)
    found = {row.id for row in tx.rows(statement)}
    for group_id in wanted:
        if group_id not in found:
            raise problems.SecurityGroupNotFound(id=group_id)


def check_macs(tx: ReadTx, given: Sequence[tuple[str, str]]) -> None:
    """Raises: MacAddressInUse if a MAC of `given` (network id, MAC) is in use in its network, or comes twice."""
    seen = set()
    for network_id, mac_address in given:
        if (network_id, mac_address) in seen:
            raise problems.MacAddressInUse(net_id=network_id, mac=mac_address)
        seen.add((network_id, mac_address))
    for network_id, mac_address in sorted(macs_in_use(tx, seen)):
        raise problems.MacAddressInUse(net_id=network_id, mac=mac_address)


def macs_in_use(tx: ReadTx, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of `wanted` (network id, MAC) that ports have. No statement if there are none."""
    if not wanted:
        return set()
    parameters = {"network_ids": sorted({item[0] for item in wanted}), "macs": sorted({item[1] for item in wanted})}
    return {(row.network_id, row.mac_address) for row in tx.rows(_MACS, parameters)} & set(wanted)


def check_named_subnets(tx: ReadTx, network_id: str, *, named: Collection[str], known: Collection[str]) -> None:
    """Raises: SubnetNotFound, or InvalidInput for a subnet of another network. `known`: the network's own."""
    foreign = sorted(set(named) - set(known))
    if not foreign:
        return
    if tx.row(sa.select(SUBNETS.c.id).where(SUBNETS.c.id == foreign[0])) is None:
        raise problems.SubnetNotFound(subnet_id=foreign[0])
    raise problems.InvalidInput(
        error_message=f"Failed to create port on network {network_id}, because fixed_ips included invalid subnet "
        f"{foreign[0]}"
    )


def check_pairs(tx: ReadTx, pairs: Mapping[str, set[str]]) -> None:
    """Raises: InvalidInput if a pair claims the address of a distributed port. `pairs`: network id → addresses.

    No statement if there are none.
    """
    addresses = sorted(set().union(*pairs.values()))
    if not addresses:
        return
    parameters = {"addresses": addresses, "network_ids": sorted(pairs)}
    taken = [row.ip_address for row in tx.rows(_DISTRIBUTED, parameters) if row.ip_address in pairs[row.network_id]]
    if taken:
        raise problems.InvalidInput(
            error_message=f"IP addresses '{', '.join(taken)}' already used by the '{rules.DISTRIBUTED}' port(s) in the "
            "same network"
        )


def check_parents(tx: ReadTx, ids: Iterable[str]) -> None:
    """Raises: PortNotFound if a port that another is nested in does not exist. No statement if there are no `ids`."""
    wanted = sorted(set(ids))
    if not wanted:
        return
    found = {row.id for row in tx.rows(sa.select(PORTS.c.id).where(PORTS.c.id.in_(wanted)))}
    for port_id in wanted:
        if port_id not in found:
            raise problems.PortNotFound(port_id=port_id)


def segments(tx: ReadTx, network_ids: Iterable[str]) -> dict[str, list[binding.Segment]]:
    """The segments of each network, in order."""
    found: dict[str, list[binding.Segment]] = {network_id: [] for network_id in network_ids}
    for row in tx.rows(_SEGMENTS, {"network_ids": sorted(found)}):
        segment = binding.Segment(
            network_type=row.network_type,
            physical_network=row.physical_network,
            segmentation_id=row.segmentation_id,
        )
        found[row.network_id].append(segment)
    return found
