"""Networks on a real database: segments, grants, sharing, MTU, and what goes with them."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.resources.world import DEMO, World, actor, attempt
from tests.store.support import in_threads
from wovenet.model import problems
from wovenet.resources.port.table import PORTS
from wovenet.resources.rbac.table import RBAC_ENTRIES, SHARED
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.settings import Settings
from wovenet.store import quota_usage, ranges
from wovenet.store.tx import Tx

ALICE = actor("alice")
PROVIDER = ("provider:network_type", "provider:physical_network", "provider:segmentation_id")


def provider(network: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(network[name] for name in PROVIDER)


def free(world: World, pool: str) -> list[tuple[int, int]]:
    with world.store.read() as tx:
        return ranges.free(tx, pool)


def used(world: World, resource: str, project_id: str = "demo") -> int:
    with world.store.read() as tx:
        return quota_usage.used(tx, project_id, resource)


def grant(world: World, network: dict[str, Any], project_id: str, action: str = SHARED) -> None:
    def insert(tx: Tx) -> None:
        row = {
            "id": tx.clock.new_id(),
            "project_id": "demo",
            "object_type": "network",
            "object_id": network["id"],
            "target_project": project_id,
            "action": action,
        }
        tx.insert(RBAC_ENTRIES, [row])

    world.store.write(insert)


# segments


def test_a_network_of_a_project_is_a_tunnel(any_world: World) -> None:
    made = any_world.network(name="one")
    assert provider(made) == ("geneve", None, 1)
    assert (made["mtu"], made["status"], made["revision_number"], made["subnets"]) == (1442, "ACTIVE", 1, [])
    assert (made["shared"], made["router:external"], made["port_security_enabled"]) == (False, False, True)
    stored = any_world.fetch("network", made["id"])
    assert {name: stored[name] for name in made} == made | {"is_default": None}, "told at the creation only"
    assert ("network", made["id"]) in any_world.marks()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (("vlan", "physnet1", 102), ("vlan", "physnet1", 102)),
        (("vlan", "physnet1", 4094), ("vlan", "physnet1", 4094)),
        (("vlan", "physnet3", 7), ("vlan", "physnet3", 7)),
        (("vlan", "physnet2"), ("vlan", "physnet2", 200)),
        (("vlan",), ("vlan", "physnet1", 100)),
        (("flat", "any"), ("flat", "any", None)),
        (("local",), ("local", None, None)),
        (("vxlan",), ("vxlan", None, 1001)),
        (("geneve", None, 70000), ("geneve", None, 70000)),
    ],
)
def test_a_segment_may_be_asked_for(world: World, asked: tuple[Any, ...], given: tuple[Any, ...]) -> None:
    request = {name: value for name, value in zip(PROVIDER, asked, strict=False) if value is not None}
    made = world.create("network", request)[0]
    assert provider(made) == given
    assert provider(world.fetch("network", made["id"])) == given


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (("vlan", "physnet1", 102), problems.VlanIdInUse),
        (("vlan", "physnet1", 3000), problems.VlanIdInUse),
        (("geneve", None, 3), problems.TunnelIdInUse),
        (("geneve", None, 70000), problems.TunnelIdInUse),
        (("flat", "p"), problems.FlatNetworkInUse),
    ],
)
def test_a_segment_is_one_network_s(any_world: World, asked: tuple[Any, ...], error: type[Exception]) -> None:
    request = {name: value for name, value in zip(PROVIDER, asked, strict=False) if value is not None}
    first = any_world.create("network", request)[0]
    before = any_world.count(NETWORK_SEGMENTS)
    with pytest.raises(error):
        any_world.create("network", request)
    with pytest.raises(error):
        any_world.create("network", {}, request, {})
    assert any_world.count(NETWORK_SEGMENTS) == before
    any_world.delete("network", first["id"])
    assert provider(any_world.create("network", request)[0]) == provider(first)
    with pytest.raises(error):
        any_world.create("network", request)


def test_a_bulk_request_cannot_have_one_segment_twice(world: World) -> None:
    flat = {"provider:network_type": "flat", "provider:physical_network": "p"}
    with pytest.raises(problems.FlatNetworkInUse):
        world.create("network", flat, flat)
    assert world.count(NETWORK_SEGMENTS) == 0


def test_ids_run_out_and_come_back(any_world: World) -> None:
    made = any_world.create("network", *[{"provider:network_type": "vlan"}] * 5)
    assert [provider(network)[1:] for network in made] == [
        ("physnet1", 100),
        ("physnet1", 101),
        ("physnet1", 102),
        ("physnet2", 200),
        ("physnet2", 201),
    ]
    with pytest.raises(problems.NoNetworkAvailable):
        any_world.network(provider__network_type="vlan")
    any_world.delete("network", made[1]["id"])
    assert provider(any_world.network(provider__network_type="vlan")) == ("vlan", "physnet1", 101)
    assert free(any_world, "vlan/physnet1") == []


def test_a_named_id_is_not_chosen_for_another(world: World) -> None:
    world.network(provider__network_type="geneve", provider__segmentation_id=2)
    assert [provider(network)[2] for network in world.create("network", {}, {})] == [1, 3]


def test_an_id_from_outside_the_ranges_is_not_chosen_later(world: World) -> None:
    made = world.network(provider__network_type="geneve", provider__segmentation_id=70000)
    world.delete("network", made["id"])
    assert free(world, "geneve") == [(1, 9)]


def test_a_network_falls_back_on_the_next_type(world: World, settings: Settings) -> None:
    world.settings = replace(settings, ml2=replace(settings.ml2, project_network_types=("flat", "vxlan", "geneve")))
    made = world.create("network", *[{}] * 4)
    assert [provider(network) for network in made] == [
        ("vxlan", None, 1001),
        ("vxlan", None, 1002),
        ("geneve", None, 1),
        ("geneve", None, 2),
    ]
    world.settings = replace(settings, ml2=replace(settings.ml2, project_network_types=("vxlan", "local")))
    assert provider(world.network()) == ("local", None, None)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("gre", None, 7), "Network type gre is not supported"),
        (("geneve", None, 1 << 24), "Segmentation ID should be lower or equal to 16711680"),
        (("foo",), "network_type value 'foo' not supported"),
    ],
)
def test_what_nothing_carries_is_refused(world: World, asked: tuple[Any, ...], message: str) -> None:
    request = {name: value for name, value in zip(PROVIDER, asked, strict=False) if value is not None}
    with pytest.raises(problems.InvalidInput) as error:
        world.create("network", request)
    assert error.value.fields["error_message"] == message
    assert used(world, "network") == 0


def test_a_vlan_can_be_renumbered(any_world: World) -> None:
    made = any_world.network(provider__network_type="vlan", provider__physical_network="physnet1")
    any_world.marks()
    changed = any_world.update("network", made["id"], {"provider:segmentation_id": 102})
    assert (provider(changed), changed["revision_number"]) == (("vlan", "physnet1", 102), 1)
    assert any_world.fetch("network", made["id"]) == changed
    assert any_world.marks() == {("network", made["id"])}
    assert free(any_world, "vlan/physnet1") == [(100, 101)]
    changed = any_world.update("network", made["id"], {"name": "new", "provider:segmentation_id": 3000})
    assert (changed["name"], provider(changed), changed["revision_number"]) == ("new", ("vlan", "physnet1", 3000), 2)
    assert any_world.fetch("network", made["id"]) == changed
    any_world.update("network", made["id"], {"provider:segmentation_id": 101})
    assert free(any_world, "vlan/physnet1") == [(100, 100), (102, 102)]


def test_a_vlan_is_not_renumbered_to_what_another_has(world: World) -> None:
    one, other = world.create("network", *[{"provider:network_type": "vlan"}] * 2)
    with pytest.raises(problems.VlanIdInUse):
        world.update("network", one["id"], {"name": "new", "provider:segmentation_id": 101})
    assert world.fetch("network", one["id"]) == {**one, **world.fetch("network", one["id"]), "name": ""}
    assert provider(world.fetch("network", other["id"])) == ("vlan", "physnet1", 101)


def test_a_vlan_is_not_renumbered_under_ports_that_would_have_to_know(world: World) -> None:
    made = world.network(provider__network_type="vlan")
    bound = world.port(made)
    world.store.write(
        lambda tx: tx.run(sa.update(PORTS).where(PORTS.c.id == bound["id"]).values(binding_vif_type="vhostuser"))
    )
    with pytest.raises(problems.InvalidInput) as error:
        world.update("network", made["id"], {"provider:segmentation_id": 102})
    assert error.value.fields["error_message"] == (
        "Provider network attribute provider:segmentation_id cannot be updated if any port in the network has not the "
        "following binding:vif_type: unbound, binding_failed, ovs"
    )


# MTU


def test_the_mtu_follows_the_request(world: World) -> None:
    made = world.network(mtu=1400)
    assert made["mtu"] == 1400
    with pytest.raises(problems.InvalidInput):
        world.network(mtu=1443)
    assert world.update("network", made["id"], {"mtu": 0})["mtu"] == 1442
    with pytest.raises(problems.InvalidInput):
        world.update("network", made["id"], {"mtu": 1443})


def test_the_mtu_leaves_room_for_subnets(world: World) -> None:
    made = world.network()
    world.subnet(made, "10.0.0.0/24")
    with pytest.raises(problems.NetworkMTUSubnetConflict):
        world.update("network", made["id"], {"mtu": 67})
    world.update("network", made["id"], {"mtu": 1279})
    with pytest.raises(problems.NetworkMTUSubnetConflict):
        world.subnet(made, "fd00::/64")
    assert world.count(SUBNETS) == 1


def test_a_new_mtu_marks_what_shows_it(world: World) -> None:
    made = world.network()
    subnet = world.subnet(made, "10.0.0.0/24")
    world.port(made)
    asking = world.port(made, extra_dhcp_opts=[{"opt_name": "mtu", "opt_value": "9", "ip_version": 4}])
    distributed = world.port(made, device_owner="network:distributed")
    world.marks()
    world.update("network", made["id"], {"mtu": 1300})
    assert world.marks() == {
        ("network", made["id"]),
        ("subnet", subnet["id"]),
        ("port", asking["id"]),
        ("port", distributed["id"]),
    }


# revisions


@pytest.mark.parametrize(
    "changes",
    [{"name": "new"}, {"admin_state_up": False}, {"mtu": 1300}, {"port_security_enabled": False}, {"shared": True}],
)
def test_a_change_moves_the_revision_once(world: World, changes: dict[str, Any]) -> None:
    made = world.network()
    changed = world.update("network", made["id"], changes)
    assert changed["revision_number"] == 2
    again = world.update("network", made["id"], changes)
    assert again == changed == world.fetch("network", made["id"])


def test_no_change_writes_nothing(world: World) -> None:
    made = world.network()
    world.marks()
    same = {"name": "", "mtu": 0, "shared": False, "router:external": False}
    assert world.update("network", made["id"], same)["revision_number"] == 1
    assert world.marks() == set()


# sharing


def test_who_sees_a_network(any_world: World) -> None:
    own = any_world.create("network", {}, by=ALICE)[0]["id"]
    private, shared, external, granted = (
        network["id"] for network in any_world.create("network", {}, {"shared": True}, {"router:external": True}, {})
    )
    grant(any_world, {"id": granted}, "alice")
    assert any_world.ids("network", ALICE) == {own, shared, external, granted}
    assert any_world.ids("network", actor("bob")) == {shared, external}
    assert any_world.ids("network") == {own, private, shared, external, granted}
    assert any_world.fetch("network", granted, ALICE)["shared"] is True
    assert any_world.fetch("network", granted)["shared"] is False
    assert any_world.fetch("network", external, ALICE)["shared"] is False
    with pytest.raises(problems.NetworkNotFound):
        any_world.fetch("network", private, ALICE)


def test_subnets_are_seen_with_their_network(world: World) -> None:
    networks = world.create("network", {}, {"shared": True}, {"router:external": True})
    subnets = [world.subnet(network, "10.0.0.0/24")["id"] for network in networks]
    assert world.ids("subnet", ALICE) == set(subnets[1:])
    assert world.ids("subnet", ALICE, shared=[True]) == {subnets[1]}
    assert world.ids("subnet", shared=[False]) == {subnets[0], subnets[2]}
    assert world.ids("subnet", router__external=[True]) == {subnets[2]}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"shared": [True]}, {"shared"}),
        ({"shared": [False]}, {"private", "external", "vlan"}),
        ({"router__external": [True]}, {"external"}),
        ({"provider__network_type": ["vlan"]}, {"vlan"}),
        ({"provider__network_type": ["vlan", "geneve"]}, {"private", "shared", "external", "vlan"}),
        ({"provider__physical_network": ["physnet1"]}, {"vlan"}),
        ({"provider__physical_network": [""]}, set()),
        ({"provider__segmentation_id": [100]}, {"vlan"}),
        ({"provider__segmentation_id": [5000]}, set()),
        ({"mtu": [1500]}, {"vlan"}),
    ],
)
def test_filters(world: World, filters: dict[str, Any], found: set[str]) -> None:
    requests: list[dict[str, Any]] = [
        {"name": "private"},
        {"name": "shared", "shared": True},
        {"name": "external", "router:external": True},
        {"name": "vlan", "provider:network_type": "vlan"},
    ]
    names = {network["id"]: network["name"] for network in world.create("network", *requests)}
    assert {names[network_id] for network_id in world.ids("network", **filters)} == found


@pytest.mark.parametrize(
    ("member", "request_"),
    [("port", {}), ("subnet", {"cidr": "10.1.0.0/24"}), ("port", {"device_owner": "compute:nova"})],
)
def test_sharing_does_not_end_while_others_need_it(any_world: World, member: str, request_: dict[str, Any]) -> None:
    made = any_world.network(name="one", shared=True)
    user = any_world.create(member, {"network_id": made["id"], "project_id": "alice", **request_})[0]
    with pytest.raises(problems.InvalidSharedSetting) as error:
        any_world.update("network", made["id"], {"shared": False})
    assert error.value.fields == {"network": "one"}
    any_world.delete(member, user["id"])
    assert any_world.update("network", made["id"], {"shared": False})["shared"] is False
    assert any_world.count(RBAC_ENTRIES) == 0


def test_sharing_may_end_if_those_who_use_it_have_another_right(world: World) -> None:
    made = world.network(shared=True)
    grant(world, made, "alice")
    world.port(made, project_id="alice")
    world.port(made, project_id="bob", device_owner="network:dhcp")
    assert world.update("network", made["id"], {"shared": False})["shared"] is False
    assert world.fetch("network", made["id"], ALICE)["shared"] is True


def test_an_external_network_stays_one_while_routers_use_it(world: World) -> None:
    made = world.network(router__external=True)
    gateway = world.port(made)
    owned = sa.update(PORTS).where(PORTS.c.id == gateway["id"]).values(device_owner="network:router_gateway")
    world.store.write(lambda tx: tx.run(owned))
    with pytest.raises(problems.ExternalNetworkInUse):
        world.update("network", made["id"], {"router:external": False})
    world.store.write(lambda tx: tx.run(owned.values(device_owner="")))
    assert world.update("network", made["id"], {"router:external": False})["router:external"] is False
    assert world.ids("network", ALICE) == set()
    world.update("network", made["id"], {"router:external": True})
    assert world.ids("network", ALICE) == {made["id"]}


# the end


def test_a_network_goes_with_all_that_is_its_own(any_world: World) -> None:
    made = any_world.network(shared=True, router__external=True)
    other = any_world.network()
    subnets = [any_world.subnet(made, "10.0.0.0/24"), any_world.subnet(made, "fd00::/64")]
    ports = [any_world.port(made, device_owner=owner) for owner in ("network:dhcp", "network:distributed")]
    kept = any_world.subnet(other, "10.0.0.0/24")
    any_world.marks()
    any_world.delete("network", made["id"])
    assert any_world.marks() == {
        ("network", made["id"]),
        ("network_dns", made["id"]),
        *(("subnet", subnet["id"]) for subnet in subnets),
        *(("port", port["id"]) for port in ports),
    }
    assert any_world.ids("network") == {other["id"]}
    assert any_world.ids("subnet") == {kept["id"]}
    assert any_world.ids("port") == set()
    assert any_world.count(RBAC_ENTRIES) == 0
    assert any_world.count(NETWORK_SEGMENTS) == 1
    assert free(any_world, "geneve") == [(1, 1), (3, 9)]
    assert all(free(any_world, subnet["id"]) == [] for subnet in subnets)
    assert (used(any_world, "network"), used(any_world, "subnet"), used(any_world, "port")) == (1, 1, 0)


def test_a_network_with_ports_stays(any_world: World) -> None:
    made = any_world.network()
    any_world.port(made, device_owner="network:dhcp")
    ids = sorted(any_world.port(made)["id"] for _ in range(3))
    with pytest.raises(problems.NetworkInUse) as error:
        any_world.delete("network", made["id"])
    assert error.value.fields["reason"] == (
        f"There are one or more ports still in use on the network, id for these ports is: {','.join(ids)}"
    )
    assert len(any_world.ids("port")) == 4


def test_a_port_and_the_end_of_its_network_exclude_each_other(any_world: World) -> None:
    for _ in range(5):
        made = any_world.network()
        creation = partial(attempt, partial(any_world.port, made))
        deletion = partial(attempt, partial(any_world.delete, "network", made["id"]))
        outcomes = in_threads([creation, deletion])
        assert outcomes in ([None, problems.NetworkInUse], [problems.NetworkNotFound, None])
        assert any_world.count(PORTS) == (outcomes[0] is None)
        for port_id in any_world.ids("port"):
            any_world.delete("port", port_id)
            any_world.delete("network", made["id"])


def test_requests_at_the_same_moment_get_different_segments(any_world: World) -> None:
    vlan = {"provider:network_type": "vlan"}
    outcomes = in_threads([partial(attempt, partial(any_world.create, "network", vlan))] * 7)
    assert outcomes.count(None) == 5
    assert outcomes.count(problems.NoNetworkAvailable) == 2
    named = {**vlan, "provider:physical_network": "physnet3", "provider:segmentation_id": 5}
    outcomes = in_threads([partial(attempt, partial(any_world.create, "network", named))] * 4)
    assert outcomes.count(None) == 1
    assert outcomes.count(problems.VlanIdInUse) == 3


# cost


def test_the_number_of_statements(world: World) -> None:
    world.network(shared=True)
    with counting(world.engine) as one:
        made = world.network()
    assert len(one) <= 10
    with counting(world.engine) as many:
        world.create("network", *[{"shared": True, "router:external": True}] * 5)
    assert len(many) <= len(one) + 4  # grants of two kinds: the rows, and their count
    deletions = []
    for size in (1, 4):
        for number in range(size):
            world.subnet(made, f"10.{number}.0.0/24")
            world.port(made, device_owner="network:dhcp")
        with counting(world.engine) as deletion:
            world.delete("network", made["id"])
        deletions.append(len(deletion))
        made = world.network()
    assert deletions[0] == deletions[1] <= 24


def test_the_number_of_statements_with_a_metadata_port(world: World, settings: Settings) -> None:
    world.settings = replace(settings, ovn=replace(settings.ovn, ovn_metadata_enabled=True))
    world.network()
    with counting(world.engine) as creation:
        made = world.network()
    assert len(creation) <= 14
    world.subnet(made, "10.0.0.0/24")
    assert used(world, "port") == 2
    world.delete("network", made["id"])
    assert used(world, "port") == world.count(PORTS) == 1


def test_lists_cost_the_same_whatever_their_length(world: World) -> None:
    def cost() -> int:
        with counting(world.engine) as count:
            assert world.ids("network", DEMO)
        return len(count)

    world.network()
    one = cost()
    world.create("network", *[{}] * 5)
    assert cost() == one
