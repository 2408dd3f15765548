"""Instances on two hypervisors: real DHCP, real packets, real security."""

from collections.abc import Iterator
from ipaddress import IPv6Address

import pytest

from tests.e2e.harness import MTU, Network, Site, booted
from wovenet.embedded import process
from wovenet.lab import probe
from wovenet.lab.lab import Lab, LabError
from wovenet.lab.values import FixedIp, PortSpec, Route


@pytest.fixture
def network(site: Site) -> Iterator[Network]:
    made = site.nb.network(cidr="10.9.0.0/24", server="10.9.0.1", more="dns_server=10.9.0.2")
    yield made
    site.nb.ctl("ls-del", made.switch)


@pytest.fixture
def lab(site: Site) -> Lab:
    return site.lab


def test_an_instance_follows_the_lease_of_its_port(site: Site, network: Network, lab: Lab) -> None:
    site.nb.ctl(
        "set",
        "DHCP_Options",
        network.dhcp_options,
        'options:classless_static_route="{169.254.169.254/32,10.9.0.2, 0.0.0.0/0,10.9.0.1}"',
        'options:domain_name="\\"lab.test\\""',
    )
    port = network.port("10.9.0.11")
    with booted(lab, a=(port, "hv1")):
        lease = lab.leases("a")["10.9.0.11"]
        assert (lease.prefix_length, lease.mtu, lease.server) == (24, MTU, "10.9.0.1")
        assert (lease.dns, lease.domain) == (("10.9.0.2",), "lab.test")
        assert set(lease.routes) == {Route("169.254.169.254/32", "10.9.0.2"), Route("0.0.0.0/0", "10.9.0.1")}
        routes = lab.run("a", ["ip", "route"]).stdout
        assert "default via 10.9.0.1 dev eth0" in routes
        assert "169.254.169.254 via 10.9.0.2 dev eth0" in routes
        assert f"mtu {MTU}" in lab.run("a", ["ip", "link", "show", "eth0"]).stdout
        assert port.mac in lab.run("a", ["ip", "link", "show", "eth0"]).stdout
        assert lab.run("a", ["cat", "/etc/resolv.conf"]).stdout == "search lab.test\nnameserver 10.9.0.2\n"


def test_instances_reach_each_other_on_one_host_and_across_hosts(network: Network, lab: Lab) -> None:
    ports = {"a": "10.9.0.11", "b": "10.9.0.12", "c": "10.9.0.13"}
    hosts = {"a": "hv1", "b": "hv1", "c": "hv2"}
    with booted(lab, **{name: (network.port(ports[name]), hosts[name]) for name in ports}):
        probe.serve(lab, "b", 80, greeting="b is here")
        probe.serve(lab, "c", 80, greeting="c is here")
        for other in ("b", "c"):
            assert probe.ping(lab, "a", ports[other])
            assert probe.connect(lab, "a", ports[other], 80) == ("connected", f"{other} is here")
        assert probe.connect(lab, "a", ports["b"], 81) == ("refused", "")


def test_full_sized_packets_cross_the_tunnel(network: Network, lab: Lab) -> None:
    with booted(lab, a=(network.port("10.9.0.11"), "hv1"), b=(network.port("10.9.0.12"), "hv2")):
        assert probe.ping(lab, "a", "10.9.0.12")
        full = ["ping", "-n", "-q", "-c1", "-w5", "-Mdo", f"-s{MTU - 28}", "10.9.0.12"]
        assert lab.run("a", full).returncode == 0


def test_a_group_that_drops_is_silent_and_what_it_allows_passes(site: Site, network: Network, lab: Lab) -> None:
    site.nb.ctl("pg-add", "pg_guarded")
    try:
        site.nb.ctl("acl-add", "pg_guarded", "to-lport", "1001", "outport == @pg_guarded && ip", "drop")
        site.nb.ctl(
            *("acl-add", "pg_guarded", "to-lport", "1002"),
            *("outport == @pg_guarded && ip4 && tcp.dst == 80", "allow-related"),
        )
        guarded = network.port("10.9.0.12", groups=["pg_guarded"])
        with booted(lab, a=(network.port("10.9.0.11"), "hv1"), b=(guarded, "hv2")):
            probe.serve(lab, "b", 80, greeting="open")
            probe.serve(lab, "b", 81, greeting="closed")
            assert probe.connect(lab, "a", "10.9.0.12", 80) == ("connected", "open")
            assert probe.connect(lab, "a", "10.9.0.12", 81, within_s=1) == ("silent", "")
            assert not probe.ping(lab, "a", "10.9.0.12", within_s=1)
            assert probe.ping(lab, "b", "10.9.0.11")
    finally:
        site.nb.ctl("pg-del", "pg_guarded")


def test_a_static_address_needs_no_server(network: Network, lab: Lab) -> None:
    given = network.port("10.9.0.11")
    static = PortSpec(given.id, given.mac, given.mtu, (FixedIp("10.9.0.11", 24, "static", gateway="10.9.0.1"),))
    with booted(lab, a=(static, "hv1"), b=(network.port("10.9.0.12"), "hv2")):
        assert lab.leases("a") == {}
        assert "default via 10.9.0.1" in lab.run("a", ["ip", "route"]).stdout
        assert probe.ping(lab, "a", "10.9.0.12")


