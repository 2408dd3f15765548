"""Addresses are counted alike on all three databases, whatever their number."""

import pytest

from tests.resources.world import World
from wovenet.resources.ip_availability import counts


@pytest.mark.parametrize("pools_max", [1, counts.POOLS_MAX])
def test_what_is_in_a_pool_is_told_apart(any_world: World, monkeypatch: pytest.MonkeyPatch, pools_max: int) -> None:
    monkeypatch.setattr(counts, "POOLS_MAX", pools_max)
    network, empty = any_world.network(), any_world.network()
    pools = [{"start": "10.0.0.10", "end": "10.0.0.19"}, {"start": "10.0.0.30", "end": "10.0.0.39"}]
    any_world.subnet(network, "10.0.0.0/24", allocation_pools=pools, enable_dhcp=False)
    any_world.subnet(network, "fd00::/64", enable_dhcp=False)
    named = ("10.0.0.10", "10.0.0.19", "10.0.0.20", "10.0.0.9", "10.0.0.30", "10.0.0.39", "10.0.0.40", "fd00::77")
    for address in named:
        any_world.port(network, fixed_ips=[{"ip_address": address}])
    found = [{"id": network["id"]}, {"id": empty["id"]}]
    with any_world.store.read() as tx:
        counts.complement(tx, found, {}, frozenset())
    assert found[0]["ip_availability_details"] == {
        "total_ips_in_subnet": 254 + 2**64,
        "total_ips_in_allocation_pool": 20 + 2**64 - 1,
        "used_ips_in_subnet": 8,
        "used_ips_in_allocation_pool": 5,
    }
    assert (found[1]["total_ips"], found[1]["used_ips"]) == (0, 0)
