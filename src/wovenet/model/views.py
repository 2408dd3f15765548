"""Snapshots of what the store holds, as rendering needs them: frozen, plain values, every reference resolved.

A view holds all that decides which Northbound rows its unit has and nothing else, so equal views give equal rows.
`resources/*/view.py` loads them, `resources/*/render.py` turns them into rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

DISTRIBUTED = "network:distributed"
METADATA_DEVICE_PREFIX = "ovnmeta-"


def metadata_device(network_id: str) -> str:
    """The `device_id` of a network's metadata port."""
    return METADATA_DEVICE_PREFIX + network_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentView:
    """What holds for the whole deployment: settings that show in rows."""

    dns_domain: str = ""
    dns_servers: tuple[str, ...] = ()
    """Given to instances of IPv4 subnets that name no server of their own."""
    dhcp_lease_s: int = 43200
    base_mac: str = "fa:16:3e"
    """The first octets of the addresses that DHCP servers answer from."""
    fdb_age_threshold_s: int = 300
    localnet_learns_fdb: bool = False
    igmp_snooping: bool = False
    igmp_flood: bool = False
    igmp_flood_reports: bool = True
    igmp_flood_unregistered: bool = False
    broadcasts_arps_to_all_routers: bool = True
    distributes_floating_ips: bool = False
    migration_strategy: str = "rarp"
    """How a live migration's destination takes over; "" at once."""
    serves_bare_metal: bool = True
    """OVN answers DHCP of bare metal."""
    dhcp4_options: Mapping[str, str] = field(default_factory=dict)
    """The operator's options for every subnet, by OVN's names; "" takes one away."""
    dhcp6_options: Mapping[str, str] = field(default_factory=dict)
    log_rate: int = 100
    """Packets that are logged in a second, each by its host."""
    log_burst: int = 25
    nb_options: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType(
            {
                "bfd-min-rx": "1000",
                "bfd-min-tx": "100",
                "bfd-mult": "3",
                "fdb_removal_limit": "0",
                "ignore_lsp_down": "false",
                "mac_binding_removal_limit": "0",
            }
        )
    )
    """Our keys of NB_Global's options."""


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A segment of a network."""

    id: str
    network_type: str
    physical_network: str | None
    segmentation_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkView:
    """A network with its segments, in their order."""

    id: str
    name: str
    revision: int
    mtu: int
    is_external: bool
    segments: tuple[SegmentView, ...]
    availability_zone_hints: tuple[str, ...] = ()
    passes_vlans: bool = False
    """Tags of instances travel through the network (`vlan_transparent`, `qinq`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkNamesView:
    """The names in a network that lead to ports."""

    id: str
    revision: int
    """The network's."""
    dns_domain: str
    names: tuple[tuple[str, str], ...]
    """Name and address of a port in use, by the text of the address."""


@dataclass(frozen=True, slots=True)
class HostRoute:
    """A route that DHCP hands out."""

    destination: str
    nexthop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetView:
    """A subnet, with what its network decides."""

    id: str
    network_id: str
    revision: int
    ip_version: int
    cidr: str
    gateway_ip: str | None
    enable_dhcp: bool
    ipv6_address_mode: str | None
    dns_nameservers: tuple[str, ...]
    host_routes: tuple[HostRoute, ...]
    mtu: int
    metadata_ip: str | None
    """The address of the network's metadata port in this subnet; None if it has none."""

    @property
    def has_dhcp_options(self) -> bool:
        """OVN answers DHCP in this subnet: it has a DHCP_Options row."""
        return has_dhcp_options(self.ip_version, self.enable_dhcp, self.ipv6_address_mode, self.server_ip is not None)

    @property
    def server_ip(self) -> str | None:
        """The address that DHCPv4 answers come from."""
        return self.gateway_ip or self.metadata_ip


def has_dhcp_options(ip_version: int, enable_dhcp: bool, address_mode: str | None, has_server: bool) -> bool:
    """Whether a subnet has a DHCP_Options row.

    Not if instances make their IPv6 address themselves, and not if there is no IPv4 address to answer from.
    """
    if not enable_dhcp:
        return False
    return has_server if ip_version == 4 else address_mode != "slaac"


@dataclass(frozen=True, slots=True)
class FixedIpView:
    """An address of a port, with what its subnet decides."""

    ip_address: str
    subnet_id: str
    ip_version: int
    prefix_length: int
    has_dhcp_options: bool
    address_scope_id: str = ""
    """Of the pool that its subnet is from; "" for none."""


@dataclass(frozen=True, slots=True)
class AddressPairView:
    """A further address that a port may send from."""

    mac_address: str
    ip_address: str


@dataclass(frozen=True, slots=True)
class DhcpOptionView:
    """A DHCP option that a user gave to a port. Untrusted text."""

    name: str
    value: str
    ip_version: int


@dataclass(frozen=True, slots=True)
class VirtualView:
    """An address that other ports may take over."""

    ip_address: str
    parents: tuple[str, ...]
    """The ports, sorted."""
    parent_host: str = ""
    """Where the one is that has it; "" if none has."""


@dataclass(frozen=True, slots=True)
class ChassisGroupView:
    """The chassis that serve external ports of a network."""

    network_id: str
    zones: tuple[str, ...]
    """The network's hints."""
    chassis: tuple[str, ...]
    """Names, the first to be preferred."""
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PortView:
    """A port with everything that is decided by its network, subnets and groups."""

    id: str
    network_id: str
    project_id: str
    name: str
    revision: int
    mac_address: str
    admin_state_up: bool
    device_id: str
    device_owner: str
    port_security_enabled: bool
    fixed_ips: tuple[FixedIpView, ...]
    """By the text of the address."""
    allowed_pairs: tuple[AddressPairView, ...]
    """By the text of MAC and address."""
    security_group_ids: tuple[str, ...]
    """Sorted."""
    host: str
    """Where it is to be; "" if nowhere."""
    is_active: bool
    vnic_type: str
    capabilities: tuple[str, ...]
    parent_name: str | None
    tag: int | None
    migrating_to: str | None
    network_mtu: int
    extra_dhcp_opts: tuple[DhcpOptionView, ...]
    own_dhcp: tuple[SubnetView, ...]
    """The subnets whose options this port changes by its own: of each IP version the first that has any."""
    chassis_group: ChassisGroupView | None = None
    """Who serves it, if it is external and has a group of its own."""
    announces_itself: bool = True
    """OVN sees the instance announce itself where it has moved to; not if its packets pass by the kernel."""
    virtual: VirtualView | None = None
    """What it is if it is on no host, and other ports may take over its address."""

    @property
    def is_metadata(self) -> bool:
        """It is its network's metadata port."""
        return self.device_owner == DISTRIBUTED and self.device_id == metadata_device(self.network_id)


@dataclass(frozen=True, slots=True)
class LogsView:
    """The logs, by their ids, that packets are told to."""

    accepted: str | None = None
    """Of what is let through."""
    dropped: str | None = None
    """Of what is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule of a security group."""

    id: str
    direction: str
    ethertype: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    cidr: str | None
    """Normalised: no host bits."""
    remote_group_id: str | None
    remote_address_group_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupView:
    """A security group with its rules, by their ids."""

    id: str
    revision: int
    is_stateful: bool
    rules: tuple[RuleView, ...]
    logs: LogsView = LogsView()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressGroupView:
    """An address group with its prefixes, by their text."""

    id: str
    revision: int
    addresses: tuple[str, ...]
