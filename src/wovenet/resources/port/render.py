"""A port's rows: its logical switch port, and the DHCP options that are its own. Pure.

The port is a member (by links) of its network's switch, of the groups that filter it, and of the group that drops what
none of them allows. Row and links share a transaction, so there is no moment in which it has no filter.
"""

import re
from collections.abc import Iterator

import netaddr

from wovenet.model.ids import NETWORK_HA, RowUuid, Unit
from wovenet.model.views import AddressPairView, DeploymentView, PortView, SubnetView
from wovenet.ovn import dhcp
from wovenet.ovn.rows import NOTHING, Desired, Keys, Link, Ref, Row, Scalar, Value, row_uuid
from wovenet.resources.deployment.render import DROP_GROUP
from wovenet.resources.external import render as external
from wovenet.resources.network.render import switch_name, switch_uuid
from wovenet.resources.security_group.render import group_uuid
from wovenet.resources.subnet import render as subnet

NETWORK_OWNER = "network:"
"""Ports of the infrastructure: they are trusted and not filtered."""
FLOATING_IP = "network:floatingip"
"""Holds an address and is no port of any switch."""
ROUTERS = frozenset({"network:router_gateway", "network:router_interface", "network:router_interface_distributed"})
"""Ports whose switch port belongs to their router: nothing here knows routers, so it is not touched."""
LOAD_BALANCER = "neutron:LOADBALANCERV2"

EXTERNAL_VNIC_TYPES = frozenset({"baremetal", "direct", "direct-physical", "macvtap"})
"""Ports whose packets do not come through the host's switch: OVN only serves them from the network's side."""
SWITCHDEV = "switchdev"
EXTERNAL = "external"
"""The type of such a port in OVN."""
BARE_METAL = "baremetal"

_OPTIONS = ("activation-strategy", "requested-chassis", "virtual-ip", "virtual-parents")
_MAC = re.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_UNSET: frozenset[Scalar] = frozenset()
_ONLY_UNKNOWN: frozenset[Scalar] = frozenset({"unknown"})


def port_uuid(port_id: str) -> RowUuid:
    """The `_uuid` of a port's Logical_Switch_Port."""
    return row_uuid("Logical_Switch_Port", Unit("port", port_id))


def owners(view: PortView) -> dict[RowUuid, Unit]:
    """Which units own the rows that `render` refers to: who is waited for when one is not there yet."""
    found = {
        switch_uuid(view.network_id): Unit("network", view.network_id),
        external.network_group_uuid(view.network_id): Unit(NETWORK_HA, view.network_id),
    }
    for fixed_ip in view.fixed_ips:
        found[subnet.options_uuid(fixed_ip.subnet_id)] = Unit("subnet", fixed_ip.subnet_id)
    for group_id in view.security_group_ids:
        found[group_uuid(group_id)] = Unit("security_group", group_id)
    return found


def render(view: PortView, deployment: DeploymentView) -> Desired:
    """The port's rows and links; nothing for the port of a floating IP or of a router.

    Switch, groups and DHCP options have to be in NB before: until then the port is not there, or stays as it was, so
    it never passes traffic without the groups that filter it.
    """
    if view.device_owner == FLOATING_IP or view.device_owner in ROUTERS:
        return NOTHING
    uuid = port_uuid(view.id)
    own_rows, v4, v6 = _dhcp(view, deployment)
    port = Row(
        "Logical_Switch_Port",
        uuid,
        {
            "addresses": _addresses(view),
            "dhcpv4_options": v4,
            "dhcpv6_options": v6,
            "enabled": view.admin_state_up,
            "external_ids": Keys(_external_ids(view)),
            "ha_chassis_group": _chassis_group(view),
            "name": view.id,
            "options": Keys(_options(view, deployment)),
            "parent_name": _UNSET if view.parent_name is None else view.parent_name,
            "port_security": _port_security(view) if _is_filtered(view) else _UNSET,
            "tag": _UNSET if view.tag is None else view.tag,
            # northd writes `tag` from the request, so both are set to the same.
            "tag_request": _UNSET if view.tag is None else view.tag,
            "type": _type(view),
        },
    )
    return Desired((port, *own_rows, *_chassis_rows(view)), tuple(_links(view, uuid)))


