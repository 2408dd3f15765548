"""Options of the networks: types and their identifiers, OVN's databases, what is put into them.

Names and groups are those of Neutron wherever the meaning is the same; `differs` says why a default is another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wovenet.settings.options import among, ip_version, number, option, optional, pairs, text, words

OUT_OF_THE_BOX = "Works out of the box with OVN; Neutron's default leaves it to the operator."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ml2:
    """Types of networks."""

    group: ClassVar = "ml2"

    type_drivers: tuple[str, ...] = option(
        ("local", "flat", "vlan", "gre", "vxlan", "geneve"), "Types that may be used at all.", words()
    )
    project_network_types: tuple[str, ...] = option(
        ("geneve",),
        "Types tried in this order for networks that do not ask for one.",
        words(),
        former=("tenant_network_types",),
        differs=OUT_OF_THE_BOX,
    )
    mechanism_drivers: tuple[str, ...] = option(
        ("ovn",), "What brings ports to hosts, tried in this order.", words(), differs=OUT_OF_THE_BOX
    )
    extension_drivers: tuple[str, ...] = option(
        ("port_security",), "Optional extensions of networks and ports.", words(), differs=OUT_OF_THE_BOX
    )
    path_mtu: int = option(0, "MTU of the path between hosts; 0: global_physnet_mtu.", number(0), unit="bytes")
    physical_network_mtus: Mapping[str, int] = option({}, "MTU by physical network.", pairs(number(0)), unit="bytes")
    external_network_type: str | None = option(
        None, "Type of external networks that do not ask for one.", optional(text)
    )
    overlay_ip_version: int = option(4, "IP version between hosts: 4 or 6.", ip_version)
    tunnelled_network_rp_name: str = option("rp_tunnelled", "Name of Placement's provider for tunnelled networks.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ml2TypeFlat:
    """Flat networks."""

    group: ClassVar = "ml2_type_flat"

    flat_networks: tuple[str, ...] = option(
        ("*",), "Physical networks that may be flat; *: any.", words(), differs="The same, as a list."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ml2TypeVlan:
    """VLAN networks."""

    group: ClassVar = "ml2_type_vlan"

    network_vlan_ranges: tuple[str, ...] = option((), "PHYSNET or PHYSNET:MIN:MAX, for projects' VLANs.", words())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ml2TypeGre:
    """GRE networks."""

    group: ClassVar = "ml2_type_gre"

    tunnel_id_ranges: tuple[str, ...] = option((), "MIN:MAX of tunnel ids for projects.", words())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ml2TypeVxlan:
    """VXLAN networks."""

    group: ClassVar = "ml2_type_vxlan"

    vni_ranges: tuple[str, ...] = option((), "MIN:MAX of network ids for projects.", words())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ml2TypeGeneve:
    """Geneve networks."""

    group: ClassVar = "ml2_type_geneve"

    vni_ranges: tuple[str, ...] = option(
        ("1:65536",), "MIN:MAX of network ids for projects.", words(), differs=OUT_OF_THE_BOX
    )
    max_header_size: int = option(
        38, "Space for Geneve headers; OVN needs 38.", number(0), unit="bytes", differs=OUT_OF_THE_BOX
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ovn:
    """OVN's databases and what is put into them."""

    group: ClassVar = "ovn"

    connection: str = option(
        "auto",
        "embedded: a private OVN central. remote: the servers of ovn_nb_connection and ovn_sb_connection. none: no "
        "OVN, ports stay DOWN. auto: remote if ovn_nb_connection is given, otherwise embedded.",
        among("auto", "embedded", "remote", "none"),
    )
    ovn_nb_connection: tuple[str, ...] = option(("tcp:127.0.0.1:6641",), "Servers of the Northbound database.", words())
    ovn_nb_private_key: str = option("", "Private key for ssl: connections, a PEM file.")
    ovn_nb_certificate: str = option("", "Certificate for ssl: connections, a PEM file.")
    ovn_nb_ca_cert: str = option("", "Authority that signed the server's certificate, a PEM file.")
    ovn_sb_connection: tuple[str, ...] = option(("tcp:127.0.0.1:6642",), "Servers of the Southbound database.", words())
    ovn_sb_private_key: str = option("", "Private key for ssl: connections, a PEM file.")
    ovn_sb_certificate: str = option("", "Certificate for ssl: connections, a PEM file.")
    ovn_sb_ca_cert: str = option("", "Authority that signed the server's certificate, a PEM file.")
    ovsdb_connection_timeout: int = option(180, "Wait for a connection or an answer.", number(1), unit="s")
    ovsdb_retry_max_interval: int = option(180, "Longest delay between attempts to connect.", number(1), unit="s")
    ovsdb_probe_interval: int = option(60000, "Silence before the server is probed; 0: never.", number(0), unit="ms")
    ovn_l3_scheduler: str = option("leastloaded", "How gateways are spread.", among("leastloaded", "chance"))
    enable_distributed_floating_ip: bool = option(default=False, doc="Whether floating IPs are handled on each host.")
    vhost_sock_dir: str = option("/var/run/openvswitch", "Directory of vhost-user sockets.")
    dhcp_default_lease_time: int = option(43200, "Lease time that OVN answers.", number(1), unit="s")
    ovn_metadata_enabled: bool = option(default=False, doc="Whether networks have a metadata port and route.")
    dns_servers: tuple[str, ...] = option((), "Name servers of subnets that have none.", words())
    ovn_dhcp4_global_options: Mapping[str, str] = option({}, "DHCPv4 options of every subnet.", pairs())
    ovn_dhcp6_global_options: Mapping[str, str] = option({}, "DHCPv6 options of every subnet.", pairs())
    disable_ovn_dhcp_for_baremetal_ports: bool = option(default=False, doc="Whether others answer bare metal's DHCP.")
    localnet_learn_fdb: bool = option(default=False, doc="Whether localnet ports learn MAC addresses.")
    fdb_age_threshold: int = option(300, "Age at which learned MAC addresses go; 0: never.", number(0), unit="s")
    mac_binding_age_threshold: int = option(300, "Age at which MAC bindings go; 0: never.", number(0), unit="s")
    broadcast_arps_to_all_routers: bool = option(default=True, doc="Whether ARP requests reach all routers.")
    ovn_router_indirect_snat: bool = option(default=True, doc="Whether indirectly connected subnets are translated.")
    live_migration_activation_strategy: str = option(
        "rarp", "How the new host takes over; empty: at once.", among("rarp", "")
    )
    stateless_nat_enabled: bool = option(default=False, doc="Whether floating IPs are translated without conntrack.")
    ovs_create_tap: bool = option(default=True, doc="Whether Nova is told to create the tap device.")
    ha_failover_strategy: str = option("normal", "How gateways fail over.", among("normal", "conservative"))
    bfd_min_rx: int = option(1000, "BFD between gateways.", number(1), unit="ms")
    bfd_min_tx: int = option(100, "BFD between gateways.", number(1), unit="ms")
    bfd_mult: int = option(3, "BFD between gateways: probes lost before a peer is down.", number(1))
    ovn_emit_need_to_frag: bool = option(default=True, doc="Whether gateways answer packets that are too large.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OvnNbGlobal:
    """Options of NB_Global."""

    group: ClassVar = "ovn_nb_global"

    ignore_lsp_down: bool = option(default=False, doc="Whether OVN answers ARP for ports that are down.")
    fdb_removal_limit: int = option(0, "Learned addresses removed at once; 0: all.", number(0))
    mac_binding_removal_limit: int = option(0, "MAC bindings removed at once; 0: all.", number(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkLog:
    """Logs of security groups."""

    group: ClassVar = "network_log"

    rate_limit: int = option(100, "Packets that an ACL logs in a second.", number(100), unit="packets/s")
    burst_limit: int = option(25, "Packets that an ACL may log at once.", number(25), unit="packets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ovs:
    """Switches."""

    group: ClassVar = "ovs"

    igmp_snooping_enable: bool = option(default=False, doc="Whether switches follow IGMP memberships.")
    igmp_flood: bool = option(default=False, doc="Whether unregistered multicast goes to localnet ports.")
    igmp_flood_reports: bool = option(default=True, doc="Whether reports go to localnet ports.")
    igmp_flood_unregistered: bool = option(default=False, doc="Whether unregistered multicast goes to all ports.")
