"""Which ports are bound to which segment of their network: to the first of them that their host reaches."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.drivers import binding, ovn
from wovenet.drivers.binding import UNPLUGGED
from wovenet.model.actor import Actor
from wovenet.model.problems import SegmentInUse
from wovenet.resources import host, query
from wovenet.resources.base import Object
from wovenet.resources.segment.values import Segment
from wovenet.store.tx import Tx


def leave(tx: Tx, actor: Actor, segments: Sequence[Segment], segment: Object) -> None:
    """No port is bound to the segment: those that go with their network are gone.

    In: all `segments` of its network, in order; an actor who sees all ports.
    Raises: SegmentInUse if there are others.
    """
    from wovenet.resources import port  # inside: ports are made with the help of this package
    from wovenet.resources.network.rules import AUTO_DELETED_OWNERS
    from wovenet.resources.port import actions

    network_id, segment_id = segment["network_id"], segment["id"]
    hosts = _hosts(tx, network_id, segments, segment_id)
    if not hosts:
        return
    table = port.RESOURCE.table
    on_them = sa.and_(_bound(network_id), table.c.binding_host_id.in_(hosts))
    is_automatic = table.c.device_owner.in_(AUTO_DELETED_OWNERS)
    count = tx.value(sa.select(sa.func.count()).select_from(table).where(on_them, sa.not_(is_automatic)))
    if count:
        raise SegmentInUse(segment_id=segment_id, reason=f"The segment is still bound with {count} port(s)")
    automatic = query.fetch_all(tx, port.RESOURCE, actor, conditions=[on_them, is_automatic])
    if automatic:
        actions.remove(tx, automatic, resource=port.RESOURCE)


def _bound(network_id: str) -> "sa.ColumnElement[bool]":
    from wovenet.resources.port.table import PORTS  # inside: as above

    return sa.and_(
        PORTS.c.network_id == network_id,
        PORTS.c.binding_host_id != "",
        PORTS.c.binding_vif_type.not_in(sorted(UNPLUGGED)),
    )


def _hosts(tx: Tx, network_id: str, segments: Sequence[Segment], segment_id: str) -> list[str]:
    """The hosts whose ports are bound to the segment. Of one that is not known any more, they may be."""
    from wovenet.resources.port.table import PORTS  # inside: as above

    names = [row[0] for row in tx.rows(sa.select(PORTS.c.binding_host_id).where(_bound(network_id)).distinct())]
    known = host.by_name(tx, names)
    return [
        name for name in sorted(names) if name not in known or reached_by(known[name], segments)[:1] == [segment_id]
    ]


def reached_by(found: binding.Host, segments: Sequence[Segment]) -> list[str]:
    """The segments that a port on the host can be bound to, in order."""
    asked = ((segment.id, binding.Segment(**segment.asked._asdict())) for segment in segments)
    return [segment_id for segment_id, one in asked if ovn.reaches(found, one)]
