"""Pools of segment ids follow the settings, and cost nothing at a start that changes nothing."""

from dataclasses import replace

import pytest

from tests.databases import counting
from tests.resources.world import World
from tests.store.support import in_threads
from wovenet.drivers.config import ConfigError
from wovenet.resources.segment import pools
from wovenet.settings import Settings
from wovenet.settings.networking import Ml2TypeGeneve, Ml2TypeVlan
from wovenet.store import ranges


def refresh(world: World, settings: Settings) -> None:
    world.store.write(lambda tx: pools.refresh(tx, settings))


def free(world: World, pool: str) -> list[tuple[int, int]]:
    with world.store.read() as tx:
        return ranges.free(tx, pool)


def test_the_same_settings_cost_one_statement(world: World, settings: Settings) -> None:
    with counting(world.engine) as count:
        refresh(world, settings)
    assert len(count) == 1


def test_used_ids_stay_used_when_ranges_change(any_world: World, settings: Settings) -> None:
    made = any_world.create("network", *[{}] * 3)
    outside = any_world.create("network", {"provider:network_type": "geneve", "provider:segmentation_id": 30})[0]
    refresh(any_world, replace(settings, ml2_type_geneve=Ml2TypeGeneve(vni_ranges=("2:5", "20:40"))))
    assert free(any_world, "geneve") == [(4, 5), (20, 29), (31, 40)]
    any_world.settings = replace(settings, ml2_type_geneve=Ml2TypeGeneve(vni_ranges=("2:5", "20:40")))
    for network in (made[0], made[1], outside):
        any_world.delete("network", network["id"])
    assert free(any_world, "geneve") == [(2, 2), (4, 5), (20, 40)]


def test_a_pool_that_is_configured_no_more_is_empty(world: World, settings: Settings) -> None:
    refresh(world, replace(settings, ml2_type_vlan=Ml2TypeVlan(network_vlan_ranges=("physnet2:200:201",))))
    assert free(world, "vlan/physnet1") == []
    assert free(world, "vlan/physnet2") == [(200, 201)]
    refresh(world, settings)
    assert free(world, "vlan/physnet1") == [(100, 102)]


def test_one_physical_network_s_ids_do_not_count_on_another(world: World, settings: Settings) -> None:
    world.network(provider__network_type="vlan", provider__physical_network="physnet3", provider__segmentation_id=200)
    ranges_ = ("physnet1:100:102", "physnet2:200:203", "physnet3")
    refresh(world, replace(settings, ml2_type_vlan=Ml2TypeVlan(network_vlan_ranges=ranges_)))
    assert free(world, "vlan/physnet2") == [(200, 203)]


def test_processes_that_start_together_agree(any_world: World, settings: Settings) -> None:
    changed = replace(settings, ml2_type_geneve=Ml2TypeGeneve(vni_ranges=("1:40",)))
    in_threads([lambda: refresh(any_world, changed) for _ in range(4)])
    assert free(any_world, "geneve") == [(1, 40)]


def test_ranges_that_make_no_sense_change_nothing(world: World, settings: Settings) -> None:
    with pytest.raises(ConfigError):
        refresh(world, replace(settings, ml2_type_geneve=Ml2TypeGeneve(vni_ranges=("9:1",))))
    assert free(world, "geneve") == [(1, 9)]
