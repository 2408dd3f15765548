"""OV-068: which chassis serve external ports. W-14: the zones of the network decide, and nothing else changes."""

from hypothesis import given
from hypothesis import strategies as st

from wovenet.resources.external import chosen
from wovenet.resources.external.chosen import Chassis, Place

NETWORK = "0f0f0f0f-0000-4000-8000-000000000000"
NAMES = st.lists(st.sampled_from([f"c{number}" for number in range(12)]), unique=True)


def chassis(
    name: str, *, gateway: bool = True, external: bool = False, zones: str = "", physnet: str = "p1"
) -> Chassis:
    options = {chosen.GATEWAY: ""} if gateway else {}
    options |= {chosen.EXTERNAL: ""} if external else {}
    options |= {chosen.ZONES: zones} if zones else {}
    return Chassis(name=name, hostname=f"{name}.test", options=options, physical_networks=frozenset({physnet}))


def names(found: list[Chassis]) -> list[str]:
    return [one.name for one in found]


def test_gateways_serve_if_nobody_is_set_aside() -> None:
    found = chosen.eligible([chassis("a"), chassis("b", gateway=False)], Place())
    assert names(found) == ["a"]
    assert not chosen.are_set_aside(found)


def test_who_is_set_aside_serves_alone() -> None:
    found = chosen.eligible([chassis("a"), chassis("b", gateway=False, external=True)], Place())
    assert names(found) == ["b"]
    assert chosen.are_set_aside(found)


def test_zones_are_those_of_the_network() -> None:
    everyone = [chassis("a", zones="z1:z2"), chassis("b", zones="z3"), chassis("c")]
    assert names(chosen.eligible(everyone, Place(("z2",)))) == ["a"]
    assert names(chosen.eligible(everyone, Place(("z2", "z3")))) == ["a", "b"]
    assert names(chosen.eligible(everyone, Place())) == ["c"]


def test_who_does_not_reach_the_network_does_not_serve_it() -> None:
    everyone = [chassis("a", physnet="p1"), chassis("b", physnet="p2")]
    assert names(chosen.eligible(everyone, Place((), frozenset({"p2"})))) == ["b"]


def test_a_port_is_not_served_where_it_is_unless_there_is_nobody_else() -> None:
    both = [chassis("a", external=True), chassis("b", external=True)]
    assert chosen.for_port("p", "a.test", both) == ("b",)
    assert chosen.for_port("p", "a.test", both[:1]) == ("a",)


@given(NAMES, st.sampled_from([f"c{number}" for number in range(12)]))
def test_who_comes_or_goes_changes_the_order_of_no_others(present: list[str], other: str) -> None:
    without = [name for name in present if name != other]
    before = chosen.for_network(NETWORK, [chassis(name) for name in without])
    after = chosen.for_network(NETWORK, [chassis(name) for name in [*without, other]])
    assert len(after) <= chosen.CHASSIS_MAX
    assert [name for name in after if name != other] == list(before)[: len(after) - (other in after)]
