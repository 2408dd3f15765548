"""Ranges of ids that administrators add to those of the settings: for everybody, or for one project.

An id of a project's range is in a pool of that range, and in no other: nobody else gets it without naming it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from wovenet.drivers.config import Config, Range
from wovenet.drivers.types import Asked
from wovenet.model.problems import LostRace, NoNetworkAvailable
from wovenet.resources.segment.table import NETWORK_SEGMENT_RANGES
from wovenet.store.tx import ReadTx

_R = NETWORK_SEGMENT_RANGES.c
_COLUMNS = sa.select(
    _R.id, _R.network_type, _R.physical_network, _R.minimum, _R.maximum, _R.shared, _R.project_id
).where(sa.not_(_R.is_default))
_KNOWN = _COLUMNS.where(
    sa.or_(_R.shared, _R.project_id.in_(sa.bindparam("projects", expanding=True)))
).order_by(_R.minimum, _R.id)  # fmt: skip
_OF_POOL = _COLUMNS.where(
    _R.network_type == sa.bindparam("of_type"), _R.physical_network == sa.bindparam("on_physical")
).order_by(_R.minimum)


@dataclass(frozen=True, slots=True)
class Extra:
    """One such range."""

    id: str
    network_type: str
    physical_network: str | None
    span: Range
    project_id: str | None
    """Whose it is; None: everybody's."""

    @property
    def pool(self) -> str:
        """The pool of its own that a project's range has."""
        return f"range/{self.id}"

    def serves(self, asked: Asked) -> bool:
        """Whether an id for `asked` can come from here."""
        return asked.network_type == self.network_type and asked.physical_network in (None, "", self.physical_network)


def known_to(tx: ReadTx, config: Config, projects: Iterable[str]) -> tuple[Config, Sequence[Extra]]:
    """The configuration with the ranges that these projects can have ids from, and those ranges. One statement."""
    extras = _known(tx, projects)
    return extended(config, extras) if extras else config, extras


@contextmanager
def checked(tx: ReadTx, extras: Sequence[Extra], projects: Iterable[str]) -> Iterator[None]:
    """Ids are said to be exhausted only if the ranges are still those that the projects were known to have.

    Raises: LostRace.
    """
    try:
        yield
    except NoNetworkAvailable as error:
        if _known(tx, projects) != extras:
            raise LostRace("ranges of segment ids have changed") from error
        raise


def _known(tx: ReadTx, projects: Iterable[str]) -> list[Extra]:
    return [_extra(row) for row in tx.rows(_KNOWN, {"projects": sorted(set(projects))})]


def own(extras: Iterable[Extra], project_id: str) -> tuple[Extra, ...]:
    """Those of the ranges that are the project's."""
    return tuple(one for one in extras if one.project_id == project_id)


def extended(config: Config, extras: Iterable[Extra]) -> Config:
    """The configuration with further ranges."""
    vlans, tunnels = dict(config.vlan_ranges), dict(config.tunnel_ranges)
    for extra in extras:
        ranges, name = (
            (vlans, extra.physical_network or "") if extra.physical_network else (tunnels, extra.network_type)
        )
        ranges[name] = (*ranges.get(name, ()), extra.span)
    return replace(config, vlan_ranges=MappingProxyType(vlans), tunnel_ranges=MappingProxyType(tunnels))


def of_pool(tx: ReadTx, pool: str) -> list[Extra]:
    """The further ranges of ids that are in `pool`, or would be if they were not a project's own."""
    network_type, _, physical_network = pool.partition("/")
    return [_extra(row) for row in tx.rows(_OF_POOL, {"of_type": network_type, "on_physical": physical_network})]


def holding(tx: ReadTx, segments: Sequence[Asked]) -> Mapping[Asked, Extra]:
    """The range that each id is in, where it is in one. One statement."""
    conditions = [
        sa.and_(
            _R.network_type == segment.network_type,
            _R.physical_network == (segment.physical_network or ""),
            _R.minimum <= segment.segmentation_id,
            _R.maximum >= segment.segmentation_id,
        )
        for segment in segments
    ]
    found = [_extra(row) for row in tx.rows(_COLUMNS.where(sa.or_(*conditions)))] if conditions else []
    return {segment: extra for segment in segments for extra in found if _holds(extra, segment)}


def _holds(extra: Extra, segment: Asked) -> bool:
    number, place = segment.segmentation_id, (segment.network_type, segment.physical_network or None)
    is_within = number is not None and extra.span[0] <= number <= extra.span[1]
    return is_within and place == (extra.network_type, extra.physical_network)


def _extra(row: "sa.Row[Any]") -> Extra:
    return Extra(
        row.id,
        row.network_type,
        row.physical_network or None,
        (row.minimum, row.maximum),
        None if row.shared else row.project_id,
    )
