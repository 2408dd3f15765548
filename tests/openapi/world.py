"""A deployment with something of everything, and what requests to it can be made of."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.api import fixtures
from tests.client import GUEST_PROJECT
from tests.deployment import REGISTRY, Deployment, deployment
from tests.ovsdb_servers import Server
from wovenet.model.clock import SystemClock

SEED = 20
WORDS: dict[str, tuple[Any, ...]] = {
    "network_type": ("flat", "vlan", "geneve", "local", "vxlan", "gre"),
    "provider:network_type": ("flat", "vlan", "geneve", "local"),
    "provider:physical_network": ("physnet1", "nowhere", None),
    "provider:segmentation_id": (0, 1, 1000, 1001, 4094, 4095, 2**24, None),
    "cidr": ("10.1.0.0/24", "10.9.9.9/32", "10.9.8.6/31", "2001:db8:7::/64", "0.0.0.0/0", "::/0", "224.0.0.0/8"),
    "remote_ip_prefix": ("10.0.0.0/8", "::/0", "10.0.0.1", "2001:db8::1/64", "0.0.0.0", None),
    "ethertype": ("IPv4", "IPv6", "ipv4", "arp"),
    "protocol": ("tcp", "udp", "icmp", "icmpv6", "ipv6-icmp", "sctp", "vrrp", 6, 58, "0", "255", "256", -1, None),
    "port_range_min": (None, -1, 0, 1, 22, 255, 256, 65535, 65536, "80"),
    "port_range_max": (None, -1, 0, 1, 22, 255, 256, 65535, 65536, "80"),
    "ip_address": ("10.0.0.2", "10.0.0.9", "10.0.0.255", "10.0.0.0/24", "2001:db8::9", "::", "0.0.0.0", "10.0.0.09"),
    "gateway_ip": ("10.0.0.254", "10.7.7.7", "2001:db8::1", "fe80::1", "10.0.0.0", None),
    "device_owner": (
        "",
        "compute:nova",
        "network:dhcp",
        "network:router_interface",
        "network:distributed",
        "baremetal:x",
    ),
    "object_type": ("network", "security_group", "address_scope", "subnetpool", "address_group", "qos_policy"),
    "action": ("access_as_shared", "access_as_external", "access"),
    "target_tenant": ("*", "alt", GUEST_PROJECT),
    "tenant_id": ("demo", "alt", "ops"),
    "project_id": ("demo", "alt", "ops"),
    "prefixlen": (0, 8, 24, 28, 32, 33, 64, 128, 129),
    "start": ("10.0.0.10", "10.0.0.0", "10.0.0.200", "2001:db8::10", "10.9.9.9"),
    "end": ("10.0.0.20", "10.0.0.255", "10.0.0.100", "2001:db8::20"),
    "destination": ("10.50.0.0/16", "0.0.0.0/0", "169.254.169.254/32", "2001:db8:5::/64"),
    "nexthop": ("10.0.0.1", "10.0.0.2", "2001:db8::1", "10.99.0.1"),
    "ip_version": (4, 6),
    "direction": ("ingress", "egress"),
    "mac_address": ("fa:16:3e:00:00:01", "FA-16-3E-00-00-02", "01:00:5e:00:00:01", "00:00:5e:00:01:01"),
    "ipv6_address_mode": ("slaac", "dhcpv6-stateless", "dhcpv6-stateful", None),
    "ipv6_ra_mode": ("slaac", "dhcpv6-stateless", "dhcpv6-stateful", None),
    "prefixes": (["10.128.0.0/9"], ["2001:db8:8000::/40"], ["10.0.0.0/8", "10.1.0.0/16"], []),
    "default_prefixlen": (8, 24, 64),
    "min_prefixlen": (0, 8, 64),
    "max_prefixlen": (28, 32, 128),
    "dns_nameservers": (["10.0.0.53"], ["2001:db8::53"], []),
    "mtu": (0, 67, 68, 1279, 1280, 1500, 9000, 2**31, -1),
    "host": ("hv1", "hv2", "elsewhere"),
    "binding:host_id": ("hv1", "hv2", "elsewhere", ""),
    "opt_name": ("bootfile-name", "mtu", "router", "tftp-server", "ntp-server", "150", "classless-static-route", "x"),
    "opt_value": ("pxelinux.0", "1500", "10.0.0.3", '"; drop', "{10.0.0.1}", "a b,c", None, "0.0.0.0/0,10.0.0.1"),
    "dns_name": ("", "a", "a.b", "xn--a", "-a", "a" * 64),
    "dns_domain": ("", "a.", "a", "example.org.", "<project_id>.org."),
    "service_types": (["compute:nova"], ["network:"], []),
    "addresses": (["10.0.0.0/8"], ["10.0.0.1"], ["::/0", "10.0.0.0/8"], ["10.0.0.1-10.0.0.3"], []),
}
"""Values that attributes of these names are often given, besides those that objects have and those of any kind."""
TEXTS = ("", " ", "é", "\u0000", '"', "'", "\\", "}{", "%s", "a" * 255, "a" * 256, "\ud7ff", "=~", "🦔", "1", "null")


class SeededClock(SystemClock):
    """The same ids and the same chance in every run."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seeded = random.Random(seed)

    def new_id(self) -> str:
        digits = f"{self._seeded.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def randrange(self, start: int, stop: int) -> int:
        return self._seeded.randrange(start, stop)


