"""What a port may be: requests and present state → values, or a problem. Pure."""

import ipaddress
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wovenet.drivers.binding import UNBOUND, UNPLUGGED
from wovenet.model import problems
from wovenet.resources.ipam.rules import ROUTER_INTERFACE_OWNERS, Exact, Subnet, Want, eui64, number_of
from wovenet.resources.ipam.rules import wants as wants_of_new

Object = dict[str, Any]

ACTIVE: Final = "ACTIVE"
DOWN: Final = "DOWN"

NETWORK_OWNER: Final = "network:"
"""How the owners of infrastructure ports begin: no security on these."""
DISTRIBUTED: Final = "network:distributed"
FLOATING_IP_OWNER: Final = "network:floatingip"
ROUTER_OWNERS: Final = ROUTER_INTERFACE_OWNERS | {"network:router_gateway"}
"""Owners of ports that only a router makes and removes."""

PROFILE_LENGTH_MAX: Final = 4095
HOST_LENGTH_MAX: Final = 255
TAG_MAX: Final = 4095


@dataclass(frozen=True, slots=True)
class _ProfileSchema:
    """Keys of a binding profile that belong together: one of them given, all of them have to be, of these types."""

    types: Mapping[str, tuple[type, ...]]
    vnic_type: str | None = None
    """The schema is for ports of this type only."""


_PCI: Final = {"pci_vendor_info": (str,), "pci_slot": (str,), "physical_network": (str, type(None))}
_PROFILE_SCHEMAS: Final = (
    _ProfileSchema({"parent_name": (str,), "tag": (int,)}),
    _ProfileSchema({"vtep-physical-switch": (str,), "vtep-logical-switch": (str,)}),
    _ProfileSchema(_PCI, "direct"),
    _ProfileSchema(
        {**_PCI, "card_serial_number": (str,), "pf_mac_address": (str,), "vf_num": (int,)}, "remote-managed"
    ),
)


# status


def status(port: Object) -> str:
    """ACTIVE if OVN has it up, it is wanted up, and it is plugged in somewhere."""
    is_plugged = port["binding:vif_type"] not in UNPLUGGED
    return ACTIVE if port["is_up"] and port["admin_state_up"] and is_plugged else DOWN


# MAC addresses


def random_mac(base_mac: str, randrange: Callable[[int, int], int]) -> str:
    """A MAC with the first three octets of `base_mac`, or four if its fourth is not zero."""
    octets = base_mac.lower().split(":")
    fixed = octets[:3] if int(octets[3], 16) == 0 else octets[:4]
    return ":".join([*fixed, *(f"{randrange(0, 256):02x}" for _ in range(6 - len(fixed)))])


def check_mac_change(current: Object, mac_address: str) -> None:
    """Raises: PortBound if the port is plugged in with another MAC."""
    if mac_address != current["mac_address"] and current["binding:vif_type"] not in UNPLUGGED:
        raise problems.PortBound(
            port_id=current["id"],
            vif_type=current["binding:vif_type"],
            old_mac=current["mac_address"],
            new_mac=mac_address,
        )


# owners


def check_owner(port: Object, *, op: str) -> None:
    """Raises: UnsupportedPortDeviceOwner if only a router can have this port."""
    if port["device_owner"] in ROUTER_OWNERS:
        raise problems.UnsupportedPortDeviceOwner(
            op=op, device_owner=port["device_owner"], port_id=port.get("id") or "new"
        )


def check_owner_change(current: Object, device_owner: str) -> None:
    """Raises: OVNPortUpdateError if the port would become a floating IP's or stop being one, which OVN does not know;
    UnsupportedPortDeviceOwner if only a router can have this port.
    """
    before, port_id = current["device_owner"], current["id"]
    if device_owner == before:
        return
    if device_owner == FLOATING_IP_OWNER:
        msg = f"Updating device_owner to {FLOATING_IP_OWNER} for port {port_id} is not supported"
        raise problems.OVNPortUpdateError(resource="port", msg=msg)
    if before == FLOATING_IP_OWNER:
        msg = f"Updating device_owner for port {port_id} owned by {FLOATING_IP_OWNER} is not supported"
        raise problems.OVNPortUpdateError(resource="port", msg=msg)
    check_owner({"id": port_id, "device_owner": device_owner}, op="update")


def check_deletable(port: Object) -> None:
    """Raises: ServicePortInUse if the port goes with its router."""
    if port["device_owner"] in ROUTER_OWNERS and port["fixed_ips"]:
        raise problems.ServicePortInUse(port_id=port["id"], reason=f"has device owner {port['device_owner']}")


# security


def has_port_security(request: Object, *, of_network: bool) -> bool:
    """Whether a new port is secured: as asked for, else as its network; infrastructure never is."""
    if request.get("device_owner", "").startswith(NETWORK_OWNER):
        return False
    return bool(request.get("port_security_enabled", of_network))


