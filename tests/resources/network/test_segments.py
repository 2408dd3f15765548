"""Segments that are added at one moment: ids that are asked for twice, and what goes while it is needed. ML-026."""

from functools import partial
from typing import Any

import sqlalchemy as sa

from tests.resources.world import World, attempt
from tests.store.support import in_threads
from wovenet.model.problems import NetworkNotFound, SegmentInUse, VlanIdInUse
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet.table import SUBNETS

VLAN = {"network_type": "vlan", "physical_network": "physnet1"}


def add(world: World, network: dict[str, Any], **request: Any) -> dict[str, Any]:
    return world.create("segment", {"network_id": network["id"], **VLAN, **request})[0]


def claims(world: World) -> list[str]:
    with world.store.read() as tx:
        return [row[0] for row in tx.rows(sa.select(NETWORK_SEGMENTS.c.claim).order_by(NETWORK_SEGMENTS.c.claim))]


def test_two_requests_for_one_id_do_not_both_get_it(any_world: World) -> None:
    networks = [any_world.network() for _ in range(4)]
    asking = [partial(add, any_world, network, segmentation_id=77) for network in networks]
    found = in_threads([partial(attempt, one) for one in asking])
    assert sorted(map(str, found)) == sorted(map(str, [None] + [VlanIdInUse] * 3))
    assert claims(any_world).count("vlan/physnet1/77") == 1


def test_requests_for_any_id_get_different_ones(any_world: World) -> None:
    networks = [any_world.network() for _ in range(3)]
    in_threads([partial(add, any_world, network) for network in networks])
    assert [claim for claim in claims(any_world) if claim.startswith("vlan")] == [
        f"vlan/physnet1/{number}" for number in (100, 101, 102)
    ]


def test_one_network_gets_several_segments_at_once(any_world: World) -> None:
    network = any_world.network()
    in_threads([lambda: add(any_world, network) for _ in range(3)])
    with any_world.store.read() as tx:
        rows = tx.rows(sa.select(NETWORK_SEGMENTS.c.segment_index).order_by(NETWORK_SEGMENTS.c.segment_index))
    assert [row.segment_index for row in rows] == [0, 1, 2, 3]


def test_a_segment_does_not_go_while_a_subnet_comes(any_world: World) -> None:
    for attempt_number in range(3):
        network = any_world.network()
        segment = network["carriers"][0].id
        cidr = f"10.0.{attempt_number}.0/24"
        coming = partial(any_world.subnet, network, cidr, segment_id=segment)
        going = partial(any_world.delete, "segment", segment)
        in_threads([partial(attempt, coming), partial(attempt, going)])
        with any_world.store.read() as tx:
            left = tx.row(sa.select(NETWORK_SEGMENTS.c.id).where(NETWORK_SEGMENTS.c.id == segment))
            subnet = tx.row(sa.select(SUBNETS.c.id).where(SUBNETS.c.network_id == network["id"]))
        assert (left is None) == (subnet is None)
        if subnet is not None:
            assert attempt(going) == SegmentInUse


def test_a_network_goes_with_its_segments_and_the_subnets_of_these(any_world: World) -> None:
    network = any_world.network()
    segment = add(any_world, network)
    any_world.subnet(network, "10.0.0.0/24", segment_id=segment["id"])
    any_world.delete("network", network["id"])
    assert any_world.count(NETWORK_SEGMENTS) == 0
    assert attempt(lambda: add(any_world, network)) == NetworkNotFound
