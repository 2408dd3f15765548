"""Kinds of segments: what they need to be told, what they claim, how large packets may be. Figures are the peer's."""

from collections.abc import Callable
from typing import Any

import pytest

from wovenet.drivers import config, ovn_segments, types
from wovenet.drivers.config import Config, ConfigError
from wovenet.drivers.types import Asked
from wovenet.model.problems import FlatNetworkInUse, InvalidInput, TunnelIdInUse, VlanIdInUse
from wovenet.resources.segment.config import config_of
from wovenet.settings import Settings
from wovenet.settings.networking import Ml2TypeGeneve, Ml2TypeVlan

CONFIG = Config(
    type_drivers=("local", "flat", "vlan", "gre", "vxlan", "geneve"),
    vlan_ranges=config.vlan_ranges(("physnet1:100:199", "physnet1:300:309", "physnet3")),
    tunnel_ranges={"geneve": config.id_ranges(("1:65536",)), "gre": config.id_ranges(("1:10",))},
    physical_network_mtus={"physnet1": 1400, "jumbo": 9000},
)


def refusal(check: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as caught:
        check()
    return str(caught.value.fields["error_message"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked("local", "p"), "physical_network prohibited for local provider network"),
        (Asked("local", None, 7), "segmentation_id prohibited for local provider network"),
        (Asked("local", "p", 7), "physical_network prohibited for local provider network"),
        (Asked("flat"), "physical_network required for flat provider network"),
        (Asked("flat", None, 7), "physical_network required for flat provider network"),
        (Asked("flat", "p", 7), "segmentation_id prohibited for flat provider network"),
        (Asked("vlan", "physnet9"), "physical_network 'physnet9' unknown for VLAN provider network"),
        (Asked("vlan", "physnet9", 20), "physical_network 'physnet9' unknown for VLAN provider network"),
        (Asked("vlan", None, 20), "segmentation_id requires physical_network for VLAN provider network"),
        (Asked("vlan", "physnet1", 0), "segmentation_id out of range (1 through 4094)"),
        (Asked("vlan", "physnet1", 4095), "segmentation_id out of range (1 through 4094)"),
        (Asked("vlan", "physnet1", -1), "segmentation_id out of range (1 through 4094)"),
        (
            Asked("vlan", "physnet3"),
            "Physical network physnet3 requires segmentation_id to be specified when creating a provider network",
        ),
        (Asked("geneve", "p", 7), "provider:physical_network specified for geneve network"),
        (Asked("vxlan", "p"), "provider:physical_network specified for vxlan network"),
        (Asked("geneve", None, -5), "segmentation_id out of range (0 through 4294967295)"),
        (Asked("gre", None, 1 << 32), "segmentation_id out of range (0 through 4294967295)"),
    ],
)
def test_a_segment_that_cannot_be_is_refused(asked: Asked, message: str) -> None:
    driver = types.driver_of(CONFIG, asked.network_type)
    assert refusal(lambda: driver.check(CONFIG, asked)) == message


@pytest.mark.parametrize(
    "asked",
    [
        Asked("local"),
        Asked("flat", "anything"),
        Asked("vlan"),
        Asked("vlan", "physnet1"),
        Asked("vlan", "physnet1", 4094),
        Asked("vlan", "physnet3", 7),
        Asked("geneve"),
        Asked("geneve", None, 0),
        Asked("gre", None, (1 << 32) - 1),
    ],
)
def test_a_segment_that_can_be_is_not_refused(asked: Asked) -> None:
    types.driver_of(CONFIG, asked.network_type).check(CONFIG, asked)


@pytest.mark.parametrize("network_type", ["foo", "", "gre"])
def test_a_type_that_is_not_enabled_is_refused(network_type: str) -> None:
    assert refusal(lambda: types.driver_of(Config(), network_type)) == (
        f"network_type value '{network_type}' not supported"
    )


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (frozenset(), "Flat provider networks are disabled"),
        (frozenset({"a"}), "physical_network 'b' unknown for flat provider network"),
    ],
)
def test_flat_networks_are_those_that_are_configured(networks: frozenset[str], message: str) -> None:
    limited = Config(flat_networks=networks)
    assert refusal(lambda: types.driver_of(limited, "flat").check(limited, Asked("flat", "b"))) == message


@pytest.mark.parametrize(
    ("asked", "claim", "problem"),
    [
        (Asked("flat", "p"), "flat/p", FlatNetworkInUse(physical_network="p")),
        (Asked("vlan", "p", 101), "vlan/p/101", VlanIdInUse(vlan_id=101, physical_network="p")),
        (Asked("geneve", None, 7), "geneve/7", TunnelIdInUse(tunnel_id=7)),
        (Asked("vxlan", None, 7), "vxlan/7", TunnelIdInUse(tunnel_id=7)),
    ],
)
def test_a_claim_is_one_network_s(asked: Asked, claim: str, problem: Exception) -> None:
    driver = types.driver_of(CONFIG, asked.network_type) if asked.network_type != "vxlan" else types.DRIVERS["vxlan"]
    assert driver.claim(asked) == claim
    assert driver.in_use(asked).args == problem.args


