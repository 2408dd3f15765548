"""What clients send, right and wrong: of each collection a body from a few values, so that requests meet each other."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.client import GUEST_PROJECT
from wovenet.surface.spec import Collection

HOSTS = ("hv1", "hv2", "nowhere")
MACS = ("fa:16:3e:00:00:01", "fa:16:3e:00:00:02", "00:00:00:00:00:00")
OWNERS = ("compute:nova", "compute:nova", "", "network:dhcp", "baremetal:none")
CIDRS = (
    "10.0.0.0/29",
    "10.0.0.8/29",
    "10.0.1.0/28",
    "10.0.0.0/24",
    "fd00:0:0:1::/64",
    "fd00:0:0:2::/64",
    "10.0.0.0/33",
)
NAMES = ("a", "b", "c.d", "default", "")

Ids = Callable[[str], str]
"""Collection → the id of an object of it that is, was or never has been there."""
Body = dict[str, Any]


class Bodies:
    """Bodies by the chance of one client."""

    def __init__(self, chance: random.Random, ids: Ids) -> None:
        self._chance = chance
        self._id = ids
        self._makers: Mapping[str, Callable[[], Body]] = {
            "networks": self._network,
            "subnets": self._subnet,
            "subnetpools": self._subnetpool,
            "address_scopes": lambda: {
                "name": self._one(NAMES),
                "ip_version": self._one((4, 6)),
                **self._maybe(shared=True),
            },
            "ports": self._port,
            "security_groups": lambda: {"name": self._one(NAMES), **self._maybe(stateful=False, description="d")},
            "security_group_rules": self._rule,
            "default_security_group_rules": self._default_rule,
            "address_groups": lambda: {"name": self._one(NAMES), **self._maybe(addresses=self._addresses())},
            "rbac_policies": self._rbac_policy,
        }

    def new(self, collection: Collection) -> Body:
        """What a new object is asked for with."""
        made = self._makers.get(collection.name)
        body = made() if made else self._by_definition(collection)
        if self._chance.random() < 0.03:
            body[self._one(tuple(body) or ("name",))] = self._one((None, "", -1, "nonsense", [], {"a": 1}, True))
        return body

    def changes(self, collection: Collection) -> Body:
        """Some of that, as changes of an object that is there."""
        body = self.new(collection)
        settable = (
            [name for name in body if collection.attributes[name].spec.get("allow_put")]
            if self._chance.random() < 0.9
            else list(body)
        )
        chosen = self._chance.sample(settable, min(len(settable), self._chance.randrange(1, 4)))
        return {**{name: body[name] for name in chosen}, **self._maybe(description=self._one(NAMES))}

    def action(self, name: str) -> Body:
        """What goes with an action on one object."""
        if name in ("add_addresses", "remove_addresses"):
            return (
                {"address_group": {"addresses": self._addresses()}}
                if self._chance.random() < 0.1
                else {"addresses": self._addresses()}
            )
        if name in ("add_prefixes", "remove_prefixes"):
            return {"prefixes": [self._one(("10.8.0.0/24", "10.8.1.0/24", "10.8.1.0/25"))]}
        if name == "onboard_network_subnets":
            return {"network_id": self._id("networks")}
        ids = ("router", "subnet", "port", "network")
        return {f"{kind}_id": self._id(f"{kind}s") for kind in ids if self._chance.random() < 0.4}

    # ---- chance

    def _one(self, values: Sequence[Any]) -> Any:
        return self._chance.choice(values)

    def _maybe(self, **values: Any) -> Body:
        """Some of these; two underscores stand for a colon."""
        return {name.replace("__", ":"): value for name, value in values.items() if self._chance.random() < 0.25}

    def _addresses(self) -> list[str]:
        return self._chance.sample(
            ["192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "198.51.100.0/25"], self._chance.randrange(3)
        )

    # ---- collections

    def _network(self) -> Body:
        body = {
            "name": self._one(NAMES),
            **self._maybe(shared=True, mtu=self._one((1300, 1280, 60, 99999)), router__external=True),
        }
        body |= self._maybe(
            port_security_enabled=False, dns_domain="zone.example.", admin_state_up=False, vlan_transparent=True
        )
        if self._chance.random() < 0.3:
            body["provider:network_type"] = self._one(("vlan", "vlan", "vlan", "geneve", "flat", "local", "odd"))
            if body["provider:network_type"] in ("vlan", "flat"):
                body["provider:physical_network"] = "physnet1"
                body |= self._maybe(provider__segmentation_id=self._one((100, 101, 900)))
        return body

    def _subnet(self) -> Body:
        cidr = self._one(CIDRS)
        version = 6 if ":" in cidr else 4
        body: Body = {"network_id": self._id("networks"), "ip_version": version, "name": self._one(NAMES)}
        if self._chance.random() < 0.3:
            body["subnetpool_id"] = self._id("subnetpools")
            body |= self._maybe(prefixlen=self._one((27, 28, 29, 64)))
        else:
            body["cidr"] = cidr
        body |= self._maybe(enable_dhcp=False, gateway_ip=None, dns_nameservers=["192.0.2.53"])
        body |= self._maybe(host_routes=[{"destination": "0.0.0.0/0", "nexthop": "10.0.0.3"}])
        if version == 6 and self._chance.random() < 0.6:
            body["ipv6_address_mode"] = body["ipv6_ra_mode"] = self._one(("slaac", "dhcpv6-stateful"))
        elif version == 4:
            body |= self._maybe(allocation_pools=[{"start": "10.0.0.2", "end": self._one(("10.0.0.4", "10.0.0.5"))}])
        return body

    def _port(self) -> Body:
        body: Body = {"network_id": self._id("networks"), "name": self._one(NAMES), "device_owner": self._one(OWNERS)}
        body |= self._maybe(mac_address=self._one(MACS), device_id=self._one(("d1", "d2")), admin_state_up=False)
        body |= self._maybe(binding__host_id=self._one(HOSTS), dns_name=self._one(("n1", "n2")))
        body |= self._maybe(
            security_groups=[self._id("security_groups")], port_security_enabled=self._one((True, False))
        )
        body |= self._maybe(allowed_address_pairs=[{"ip_address": "10.0.0.6"}])
        body |= self._maybe(extra_dhcp_opts=[{"opt_name": "mtu", "opt_value": "1300"}])
        if self._chance.random() < 0.4:
            address = {"ip_address": self._one(("10.0.0.2", "10.0.0.3", "10.0.1.7", "fd00:0:0:1::7"))}
            body["fixed_ips"] = [
                self._one((address, {"subnet_id": self._id("subnets")}, address | {"subnet_id": self._id("subnets")}))
            ]
        return body

    def _rule(self) -> Body:
        body: Body = {"security_group_id": self._id("security_groups"), "direction": self._one(("ingress", "egress"))}
        protocol = self._one((None, "tcp", "udp", "icmp", "nope"))
        body["protocol"] = protocol
        if protocol in ("tcp", "udp"):
            body |= {"port_range_min": self._one((22, 80)), "port_range_max": self._one((80, 22, 443))}
        remote = self._chance.random()
        if remote < 0.3:
            body["remote_group_id"] = self._id("security_groups")
        elif remote < 0.5:
            body["remote_address_group_id"] = self._id("address_groups")
        return {
            **body,
            **self._maybe(remote_ip_prefix=self._one(("192.0.2.0/24", "::/0")), ethertype=self._one(("IPv4", "IPv6"))),
        }

    def _default_rule(self) -> Body:
        body = self._rule()
        del body["security_group_id"]
        return {**body, **self._maybe(used_in_default_sg=True, used_in_non_default_sg=True)}

    def _subnetpool(self) -> Body:
        prefixes = self._chance.sample(
            ["10.8.0.0/24", "10.8.1.0/24", "10.9.0.0/26", "fd00:8::/48"], self._chance.randrange(1, 3)
        )
        body = {
            "name": self._one(NAMES),
            "prefixes": prefixes,
            **self._maybe(default_prefixlen=28, min_prefixlen=25, shared=True),
        }
        return {**body, **self._maybe(is_default=True, address_scope_id=self._id("address_scopes"), default_quota=64)}

    def _rbac_policy(self) -> Body:
        kind = self._one(("network", "security_group", "subnetpool", "address_scope", "address_group"))
        collection = "security_groups" if kind == "security_group" else f"{kind}s"
        return {
            "object_type": kind,
            "object_id": self._id(collection),
            "action": self._one(("access_as_shared", "access_as_shared", "access_as_external", "odd")),
            "target_tenant": self._one(("*", "demo", "alt", GUEST_PROJECT)),
        }

    def _by_definition(self, collection: Collection) -> Body:
        """What a collection of which nothing is known here takes: what it demands, and some of the rest."""
        body: Body = {}
        for name, attribute in collection.attributes.items():
            spec = attribute.spec
            if (
                spec.get("allow_post")
                and name not in ("tenant_id", "project_id")
                and ("default" not in spec or self._chance.random() < 0.3)
            ):
                body[name] = self._value(name, spec.get("validate") or {})
        return body

    def _value(self, name: str, validate: Mapping[str, Any]) -> Any:
        if name.endswith("_id"):
            return self._id(f"{name.removesuffix('_id').rpartition(':')[2]}s")
        if "type:values" in validate:
            return self._one([value for value in validate["type:values"] if value is not None] or [None])
        if "type:range" in validate:
            return self._chance.randrange(int(validate["type:range"][0]), int(validate["type:range"][1]) + 1)
        kinds = " ".join(validate)
        if "boolean" in kinds or "bool" in kinds:
            return self._one((True, False))
        if "list" in kinds:
            return []
        return self._one(NAMES)
