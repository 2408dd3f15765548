"""Instances get what their subnets say."""

from tests.e2e.tenant import Tenant
from wovenet.lab.values import Route


def test_a_lease_says_what_subnet_and_network_say(tenant: Tenant) -> None:
    subnet = {
        "gateway_ip": "10.70.0.254",
        "dns_nameservers": ["10.70.0.53", "10.70.0.54"],
        "host_routes": [{"destination": "192.168.7.0/24", "nexthop": "10.70.0.7"}],
    }
    network = tenant.network("10.70.0.0/24", subnet=subnet, mtu=1400)
    port = tenant.port(network, fixed_ips=[{"ip_address": "10.70.0.20"}])
    instance, leases = tenant.boot("leased", port, "hv1")
    lease = leases["10.70.0.20"]
    assert (lease.prefix_length, lease.mtu, lease.dns) == (24, 1400, ("10.70.0.53", "10.70.0.54"))
    routes = {Route("0.0.0.0/0", "10.70.0.254"), Route("192.168.7.0/24", "10.70.0.7")}
    assert routes <= set(lease.routes)
    assert "mtu 1400" in tenant.lab.run("leased", ["ip", "link", "show", "eth0"]).stdout
    assert instance.port.mac in tenant.lab.run("leased", ["ip", "link", "show", "eth0"]).stdout
    tenant.await_status(port, "ACTIVE")


def test_what_a_changed_subnet_says_is_in_the_next_lease(tenant: Tenant) -> None:
    network = tenant.network("10.71.0.0/24", subnet={"dns_nameservers": ["10.71.0.53"]})
    port = tenant.port(network)
    _, leases = tenant.boot("early", port, "hv1")
    assert [lease.dns for lease in leases.values()] == [("10.71.0.53",)]
    tenant.shut("early")
    (subnet,) = tenant.rest.list("subnets", network_id=network["id"])
    tenant.rest.update("subnets", subnet["id"], {"dns_nameservers": ["10.71.0.99"]})
    tenant.cloud.check()
    _, leases = tenant.boot("late", port, "hv1")
    assert [lease.dns for lease in leases.values()] == [("10.71.0.99",)]


def test_ipv6_addresses_by_dhcp_beside_ipv4(tenant: Tenant) -> None:
    network = tenant.network("10.72.0.0/24")
    mode = {"ipv6_address_mode": "dhcpv6-stateful", "ipv6_ra_mode": "dhcpv6-stateful"}
    tenant.make(
        "subnets", network_id=network["id"], cidr="fd00:72::/64", ip_version=6, dns_nameservers=["fd00:72::53"], **mode
    )
    port = tenant.port(network)
    _, leases = tenant.boot("both", port, "hv2")
    assert set(leases) == {fixed["ip_address"] for fixed in port["fixed_ips"]}
    (six,) = [address for address in leases if ":" in address]
    assert leases[six].dns == ("fd00:72::53",)


def test_a_subnet_without_dhcp_leaves_addresses_to_the_instance(tenant: Tenant) -> None:
    network = tenant.network("10.73.0.0/24", subnet={"enable_dhcp": False})
    group = tenant.group({"protocol": "icmp"})
    here, there = (tenant.port(network, security_groups=[group]) for _ in range(2))
    assert tenant.boot("here", here, "hv1")[1] == tenant.boot("there", there, "hv2")[1] == {}
    tenant.await_ping("here", there["fixed_ips"][0]["ip_address"])
