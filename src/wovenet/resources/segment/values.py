"""A segment as a value. Pure."""

from dataclasses import dataclass, field

from wovenet.drivers import types
from wovenet.drivers.types import Asked


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a network, as it is stored."""

    id: str
    segment_index: int
    network_type: str
    physical_network: str | None
    segmentation_id: int | None
    claim: str | None
    """What no second network may have: "vlan/physnet1/101"; None for a segment that claims nothing."""
    created_at: str = field(default="", compare=False)
    """Known of new segments only."""

    @property
    def asked(self) -> Asked:
        """What one would have to ask for to get it."""
        return Asked(self.network_type, self.physical_network, self.segmentation_id)


def segment_of(segment_id: str, segment_index: int, asked: Asked, *, created_at: str = "") -> Segment:
    """The segment that fulfils `asked`, which is complete."""
    return Segment(
        segment_id,
        segment_index,
        asked.network_type,
        asked.physical_network,
        asked.segmentation_id,
        types.DRIVERS[asked.network_type].claim(asked),
        created_at,
    )
