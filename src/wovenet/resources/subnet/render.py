"""A subnet's row: what DHCP answers in it. Pure.

OVN pastes option values into the text of a logical flow's action, so a value that is not well formed there leaves the
whole subnet without DHCP. Everything that is text is therefore quoted by `quoted`, the only escaper, and everything
else is parsed and written anew (see `ovn.dhcp`).
"""

from hashlib import blake2b

from wovenet.model.ids import RowUuid, Unit
from wovenet.model.views import DeploymentView, SubnetView
from wovenet.ovn.dhcp import braced, quoted
from wovenet.ovn.rows import NOTHING, Desired, Row, row_uuid

METADATA_CIDR = "169.254.169.254/32"
NO_DNS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - an address with a meaning, nothing is bound
"""A subnet that names one of these as its server has none, and is not given the deployment's."""


def options_uuid(subnet_id: str) -> RowUuid:
    """The `_uuid` of a subnet's DHCP_Options row."""
    return row_uuid("DHCP_Options", Unit("subnet", subnet_id))


def render(view: SubnetView, deployment: DeploymentView) -> Desired:
    """The DHCP_Options row, or nothing where OVN does not answer DHCP. There are no references to miss.

    An IPv4 subnet with neither gateway nor metadata address has no address to answer from: no row, until it has one.
    """
    if not view.has_dhcp_options:
        return NOTHING
    return Desired((options_row(options_uuid(view.id), view, options(view, deployment)),))


def options_row(uuid: RowUuid, view: SubnetView, values: dict[str, str], port_id: str | None = None) -> Row:
    """A DHCP_Options row for the subnet, or for one port in it."""
    external_ids = {
        "neutron:network_id": view.network_id,
        "neutron:revision_number": str(view.revision),
        "subnet_id": view.id,
    }
    if port_id is not None:
        external_ids["port_id"] = port_id
    return Row("DHCP_Options", uuid, {"cidr": view.cidr, "external_ids": external_ids, "options": values})


def options(view: SubnetView, deployment: DeploymentView) -> dict[str, str]:
    """The options of a subnet that has any. The operator's win over the subnet's own."""
    is_v4 = view.ip_version == 4
    values = _options_v4(view, deployment) if is_v4 else _options_v6(view, deployment)
    for name, value in (deployment.dhcp4_options if is_v4 else deployment.dhcp6_options).items():
        if value:
            values[name] = value
        else:
            values.pop(name, None)
    return values


def server_mac(subnet_id: str, deployment: DeploymentView) -> str:
    """The MAC address that DHCP answers come from: made from the subnet's id.

    The peer draws it by chance and keeps what it wrote; made from the id it needs no memory.
    """
    tail = blake2b(subnet_id.encode(), digest_size=3).hexdigest()
    return f"{deployment.base_mac}:{tail[:2]}:{tail[2:4]}:{tail[4:]}"


def _options_v4(view: SubnetView, deployment: DeploymentView) -> dict[str, str]:
    servers = view.dns_nameservers or deployment.dns_servers
    routes = [f"{METADATA_CIDR},{view.metadata_ip}"] if view.metadata_ip else []
    routes += [f"{route.destination},{route.nexthop}" for route in view.host_routes]
    if view.gateway_ip:
        routes.append(f"0.0.0.0/0,{view.gateway_ip}")
    values = {
        "lease_time": str(deployment.dhcp_lease_s),
        "mtu": str(view.mtu),
        "server_id": view.server_ip or "",
        "server_mac": server_mac(view.id, deployment),
    }
    if view.gateway_ip:
        values["router"] = view.gateway_ip
    if deployment.dns_domain:
        values["domain_name"] = quoted(deployment.dns_domain)
    if servers and NO_DNS.isdisjoint(servers):
        values["dns_server"] = braced(servers)
    if routes:
        values["classless_static_route"] = braced(routes)
    return values


def _options_v6(view: SubnetView, deployment: DeploymentView) -> dict[str, str]:
    values = {"server_id": server_mac(view.id, deployment)}
    servers = view.dns_nameservers
    if servers and NO_DNS.isdisjoint(servers):
        values["dns_server"] = braced(servers)
    if view.ipv6_address_mode == "dhcpv6-stateless":
        values["dhcpv6_stateless"] = "true"
    return values
