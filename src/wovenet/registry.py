"""THE table: which collections and extensions are served, in the order in which their definitions merge.

An attribute that is only stored and shown costs a line here (its extension) and a column in its resource's table.
Whoever needs the registry is given the value that `build` returns; it is made once and never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wovenet.resources import (
    address_group,
    address_scope,
    agent,
    default_security_group_rule,
    default_statefulness,
    ip_availability,
    log,
    network,
    port,
    rbac_policy,
    security_group,
    security_group_rule,
    segment,
    segment_range,
    subnet,
    subnetpool,
)
from wovenet.resources.base import Resource
from wovenet.resources.deployment import table as _controllers  # noqa: F401 - tables that belong to no collection
from wovenet.resources.query import stored_attributes
from wovenet.surface import spec
from wovenet.surface.declare import Definition

RESOURCES: tuple[Resource, ...] = (
    network.RESOURCE,
    subnet.RESOURCE,
    segment.RESOURCE,
    segment_range.RESOURCE,
    ip_availability.RESOURCE,
    subnetpool.RESOURCE,
    address_scope.RESOURCE,
    port.RESOURCE,
    security_group.RESOURCE,
    security_group_rule.RESOURCE,
    default_security_group_rule.RESOURCE,
    default_statefulness.RESOURCE,
    address_group.RESOURCE,
    log.RESOURCE,
    rbac_policy.RESOURCE,
    agent.RESOURCE,
)

CORE = ("network", "subnet", "subnetpool", "port", ".default_external_network")
"""Definitions of the core API: always served, no alias. The last one is part of a topology that needs routers."""

EXTENSIONS: tuple[Definition, ...] = (
    Definition("project-id", "project_id"),
    Definition("pagination", "pagination"),
    Definition("sorting", "sorting"),
    Definition("filter-validation", "filter_validation"),
    Definition("empty-string-filtering", "empty_string_filtering"),
    Definition("ip-substring-filtering", "ip_substring_port_filtering"),
    Definition("address-group", "address_group"),
    Definition("standard-attr-description", ".description", frozenset({"address_groups.description"})),
    Definition("standard-attr-revisions", ".revisions"),
    Definition("standard-attr-timestamp", ".timestamp"),
    Definition("standard-attr-tag", ".tags"),
    Definition("tag-creation", "tag_creation"),
    Definition("revision-if-match", "revisionifmatch"),
    Definition("quotas", ".quotas"),
    Definition("quota_details", ".quota_details"),
    Definition("quota-check-limit", "quota_check_limit"),
    Definition("quota-check-limit-default", "quota_check_limit_default"),
    Definition("agent", "agent"),
    Definition("dhcp_agent_scheduler", "dhcpagentscheduler"),
    Definition("service-type", "servicetype"),
    Definition("provider", "provider_net"),
    Definition("net-mtu", "network_mtu"),
    Definition("net-mtu-writable", "network_mtu_writable", frozenset({"networks.mtu"})),
    Definition("external-net", "external_net"),
    Definition("subnet-external-network", "subnet_external_network"),
    Definition("multi-provider", "multiprovidernet"),
    Definition("vlan-transparent", "vlantransparent"),
    Definition("qinq", "qinq"),
    Definition("l2_adjacency", "l2_adjacency"),
    Definition("segment", "segment"),
    Definition("standard-attr-segment", "standard_attr_segment"),
    Definition("subnet-segmentid-writable", ".subnet_segmentid_writable", frozenset({"subnets.segment_id"})),
    Definition("segments-peer-subnet-host-routes", "segments_peer_subnet_host_routes"),
    Definition("network-segment-range", "network_segment_range"),
    Definition("network-ip-availability", "network_ip_availability"),
    Definition("network-ip-availability-details", "network_ip_availability_details"),
    Definition("availability_zone", "availability_zone"),
    Definition("network_availability_zone", "network_availability_zone"),
    Definition("subnet_allocation", ".subnet_allocation"),
    Definition("default-subnetpools", "default_subnetpools"),
    Definition("subnetpool-prefix-ops", "subnetpool_prefix_ops"),
    Definition("subnet_onboard", "subnet_onboard"),
    Definition("address-scope", "address_scope"),
    Definition("subnet-service-types", ".subnet_service_types"),
    Definition("port-security", "port_security"),
    Definition("security-group", ".security_group"),
    Definition("stateful-security-group", "stateful_security_group"),
    Definition("security-groups-normalized-cidr", "security_groups_normalized_cidr"),
    Definition("security-groups-remote-address-group", "security_groups_remote_address_group"),
    Definition("security-groups-rules-belongs-to-default-sg", "security_groups_rules_belongs_to_default_sg"),
    Definition("security-groups-default-rules", ".default_security_group_rules"),
    Definition(
        "security-groups-default-statefulness",
        ".security_groups_default_statefulness",
        frozenset({"security_groups.stateful"}),
    ),
    Definition("rbac-policies", ".rbac"),
    Definition("rbac-security-groups", "rbac_security_groups"),
    Definition("rbac-address-scope", "rbac_address_scope"),
    Definition("security-groups-shared-filtering", "security_groups_shared_filtering"),
    Definition("logging", "logging"),
    Definition("allowed-address-pairs", ".allowed_address_pairs"),
    Definition("extra_dhcp_opt", "extra_dhcp_opt"),
    Definition("binding", "portbindings"),
    Definition("binding-extended", "portbindings_extended"),
    Definition("port-mac-address-regenerate", ".port_mac_address_regenerate", frozenset({"ports.mac_address"})),
    Definition("ip_allocation", "ip_allocation"),
    Definition("port-device-profile", "port_device_profile"),
    Definition("port-numa-affinity-policy", "port_numa_affinity_policy"),
    Definition(
        "port-numa-affinity-policy-socket",
        "port_numa_affinity_policy_socket",
        frozenset({"ports.numa_affinity_policy"}),
    ),
    Definition("port-hardware-offload-type", "port_hardware_offload_type"),
    Definition("port-trusted-vif", "port_trusted_vif"),
    Definition("uplink-status-propagation", "uplink_status_propagation"),
    Definition(
        "uplink-status-propagation-updatable",
        "uplink_status_propagation_updatable",
        frozenset({"ports.propagate_uplink_status"}),
    ),
    Definition("dns-integration", ".dns"),
    Definition("dns-domain-ports", "dns_domain_ports"),
    Definition("dns-integration-domain-keywords", "dns_domain_keywords"),
    Definition("subnet-dns-publish-fixed-ip", "subnet_dns_publish_fixed_ip"),
)


@dataclass(frozen=True, slots=True)
class Registry:
    """What is served: the surface, and the resource behind each collection."""

    surface: spec.Surface
    resources: Mapping[str, Resource]


class RegistryError(Exception):
    """The tables of this module do not fit together. Raised at start, never later."""


def build() -> Registry:
    """The registry, checked: every visible attribute of every collection can be loaded by its resource.

    Raises: RegistryError, surface.merge.SurfaceError.
    """
    from wovenet.surface import merge

    resources = {resource.collection: resource for resource in RESOURCES}
    surface = merge.merge(
        CORE,
        EXTENSIONS,
        {name: resource.member for name, resource in resources.items()},
        prefixes={name: resource.prefix for name, resource in resources.items()},
    )
    for name, collection in surface.collections.items():
        stored = stored_attributes(resources[name])
        missing = [attr.name for attr in collection.attributes.values() if attr.is_visible and attr.name not in stored]
        if missing:
            raise RegistryError(f"{name}: no column, child or derivation for {', '.join(missing)}")
    return Registry(surface, resources)
