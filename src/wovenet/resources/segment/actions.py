"""Segments are added to networks that exist, and taken away from them; their ids are reserved and given back."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.drivers import ovn_segments, types
from wovenet.drivers.types import Asked
from wovenet.model.actor import SYSTEM
from wovenet.model.problems import LostRace, NetworkNotFound, SegmentInUse, VlanQinqDriverError
from wovenet.resources import crud
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.segment import bound, extra, pools
from wovenet.resources.segment.config import config_of
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.segment.values import Segment, segment_of
from wovenet.store.tx import Claimed, ReadTx, Tx

_C = NETWORK_SEGMENTS.c
_OF_NETWORK: sa.Select[Any] = (
    sa.select(_C.id, _C.segment_index, _C.network_type, _C.physical_network, _C.segmentation_id, _C.claim)
    .where(_C.network_id == sa.bindparam("of_network"))
    .order_by(_C.segment_index)
)
NAMED_MAX = 100
"""Subnets that are named as the reason why a segment cannot go."""


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new segments, each of which carries its network too.

    Raises: NetworkNotFound, InvalidInput, VlanQinqDriverError, VlanIdInUse, TunnelIdInUse, FlatNetworkInUse,
    NoNetworkAvailable; LostRace.
    """
    return [_create(tx, resource, context, request) for request in requests]


def _create(tx: Tx, resource: Resource, context: Context, request: Object) -> Object:
    from wovenet.resources.network import rules  # inside: networks are made with the help of this package

    network = _lock_network(tx, request["network_id"])
    config, extras = extra.known_to(tx, config_of(context.settings), [network.project_id])
    wanted = Asked(request["network_type"], request.get("physical_network") or None, request.get("segmentation_id"))
    types.driver_of(config, wanted.network_type).check(config, wanted)
    if network.qinq and wanted.network_type != "vlan":
        raise VlanQinqDriverError
    present = of_network(tx, request["network_id"])
    with extra.checked(tx, extras, [network.project_id]):
        [asked] = pools.reserve(tx, config, [(wanted,)], [extra.own(extras, network.project_id)])
    # As the peer: a network keeps the MTU that it has, and its segments have to carry that.
    rules.mtu(network.mtu, types.mtu_max(config, [*(segment.asked for segment in present), asked]))
    ovn_segments.check(asked)
    made = crud.new_object(tx, resource, {"name": None, "description": "", **request})
    index = max((segment.segment_index for segment in present), default=-1) + 1
    segment = segment_of(made["id"], index, asked)
    made |= asked._asdict() | {"segment_index": index}
    try:
        tx.insert(NETWORK_SEGMENTS, [{**crud.row_of(resource, made), "claim": segment.claim}])
    except Claimed as error:
        raise LostRace(f"segment {segment.claim}") from error
    return made


def update(tx: Tx, resource: Resource, current: Object, changes: Object) -> Object:
    """The segment after `changes`; the same at the same revision if they change nothing."""
    found = {name: value for name, value in changes.items() if value != current[name]}
    return crud.save(tx, resource, current, found) if found else current


def delete(tx: Tx, resource: Resource, context: Context, current: Object) -> None:
    """The segment is gone with the automatic ports that are bound to it; its id can be had again.

    Raises: SegmentInUse; LostRace.
    """
    _lock_network(tx, current["network_id"])
    _refuse_subnets(tx, current["id"])
    segments = of_network(tx, current["network_id"])
    bound.leave(tx, SYSTEM, segments, current)
    crud.remove(tx, resource, [current])
    asked = Asked(current["network_type"], current["physical_network"], current["segmentation_id"])
    pools.release(tx, config_of(context.settings), [asked])


def of_network(tx: ReadTx, network_id: str) -> list[Segment]:
    """The segments of the network, in order."""
    return [Segment(**row._mapping) for row in tx.rows(_OF_NETWORK, {"of_network": network_id})]


def _lock_network(tx: Tx, network_id: str) -> "sa.Row[Any]":
    """What matters of the network. It shows other segments: it has a new revision, and waits for nobody's change.

    Raises: NetworkNotFound.
    """
    from wovenet.resources import network  # inside: as above

    crud.bump(tx, network.RESOURCE, network_id)
    table = network.RESOURCE.table
    row = tx.row(sa.select(table.c.mtu, table.c.qinq, table.c.project_id).where(table.c.id == network_id))
    if row is None:
        raise NetworkNotFound(net_id=network_id)
    return row


def _refuse_subnets(tx: ReadTx, segment_id: str) -> None:
    from wovenet.resources.subnet.table import SUBNETS  # inside: as above

    own = sa.select(SUBNETS.c.id).where(SUBNETS.c.segment_id == segment_id).order_by(SUBNETS.c.id).limit(NAMED_MAX)
    subnet_ids = [row.id for row in tx.rows(own)]
    if subnet_ids:
        reason = f"The segment is still associated with subnet(s) {', '.join(subnet_ids)}"
        raise SegmentInUse(segment_id=segment_id, reason=reason)