def check_new_security(port: Object) -> None:
    """Raises: PortSecurityAndIPRequiredForSecurityGroups, AddressPairAndPortSecurityRequired."""
    if not port["port_security_enabled"]:
        if port["security_groups"]:
            raise problems.PortSecurityAndIPRequiredForSecurityGroups()
        if port["allowed_address_pairs"]:
            raise problems.AddressPairAndPortSecurityRequired()


def check_changed_security(changed: Object, changes: Object) -> None:
    """Raises: PortSecurityPortHasSecurityGroup as well, if the groups were there before."""
    if changed["port_security_enabled"] or changes.keys().isdisjoint(
        {"port_security_enabled", "security_groups", "allowed_address_pairs"}
    ):
        return
    if changed["security_groups"] and "security_groups" not in changes:
        raise problems.PortSecurityPortHasSecurityGroup()
    check_new_security(changed)


# allowed address pairs


def pairs(given: Sequence[Mapping[str, Any]], mac_address: str, *, count_max: int) -> list[Object]:
    """The pairs with the port's MAC where none is given, as a port shows them. `count_max` -1: no limit.

    Raises: AllowedAddressPairExhausted, DuplicateAddressPairInRequest.
    """
    if 0 <= count_max < len(given):
        raise problems.AllowedAddressPairExhausted(quota=count_max)
    found = []
    seen: set[tuple[str | None, str]] = set()
    for pair in given:
        own, ip_address = pair.get("mac_address"), pair["ip_address"]
        # Once as it was asked for, once as it will be: the first is what the client knows.
        for key in {(own and _normal_mac(own), ip_address): None, (_normal_mac(own or mac_address), ip_address): None}:
            if key in seen:
                raise problems.DuplicateAddressPairInRequest(mac_address=key[0], ip_address=ip_address)
            seen.add(key)
        found.append({"mac_address": own or mac_address, "ip_address": ip_address})
    return sorted(found, key=lambda pair: (pair["mac_address"], pair["ip_address"]))


def exact_addresses(given: Sequence[Mapping[str, str]]) -> set[str]:
    """The single addresses among the pairs, in the form in which ports have them; not the networks."""
    found = set()
    for pair in given:
        interface = ipaddress.ip_interface(pair["ip_address"])
        if interface.network.prefixlen == interface.max_prefixlen:
            found.add(str(interface.ip))
    return found


def _normal_mac(mac_address: str) -> str:
    return mac_address.replace("-", ":").lower()


# extra DHCP options


def dhcp_options(given: Sequence[Mapping[str, Any]] | None) -> list[Object]:
    """The options of a new port; those without a value are none.

    Raises: NeutronDbObjectDuplicateEntry.
    """
    found: dict[tuple[str, int], Object] = {}
    for option in map(_dhcp_option, given or ()):
        key = (option["opt_name"], option["ip_version"])
        if option["opt_value"] is None:
            continue
        if key in found:
            raise problems.NeutronDbObjectDuplicateEntry(
                object_type="ExtraDhcpOpt", attributes=["optname", "ipversion"], values=f"{key[0]}-{key[1]}"
            )
        found[key] = option
    return list(found.values())


def changed_dhcp_options(
    current: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]] | None
) -> list[Object]:
    """The options of a port after `given`: one without a value is removed, the others are added or replaced."""
    found = {(option["opt_name"], option["ip_version"]): dict(option) for option in current}
    for option in map(_dhcp_option, given or ()):
        key = (option["opt_name"], option["ip_version"])
        if option["opt_value"] is None:
            found.pop(key, None)
        else:
            found[key] = option
    return list(found.values())


def _dhcp_option(given: Mapping[str, Any]) -> Object:
    return {
        "opt_name": given["opt_name"],
        "opt_value": given["opt_value"],
        "ip_version": int(given.get("ip_version", 4)),
    }


# addresses


def wants_of_changed(
    subnets: Sequence[Subnet],
    current: Object,
    fixed_ips: Sequence[Mapping[str, Any]] | None,
    *,
    mac_address: str,
) -> list[Want]:
    """What a port is to have after an update. `fixed_ips` None: the same as before, but for what its MAC decides.

    A subnet without an address keeps an address that the port has there. An address that follows from the MAC stays,
    or comes back, unless its subnet is named with `delete_subnet`.
    In: all subnets of the port's network, the preferred first.
    Raises: InvalidInput, InvalidIpForNetwork, InvalidIpForSubnet, AllocationOnAutoAddressSubnet.
    """
    device_owner = current["device_owner"]
    if fixed_ips is None:
        return _same_wants(subnets, current, mac_address)
    removed = {item["subnet_id"] for item in fixed_ips if item.get("delete_subnet") and item.get("subnet_id")}
    asked = [item for item in fixed_ips if item.get("subnet_id") not in removed]
    named = {str(ipaddress.ip_address(item["ip_address"])) for item in asked if item.get("ip_address")}
    left = [item for item in current["fixed_ips"] if item["ip_address"] not in named]
    resolved = []
    for item in asked:
        kept = next((old for old in left if _is_kept_by(old, item)), None)
        if kept is not None:
            left.remove(kept)
        resolved.append(item if kept is None or _is_auto(subnets, item["subnet_id"]) else kept)
    found = wants_of_new(subnets, resolved, mac_address=mac_address, device_owner=device_owner)
    return [want for want in found if not (isinstance(want, Exact) and want.subnet.id in removed)]


