"""Ranges of segment ids: those of the settings, and those that administrators add for everybody or for one project."""

from wovenet.model.problems import NetworkSegmentRangeNotFound
from wovenet.resources import tagging
from wovenet.resources.base import Resource
from wovenet.resources.segment.table import NETWORK_SEGMENT_RANGES
from wovenet.resources.segment_range import actions, usage

RESOURCE: Resource = Resource(
    collection="network_segment_ranges",
    member="network_segment_range",
    table=NETWORK_SEGMENT_RANGES,
    not_found=lambda range_id: NetworkSegmentRangeNotFound(range_id=range_id),
    children=(tagging.child(),),
    derived=dict.fromkeys(("available", "used"), ("minimum", "maximum")),
    complement=usage.complement,
    filters=tagging.filters(NETWORK_SEGMENT_RANGES),
    create=lambda tx, context, requests: actions.create(tx, RESOURCE, context, requests),
    update=lambda tx, context, current, changes: actions.update(
        tx, RESOURCE, context, current=current, changes=changes
    ),
    delete=lambda tx, context, current: actions.delete(tx, RESOURCE, context, current),
)
