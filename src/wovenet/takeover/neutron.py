"""THE table: which tables of Neutron become which objects here, and why the others do not.

Every table that Neutron has is named here once. A kind that we come to serve moves from LEFT to TAKEN.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from wovenet.takeover import objects, security
from wovenet.takeover.objects import Item, Rows
from wovenet.takeover.report import Report
from wovenet.takeover.source import STANDARD, TAGS, Many, One, Wanted


@dataclass(frozen=True, slots=True)
class Taken:
    """Objects that are taken over."""

    kind: str
    """As the API calls the collection."""
    wanted: Wanted
    rows: Callable[[Item, Report], Rows]
    counted: str = ""
    """The list of an item that holds what is counted; the items themselves if there is none."""


@dataclass(frozen=True, slots=True)
class Left:
    """Rows that mean something and have no place here."""

    kind: str
    table: str
    reason: str
    id: str = "id"
    columns: tuple[str, ...] = ()
    """The columns of the condition."""
    where: Callable[..., "sa.ColumnElement[Any]"] | None = None
    """Given these columns: which rows mean something; without, all of them."""


def _rbac(table: str, object_type: str) -> Taken:
    columns = ("id", "project_id", "object_id", "target_project", "action")
    return Taken("rbac_policies", Wanted(table, columns), lambda item, _: security.grant(object_type, item))


_MATCH: Final = (*security.MATCH, "id", "standard_attr_id")

TAKEN: Final = (
    Taken(
        "address_scopes",
        Wanted("address_scopes", ("id", "project_id", "name", "ip_version")),
        objects.address_scope,
    ),
    Taken(
        "subnetpools",
        Wanted(
            "subnetpools",
            (
                "id", "project_id", "name", "ip_version", "default_prefixlen", "min_prefixlen", "max_prefixlen",
                "default_quota", "address_scope_id", "is_default", "standard_attr_id",
            ),
            (STANDARD,),
            (Many("prefixes", "subnetpoolprefixes", "subnetpool_id", ("cidr",)), TAGS),
        ),
        objects.subnetpool,
    ),
    Taken(
        "networks",
        Wanted(
            "networks",
            (
                "id", "project_id", "name", "status", "admin_state_up", "mtu", "vlan_transparent", "qinq",
                "availability_zone_hints", "standard_attr_id",
            ),
            (
                STANDARD,
                One("externalnetworks", "network_id", {"network_id": "external_id", "is_default": "is_default"}),
                One("networksecuritybindings", "network_id", {"port_security_enabled": "port_security_enabled"}),
                One("networkdnsdomains", "network_id", {"dns_domain": "dns_domain"}),
            ),
            (
                Many(
                    "segments", "networksegments", "network_id",
                    (
                        "segment_index", "id", "network_type", "physical_network", "segmentation_id", "is_dynamic",
                        "name", "standard_attr_id",
                    ),
                    ones=(STANDARD,),
                ),
                TAGS,
            ),
        ),
        objects.network,
    ),
    Taken(
        "subnets",
        Wanted(
            "subnets",
            (
                "id", "project_id", "name", "network_id", "ip_version", "cidr", "gateway_ip", "enable_dhcp",
                "ipv6_ra_mode", "ipv6_address_mode", "subnetpool_id", "segment_id", "standard_attr_id",
            ),
            (
                STANDARD,
                One("subnet_dns_publish_fixed_ips", "subnet_id", {"dns_publish_fixed_ip": "dns_publish_fixed_ip"}),
            ),
            (
                Many("pools", "ipallocationpools", "subnet_id", ("first_ip", "last_ip")),
                Many("dns", "dnsnameservers", "subnet_id", ("order", "address")),
                Many("routes", "subnetroutes", "subnet_id", ("destination", "nexthop")),
                Many("service_types", "subnet_service_types", "subnet_id", ("service_type",)),
                TAGS,
            ),
        ),
        objects.subnet,
    ),
    Taken(
        "address_groups",
        Wanted(
            "address_groups", ("id", "project_id", "name", "standard_attr_id"), (STANDARD,),
            (Many("addresses", "address_associations", "address_group_id", ("address",)), TAGS),
        ),
        security.address_group,
    ),
    Taken(
        "security_groups",
        Wanted(
            "securitygroups",
            ("id", "project_id", "name", "stateful", "standard_attr_id"),
            (STANDARD, One("default_security_group", "security_group_id", {"project_id": "default_of"})),
            (TAGS,),
        ),
        security.security_group,
    ),
    Taken(
        "security_group_rules",
        Wanted(
            "securitygroups", ("id", "project_id"),
            manys=(Many("rules", "securitygrouprules", "security_group_id", _MATCH, ones=(STANDARD,)),),
        ),
        security.security_group_rules,
        counted="rules",
    ),
    Taken(
        "default_security_group_rules",
        Wanted(
            "securitygroupdefaultrules", (*_MATCH, "used_in_default_sg", "used_in_non_default_sg"), (STANDARD,)
        ),
        security.default_rule,
    ),
    Taken(
        "ports",
        Wanted(
            "ports",
            (
                "id", "project_id", "name", "network_id", "mac_address", "admin_state_up", "status", "device_id",
                "device_owner", "ip_allocation", "standard_attr_id",
            ),
            (
                STANDARD,
                One("portsecuritybindings", "port_id", {"port_security_enabled": "port_security_enabled"}),
                One("portdnses", "port_id", {"dns_name": "dns_name", "dns_domain": "dns_domain"}),
                One("portdeviceprofiles", "port_id", {"device_profile": "device_profile"}),
                One("portnumaaffinitypolicies", "port_id", {"numa_affinity_policy": "numa_affinity_policy"}),
                One("porthardwareoffloadtype", "port_id", {"hardware_offload_type": "hardware_offload_type"}),
                One("porttrusted", "port_id", {"trusted": "trusted"}),
                One("portuplinkstatuspropagation", "port_id", {"propagate_uplink_status": "propagate_uplink_status"}),
            ),
            (
                Many("addresses", "ipallocations", "port_id", ("ip_address", "subnet_id")),
                Many("pairs", "allowedaddresspairs", "port_id", ("mac_address", "ip_address")),
                Many("groups", "securitygroupportbindings", "port_id", ("security_group_id",)),
                Many("options", "extradhcpopts", "port_id", ("opt_name", "ip_version", "opt_value")),
                Many(
                    "bindings", "ml2_port_bindings", "port_id",
                    ("host", "status", "vif_type", "vnic_type", "vif_details", "profile"),
                ),
                Many("levels", "ml2_port_binding_levels", "port_id", ("host", "level", "driver")),
                TAGS,
            ),
        ),
        objects.port,
    ),
    Taken(
        "default_statefulness",
        Wanted("security_groups_default_statefulness", ("id", "project_id", "stateful")),
        security.default_statefulness,
    ),
    Taken(
        "logs",
        Wanted(
            "logs",
            ("id", "project_id", "name", "resource_type", "resource_id", "target_id", "event", "enabled",
             "standard_attr_id"),
            (STANDARD,),
        ),
        security.log,
    ),
    _rbac("networkrbacs", "network"),
    _rbac("subnetpoolrbacs", "subnetpool"),
    _rbac("addressscoperbacs", "address_scope"),
    _rbac("securitygrouprbacs", "security_group"),
    _rbac("addressgrouprbacs", "address_group"),
    Taken("quotas", Wanted("quotas", ("id", "project_id", "resource", "limit")), security.quota),
)  # fmt: skip
"""In an order in which nothing refers to what comes later."""

_ROUTERS: Final = "routers are not served yet: their rows in OVN and their ports stay as they are, and go on working"
_QOS: Final = "QoS is not served yet: its rows in OVN stay as they are"
_AGENTS: Final = "it belongs to agents that OVN does not need"
_BGP: Final = "BGP speakers are not served"
_FLAVORS: Final = "flavors are not served"

LEFT: Final = (
    Left("routers", "routers", _ROUTERS),
    Left("interfaces of routers", "routerports", _ROUTERS, id="port_id"),
    Left("routes of routers", "routerroutes", _ROUTERS, id="router_id"),
    Left("floating IPs", "floatingips", _ROUTERS),
    Left("port forwardings", "portforwardings", _ROUTERS),
    Left("routers that are highly available by an agent", "ha_router_vrid_allocations", _AGENTS, id="vr_id"),
    Left(
        "routers that are distributed or highly available", "router_extra_attributes",
        "OVN's routers are so in their own way: these flags mean nothing there", id="router_id",
        columns=("distributed", "ha"), where=sa.or_,
    ),
    Left("NDP proxies", "ndp_proxies", _ROUTERS),
    Left("connection tracking helpers", "conntrack_helpers", _ROUTERS),
    Left("routers on agents", "routerl3agentbindings", _AGENTS, id="router_id"),
    Left("networks on DHCP agents", "networkdhcpagentbindings", _AGENTS, id="network_id"),
    Left("bindings of distributed ports", "ml2_distributed_port_bindings", _AGENTS, id="port_id"),
    Left("MAC addresses of hosts with distributed routers", "dvr_host_macs", _AGENTS, id="host"),
    Left("gateway ports of hosts with distributed routers", "dvr_fip_gateway_port_network", _AGENTS, id="network_id"),
    Left("networks of highly available routers", "ha_router_networks", _AGENTS, id="network_id"),
    Left("ports of highly available routers", "ha_router_agent_port_bindings", _AGENTS, id="port_id"),
    Left("agents", "agents", "those of OVN come from the Southbound database; others are not served"),
    Left(
        "bindings by other drivers", "ml2_port_binding_levels",
        "OVN does not serve these ports; their bindings are kept as they are", id="port_id",
        columns=("driver",), where=lambda driver: driver != "ovn",
    ),
    Left(
        "bindings of several levels", "ml2_port_binding_levels", "hierarchical binding is not served", id="port_id",
        columns=("level",), where=lambda level: level > 0,
    ),
    Left("QoS policies", "qos_policies", _QOS),
    Left("default QoS policies", "qos_policies_default", _QOS, id="qos_policy_id"),
    Left("QoS policies that are shared", "qospolicyrbacs", _QOS),
    Left("QoS bandwidth limits", "qos_bandwidth_limit_rules", _QOS),
    Left("QoS DSCP marks", "qos_dscp_marking_rules", _QOS),
    Left("QoS least bandwidths", "qos_minimum_bandwidth_rules", _QOS),
    Left("QoS least packet rates", "qos_minimum_packet_rate_rules", _QOS),
    Left("QoS packet rate limits", "qos_packet_rate_limit_rules", _QOS),
    Left("QoS policies of networks", "qos_network_policy_bindings", _QOS, id="network_id"),
    Left("QoS policies of ports", "qos_port_policy_bindings", _QOS, id="port_id"),
    Left("QoS policies of floating IPs", "qos_fip_policy_bindings", _QOS, id="fip_id"),
    Left("QoS policies of gateways", "qos_router_gw_policy_bindings", _QOS, id="router_id"),
    Left("trunks", "trunks", "trunks are not served yet; subports keep their place, which is in their profile"),
    Left("subports", "subports", "trunks are not served yet; what a subport hangs on is in its profile", id="port_id"),
    Left("metering labels", "meteringlabels", "metering needs an agent"),
    Left("metering rules", "meteringlabelrules", "metering needs an agent"),
    Left("local IPs", "local_ips", "local IPs are not served"),
    Left("associations of local IPs", "local_ip_associations", "local IPs are not served", id="fixed_port_id"),
    Left("automatic topologies", "auto_allocated_topologies", "they have routers", id="project_id"),
    Left("BGP speakers", "bgp_speakers", _BGP),
    Left("BGP peers", "bgp_peers", _BGP),
    Left("flavors", "flavors", _FLAVORS),
    Left("service profiles", "serviceprofiles", _FLAVORS),
    Left("services by provider", "providerresourceassociations", _FLAVORS, id="resource_id"),
    Left("EVPN routers", "evpn_l3_instances", "EVPN is not served", id="router_id"),
    Left("EVPN networks", "evpn_networks", "EVPN is not served", id="network_id"),
    Left("EVPN ports", "evpn_advertised_ports", "EVPN is not served", id="port_id"),
    Left(
        "ranges of segment ids", "network_segment_ranges", "the settings say which ids there are",
        columns=("default",), where=sa.not_,
    ),
    Left(
        "private VLANs", "networkpvlan", "private VLANs are not served", id="network_id", columns=("pvlan",),
        where=sa.and_,
    ),
    Left("ports in private VLANs", "portpvlan", "private VLANs are not served", id="port_id"),
    Left(
        "states of data planes", "portdataplanestatuses", "the attribute is not served", id="port_id",
        columns=("data_plane_status",), where=lambda status: status.is_not(None),
    ),
    Left("hints of ports", "porthints", "the attribute is not served", id="port_id"),
    Left("VNIs of VLANs", "vni_vlan_mapping", "the mapping is not served"),
    Left("routes between BGP speakers", "subnet_bgp_leak_routes", _BGP, id="subnet_id"),
)  # fmt: skip
"""What is counted in the report. Nothing of it is lost: Neutron's database is only read."""

