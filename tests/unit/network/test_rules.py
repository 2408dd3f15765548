"""Requests about networks. What is refused, and how, is what the peer answered."""

from typing import Any

import pytest

from wovenet.drivers import config
from wovenet.drivers.config import Config
from wovenet.drivers.types import Asked
from wovenet.model.problems import InvalidInput, NetworkMTUSubnetConflict, VlanIdInUse
from wovenet.resources.network import rules
from wovenet.resources.segment.values import segment_of

CONFIG = Config(vlan_ranges=config.vlan_ranges(("physnet1:100:199",)), project_network_types=("vlan", "geneve"))
VLAN = segment_of("segment", 0, Asked("vlan", "physnet1", 101))
GENEVE = segment_of("segment", 0, Asked("geneve", None, 7))


def network(*segments: Any) -> dict[str, Any]:
    return {"id": "network", "carriers": list(segments), **rules.provider_of(segments)}


def message(error: pytest.ExceptionInfo[InvalidInput]) -> object:
    return error.value.fields["error_message"]


def test_the_provider_attributes_are_those_of_the_one_segment() -> None:
    assert rules.provider_of([VLAN]) == {
        "provider:network_type": "vlan",
        "provider:physical_network": "physnet1",
        "provider:segmentation_id": 101,
    }


@pytest.mark.parametrize("segments", [[], [VLAN, GENEVE]])
def test_networks_without_exactly_one_segment_have_no_provider_attributes(segments: list[Any]) -> None:
    assert set(rules.provider_of(segments).values()) == {None}


@pytest.mark.parametrize(
    ("request_", "alternatives"),
    [
        ({}, (Asked("vlan"), Asked("geneve"))),
        ({"provider:network_type": "geneve"}, (Asked("geneve"),)),
        (
            {"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 7},
            (Asked("vlan", "physnet1", 7),),
        ),
        ({"provider:network_type": "vlan", "provider:physical_network": ""}, (Asked("vlan"),)),
        ({"router:external": True}, (Asked("vlan"), Asked("geneve"))),
    ],
)
def test_a_network_is_carried_by_what_it_asks_for(request_: dict[str, Any], alternatives: tuple[Asked, ...]) -> None:
    assert rules.wants(CONFIG, request_) == [alternatives]


def test_an_external_network_may_have_a_type_of_its_own() -> None:
    with_type = Config(external_network_type="vlan")
    assert rules.wants(with_type, {"router:external": True}) == [(Asked("vlan"),)]
    assert rules.wants(with_type, {"router:external": False}) == [(Asked("geneve"),)]
    assert rules.wants(with_type, {"router:external": True, "provider:network_type": "local"}) == [(Asked("local"),)]


@pytest.mark.parametrize("given", [{"provider:physical_network": "p"}, {"provider:segmentation_id": 5}])
def test_provider_attributes_without_a_type_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as error:
        rules.wants(CONFIG, given)
    assert message(error) == "network_type required"


def test_the_mtu_is_the_largest_unless_a_smaller_one_is_asked_for() -> None:
    assert rules.mtu(0, 1442) == 1442
    assert rules.mtu(1, 1442) == 1
    assert rules.mtu(1442, 1442) == 1442
    with pytest.raises(InvalidInput) as error:
        rules.mtu(1443, 1442)
    assert message(error) == "Requested MTU is too big, maximum is 1442"


@pytest.mark.parametrize(
    ("mtu", "ip_versions", "least"), [(67, [4], 68), (1279, [6], 1280), (67, [6, 4], 68), (68, [6, 4], 1280)]
)
def test_an_mtu_too_small_for_a_subnet_is_refused(mtu: int, ip_versions: list[int], least: int) -> None:
    with pytest.raises(NetworkMTUSubnetConflict) as error:
        rules.check_mtu_for_subnets("network", mtu, ip_versions)
    assert error.value.fields == {"net_id": "network", "mtu": least}


@pytest.mark.parametrize(("mtu", "ip_versions"), [(1, []), (68, [4]), (1280, [4, 6])])
def test_an_mtu_that_subnets_can_live_with_is_not_refused(mtu: int, ip_versions: list[int]) -> None:
    rules.check_mtu_for_subnets("network", mtu, ip_versions)


def test_a_vlan_may_get_another_id() -> None:
    wanted = Asked("vlan", "physnet1", 3000)
    same = {"provider:network_type": "vlan", "provider:physical_network": "physnet1"}
    assert rules.segmentation_change(CONFIG, network(VLAN), {"provider:segmentation_id": 3000}) == wanted
    assert rules.segmentation_change(CONFIG, network(VLAN), {**same, "provider:segmentation_id": 3000}) == wanted
    assert rules.segmentation_change(CONFIG, network(VLAN), {**same, "name": "new"}) is None
    assert rules.segmentation_change(CONFIG, network(VLAN), {"name": "new"}) is None


@pytest.mark.parametrize("changes", [{"provider:network_type": "flat"}, {"provider:physical_network": "physnet2"}])
def test_what_else_a_segment_is_cannot_change(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as error:
        rules.segmentation_change(CONFIG, network(VLAN), changes)
    assert message(error) == (
        "Plugin does not support updating the following provider network attributes: "
        "provider:network_type, provider:physical_network"
    )


def test_of_several_segments_none_changes() -> None:
    with pytest.raises(InvalidInput) as error:
        rules.segmentation_change(CONFIG, network(VLAN, GENEVE), {"provider:segmentation_id": 8})
    assert message(error) == (
        "Provider network attributes can be updated only in provider networks with a single segment."
    )


@pytest.mark.parametrize("number", [7, 8])
def test_only_vlans_get_another_id(number: int) -> None:
    with pytest.raises(InvalidInput) as error:
        rules.segmentation_change(CONFIG, network(GENEVE), {"provider:segmentation_id": number})
    assert message(error) == "Only VLAN type networks can be updated."


def test_a_new_vlan_id_has_to_be_one() -> None:
    with pytest.raises(InvalidInput) as error:
        rules.segmentation_change(CONFIG, network(VLAN), {"provider:segmentation_id": 5000})
    assert message(error) == "segmentation_id out of range (1 through 4094)"


def test_a_network_s_own_vlan_id_is_in_use() -> None:
    with pytest.raises(VlanIdInUse) as error:
        rules.segmentation_change(CONFIG, network(VLAN), {"provider:segmentation_id": 101})
    assert error.value.fields == {"vlan_id": 101, "physical_network": "physnet1"}


def test_a_network_in_use_names_the_ports() -> None:
    assert rules.in_use("network", ["a", "b"]).fields == {
        "net_id": "network",
        "reason": "There are one or more ports still in use on the network, id for these ports is: a,b",
    }
