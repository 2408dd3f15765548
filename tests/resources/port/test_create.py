"""Ports are created as the peer creates them: addresses, MACs, security, binding; bad requests change nothing."""

from typing import Any

import pytest
import sqlalchemy as sa

from tests.resources.world import DEMO, World, actor
from wovenet.model import problems
from wovenet.model.clock import SystemClock
from wovenet.resources import host
from wovenet.resources.base import Object
from wovenet.resources.host.facts import HostFacts
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.resources.rbac.table import EXTERNAL, RBAC_ENTRIES
from wovenet.store import quota_usage, ranges

UNKNOWN = "11111111-1111-1111-1111-111111111111"
SLAAC = {"ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}
STATEFUL = {"ipv6_address_mode": "dhcpv6-stateful", "ipv6_ra_mode": "dhcpv6-stateful"}
MAC = "00:11:22:33:44:55"
EUI64_OF_MAC = "211:22ff:fe33:4455"


@pytest.fixture
def network(world: World) -> Object:
    return world.network()


def addresses(port: Object) -> list[str]:
    return [item["ip_address"] for item in port["fixed_ips"]]


def refused(world: World, network: Object, problem: type[problems.Problem], **request: Any) -> dict[str, object]:
    """The fields of the problem that creating the port ends with. It leaves no trace."""
    before = (world.count(PORTS), world.count(PORT_FIXED_IPS), world.count(ranges.FREE_RANGES))
    world.marks()
    with pytest.raises(problem) as raised:
        world.port(network, **request)
    assert (world.count(PORTS), world.count(PORT_FIXED_IPS), world.count(ranges.FREE_RANGES)) == before
    assert not world.marks()
    return dict(raised.value.fields)


# addresses


def test_without_a_wish_a_port_has_one_address_of_each_version(any_world: World) -> None:
    network = any_world.network()
    any_world.subnet(network, "10.2.0.0/24")
    lowest = any_world.subnet(network, "10.1.0.0/24")
    stateful = any_world.subnet(network, "fd00:2::/64", **STATEFUL)
    slaac = any_world.subnet(network, "fd00:1::/64", **SLAAC)
    port = any_world.port(network, mac_address=MAC)
    assert port["fixed_ips"] == [
        {"subnet_id": lowest["id"], "ip_address": "10.1.0.3"},
        {"subnet_id": slaac["id"], "ip_address": f"fd00:1::{EUI64_OF_MAC}"},
        {"subnet_id": stateful["id"], "ip_address": "fd00:2::1"},
    ]
    assert port["ip_allocation"] == "immediate"
    assert port.items() <= any_world.fetch("port", port["id"]).items()
    assert ("port", port["id"]) in any_world.marks()


def test_the_second_subnet_serves_when_the_first_is_full(world: World, network: Object) -> None:
    for cidr in ("10.1.0.0/30", "10.2.0.0/30"):
        world.subnet(network, cidr, enable_dhcp=False)
    assert [addresses(world.port(network)) for _ in range(2)] == [["10.1.0.2"], ["10.2.0.2"]]


def test_a_bulk_spreads_over_subnets_and_takes_the_last_address(world: World, network: Object) -> None:
    world.subnet(network, "10.1.0.0/29", enable_dhcp=False)
    world.subnet(network, "10.2.0.0/29", enable_dhcp=False)
    ports = world.create("port", *[{"network_id": network["id"]}] * 10)
    assert len({item for port in ports for item in addresses(port)}) == 10
    assert refused(world, network, problems.IpAddressGenerationFailure) == {"net_id": network["id"]}
    world.delete("port", ports[4]["id"])
    assert addresses(world.port(network)) == addresses(ports[4])


def test_a_bulk_that_wants_more_than_there_is_makes_nothing(world: World, network: Object) -> None:
    world.subnet(network, "10.1.0.0/29", enable_dhcp=False)
    with pytest.raises(problems.IpAddressGenerationFailure):
        world.create("port", *[{"network_id": network["id"]}] * 6)
    assert not world.count(PORT_FIXED_IPS)
    assert len(world.create("port", *[{"network_id": network["id"]}] * 5)) == 5


def test_addresses_that_a_request_names(world: World, network: Object) -> None:
    one, two = world.subnet(network, "10.1.0.0/24"), world.subnet(network, "10.2.0.0/24")
    port = world.port(
        network,
        fixed_ips=[{"subnet_id": two["id"]}, {"ip_address": "10.1.0.9"}, {"subnet_id": one["id"]}],
    )
    assert addresses(port) == ["10.1.0.3", "10.1.0.9", "10.2.0.3"]
    many = world.port(network, fixed_ips=[{"subnet_id": two["id"]}] * 6)
    assert len(set(addresses(many))) == 6


def test_addresses_outside_the_pools_may_be_named(world: World, network: Object) -> None:
    subnet = world.subnet(network, "10.1.0.0/24", allocation_pools=[{"start": "10.1.0.100", "end": "10.1.0.101"}])
    assert addresses(world.port(network, fixed_ips=[{"ip_address": "10.1.0.1"}])) == ["10.1.0.1"]
    assert addresses(world.port(network, fixed_ips=[{"subnet_id": subnet["id"], "ip_address": "10.1.0.7"}]))
    assert addresses(world.port(network)) == ["10.1.0.101"]


def test_no_addresses(world: World, network: Object) -> None:
    without_subnets = world.port(network)
    assert (without_subnets["fixed_ips"], without_subnets["ip_allocation"]) == ([], "immediate")
    world.subnet(network, "10.1.0.0/24")
    on_request = world.port(network, fixed_ips=[])
    assert (on_request["fixed_ips"], on_request["ip_allocation"]) == ([], "none")


def test_slaac_addresses_come_with_any_request(world: World, network: Object) -> None:
    world.subnet(network, "10.1.0.0/24")
    slaac = world.subnet(network, "fd00:1::/64", **SLAAC)
    own = f"fd00:1::{EUI64_OF_MAC}"
    none = world.port(network, mac_address=MAC, fixed_ips=[])
    assert addresses(none) == [own]
    world.delete("port", none["id"])
    named_twice = world.port(network, mac_address=MAC, fixed_ips=[{"subnet_id": slaac["id"]}] * 2)
    assert addresses(named_twice) == [own]
    world.delete("port", named_twice["id"])
    exactly = world.port(network, mac_address=MAC, fixed_ips=[{"ip_address": own}])
    assert addresses(exactly) == [own]


@pytest.mark.parametrize(
    ("fixed_ip", "problem", "fields"),
    [
        ({"ip_address": "10.9.0.1"}, problems.InvalidIpForNetwork, {"ip_address": "10.9.0.1"}),
        ({"ip_address": "10.1.0.255"}, problems.InvalidIpForNetwork, {"ip_address": "10.1.0.255"}),
        ({"ip_address": "10.1.0.0"}, problems.InvalidIpForNetwork, {"ip_address": "10.1.0.0"}),
        ({"subnet_id": "v4", "ip_address": "10.2.0.5"}, problems.InvalidIpForSubnet, {"ip_address": "10.2.0.5"}),
        ({"subnet_id": UNKNOWN}, problems.SubnetNotFound, {"subnet_id": UNKNOWN}),
        ({"subnet_id": "foreign"}, problems.InvalidInput, None),
        ({}, problems.InvalidInput, None),
        ({"ip_address": "10.1.0.2"}, problems.IpAddressAlreadyAllocated, {"ip": "10.1.0.2", "subnet_id": "v4"}),
        ({"ip_address": "fd00:1::5"}, problems.AllocationOnAutoAddressSubnet, {"ip": "fd00:1::5", "subnet_id": "v6"}),
    ],
)
def test_addresses_that_cannot_be(
    world: World,
    network: Object,
    fixed_ip: dict[str, str],
    problem: type[problems.Problem],
    fields: dict[str, object] | None,
) -> None:
    ids = {
        "v4": world.subnet(network, "10.1.0.0/24")["id"],
        "v6": world.subnet(network, "fd00:1::/64", **SLAAC)["id"],
        "foreign": world.subnet(world.network(), "10.5.0.0/24")["id"],
    }
    asked = {key: ids.get(value, value) for key, value in fixed_ip.items()}
    found = refused(world, network, problem, fixed_ips=[asked])
    if fields is not None:
        assert found == {key: ids.get(str(value), value) for key, value in fields.items()}


def test_a_subnet_of_another_network_is_named_in_the_answer(world: World, network: Object) -> None:
    foreign = world.subnet(world.network(), "10.5.0.0/24")
    found = refused(world, network, problems.InvalidInput, fixed_ips=[{"subnet_id": foreign["id"]}])
    assert found["error_message"] == (
        f"Failed to create port on network {network['id']}, because fixed_ips included invalid subnet {foreign['id']}"
    )


def test_two_ports_of_one_bulk_cannot_have_the_same_address(world: World, network: Object) -> None:
    world.subnet(network, "10.1.0.0/24")
    request = {"network_id": network["id"], "fixed_ips": [{"ip_address": "10.1.0.9"}]}
    with pytest.raises(problems.IpAddressAlreadyAllocated):
        world.create("port", request, request)
    assert addresses(world.create("port", request)[0]) == ["10.1.0.9"]


# MACs


def test_macs(world: World, network: Object) -> None:
    assert world.port(network)["mac_address"].startswith("fa:16:3e:")
    assert world.port(network, mac_address=MAC)["mac_address"] == MAC
    assert refused(world, network, problems.MacAddressInUse, mac_address=MAC) == {"net_id": network["id"], "mac": MAC}
    assert world.port(world.network(), mac_address=MAC)["mac_address"] == MAC


def test_two_ports_of_one_bulk_cannot_have_the_same_mac(world: World, network: Object) -> None:
    request = {"network_id": network["id"], "mac_address": MAC}
    with pytest.raises(problems.MacAddressInUse):
        world.create("port", request, request)


class Narrow(SystemClock):
    """Chance knows few numbers."""

    def randrange(self, start: int, stop: int) -> int:
        return super().randrange(start, min(stop, start + 4))


def test_random_macs_are_found_also_where_most_are_taken(world: World, network: Object) -> None:
    world.store.clock = Narrow()
    request = {"network_id": network["id"]}
    made = [port for _ in range(2) for port in world.create("port", *[request] * 25)]
    assert len({port["mac_address"] for port in made}) == 50


# who may


def test_networks_that_the_actor_does_not_see_do_not_exist(world: World) -> None:
    secret, shared, external = world.network(), world.network(shared=True), world.network(router__external=True)
    other = actor("other")
    for network_id in (secret["id"], UNKNOWN):
        with pytest.raises(problems.NetworkNotFound) as raised:
            world.create("port", {"network_id": network_id}, by=other)
        assert raised.value.fields == {"net_id": network_id}
    assert world.create("port", {"network_id": shared["id"]}, by=other)
    assert world.create("port", {"network_id": external["id"]}, by=other), "the policy decides, not the rules"
    assert {row.action for row in world.store.write(lambda tx: tx.rows(sa.select(RBAC_ENTRIES.c.action)))} >= {EXTERNAL}


def test_owners_of_networks_see_the_ports_in_them(world: World) -> None:
    network = world.network(shared=True)
    theirs = world.create("port", {"network_id": network["id"]}, by=actor("other"))[0]
    assert theirs["id"] in world.ids("port", by=actor("demo"))
    assert theirs["id"] in world.ids("port", by=actor("other"))
    assert world.ids("port", by=actor("third")) == set()
    assert len(world.ids("port", by=actor("other"))) == 1


# security


def test_the_default_group_of_the_ports_own_project(world: World, network: Object) -> None:
    mine, again = world.port(network), world.port(network)
    theirs = world.port(network, project_id="other")
    assert len(mine["security_groups"]) == 1
    assert again["security_groups"] == mine["security_groups"]
    assert theirs["security_groups"] != mine["security_groups"]


@pytest.mark.parametrize(
    "request_", [{"port_security_enabled": False}, {"device_owner": "network:foo"}, {"security_groups": []}]
)
def test_ports_without_groups(world: World, network: Object, request_: Object) -> None:
    assert world.port(network, **request_)["security_groups"] == []


def test_port_security_follows_the_network(world: World) -> None:
    network = world.network(port_security_enabled=False)
    assert world.port(network)["port_security_enabled"] is False
    assert world.port(network, port_security_enabled=True)["port_security_enabled"] is True
    owned = world.port(network, port_security_enabled=True, device_owner="network:foo")
    assert owned["port_security_enabled"] is False


def test_groups_that_the_actor_does_not_see(world: World) -> None:
    shared = world.network(shared=True)
    foreign = world.port(shared)["security_groups"]
    for group_id in (*foreign, UNKNOWN):
        with pytest.raises(problems.SecurityGroupNotFound) as raised:
            world.create("port", {"network_id": shared["id"], "security_groups": [group_id]}, by=actor("other"))
        assert raised.value.fields == {"id": group_id}


def test_groups_and_pairs_need_port_security(world: World, network: Object) -> None:
    group = world.port(network)["security_groups"]
    pair = [{"ip_address": "1.1.1.1"}]
    off = {"port_security_enabled": False}
    refused(world, network, problems.PortSecurityAndIPRequiredForSecurityGroups, security_groups=group, **off)
    refused(world, network, problems.AddressPairAndPortSecurityRequired, allowed_address_pairs=pair, **off)
    refused(
        world,
        network,
        problems.AddressPairAndPortSecurityRequired,
        allowed_address_pairs=pair,
        device_owner="network:x",
    )


def test_pairs(world: World, network: Object) -> None:
    world.subnet(network, "10.1.0.0/24")
    given = [
        {"ip_address": "9.1.1.1", "mac_address": "00-11-22-33-44-AB"},
        {"ip_address": "1.1.1.5/24"},
        {"ip_address": "10.1.0.0/24"},
    ]
    port = world.port(network, mac_address=MAC, allowed_address_pairs=given)
    assert port["allowed_address_pairs"] == [
        {"mac_address": "00-11-22-33-44-AB", "ip_address": "9.1.1.1"},
        {"mac_address": MAC, "ip_address": "1.1.1.5/24"},
        {"mac_address": MAC, "ip_address": "10.1.0.0/24"},
    ]
    for ip_address in ("10.1.0.2", "10.1.0.2/32"):
        found = refused(world, network, problems.InvalidInput, allowed_address_pairs=[{"ip_address": ip_address}])
        assert found["error_message"] == (
            "IP addresses '10.1.0.2' already used by the 'network:distributed' port(s) in the same network"
        )
    many = [{"ip_address": f"1.1.1.{number}"} for number in range(11)]
    assert refused(world, network, problems.AllowedAddressPairExhausted, allowed_address_pairs=many) == {"quota": 10}


# binding


def known_host(world: World, name: str = "hv1", **facts: Any) -> None:
    world.store.write(lambda tx: host.report(tx, HostFacts(chassis=f"chassis-{name}", hostname=name, **facts)))


def test_a_port_is_bound_in_the_transaction_that_makes_it(world: World, network: Object) -> None:
    known_host(world)
    port = world.port(network, **{"binding:host_id": "hv1"})
    assert port["binding:vif_type"] == "ovs"
    assert port["binding:vif_details"] == {
        "port_filter": True,
        "ovs_create_tap": True,
        "connectivity": "l2",
        "bridge_name": "br-int",
        "datapath_type": "",
        "bound_drivers": {"0": "ovn"},
    }
    assert port["status"] == "DOWN"


@pytest.mark.parametrize("name", ["", None])
def test_a_port_without_a_host_is_unbound(world: World, network: Object, name: str | None) -> None:
    port = world.port(network, **{"binding:host_id": name, "binding:profile": None})
    assert (port["binding:host_id"], port["binding:vif_type"], port["binding:profile"]) == ("", "unbound", {})


def test_hosts_that_cannot_have_the_port(world: World) -> None:
    known_host(world, "hv1")
    known_host(world, "hv2", bridge_mappings={"physnet1": "br-ex"})
    network = world.network(provider__network_type="vlan", provider__physical_network="physnet1")
    found = {name: world.port(network, **{"binding:host_id": name}) for name in ("hv1", "hv2", "hv3")}
    assert {name: port["binding:vif_type"] for name, port in found.items()} == {
        "hv1": "binding_failed",
        "hv2": "ovs",
        "hv3": "binding_failed",
    }
    assert found["hv3"]["binding:vif_details"] == {}


@pytest.mark.parametrize("name", ["x" * 256, 5])
def test_hosts_that_are_no_names(world: World, network: Object, name: object) -> None:
    refused(world, network, problems.InvalidInput, **{"binding:host_id": name})


def test_parents_of_nested_ports_exist(world: World, network: Object) -> None:
    parent = world.port(network)["id"]
    profile = {"parent_name": parent, "tag": 5}
    assert world.port(network, **{"binding:profile": profile})["binding:profile"] == profile
    found = refused(world, network, problems.PortNotFound, **{"binding:profile": {"parent_name": "nope", "tag": 5}})
    assert found == {"port_id": "nope"}


# the rest


def test_only_routers_make_router_ports(world: World, network: Object) -> None:
    for owner in ("network:router_interface", "network:router_gateway", "network:router_centralized_snat"):
        refused(world, network, problems.UnsupportedPortDeviceOwner, device_owner=owner)


def test_quota_counts_ports(world: World, network: Object) -> None:
    before = used(world)
    port = world.port(network)
    assert used(world) == before + 1
    world.delete("port", port["id"])
    assert used(world) == before


def used(world: World) -> int:
    with world.store.read() as tx:
        return quota_usage.used(tx, "demo", "port")


def test_lists_filter_by_address_group_and_mac(world: World, network: Object) -> None:
    one = world.subnet(network, "10.1.0.0/24", enable_dhcp=False)
    world.subnet(network, "10.1.1.0/24", enable_dhcp=False)
    port = world.port(network, fixed_ips=[{"ip_address": "10.1.0.9"}], mac_address=MAC)
    other = world.port(network, fixed_ips=[{"ip_address": "10.1.1.9"}], port_security_enabled=False)
    metadata = world.ids("port") - {port["id"], other["id"]}
    assert world.ids("port", fixed_ips=["ip_address=10.1.0.9"]) == {port["id"]}
    assert world.ids("port", fixed_ips=["ip_address=10.1.0.9", "ip_address=10.1.1.9"]) == {port["id"], other["id"]}
    assert world.ids("port", fixed_ips=["ip_address=10.1.1.9", f"subnet_id={one['id']}"]) == set()
    assert world.ids("port", fixed_ips=["ip_address_substr=.1.0."]) == {port["id"]}
    assert world.ids("port", fixed_ips=["ip_address_substr=%"]) == set()
    assert world.ids("port", fixed_ips=["other=1"]) == {port["id"], other["id"], *metadata}
    with pytest.raises(problems.InvalidInput):
        world.ids("port", fixed_ips=["10.1.0.9"])
    assert world.ids("port", security_groups=port["security_groups"]) == {port["id"]}
    assert world.ids("port", mac_address=[MAC.upper()]) == {port["id"]}
    assert DEMO.is_admin
