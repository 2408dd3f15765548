"""What a port may be. Expected texts are the peer's."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wovenet.model import problems
from wovenet.resources.port import rules

MAC = "00:11:22:33:44:55"


@pytest.mark.parametrize(
    ("base", "prefix"), [("fa:16:3e:00:00:00", "fa:16:3e:"), ("FA:16:3E:4F:00:00", "fa:16:3e:4f:")]
)
def test_macs_begin_as_configured(base: str, prefix: str) -> None:
    made = {rules.random_mac(base, random.Random(seed).randrange) for seed in range(50)}
    assert len(made) > 40
    assert all(mac.startswith(prefix) and len(mac) == 17 for mac in made)


# pairs


def pairs(*given_: tuple[str | None, str]) -> list[dict[str, Any]]:
    asked = [{"ip_address": ip} if mac is None else {"mac_address": mac, "ip_address": ip} for mac, ip in given_]
    return rules.pairs(asked, MAC, count_max=3)


def test_pairs_are_complete_and_sorted() -> None:
    found = pairs((None, "9.1.1.1"), ("00:01:00:00:00:00", "2.1.1.1"), (None, "1.1.1.0/24"))
    assert [tuple(pair.values()) for pair in found] == [
        ("00:01:00:00:00:00", "2.1.1.1"),
        (MAC, "1.1.1.0/24"),
        (MAC, "9.1.1.1"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ((None, "1.1.1.1"), (None, "1.1.1.1"), None),
        ((MAC, "1.1.1.1"), (None, "1.1.1.1"), MAC),
        (("00:11:22:33:44:AB", "1.1.1.1"), ("00-11-22-33-44-ab", "1.1.1.1"), "00:11:22:33:44:ab"),
    ],
)
def test_pairs_that_are_the_same(
    first: tuple[str | None, str], second: tuple[str | None, str], named: str | None
) -> None:
    with pytest.raises(problems.DuplicateAddressPairInRequest) as raised:
        pairs(first, second)
    assert raised.value.fields == {"mac_address": named, "ip_address": "1.1.1.1"}


def test_the_number_of_pairs() -> None:
    with pytest.raises(problems.AllowedAddressPairExhausted):
        pairs(*((None, f"1.1.1.{number}") for number in range(4)))
    many = [{"ip_address": f"1.1.1.{number}"} for number in range(200)]
    assert len(rules.pairs(many, MAC, count_max=-1)) == 200


def test_single_addresses_among_pairs() -> None:
    given_ = [{"ip_address": text} for text in ("1.1.1.1", "1.1.1.2/32", "1.1.1.0/24", "FD00::0001", "fd00::/64")]
    assert rules.exact_addresses(given_) == {"1.1.1.1", "1.1.1.2", "fd00::1"}


# extra DHCP options


def option(name: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {"opt_name": name, "opt_value": value, **more}


def test_options_of_a_new_port() -> None:
    found = rules.dhcp_options([option("a", "1", ip_version="6"), option("a", "2"), option("b", None)])
    assert found == [option("a", "1", ip_version=6), option("a", "2", ip_version=4)]
    assert rules.dhcp_options(None) == []
    with pytest.raises(problems.NeutronDbObjectDuplicateEntry):
        rules.dhcp_options([option("a", "1"), option("a", "2", ip_version=4)])


names = st.sampled_from(["a", "b", "c"])
options = st.lists(
    st.builds(option, names, st.sampled_from([None, "1", "2"]), ip_version=st.sampled_from([4, 6])), max_size=6
)


@given(st.lists(options, max_size=4))
def test_options_are_what_was_last_said_of_each(history: list[list[dict[str, Any]]]) -> None:
    present: list[dict[str, Any]] = []
    model: dict[tuple[str, int], str | None] = {}
    for given_ in history:
        present = rules.changed_dhcp_options(present, given_)
        model |= {(item["opt_name"], item["ip_version"]): item["opt_value"] for item in given_}
    found = {(item["opt_name"], item["ip_version"]): item["opt_value"] for item in present}
    assert found == {key: value for key, value in model.items() if value is not None}
    assert len(present) == len(found)


# binding profile


def reason(profile: dict[str, Any], vnic_type: str = "normal") -> str:
    with pytest.raises(problems.InvalidInput) as raised:
        rules.check_profile(profile, vnic_type)
    return str(raised.value.fields["error_message"]).removeprefix("Invalid binding:profile. ")


PARENT = {"parent_name": "p", "tag": 5}
PCI = {"pci_vendor_info": "1", "pci_slot": "a", "physical_network": None}


@pytest.mark.parametrize(
    ("profile", "vnic_type"),
    [
        ({}, "normal"),
        (PARENT, "normal"),
        ({**PARENT, "tag": 0}, "normal"),
        ({**PARENT, "tag": 4095, "foo": 1}, "normal"),
        ({"vtep-physical-switch": "a", "vtep-logical-switch": "b"}, "normal"),
        ({"foo": "bar", "capabilities": []}, "normal"),
        ({"pci_slot": "a"}, "normal"),
        ({"pci_slot": "a"}, "baremetal"),
        (PCI, "direct"),
        ({**PCI, "physical_network": "p"}, "direct"),
        ({"a": "x" * 4086}, "normal"),
    ],
)
def test_profiles(profile: dict[str, Any], vnic_type: str) -> None:
    rules.check_profile(profile, vnic_type)


def test_profiles_that_cannot_be() -> None:
    assert reason({"tag": 5}) == "dict_keys(['parent_name', 'tag']) are all required."
    assert reason({**PARENT, "tag": 4096}) == 'tag "4096" must be an integer between 0 and 4095, inclusive'
    assert reason({**PARENT, "tag": -1}) == 'tag "-1" must be an integer between 0 and 4095, inclusive'
    assert reason({**PARENT, "tag": "5"}) == "tag 5 value invalid type"
    assert reason({**PARENT, "tag": True}) == "tag True value invalid type"
    assert reason({**PARENT, "parent_name": 5}) == "parent_name 5 value invalid type"
    assert reason({"vtep-logical-switch": "b"}).startswith("dict_keys(['vtep-physical-switch'")
    assert reason({"capabilities": "x"}) == "capabilities must be of type list."
    assert reason({"pci_slot": "a"}, "direct").startswith("dict_keys(['pci_vendor_info', 'pci_slot'")
    assert reason({**PCI, "physical_network": 5}, "direct") == "physical_network 5 value invalid type"
    assert reason(PCI, "remote-managed").endswith("'vf_num']) are all required.")
    assert reason({"a": "x" * 4087}) == "binding:profile value too large"
    assert reason({"a": "é" * 700}) == "binding:profile value too large"


def test_parents_are_names_only_if_checked() -> None:
    assert rules.parent_of(PARENT) == "p"
    assert rules.parent_of({}) is None


# status


@pytest.mark.parametrize(
    ("is_up", "admin_state_up", "vif_type", "status"),
    [
        (True, True, "ovs", "ACTIVE"),
        (False, True, "ovs", "DOWN"),
        (True, False, "ovs", "DOWN"),
        (True, True, "unbound", "DOWN"),
        (True, True, "binding_failed", "DOWN"),
    ],
)
def test_status(*, is_up: bool, admin_state_up: bool, vif_type: str, status: str) -> None:
    assert rules.status({"is_up": is_up, "admin_state_up": admin_state_up, "binding:vif_type": vif_type}) == status


@pytest.mark.parametrize(
    ("before", "after", "stays"), [("a", "a", True), ("a", "b", False), ("a", "", True), ("", "a", True)]
)
def test_a_port_that_moves_is_not_up_until_its_new_host_says_so(before: str, after: str, *, stays: bool) -> None:
    assert rules.is_up_after({"is_up": True, "binding:host_id": before}, {"binding:host_id": after}) is stays
    assert not rules.is_up_after({"is_up": False, "binding:host_id": before}, {"binding:host_id": after})


# routers


def test_ports_of_routers_are_theirs() -> None:
    port = {"id": "p", "device_owner": "network:router_interface", "fixed_ips": [{}]}
    with pytest.raises(problems.ServicePortInUse) as raised:
        rules.check_deletable(port)
    assert raised.value.fields == {"port_id": "p", "reason": "has device owner network:router_interface"}
    rules.check_deletable({**port, "device_owner": "network:dhcp"})
    rules.check_deletable({**port, "fixed_ips": []})
