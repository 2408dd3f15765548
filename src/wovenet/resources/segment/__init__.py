"""Segments: the piece of real network that carries a network, and the identifier that it holds there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.ids import Unit
from wovenet.model.problems import SegmentNotFound
from wovenet.resources.base import Child, Resource
from wovenet.resources.segment import actions
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.segment.values import Segment

_C = NETWORK_SEGMENTS.c


def child() -> Child:
    """The segments of a network, in order, as values: the wire shows one of them otherwise than several."""
    return Child(
        attribute="carriers",
        table=NETWORK_SEGMENTS,
        parent=_C.network_id,
        columns=(_C.id, _C.segment_index, _C.network_type, _C.physical_network, _C.segmentation_id, _C.claim),
        load=Segment,
        dump=row_of,
        order_by=(_C.network_id, _C.segment_index),
    )


def row_of(segment: Segment) -> Mapping[str, Any]:
    """The columns of a new `segment`, without its network. Nobody has given it a name or a description."""
    return {
        "id": segment.id,
        "segment_index": segment.segment_index,
        "network_type": segment.network_type,
        "physical_network": segment.physical_network,
        "segmentation_id": segment.segmentation_id,
        "claim": segment.claim,
        "name": None,
        "description": None,
        "revision_number": 0,
        "created_at": segment.created_at,
        "updated_at": segment.created_at,
    }


def filters(network_id: "sa.ColumnElement[str]") -> dict[str, Callable[[Sequence[Any]], "sa.ColumnElement[bool]"]]:
    """The filters by provider attributes, for a list of what has `network_id`."""

    def on(column: "sa.ColumnElement[Any]") -> Callable[[Sequence[Any]], "sa.ColumnElement[bool]"]:
        def condition(values: Sequence[Any]) -> "sa.ColumnElement[bool]":
            return network_id.in_(sa.select(_C.network_id).where(column.in_(values)))

        return condition

    return {
        "provider:network_type": on(_C.network_type),
        "provider:physical_network": on(_C.physical_network),
        "provider:segmentation_id": on(_C.segmentation_id),
    }


RESOURCE: Resource = Resource(
    collection="segments",
    member="segment",
    table=NETWORK_SEGMENTS,
    not_found=lambda segment_id: SegmentNotFound(segment_id=segment_id),
    # No owner: nobody but an administrator has a policy that shows segments.
    scope=lambda _actor: None,
    touches=lambda _tx, segment: [Unit("network", segment["network_id"])],
    is_bulk=False,
    first_revision=1,
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, _context, current, changes: actions.update(tx, RESOURCE, current, changes),
    delete=lambda tx, context, current: actions.delete(tx, RESOURCE, context, current),
)
