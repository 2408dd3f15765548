"""Subnets that belong to one segment of their network each: which may, and the routes between them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources.base import Object
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet import routes, touched
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store.tx import ReadTx, Tx

_C = SUBNETS.c
_COUNT = sa.select(sa.func.count()).where(_C.network_id == sa.bindparam("of_network"))
_SEGMENTS = sa.select(NETWORK_SEGMENTS.c.id, NETWORK_SEGMENTS.c.network_id).where(
    NETWORK_SEGMENTS.c.id.in_(sa.bindparam("ids", expanding=True))
)
_SEGMENTS_OF = sa.select(sa.func.count()).where(NETWORK_SEGMENTS.c.network_id == sa.bindparam("of_network"))
_ROUTED = (
    sa.select(_C.id, _C.network_id, _C.segment_id, _C.ip_version, _C.cidr, _C.gateway_ip, _C.host_routes)
    .where(_C.network_id.in_(sa.bindparam("ids", expanding=True)), _C.segment_id.is_not(None))
    .order_by(_C.id)
)
_SAVE = sa.update(SUBNETS).where(_C.id == sa.bindparam("of_subnet")).values(host_routes=sa.bindparam("new_routes"))


def present(network_id: "sa.ColumnElement[str]") -> "tuple[sa.Label[bool], sa.Label[bool]]":
    """Columns of a network that say whether it `has_routed` subnets, of one segment each, and `has_plain` ones."""
    own = sa.select(_C.id).where(_C.network_id == network_id)
    return (
        sa.exists(own.where(_C.segment_id.is_not(None))).label("has_routed"),
        sa.exists(own.where(_C.segment_id.is_(None))).label("has_plain"),
    )


def check_new(tx: ReadTx, subnets: Sequence[Object], networks: "Mapping[str, sa.Row[Any]]") -> None:
    """Of each network, either all subnets belong to segments of its own or none does. At most one statement.

    In: the networks, by id, with what `present` says.
    Raises: SegmentNotFound, NetworkIdsDontMatch, SubnetsNotAllAssociatedWithSegments.
    """
    for subnet in subnets:
        subnet.setdefault("segment_id", None)
    _check_segments(tx, [(subnet["segment_id"], subnet["network_id"]) for subnet in subnets if subnet["segment_id"]])
    routed = {subnet["network_id"] for subnet in subnets if subnet["segment_id"]}
    plain = {subnet["network_id"] for subnet in subnets if not subnet["segment_id"]}
    for network_id, network in sorted(networks.items()):
        if (network.has_routed or network_id in routed) and (network.has_plain or network_id in plain):
            raise problems.SubnetsNotAllAssociatedWithSegments(network_id=network_id)


def check_change(tx: ReadTx, current: Object, segment_id: str | None) -> None:
    """Only the single subnet of a network with a single segment may come to belong to it, and then it stays there.

    In: nobody else makes subnets of this network now.
    Raises: SubnetsNotAllAssociatedWithSegments, SubnetSegmentAssociationChangeNotAllowed,
    NoUpdateSubnetWhenMultipleSegmentsOnNetwork, SegmentNotFound, NetworkIdsDontMatch.
    """
    network_id = current["network_id"]
    if tx.value(_COUNT, {"of_network": network_id}) > 1:
        raise problems.SubnetsNotAllAssociatedWithSegments(network_id=network_id)
    if current["segment_id"] is not None or segment_id is None:
        raise problems.SubnetSegmentAssociationChangeNotAllowed()
    if tx.value(_SEGMENTS_OF, {"of_network": network_id}) > 1:
        raise problems.NoUpdateSubnetWhenMultipleSegmentsOnNetwork(network_id=network_id)
    _check_segments(tx, [(segment_id, network_id)])


def route(tx: Tx, made: Sequence[Object]) -> None:
    """The new subnets, and the others of their networks, tell their hosts of each other.

    No statement if none of them belongs to a segment; else at most three.
    """
    network_ids = sorted({subnet["network_id"] for subnet in made if subnet["segment_id"] is not None})
    if network_ids:
        changed = _settle(tx, network_ids)
        for subnet in made:
            subnet["host_routes"] = changed.get(subnet["id"], subnet["host_routes"])


def unroute(tx: Tx, gone: Object) -> None:
    """Nobody is told any more of a subnet that is gone. As `route`."""
    if gone["segment_id"] is not None:
        _settle(tx, [gone["network_id"]], gone=gone["cidr"])


def routed(tx: ReadTx, current: Object, changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` of the subnet's gateway or routes, with the routes to the other segments of its network."""
    if current["segment_id"] is None:
        return dict(changes)
    others = [other for other in _others(tx, [current["network_id"]]) if other["id"] != current["id"]]
    host_routes = routes.settled({**current, **changes}, others, former=current["gateway_ip"])
    found = {**changes, "host_routes": host_routes}
    return {name: value for name, value in found.items() if value != current[name]}


def _settle(tx: Tx, network_ids: Sequence[str], *, gone: str | None = None) -> dict[str, list[routes.Route]]:
    """Out: the subnets whose routes have changed, with their routes."""
    subnets = _others(tx, network_ids)
    changed: dict[str, list[routes.Route]] = {}
    for subnet in subnets:
        others = [other for other in subnets if other["network_id"] == subnet["network_id"]]
        found = routes.settled(subnet, others, former=subnet["gateway_ip"], gone=gone)
        if found != subnet["host_routes"]:
            changed[subnet["id"]] = found
    if changed:
        rows = [{"of_subnet": id_, "new_routes": msgspec.json.encode(found).decode()} for id_, found in changed.items()]
        tx.run(_SAVE, rows)
        touched.by_options_of(tx, sorted(changed))
    return changed


def _others(tx: ReadTx, network_ids: Sequence[str]) -> list[Object]:
    rows = tx.rows(_ROUTED, {"ids": network_ids})
    return [{**row._mapping, "host_routes": msgspec.json.decode(row.host_routes)} for row in rows]


def _check_segments(tx: ReadTx, named: Iterable[tuple[str, str]]) -> None:
    """Raises: SegmentNotFound, NetworkIdsDontMatch for one of `named` (segment, network of the subnet)."""
    wanted = sorted(set(named))
    if not wanted:
        return
    known = {row.id: row.network_id for row in tx.rows(_SEGMENTS, {"ids": sorted({one for one, _ in wanted})})}
    for segment_id, network_id in wanted:
        if segment_id not in known:
            raise problems.SegmentNotFound(segment_id=segment_id)
        if known[segment_id] != network_id:
            raise problems.NetworkIdsDontMatch(subnet_network=network_id, segment_id=segment_id)