@contextmanager
def world(state_dir: Path, northbound: Server) -> Iterator[Deployment]:
    """A deployment with hosts and objects; OVN follows what is written."""
    with deployment(state_dir, nb=northbound, clock=SeededClock(SEED)) as cloud:
        with fixtures.using(cloud):
            fixtures.Hosts().start_fixture()
        fill(cloud)
        yield cloud


def fill(cloud: Deployment) -> None:
    """There is something of everything (again)."""

    def make(target: str, body: Any, *, who: str = "admin") -> Any:
        answer = cloud.client.ask("POST", target, body, who=who)
        [made] = answer.body.values()
        return made if answer.status == 201 else {"id": None}

    scope = make("/v2.0/address-scopes", {"address_scope": {"name": "s", "ip_version": 4}}, who="member")
    pool = {"name": "p", "prefixes": ["10.64.0.0/16"], "default_prefixlen": 26, "address_scope_id": scope["id"]}
    make("/v2.0/subnetpools", {"subnetpool": pool}, who="member")
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 1000}
    make("/v2.0/networks", {"network": {"shared": True, **vlan}})
    make("/v2.0/networks", {"network": {"router:external": True}})
    net = make("/v2.0/networks", {"network": {"name": "n"}}, who="member")
    v4 = {"network_id": net["id"], "ip_version": 4, "cidr": "10.0.0.0/24"}
    v6 = {"network_id": net["id"], "ip_version": 6, "cidr": "2001:db8::/64"}
    slaac = {"ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}
    make("/v2.0/subnets", {"subnets": [v4, {**v6, **slaac}]}, who="member")
    group = make("/v2.0/security-groups", {"security_group": {"name": "g"}}, who="member")
    addresses = {"address_group": {"name": "a", "addresses": ["10.0.0.0/8"]}}
    prefixes = make("/v2.0/address-groups", addresses, who="member")
    rule = {"security_group_id": group["id"], "direction": "ingress", "remote_address_group_id": prefixes["id"]}
    make("/v2.0/security-group-rules", {"security_group_rule": rule}, who="member")
    port = {"network_id": net["id"], "security_groups": [group["id"]], "device_owner": "compute:nova"}
    make("/v2.0/ports", {"ports": [port, {**port, "binding:host_id": "hv1"}]})
    grant = {"object_type": "network", "object_id": net["id"], "target_tenant": "alt", "action": "access_as_shared"}
    make("/v2.0/rbac-policies", {"rbac_policy": grant}, who="member")


class Known:
    """What is there: ids by collection, and the values that attributes have, by their names."""

    def __init__(self, cloud: Deployment, needed: frozenset[str]) -> None:
        """In: the attributes that some request cannot do without."""
        self.needed = needed
        self.ids: dict[str, list[str]] = {}
        self.values: dict[str, list[Any]] = {name: list(values) for name, values in WORDS.items()}
        for name, resource in REGISTRY.resources.items():
            path = f"/v2.0/{REGISTRY.surface.collections[name].path}"
            found = cloud.client.ask("GET", path).body[name]
            # What has no id of its own is found by that of its network.
            self.ids[path] = [item["id"] if "id" in item else item["network_id"] for item in found]
            self.values.setdefault(f"{resource.member}_id", []).extend(self.ids[path])
            for item in found:
                self._learn(item)
        self.values["object_id"] = [one for ids in self.ids.values() for one in ids]
        self.anything = [value for name in sorted(self.values) for value in self.values[name]]

    def _learn(self, item: dict[str, Any]) -> None:
        for name, value in item.items():
            if value not in self.values.setdefault(name, []):
                self.values[name].append(value)