def test_a_local_segment_claims_nothing() -> None:
    assert types.DRIVERS["local"].claim(Asked("local")) is None


@pytest.mark.parametrize(
    ("changes", "asked", "mtu"),
    [
        ({}, Asked("geneve"), 1442),
        ({}, Asked("vxlan"), 1450),
        ({}, Asked("gre"), 1458),
        ({}, Asked("local"), 1500),
        ({}, Asked("flat", "p"), 1500),
        ({"geneve_header_size": 30}, Asked("geneve"), 1450),
        ({"overlay_ip_version": 6}, Asked("geneve"), 1422),
        ({"path_mtu": 1400}, Asked("geneve"), 1342),
        ({"path_mtu": 9000}, Asked("geneve"), 1442),
        ({"path_mtu": 9000, "global_physnet_mtu": 9000}, Asked("geneve"), 8942),
        ({"global_physnet_mtu": 0}, Asked("geneve"), 1500),
        ({"global_physnet_mtu": 0, "path_mtu": 1400}, Asked("geneve"), 1342),
        ({"physical_network_mtus": {"physnet1": 1400}}, Asked("vlan", "physnet1"), 1400),
        ({"physical_network_mtus": {"physnet1": 1400}}, Asked("vlan", "physnet2"), 1500),
        ({"physical_network_mtus": {"jumbo": 9000}, "global_physnet_mtu": 0}, Asked("flat", "jumbo"), 9000),
    ],
)
def test_the_mtu_is_what_is_left_of_the_physical_one(changes: dict[str, Any], asked: Asked, mtu: int) -> None:
    assert types.mtu_max(Config(**changes), [asked]) == mtu


def test_several_segments_carry_what_the_narrowest_carries() -> None:
    assert types.mtu_max(CONFIG, [Asked("vlan", "physnet1"), Asked("geneve"), Asked("local")]) == 1400


def test_a_type_that_is_unknown_by_now_does_not_limit_the_mtu() -> None:
    assert types.mtu_max(CONFIG, [Asked("token-ring")]) == 1500


def test_pools_are_named_after_what_they_give_ids_of() -> None:
    assert types.pools(CONFIG) == {
        "vlan/physnet1": ((100, 199), (300, 309)),
        "geneve": ((1, 65536),),
        "gre": ((1, 10),),
    }


@pytest.mark.parametrize(
    ("segment", "pool"),
    [
        (Asked("vlan", "physnet1", 150), "vlan/physnet1"),
        (Asked("vlan", "physnet1", 250), None),
        (Asked("vlan", "physnet2", 150), None),
        (Asked("geneve", None, 65536), "geneve"),
        (Asked("geneve", None, 65537), None),
        (Asked("flat", "p"), None),
        (Asked("local"), None),
        (Asked("token-ring", None, 5), None),
    ],
)
def test_an_id_belongs_to_the_pool_whose_ranges_hold_it(segment: Asked, pool: str | None) -> None:
    assert types.pool_of(CONFIG, segment) == pool


@pytest.mark.parametrize(
    "entries", [("physnet1:200:100",), ("physnet1:0:5",), ("physnet1:1:4095",), ("physnet1:1",), (":1:2",), ("p" * 60,)]
)
def test_a_vlan_range_that_is_none_is_an_error_at_start(entries: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        config.vlan_ranges(entries)


@pytest.mark.parametrize("entries", [("5:1",), ("1",), ("a:b",), ("1:2:3",), ("-1:5",)])
def test_an_id_range_that_is_none_is_an_error_at_start(entries: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        config.id_ranges(entries)


def test_the_configuration_follows_from_the_settings() -> None:
    found = config_of(
        Settings(
            ml2_type_vlan=Ml2TypeVlan(network_vlan_ranges=("a:1:2", "b", "a:5:6")),
            ml2_type_geneve=Ml2TypeGeneve(vni_ranges=("7:9", "1:3")),
        )
    )
    assert found.vlan_ranges == {"a": ((1, 2), (5, 6)), "b": ()}
    assert found.tunnel_ranges["geneve"] == ((1, 3), (7, 9))
    assert found.geneve_header_size == 38
    assert found.project_network_types == ("geneve",)


def test_ovn_carries_no_gre() -> None:
    assert refusal(lambda: ovn_segments.check(Asked("gre", None, 1))) == "Network type gre is not supported"


def test_ovn_keeps_some_tunnel_keys_for_itself() -> None:
    ovn_segments.check(Asked("geneve", None, 16_711_680))
    assert refusal(lambda: ovn_segments.check(Asked("geneve", None, 16_711_681))) == (
        "Segmentation ID should be lower or equal to 16711680"
    )