IGNORED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("ml2_vlan_allocations", "ml2_geneve_allocations", "ml2_vxlan_allocations", "ml2_gre_allocations",
         "ml2_flat_allocations", "vni_allocations", "vlan_allocations"),
        "which ids are free follows from the segments and the settings",
    ),
    **dict.fromkeys(
        ("ipamsubnets", "ipamallocations", "ipamallocationpools"), "which addresses are free follows from the ports"
    ),
    **dict.fromkeys(("quotausages", "reservations", "resourcedeltas"), "what is used is counted anew"),
    **dict.fromkeys(
        ("ml2_geneve_endpoints", "ml2_gre_endpoints", "ml2_vxlan_endpoints", "segmenthostmappings"),
        "the Southbound database knows the hosts",
    ),
    **dict.fromkeys(
        ("bgp_speaker_dragent_bindings", "bgp_speaker_network_bindings", "bgp_speaker_peer_bindings",
         "flavorserviceprofilebindings", "floatingipdnses", "router_ndp_proxy_state"),
        "a part of objects that are counted",
    ),
    **dict.fromkeys(
        ("alembic_version", "network_subnet_lock", "ovn_hash_ring", "ovn_revision_numbers", "provisioningblocks"),
        "Neutron's own affairs",
    ),
}  # fmt: skip
"""Tables that nobody misses, and why."""


def named_tables() -> frozenset[str]:
    """Every table that is named above."""
    taken = [kind.wanted for kind in TAKEN]
    manys = [many for wanted in taken for many in wanted.manys]
    ones = [one for wanted in taken for one in wanted.ones] + [one for many in manys for one in many.ones]
    tables = {wanted.table for wanted in taken} | {many.table for many in manys} | {one.table for one in ones}
    return frozenset(tables | {left.table for left in LEFT} | IGNORED.keys())