def test_ipv6_addresses_come_by_router_advertisement_and_by_dhcpv6(site: Site, network: Network, lab: Lab) -> None:
    router = f"r-{network.switch}"
    options = site.nb.ctl("create", "DHCP_Options", 'cidr="fd00:9::/64"', 'options:server_id="fa:16:3e:00:00:02"')
    site.nb.ctl("lr-add", router)
    try:
        site.nb.ctl("lrp-add", router, "lrp", "fa:16:3e:00:00:02", "fd00:9::1/64")
        site.nb.ctl("set", "Logical_Router_Port", "lrp", "ipv6_ra_configs:address_mode=dhcpv6_stateful")
        site.nb.ctl(
            *("lsp-add", network.switch, "to-r", "--", "lsp-set-type", "to-r", "router"),
            *("--", "lsp-set-addresses", "to-r", "router", "--", "lsp-set-options", "to-r", "router-port=lrp"),
        )
        given = network.port("10.9.0.11")
        site.nb.ctl("lsp-set-addresses", given.id, f"{given.mac} 10.9.0.11 fd00:9::11")
        site.nb.ctl("lsp-set-dhcpv6-options", given.id, options)
        both = PortSpec(
            given.id, given.mac, given.mtu, (FixedIp("10.9.0.11", 24, "dhcp"), FixedIp("fd00:9::11", 64, "dhcpv6"))
        )
        with booted(lab, a=(both, "hv1")):
            assert set(lab.leases("a")) == {"10.9.0.11", "fd00:9::11"}
            assert probe.ping(lab, "a", "fd00:9::1")

        site.nb.ctl("set", "Logical_Router_Port", "lrp", "ipv6_ra_configs:address_mode=slaac")
        given = network.port("10.9.0.12")
        octets = [int(octet, 16) for octet in given.mac.split(":")]
        suffix = (
            f"{octets[0] ^ 2:02x}{octets[1]:02x}:{octets[2]:02x}ff:fe{octets[3]:02x}:{octets[4]:02x}{octets[5]:02x}"
        )
        address = str(IPv6Address(f"fd00:9::{suffix}"))
        site.nb.ctl("lsp-set-addresses", given.id, f"{given.mac} 10.9.0.12 {address}")
        slaac = PortSpec(given.id, given.mac, given.mtu, (FixedIp(address, 64, "slaac"),))
        with booted(lab, a=(slaac, "hv2")):
            assert probe.ping(lab, "a", "fd00:9::1")
    finally:
        site.nb.ctl("lr-del", router)


def test_a_frozen_hypervisor_is_cut_off_and_comes_back(network: Network, lab: Lab) -> None:
    with booted(lab, a=(network.port("10.9.0.11"), "hv1"), b=(network.port("10.9.0.12"), "hv2")):
        assert probe.ping(lab, "a", "10.9.0.12")
        lab.freeze("hv2")
        try:
            assert not probe.ping(lab, "a", "10.9.0.12", within_s=1)
        finally:
            lab.thaw("hv2")
        assert probe.ping(lab, "a", "10.9.0.12")


def test_the_outside_is_reached_through_the_provider_network(site: Site, network: Network, lab: Lab) -> None:
    lab.give_outside_address("203.0.113.1/24")
    site.nb.ctl("lsp-add", network.switch, "physical", "--", "lsp-set-type", "physical", "localnet")
    site.nb.ctl(
        "lsp-set-addresses", "physical", "unknown", "--", "lsp-set-options", "physical", "network_name=physnet1"
    )
    given = network.port("203.0.113.10")
    static = PortSpec(given.id, given.mac, given.mtu, (FixedIp("203.0.113.10", 24, "static"),))
    with booted(lab, a=(static, "hv2")):
        probe.serve(lab, "a", 80, greeting="provider")
        assert probe.ping(lab, "a", "203.0.113.1")
        assert probe.connect(lab, "outside", "203.0.113.10", 80) == ("connected", "provider")


def test_a_port_that_ovn_does_not_know_is_refused_and_leaves_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wovenet.lab.lab.BOUND_TIMEOUT_S", 0.3)
    unknown = PortSpec("00000000-0000-4000-8000-000000000000", "fa:16:3e:00:00:99", MTU)
    with pytest.raises(LabError, match="OVN binding port"):
        lab.boot("ghost", unknown, host="hv1")
    assert lab.instances() == []
    assert "ghost" not in process.run(["ip", "netns"])


def test_names_ports_and_hosts_are_checked(network: Network, lab: Lab) -> None:
    port = network.port("10.9.0.11")
    with booted(lab, a=(port, "hv1")):
        with pytest.raises(LabError, match="named a already"):
            lab.boot("a", network.port("10.9.0.12"), host="hv1")
        with pytest.raises(LabError, match="a is booted on port"):
            lab.boot("b", port, host="hv2")
        assert [instance.name for instance in lab.instances()] == ["a"]
        assert lab.emptiest() == "hv2"
    with pytest.raises(LabError, match="no hypervisor is named hv9; there are hv1, hv2"):
        lab.boot("a", port, host="hv9")
    for name in ("../up", "outside", "-x", ""):
        with pytest.raises(LabError, match="no name for an instance"):
            lab.boot(name, port, host="hv1")
    for bad in (
        PortSpec("x", "fa:16:3e:00:00:01; reboot", MTU),
        PortSpec("x y", "fa:16:3e:00:00:01", MTU),
        PortSpec("x", "fa:16:3e:00:00:01", MTU, (FixedIp("10.9.0.1\nlink del eth0", 24, "static"),)),
    ):
        with pytest.raises(LabError, match="port"):
            lab.boot("a", bad, host="hv1")
    assert lab.instances() == []
    with pytest.raises(LabError, match="no instance is named nobody"):
        lab.run("nobody", ["true"])


def test_another_process_finds_the_lab_by_its_directory(network: Network, lab: Lab) -> None:
    with booted(lab, a=(network.port("10.9.0.11"), "hv1")) as instances:
        again = Lab.open(lab.directory)
        assert again.instances() == [instances["a"]]
        assert again.leases("a") == lab.leases("a")
