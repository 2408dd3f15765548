"""Subnets on a real database: claims of addresses, pools, revisions, marks, and what goes with them."""

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.resources.world import World, actor, attempt
from tests.store.support import in_threads
from wovenet.model import problems
from wovenet.resources.ipam.rules import number_of
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store import ranges

SLAAC = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}


def free(world: World, subnet: dict[str, Any]) -> list[tuple[int, int]]:
    with world.store.read() as tx:
        return ranges.free(tx, subnet["id"])


def pool(start: str, end: str) -> dict[str, str]:
    return {"start": start, "end": end}


def span(start: str, end: str) -> tuple[int, int]:
    return number_of(start), number_of(end)


def addresses(world: World, port: dict[str, Any]) -> list[str]:
    return [fixed_ip["ip_address"] for fixed_ip in world.fetch("port", port["id"])["fixed_ips"]]


def revision(world: World, member: str, item: dict[str, Any]) -> int:
    return int(world.fetch(member, item["id"])["revision_number"])


def test_a_subnet_is_what_was_asked_for_and_its_network_shows_it(any_world: World) -> None:
    network = any_world.network()
    any_world.marks()
    made = any_world.subnet(network, "10.0.0.5/24", name="one", dns_nameservers=["9.9.9.9", "1.1.1.1"])
    assert (made["cidr"], made["gateway_ip"], made["revision_number"]) == ("10.0.0.0/24", "10.0.0.1", 0)
    assert made["allocation_pools"] == [pool("10.0.0.2", "10.0.0.254")]
    stored = any_world.fetch("subnet", made["id"])
    assert {name: stored[name] for name in made} == made
    assert free(any_world, made) == [span("10.0.0.2", "10.0.0.254")]
    after = any_world.fetch("network", network["id"])
    assert (after["subnets"], after["revision_number"]) == ([made["id"]], 2)
    assert any_world.marks() == {("network", network["id"]), ("subnet", made["id"])}


def test_the_largest_subnets_cost_a_row(world: World) -> None:
    network = world.network()
    for cidr in ("10.0.0.0/8", "fd00::/8"):
        made = world.subnet(network, cidr)
        assert len(free(world, made)) == 1


def test_there_is_no_subnet_without_its_network(world: World) -> None:
    with pytest.raises(problems.NetworkNotFound):
        world.subnet({"id": "00000000-0000-4000-8000-000000000000"}, "10.0.0.0/24")


@pytest.mark.parametrize("cidr", ["10.0.0.0/24", "10.0.0.0/16", "10.0.0.128/25", "10.0.0.0/8", "10.0.0.0/30"])
def test_subnets_of_a_network_do_not_overlap(any_world: World, cidr: str) -> None:
    network = any_world.network()
    any_world.subnet(network, "10.0.0.0/24")
    any_world.subnet(network, "10.0.1.0/24" if not cidr.endswith(("/16", "/8")) else "11.0.0.0/24")
    any_world.subnet(network, "::a00:0/120")
    with pytest.raises(problems.InvalidInput) as error:
        any_world.subnet(network, cidr)
    assert error.value.fields["error_message"] == (
        f"Requested subnet with cidr: {cidr} for network: {network['id']} overlaps with another subnet"
    )
    assert any_world.subnet(any_world.network(), cidr)["cidr"] == cidr


def test_a_bulk_request_is_made_as_a_whole(any_world: World) -> None:
    one, other = any_world.create("network", {}, {})
    requests = [
        {"network_id": network["id"], "cidr": cidr}
        for network, cidr in ((one, "10.0.0.0/24"), (other, "10.0.0.0/24"), (one, "10.0.1.0/24"))
    ]
    with pytest.raises(problems.InvalidInput, match="InvalidInput"):
        any_world.create("subnet", *requests, {"network_id": one["id"], "cidr": "10.0.0.0/23"})
    assert any_world.count(SUBNETS) == 0
    assert len(any_world.create("subnet", *requests)) == 3
    assert (revision(any_world, "network", one), revision(any_world, "network", other)) == (2, 2)