def _is_kept_by(old: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    return not item.get("ip_address") and item.get("subnet_id") == old["subnet_id"]


def _is_auto(subnets: Sequence[Subnet], subnet_id: str) -> bool:
    return any(subnet.id == subnet_id and subnet.is_auto for subnet in subnets)


def _same_wants(subnets: Sequence[Subnet], current: Object, mac_address: str) -> list[Want]:
    by_id = {subnet.id: subnet for subnet in subnets}
    found: list[Want] = []
    for item in current["fixed_ips"]:
        subnet = by_id[item["subnet_id"]]
        number = number_of(item["ip_address"])
        if subnet.is_auto and number == eui64(subnet, current["mac_address"]):
            number = eui64(subnet, mac_address)
        found.append(Exact(subnet, number))
    return found


def named_subnets(fixed_ips: Sequence[Mapping[str, Any]] | None) -> set[str]:
    """The subnets that a request names."""
    return {item["subnet_id"] for item in fixed_ips or () if item.get("subnet_id")}


# binding


def binding_request(values: Object) -> Object:
    """The binding attributes that `values` hold, nulls replaced.

    Raises: InvalidInput.
    """
    found: Object = {}
    if "binding:host_id" in values:
        host = values["binding:host_id"]
        if host is not None and not (isinstance(host, str) and len(host) <= HOST_LENGTH_MAX and host.isprintable()):
            raise problems.InvalidInput(error_message="binding:host_id is no host name")
        found["binding:host_id"] = host or ""
    if "binding:profile" in values:
        found["binding:profile"] = values["binding:profile"] or {}
    if "binding:vnic_type" in values:
        found["binding:vnic_type"] = values["binding:vnic_type"]
    return found


def completed_profile(profile: Mapping[str, Any], *, offload: str | None, trusted: bool | None) -> Object:
    """The binding profile with what the port's own attributes add to it, for services that read nothing but profiles.

    `offload`: the device's switch does the work (`capabilities`); `trusted`: the device may change its own settings.
    """
    found = dict(profile)
    if trusted is not None:
        found["trusted"] = trusted
    capabilities = found.get("capabilities", [])
    if offload is not None and isinstance(capabilities, list) and offload not in capabilities:
        found["capabilities"] = [*capabilities, offload]
    return found


def check_profile(profile: Mapping[str, Any], vnic_type: str) -> None:
    """Raises: InvalidInput if the profile is too long, or half of what OVN needs is missing or of the wrong type."""
    if len(json.dumps(profile)) > PROFILE_LENGTH_MAX:
        raise problems.InvalidInput(error_message="binding:profile value too large")
    if not isinstance(profile.get("capabilities", []), list):
        raise _bad_profile("capabilities must be of type list.")
    for schema in _PROFILE_SCHEMAS:
        if schema.vnic_type not in (None, vnic_type) or schema.types.keys().isdisjoint(profile):
            continue
        if not schema.types.keys() <= profile.keys():
            raise _bad_profile(f"dict_keys({list(schema.types)}) are all required.")
        for key, types in schema.types.items():
            if not isinstance(profile[key], types) or isinstance(profile[key], bool):
                raise _bad_profile(f"{key} {profile[key]} value invalid type")
        if "tag" in schema.types and not 0 <= profile["tag"] <= TAG_MAX:
            raise _bad_profile(f'tag "{profile["tag"]}" must be an integer between 0 and {TAG_MAX}, inclusive')
        return


def parent_of(profile: Mapping[str, Any]) -> str | None:
    """The port that a nested port hangs on. In: a checked profile."""
    return profile.get("parent_name")


def check_vnic_change(current: Object, vnic_type: str) -> None:
    """Raises: PortInUse if the port is on a host as another kind of device."""
    if vnic_type != current["binding:vnic_type"] and current["binding:vif_type"] != UNBOUND:
        raise problems.PortInUse(port_id=current["id"], net_id=current["network_id"], device_id=current["device_id"])


def needs_binding(current: Object, changed: Object) -> bool:
    """Whether the port has to be bound anew: something about its place has changed, or the last try failed."""
    if not changed["binding:host_id"]:
        return False
    keys = ("binding:host_id", "binding:vnic_type", "binding:profile")
    return changed["binding:vif_type"] in UNPLUGGED or any(changed[key] != current[key] for key in keys)


def is_up_after(current: Object, changed: Object) -> bool:
    """Whether OVN still has the port up after the change: not if it moves from one host to another."""
    before, after = current["binding:host_id"], changed["binding:host_id"]
    return bool(current["is_up"]) and not (before and after and before != after)


def _bad_profile(reason: str) -> problems.InvalidInput:
    return problems.InvalidInput(error_message=f"Invalid binding:profile. {reason}")
