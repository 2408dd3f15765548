"""Ranges and the pools behind them, on all three databases, also while ids are taken and given back. ML-029."""

from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from tests.resources.world import World, attempt
from tests.store.support import in_threads
from wovenet.model.problems import NetworkSegmentRangeOverlaps
from wovenet.resources.segment import pools
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.settings import Settings
from wovenet.settings.networking import Ml2TypeVlan
from wovenet.store import ranges

VLAN = {"network_type": "vlan", "physical_network": "physnet1"}


def add(world: World, minimum: int, maximum: int, **request: Any) -> dict[str, Any]:
    wanted = {**VLAN, "shared": False, "project_id": "demo", "minimum": minimum, "maximum": maximum, **request}
    return world.create("network_segment_range", wanted)[0]


def free(world: World, pool: str) -> list[tuple[int, int]]:
    with world.store.read() as tx:
        return ranges.free(tx, pool)


def vlan(world: World) -> dict[str, Any]:
    return world.network(provider__network_type="vlan", provider__physical_network="physnet1")


def test_ids_change_pools_with_their_ranges(any_world: World) -> None:
    network = vlan(any_world)
    own = add(any_world, 101, 110)
    assert (free(any_world, "vlan/physnet1"), free(any_world, f"range/{own['id']}")) == ([], [(101, 110)])
    shared = add(any_world, 300, 301, shared=True)
    assert free(any_world, "vlan/physnet1") == [(300, 301)]
    any_world.delete("network", network["id"])
    assert free(any_world, "vlan/physnet1") == [(100, 100), (300, 301)]
    any_world.delete("network_segment_range", own["id"])
    any_world.delete("network_segment_range", shared["id"])
    assert (free(any_world, "vlan/physnet1"), free(any_world, f"range/{own['id']}")) == ([(100, 102)], [])


def test_two_ranges_that_overlap_do_not_both_come(any_world: World) -> None:
    found = in_threads([partial(attempt, partial(add, any_world, 300 + one, 310 + one)) for one in range(3)])
    assert sorted(map(str, found)) == sorted(map(str, [None] + [NetworkSegmentRangeOverlaps] * 2))


def test_ids_are_taken_once_while_a_range_comes(any_world: World) -> None:
    first = vlan(any_world)
    going = partial(any_world.delete, "network", first["id"])
    in_threads([partial(vlan, any_world), going, partial(vlan, any_world), partial(add, any_world, 101, 105)])
    with any_world.store.read() as tx:
        used = {row[0] for row in tx.rows(sa.select(NETWORK_SEGMENTS.c.segmentation_id))}
        own = tx.value(sa.text("SELECT id FROM network_segment_ranges WHERE minimum = 101"))
    left = [
        number
        for pool in ("vlan/physnet1", f"range/{own}")
        for start, end in free(any_world, pool)
        for number in range(start, end + 1)
    ]
    assert sorted([*used, *left]) == [100, 101, 102, 103, 104, 105]


def test_ranges_outlive_a_start_with_other_settings(any_world: World, settings: Settings) -> None:
    own = add(any_world, 101, 101)
    changed = replace(settings, ml2_type_vlan=Ml2TypeVlan(network_vlan_ranges=("physnet1:100:105",)))
    any_world.store.write(lambda tx: pools.refresh(tx, changed))
    assert free(any_world, "vlan/physnet1") == [(100, 100), (102, 105)]
    assert free(any_world, f"range/{own['id']}") == [(101, 101)]
