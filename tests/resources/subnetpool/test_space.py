"""Space of pools: never handed out twice, and whole again when everything was given back."""

import ipaddress
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from tests.resources.world import World
from wovenet.model.problems import SubnetAllocationError
from wovenet.resources.subnetpool.table import SUBNETPOOL_SPACE


def pool(world: World, *prefixes: str, **request: Any) -> dict[str, Any]:
    return world.create("subnetpool", {"prefixes": list(prefixes), **request})[0]


def subnet(world: World, pool_id: str, **request: Any) -> dict[str, Any]:
    network = world.network(provider__network_type="local")
    asked = {"network_id": network["id"], "subnetpool_id": pool_id, "ip_version": 4, **request}
    return world.create("subnet", asked)[0]


def free(world: World) -> set[tuple[int, str]]:
    with world.store.read() as tx:
        rows = tx.rows(sa.select(SUBNETPOOL_SPACE.c.prefixlen, SUBNETPOOL_SPACE.c.first_key))
    return {(row.prefixlen, row.first_key) for row in rows}


def test_nothing_is_handed_out_twice(any_world: World) -> None:
    made = pool(any_world, "10.0.0.0/23", default_prefixlen=27)

    def take(_: int) -> str | None:
        try:
            return str(subnet(any_world, made["id"])["cidr"])
        except SubnetAllocationError:
            return None

    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(take, range(20)))
    assert sorted(filter(None, taken)) == sorted(map(str, ipaddress.ip_network("10.0.0.0/23").subnets(new_prefix=27)))


def test_given_back_space_is_whole_again(world: World) -> None:
    made = pool(world, "10.0.0.0/16", default_prefixlen=24)
    before = free(world)
    subnets = [subnet(world, made["id"], prefixlen=prefixlen) for prefixlen in (24, 28, 20, 30, 24)]
    assert len(free(world)) > 1
    for one in (subnets[2], subnets[0], subnets[4], subnets[1], subnets[3]):
        world.delete("subnet", one["id"])
    assert free(world) == before


def test_a_large_pool_costs_what_a_small_one_costs(world: World) -> None:
    made = pool(world, "fd00::/16", default_prefixlen=64)
    assert subnet(world, made["id"], ip_version=6)["cidr"] == "fd00::/64"
    assert len(free(world)) == 48