def _chassis_group(view: PortView) -> Value:
    if _type(view) != EXTERNAL:
        return _UNSET
    if view.chassis_group is not None:
        return Ref(external.group_uuid(Unit("port", view.id)))
    return Ref(external.network_group_uuid(view.network_id))


def _chassis_rows(view: PortView) -> tuple[Row, ...]:
    if _type(view) != EXTERNAL or view.chassis_group is None:
        return ()
    return external.rows(Unit("port", view.id), f"neutron-extport-{view.id}", view.chassis_group)


def _links(view: PortView, uuid: RowUuid) -> Iterator[Link]:
    yield Link("Logical_Switch", switch_uuid(view.network_id), "ports", uuid)
    if _is_filtered(view):
        yield Link("Port_Group", DROP_GROUP, "ports", uuid)
        for group_id in view.security_group_ids:
            yield Link("Port_Group", group_uuid(group_id), "ports", uuid)


def _is_filtered(view: PortView) -> bool:
    return view.port_security_enabled and not _is_trusted(view)


def _is_trusted(view: PortView) -> bool:
    return view.device_owner.startswith(NETWORK_OWNER)


def _type(view: PortView) -> str:
    if view.is_metadata:
        return "localport"
    is_external = view.vnic_type in EXTERNAL_VNIC_TYPES and SWITCHDEV not in view.capabilities
    if is_external:
        return EXTERNAL
    return "virtual" if view.virtual is not None else ""


def _addresses(view: PortView) -> frozenset[Scalar]:
    own = " ".join((view.mac_address, *(fixed_ip.ip_address for fixed_ip in view.fixed_ips)))
    if view.is_metadata:
        return frozenset({own})
    if _is_trusted(view):
        return _ONLY_UNKNOWN
    if not view.port_security_enabled:
        return frozenset({own, "unknown"}) if view.fixed_ips else _ONLY_UNKNOWN
    return frozenset({own, *(mac_of(pair.mac_address) for pair in view.allowed_pairs if not _is_own(view, pair))})


def _port_security(view: PortView) -> frozenset[Scalar]:
    """What the port may send from: its addresses, and those of its pairs, also as a virtual router's (VRRPv3)."""
    own = [view.mac_address, *(fixed_ip.ip_address for fixed_ip in view.fixed_ips)]
    found: set[Scalar] = set()
    for pair in view.allowed_pairs:
        if _is_own(view, pair):
            own.append(pair.ip_address)
        else:
            mac_address = mac_of(pair.mac_address)
            found.add(f"{mac_address} {pair.ip_address}")
            found.add(f"VRRPv3 {view.mac_address} {mac_address} {pair.ip_address}")
    found.add(" ".join(own))
    return frozenset(found)


def mac_of(text: str) -> str:
    """A MAC as OVN reads it. The API takes, keeps and shows other spellings too, such as `fa-16-3e-00-00-01`."""
    return text if _MAC.fullmatch(text) else str(netaddr.EUI(text, dialect=netaddr.mac_unix_expanded))


def _is_own(view: PortView, pair: AddressPairView) -> bool:
    return mac_of(pair.mac_address) == view.mac_address


def _options(view: PortView, deployment: DeploymentView) -> dict[str, str | None]:
    """Our keys. Others are those of who limits or mirrors the port's traffic."""
    options: dict[str, str | None] = dict.fromkeys(_OPTIONS)
    if _type(view) == "virtual" and view.virtual is not None:
        return {**options, "virtual-ip": view.virtual.ip_address, "virtual-parents": ",".join(view.virtual.parents)}
    if not view.host or _type(view) == EXTERNAL:
        return options
    options["requested-chassis"] = view.host
    if view.migrating_to and view.migrating_to != view.host:
        options["requested-chassis"] = f"{view.host},{view.migrating_to}"
        # The destination takes over when the instance announces itself there, not before.
        if view.announces_itself:
            options["activation-strategy"] = deployment.migration_strategy or None
    return options


