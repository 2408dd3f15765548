"""Instances on ports of the API: what a compute service does, in the small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from wovenet.lab.lab import LEASE_TIMEOUT_S, Lab, LabError
from wovenet.lab.rest import Resource, Rest
from wovenet.lab.values import FixedIp, Instance, Lease, Method, PortSpec

DEVICE_OWNER = "compute:lab"

_DEFAULT_MTU = 1500


@dataclass(frozen=True, slots=True)
class Wish:
    """An instance as it is asked for: on a new port of `network`, or on `port`; names or ids."""

    name: str
    network: str | None = None
    port: str | None = None
    host: str | None = None
    security_groups: Sequence[str] = ()


def boot(lab: Lab, rest: Rest, wish: Wish, *, timeout_s: float = LEASE_TIMEOUT_S) -> tuple[Instance, dict[str, Lease]]:
    """The instance with all its addresses, and its leases.

    Raises: LabError, rest.RestFailed; a port that was made for it is deleted then, one that was given is released.
    """
    host = lab.hypervisor(wish.host or lab.emptiest()).name
    lab.require_free(wish.name)
    port = _bound_port(lab, rest, wish, host)
    made = wish.port is None
    try:
        if port.get("binding:vif_type") == "binding_failed":
            raise LabError(f"{wish.name}: port {port['id']} could not be bound on {host}")
        instance = lab.boot(wish.name, port_spec(rest, port), host=host, made_port=made)
        return instance, lab.wait_lease(wish.name, timeout_s=timeout_s)
    except BaseException:
        # Only what is ours: another process may have taken the name, or the port, in between.
        if any(each.name == wish.name and each.port.id == port["id"] for each in lab.instances()):
            lab.remove(wish.name)
        if not any(each.port.id == port["id"] for each in lab.instances()):
            _let_go(rest, port["id"], made=made)
        raise


def remove(lab: Lab, rest: Rest, name: str) -> None:
    """The instance is gone; so is the port that was made for it, and one that it was given is free again.

    Raises: LabError where there is no such instance, rest.RestFailed.
    """
    instance = lab.instance(name)
    lab.remove(name)
    _let_go(rest, instance.port.id, made=instance.made_port)


def port_spec(rest: Rest, port: Resource) -> PortSpec:
    """What the instance needs to know, from the port, its network and its subnets."""
    network = rest.show("networks", port["network_id"])
    subnets = {subnet["id"]: subnet for subnet in rest.list("subnets", network_id=port["network_id"])}
    fixed_ips: list[FixedIp] = []
    for each in port["fixed_ips"]:
        subnet = subnets[each["subnet_id"]]
        cidr = ip_network(subnet["cidr"])
        method = _method(subnet, cidr)
        if method == "dhcp" and any(other.method == "dhcp" for other in fixed_ips):
            method = "static"  # a port is served one IPv4 lease, for its first address
        fixed_ips.append(FixedIp(each["ip_address"], cidr.prefixlen, method, subnet.get("gateway_ip")))
    return PortSpec(port["id"], port["mac_address"], network.get("mtu") or _DEFAULT_MTU, tuple(fixed_ips))


def _method(subnet: Mapping[str, Any], cidr: IPv4Network | IPv6Network) -> Method:
    if isinstance(cidr, IPv4Network):
        return "dhcp" if subnet["enable_dhcp"] else "static"
    modes: dict[str | None, Method] = {"slaac": "slaac", "dhcpv6-stateless": "slaac", "dhcpv6-stateful": "dhcpv6"}
    return modes.get(subnet.get("ipv6_address_mode"), "static")


def _bound_port(lab: Lab, rest: Rest, wish: Wish, host: str) -> Resource:
    """The port, with the binding asked for that makes the hypervisor its home."""
    device: dict[str, object] = {"device_id": f"lab-{wish.name}", "device_owner": DEVICE_OWNER, "binding:host_id": host}
    if (wish.port is None) == (wish.network is None):
        raise LabError("an instance needs a network or a port, and not both")
    if wish.security_groups:
        device["security_groups"] = [rest.find("security-groups", group)["id"] for group in wish.security_groups]
    if wish.network is not None:
        network = rest.find("networks", wish.network)
        return rest.create("ports", {"network_id": network["id"], "name": wish.name, **device})
    port = rest.find("ports", str(wish.port))
    lab.require_free(wish.name, port["id"])
    return rest.update("ports", port["id"], device)


def _let_go(rest: Rest, port_id: str, *, made: bool) -> None:
    if made:
        rest.delete("ports", port_id)
    else:
        rest.update("ports", port_id, {"device_id": "", "device_owner": "", "binding:host_id": ""})
