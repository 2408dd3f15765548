"""What hosts say is text from anywhere: whatever it is, reading it gives something that can be stored and shown."""

from hypothesis import given
from hypothesis import strategies as st

from wovenet.resources.host import facts


def test_bridge_mappings() -> None:
    assert facts.bridge_mappings("physnet1:br-ex, physnet2:br-2") == {"physnet1": "br-ex", "physnet2": "br-2"}
    assert facts.bridge_mappings("a:1,a:2,,b,:c,d:,\x00:e,f:\ud800") == {"a": "1"}
    assert facts.bridge_mappings("x" * (facts.TEXT_LENGTH_MAX + 1)) == {}
    assert len(facts.bridge_mappings(",".join(f"n{number}:b" for number in range(1000)))) == facts.ITEMS_MAX


def test_cms_options() -> None:
    assert facts.cms_options("enable-chassis-as-gw,availability-zones=a:b") == {
        "enable-chassis-as-gw": "",
        "availability-zones": "a:b",
    }
    assert facts.cms_options("a=1=2,=b,a=3") == {"a": "1=2"}


def test_a_chassis() -> None:
    config = {
        "ovn-bridge-mappings": "physnet1:br-ex",
        "ovn-cms-options": "enable-chassis-as-gw",
        "datapath-type": "netdev",
        "other": "x",
    }
    found = facts.of_chassis("c", "hv1", config=config, encaps=[("geneve", "10.0.0.1")])
    assert found == facts.HostFacts(
        chassis="c",
        hostname="hv1",
        bridge_mappings={"physnet1": "br-ex"},
        cms_options={"enable-chassis-as-gw": ""},
        encaps={"geneve": "10.0.0.1"},
        other_config={"datapath-type": "netdev"},
    )
    for chassis, hostname in (("", "h"), ("c", ""), ("c", "h\n"), ("c" * 256, "h")):
        assert facts.of_chassis(chassis, hostname, config={}) is None


@given(st.text(), st.text(), st.dictionaries(st.sampled_from(["ovn-bridge-mappings", "ovn-cms-options"]), st.text()))
def test_any_text(chassis: str, hostname: str, config: dict[str, str]) -> None:
    found = facts.of_chassis(chassis, hostname, config=config, encaps=[(chassis, hostname)])
    if found is None:
        return
    texts = [found.chassis, found.hostname, *found.bridge_mappings, *found.bridge_mappings.values()]
    texts += [*found.cms_options, *found.cms_options.values(), *found.encaps, *found.encaps.values()]
    assert all(text.isprintable() for text in texts)