def test_overlapping_requests_at_the_same_moment_exclude_each_other(any_world: World) -> None:
    network = any_world.network()

    creations = [partial(any_world.subnet, network, cidr) for cidr in ("10.0.0.0/24", "10.0.0.0/16", "10.0.0.0/25")]
    outcomes = in_threads([partial(attempt, creation) for creation in creations])
    assert outcomes.count(problems.InvalidInput) == 2
    assert any_world.count(SUBNETS) == 1


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"name": "new"}, 1),
        ({"gateway_ip": None}, 1),
        ({"enable_dhcp": False}, 1),
        ({"description": "d", "dns_nameservers": ["1.1.1.1"]}, 1),
        ({"dns_nameservers": ["1.1.1.1"]}, 0),
        ({"host_routes": [{"destination": "1.0.0.0/8", "nexthop": "10.0.0.9"}]}, 0),
        ({"allocation_pools": [{"start": "10.0.0.9", "end": "10.0.0.99"}]}, 0),
    ],
)
def test_some_changes_move_the_revisions(world: World, changes: dict[str, Any], moved: int) -> None:
    network = world.network()
    made = world.subnet(network, "10.0.0.0/24")
    world.marks()
    changed = world.update("subnet", made["id"], changes)
    assert {name: changed[name] for name in changes} == changes
    assert world.fetch("subnet", made["id"]) == changed
    assert (changed["revision_number"], revision(world, "network", network)) == (moved, 2 + moved)
    expected = {("subnet", made["id"]), ("network", network["id"])}
    assert world.marks() == (expected if moved else {("subnet", made["id"])})
    assert world.update("subnet", made["id"], changes) == changed
    assert world.marks() == set()


def test_a_pool_follows_what_is_in_use(any_world: World) -> None:
    network = any_world.network()
    made = any_world.subnet(network, "10.0.0.0/24")
    port = any_world.port(network, fixed_ips=[{"subnet_id": made["id"], "ip_address": "10.0.0.15"}])
    any_world.update("subnet", made["id"], {"allocation_pools": [pool("10.0.0.10", "10.0.0.20")]})
    assert free(any_world, made) == [span("10.0.0.10", "10.0.0.14"), span("10.0.0.16", "10.0.0.20")]
    any_world.update("subnet", made["id"], {"allocation_pools": [pool("10.0.0.30", "10.0.0.40")]})
    assert free(any_world, made) == [span("10.0.0.30", "10.0.0.40")]
    any_world.delete("port", port["id"])
    assert free(any_world, made) == [span("10.0.0.30", "10.0.0.40")]
    any_world.update("subnet", made["id"], {"allocation_pools": []})
    with pytest.raises(problems.IpAddressGenerationFailure):
        any_world.port(network)


def test_pools_change_while_ports_come(any_world: World) -> None:
    network = any_world.network()
    made = any_world.subnet(network, "10.0.0.0/24")
    pools = [[pool("10.0.0.10", "10.0.0.99")], [pool("10.0.0.5", "10.0.0.60")]]
    updates = [partial(any_world.update, "subnet", made["id"], {"allocation_pools": given}) for given in pools]
    in_threads([*[partial(any_world.port, network)] * 5, *updates])
    (shown,) = any_world.fetch("subnet", made["id"])["allocation_pools"]
    with any_world.store.read() as tx:
        used = {number_of(row.ip_address) for row in tx.rows(sa.select(PORT_FIXED_IPS.c.ip_address))}
    first, last = span(shown["start"], shown["end"])
    left = {number for start, end in free(any_world, made) for number in range(start, end + 1)}
    assert left == set(range(first, last + 1)) - used
    assert len(used) == 5


def test_a_gateway_that_a_router_has_does_not_change(world: World) -> None:
    network = world.network()
    made = world.subnet(network, "10.0.0.0/24")
    port = world.port(network, fixed_ips=[{"subnet_id": made["id"], "ip_address": "10.0.0.1"}])
    owner = sa.update(PORTS).where(PORTS.c.id == port["id"])
    world.store.write(lambda tx: tx.run(owner.values(device_owner="network:router_interface")))
    for gateway_ip in (None, "11.0.0.1"):
        with pytest.raises(problems.GatewayIpInUse) as error:
            world.update("subnet", made["id"], {"gateway_ip": gateway_ip})
        assert error.value.fields == {"ip_address": "10.0.0.1", "port_id": port["id"]}
    assert world.update("subnet", made["id"], {"gateway_ip": "10.0.0.1", "name": "new"})["name"] == "new"
    world.store.write(lambda tx: tx.run(owner.values(device_owner="")))
    assert world.update("subnet", made["id"], {"gateway_ip": None})["gateway_ip"] is None


@pytest.mark.parametrize(
    ("changes", "all_ports"),
    [
        ({"enable_dhcp": False}, True),
        ({"gateway_ip": None}, True),
        ({"dns_nameservers": ["1.1.1.1"]}, False),
        ({"gateway_ip": "11.0.0.1"}, False),
        ({"name": "new"}, False),
    ],
)
def test_a_change_marks_the_ports_that_show_it(world: World, changes: dict[str, Any], all_ports: bool) -> None:
    network = world.network()
    made = world.subnet(network, "10.0.0.0/24")
    other = world.subnet(network, "10.0.1.0/24")
    plain = world.port(network, fixed_ips=[{"subnet_id": made["id"]}])
    asking = world.port(
        network,
        fixed_ips=[{"subnet_id": made["id"]}],
        extra_dhcp_opts=[{"opt_name": "mtu", "opt_value": "9", "ip_version": 4}],
    )
    world.port(network, fixed_ips=[{"subnet_id": other["id"]}])
    world.marks()
    world.update("subnet", made["id"], changes)
    marked = {unit_id for kind, unit_id in world.marks() if kind == "port"}
    assert marked == ({plain["id"], asking["id"]} if all_ports else {asking["id"]})