def _external_ids(view: PortView) -> dict[str, str | None]:
    return {
        "neutron:cidrs": " ".join([f"{one.ip_address}/{one.prefix_length}" for one in view.fixed_ips]),
        "neutron:device_id": view.device_id,
        "neutron:device_owner": view.device_owner,
        # Where the port is, for who reads NB only; gone when it is not up.
        "neutron:host_id": view.host if view.is_active and view.host else None,
        "neutron:mtu": str(view.network_mtu) if view.is_metadata else "",
        "neutron:network_name": switch_name(view.network_id),
        "neutron:parent_hostname": (view.virtual.parent_host or None) if view.virtual is not None else None,
        "neutron:port_capabilities": " ".join(view.capabilities),
        "neutron:port_name": view.name,
        "neutron:project_id": view.project_id,
        "neutron:revision_number": str(view.revision),
        "neutron:security_group_ids": "" if _is_trusted(view) else " ".join(view.security_group_ids),
        "neutron:subnet_pool_addr_scope4": _address_scope(view, 4),
        "neutron:subnet_pool_addr_scope6": _address_scope(view, 6),
        "neutron:vnic_type": view.vnic_type,
    }


def _address_scope(view: PortView, ip_version: int) -> str:
    """The address scope of the port's addresses of an IP version: they are all in the same one."""
    scopes = (ip.address_scope_id for ip in view.fixed_ips if ip.ip_version == ip_version)
    return next(filter(None, scopes), "")


def _dhcp(view: PortView, deployment: DeploymentView) -> tuple[list[Row], Value, Value]:
    """The port's own DHCP_Options rows, and what its two columns refer to."""
    if _is_trusted(view):
        return [], _UNSET, _UNSET
    rows: list[Row] = []
    columns: dict[int, Value] = {4: _UNSET, 6: _UNSET}
    for fixed_ip in view.fixed_ips:
        version = fixed_ip.ip_version
        if columns[version] is not _UNSET or not fixed_ip.has_dhcp_options or _refuses_dhcp(view, version, deployment):
            continue
        row = _own_options(view, fixed_ip.subnet_id, deployment) if view.extra_dhcp_opts else None
        if row is not None:
            rows.append(row)
        columns[version] = Ref(subnet.options_uuid(fixed_ip.subnet_id) if row is None else row.uuid)
    return rows, columns[4], columns[6]


def _refuses_dhcp(view: PortView, version: int, deployment: DeploymentView) -> bool:
    if view.vnic_type == BARE_METAL and not deployment.serves_bare_metal:
        return True
    if version == 4 and view.device_owner == LOAD_BALANCER:
        return True
    return any(
        option.name == "dhcp_disabled" and option.ip_version == version and option.value.lower() == "true"
        for option in view.extra_dhcp_opts
    )


def _own_options(view: PortView, subnet_id: str, deployment: DeploymentView) -> Row | None:
    """The subnet's options changed by the port's; None if the port changes nothing that OVN knows."""
    base: SubnetView | None = next((one for one in view.own_dhcp if one.id == subnet_id), None)
    if base is None:
        return None
    given = [(one.name, one.value) for one in view.extra_dhcp_opts if one.ip_version == base.ip_version]
    changes = dhcp.overrides(base.ip_version, given)
    if not changes:
        return None
    unit = Unit("port", view.id)
    uuid = row_uuid("DHCP_Options", unit, f"v{base.ip_version}")
    values = dhcp.merged(subnet.options(base, deployment), changes)
    return subnet.options_row(uuid, base, values, view.id)