def test_a_subnet_that_goes_takes_automatic_addresses_along(any_world: World) -> None:
    network = any_world.network()
    made = any_world.subnet(network, "10.0.0.0/24")
    dhcp = any_world.port(network, device_owner="network:dhcp")
    before = revision(any_world, "network", network)
    any_world.marks()
    any_world.delete("subnet", made["id"])
    assert addresses(any_world, dhcp) == []
    assert revision(any_world, "port", dhcp) == dhcp["revision_number"] + 1
    assert revision(any_world, "network", network) == before + 1
    assert any_world.marks() == {
        ("network", network["id"]),
        ("network_dns", network["id"]),
        ("subnet", made["id"]),
        ("port", dhcp["id"]),
    }
    assert free(any_world, made) == []
    assert any_world.count(SUBNETS) == any_world.count(PORT_FIXED_IPS) == 0


def test_a_subnet_with_addresses_in_use_stays(any_world: World) -> None:
    network = any_world.network()
    made = any_world.subnet(network, "10.0.0.0/24")
    any_world.port(network, device_owner="network:dhcp")
    port = any_world.port(network)
    with pytest.raises(problems.SubnetInUse) as error:
        any_world.delete("subnet", made["id"])
    assert error.value.fields == {
        "subnet_id": made["id"],
        "reason": "One or more ports have an IP allocation from this subnet",
    }
    any_world.delete("port", port["id"])
    any_world.delete("subnet", made["id"])


def test_ports_lose_the_addresses_that_they_made_themselves(any_world: World) -> None:
    network = any_world.network()
    pooled = any_world.subnet(network, "10.0.0.0/24")
    made = any_world.subnet(network, "fd00::/64", **SLAAC)
    port = any_world.port(network)
    assert len(addresses(any_world, port)) == 2
    any_world.delete("subnet", made["id"])
    assert addresses(any_world, port) == ["10.0.0.2"]
    with pytest.raises(problems.SubnetInUse):
        any_world.delete("subnet", pooled["id"])


def test_a_router_keeps_its_subnet(world: World) -> None:
    network = world.network()
    made = world.subnet(network, "fd00::/64", **SLAAC)
    port = world.port(network)
    owner = sa.update(PORTS).where(PORTS.c.id == port["id"]).values(device_owner="network:router_interface")
    world.store.write(lambda tx: tx.run(owner))
    with pytest.raises(problems.SubnetInUse):
        world.delete("subnet", made["id"])


def test_a_port_and_the_end_of_its_subnet_exclude_each_other(any_world: World) -> None:
    network = any_world.network()

    for _ in range(5):
        made = any_world.subnet(network, "10.0.0.0/24")
        creation = partial(any_world.port, network, fixed_ips=[{"subnet_id": made["id"]}])
        deletion = partial(any_world.delete, "subnet", made["id"])
        outcomes = in_threads([partial(attempt, creation), partial(attempt, deletion)])
        if outcomes[0] is None:
            assert outcomes[1] is problems.SubnetInUse
        else:
            # Without a pool, or without a row: it depends on how far the other one was.
            assert outcomes[0] in (problems.SubnetNotFound, problems.IpAddressGenerationFailure)
            assert outcomes[1] is None
        assert any_world.count(PORT_FIXED_IPS) == any_world.count(SUBNETS) == (outcomes[0] is None)
        for port_id in any_world.ids("port"):
            any_world.delete("port", port_id)
            any_world.delete("subnet", made["id"])


def test_who_may_not_see_a_subnet_cannot_find_it(world: World) -> None:
    made = world.subnet(world.network(), "10.0.0.0/24")
    with pytest.raises(problems.SubnetNotFound):
        world.fetch("subnet", made["id"], actor("alice"))


def test_the_number_of_statements(world: World) -> None:
    network = world.network()
    world.subnet(network, "10.0.0.0/24")
    with counting(world.engine) as creation:
        made = world.subnet(network, "10.0.1.0/24")
    assert len(creation) <= 12
    costs = []
    for size in (1, 4):
        for _ in range(size):
            world.port(network, device_owner="network:dhcp", fixed_ips=[{"subnet_id": made["id"]}])
        with counting(world.engine) as deletion:
            world.delete("subnet", made["id"])
        costs.append(len(deletion))
        made = world.subnet(network, "10.0.1.0/24")
    assert costs[0] == costs[1] <= 12
