"""Options of the service: what it listens on, where it keeps things, what it allows.

Names and groups are those of Neutron wherever the meaning is the same; `differs` says why a default is another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from wovenet.settings.options import (
    Secret,
    among,
    boolean,
    host,
    host_if_any,
    mac_prefix,
    number,
    option,
    optional,
    page_limit,
    port,
    processors,
    seconds,
    secret,
    words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """The service as a whole."""

    group: ClassVar = "DEFAULT"

    state_path: Path = option(  # noqa: RUF009 - makes a field
        Path("/var/lib/wovenet"),
        "Directory of what the service keeps: users, secrets, embedded databases. Not as root: under ~/.local/state.",
        differs="Neutron's directory may hold a deployment of Neutron.",
    )
    bind_host: str = option(
        "127.0.0.1",
        "Address the API listens on.",
        host,
        differs="A service that is being tried out is not for the network.",
    )
    bind_port: int = option(9696, "Port the API listens on.", port)
    api_workers: int | None = option(
        None, "API processes; 0: one per processor. Unset: the command decides.", optional(processors)
    )
    auth_strategy: str = option(
        "auto",
        "How callers prove who they are: basic (users file), keystone, noauth (loopback only). auto: keystone if "
        "[keystone_authtoken] says where it is, otherwise basic.",
        among("auto", "basic", "keystone", "noauth"),
        differs="Neutron cannot work without Keystone; this service can.",
    )
    host: str = option("", "Name of this machine. Empty: its host name.", host_if_any, differs="Per machine.")
    debug: bool = option(default=False, doc="Log details, topology among them, but never secrets.")
    transport_url: Secret = option(  # noqa: RUF009 - makes a field
        Secret(""),
        "Message bus of agents and of notifications. Empty: none.",
        secret,
        differs="OVN needs no bus.",
    )
    allow_bulk: bool = option(default=True, doc="Whether one request may create many objects.")
    pagination_max_limit: int = option(
        0,
        "Largest page of a list; 0, -1 or infinite: no limit.",
        page_limit,
        unit="objects",
        differs="The same, as a number.",
    )
    filter_validation: bool = option(default=True, doc="Whether a filter by an unknown attribute is an error.")
    base_mac: str = option("fa:16:3e:00:00:00", "First octets of MAC addresses; octets 4 to 6 vary.", mac_prefix)
    dvr_base_mac: str = option("fa:16:3f:00:00:00", "First octets of MAC addresses of distributed routers.", mac_prefix)
    dns_domain: str = option("openstacklocal", "Domain of the host names of ports.")
    dhcp_lease_duration: int = option(86400, "Lease time of DHCP agents; -1: for ever.", number(-1), unit="s")
    global_physnet_mtu: int = option(1500, "MTU of the underlying network.", number(0), unit="bytes")
    default_availability_zones: tuple[str, ...] = option((), "Zones of networks and routers that name none.")
    max_dns_nameservers: int = option(5, "Name servers per subnet.", number(0))
    max_subnet_host_routes: int = option(20, "Host routes per subnet.", number(0))
    max_allowed_address_pair: int = option(10, "Allowed address pairs per port; -1: no limit.", number(-1))
    max_routes: int = option(30, "Extra routes per router.", number(0))
    vlan_transparent: bool | None = option(
        None, "Whether networks may be VLAN transparent. Unset: as the driver can.", optional(boolean)
    )
    vlan_qinq: bool | None = option(None, "Whether networks may be QinQ. Unset: as the driver can.", optional(boolean))
    agent_down_time: int = option(75, "Silence after which an agent counts as down.", number(1), unit="s")
    enable_new_agents: bool = option(default=True, doc="Whether an agent may be used as soon as it first reports.")
    network_auto_schedule: bool = option(default=True, doc="Whether DHCP agents are chosen without being asked.")
    dhcp_agents_per_network: int = option(1, "DHCP agents per network.", number(1))
    router_distributed: bool = option(default=False, doc="Whether routers are distributed if a request does not say.")
    l3_ha: bool = option(default=False, doc="Whether routers are highly available if a request does not say.")
    max_l3_agents_per_router: int = option(3, "Agents of a highly available router; 0: all.", number(0))
    enable_snat_by_default: bool = option(default=True, doc="Whether gateways translate source addresses by default.")
    enable_default_route_ecmp: bool = option(default=False, doc="Default of the routers' attribute of that name.")
    enable_default_route_bfd: bool = option(default=False, doc="Default of the routers' attribute of that name.")
    notify_nova_on_port_status_changes: bool = option(default=True, doc="Whether Nova is told that a port is usable.")
    notify_nova_on_port_data_changes: bool = option(default=True, doc="Whether Nova is told of changes of ports.")
    send_events_interval: int = option(2, "Time that events for Nova are collected.", number(0), unit="s")

    @property
    def url(self) -> str:
        """Where clients on this machine reach the API."""
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bind_host, self.bind_host)  # noqa: S104 - compared only
        return f"http://[{address}]:{self.bind_port}" if ":" in address else f"http://{address}:{self.bind_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The store."""

    group: ClassVar = "database"

    connection: Secret = option(  # noqa: RUF009 - makes a field
        Secret(""),
        "URL of the database: sqlite:///PATH, postgresql://…, mysql://…. Empty: a SQLite file in state_path.",
        secret,
        differs="Works without being told.",
    )
    max_pool_size: int = option(5, "Connections kept per process.", number(1))
    max_overflow: int = option(50, "Connections beyond those, closed when returned.", number(0))
    pool_timeout: int | None = option(30, "Wait for a connection.", optional(number(1)), unit="s", differs="Bounded.")
    connection_recycle_time: int = option(
        3600, "Age at which a connection is replaced; -1: never.", number(-1), unit="s"
    )
    db_max_retries: int = option(20, "Attempts of a transaction that lost a race or met a deadlock.", number(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How much a project may have if no quota is set for it. -1: unlimited."""

    group: ClassVar = "quotas"

    default_quota: int = option(-1, "Limit of whatever has no option of its own.", number(-1))
    quota_network: int = option(100, "Networks.", number(-1))
    quota_subnet: int = option(100, "Subnets.", number(-1))
    quota_port: int = option(500, "Ports.", number(-1))
    quota_router: int = option(10, "Routers.", number(-1))
    quota_floatingip: int = option(50, "Floating IPs.", number(-1))
    quota_router_route: int = option(30, "Extra routes.", number(-1))
    quota_security_group: int = option(10, "Security groups.", number(-1))
    quota_security_group_rule: int = option(100, "Security group rules.", number(-1))
    quota_rbac_policy: int = option(10, "RBAC policies.", number(-1))
    others: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """`quota_<resource>` of resources that have no field here, by resource."""

    def limit(self, resource: str) -> int:
        """The limit for `resource` ("port"); -1 for none."""
        own = getattr(self, f"quota_{resource}", None)
        return self.others.get(resource, self.default_quota) if own is None else int(own)


@dataclass(frozen=True, slots=True, kw_only=True)
class OsloPolicy:
    """Files that change who may do what. Relative paths: see `Settings.policy_path`."""

    group: ClassVar = "oslo_policy"

    policy_file: str = option("policy.yaml", "Rules that replace defaults. Need not exist.")
    policy_dirs: tuple[str, ...] = option(("policy.d",), "Directories of further such files. Need not exist.", words())
    policy_default_rule: str = option("default", "The rule in force where a rule is asked for that nobody defined.")
    enforce_scope: bool = option(default=True, doc="Whether tokens of the wrong scope are refused.")
    enforce_new_defaults: bool = option(default=True, doc="Whether defaults from before secure RBAC are left out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """Security groups."""

    group: ClassVar = "securitygroup"

    enable_security_group: bool = option(default=True, doc="Whether ports have security groups at all.")
    permitted_ethertypes: tuple[str, ...] = option((), "Ethertypes let through besides IPv4, IPv6 and ARP.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Experimental:
    """What Neutron calls experimental."""

    group: ClassVar = "experimental"

    ipv6_pd_enabled: bool = option(
        default=False, doc="Whether IPv6 subnets of the default pool have a delegated prefix if there is no such pool."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wovenet:
    """What Neutron has no option for."""

    group: ClassVar = "wovenet"

    body_bytes_max: int = option(8 * 1024 * 1024, "Longest request body that is read.", number(1024), unit="bytes")
    worker_threads: int = option(4, "Threads of one API process.", number(1))
    basic_cache_s: float = option(60.0, "Time that a verified password is remembered.", seconds, unit="s")
    basic_cache_entries: int = option(1024, "Verified passwords remembered per process.", number(1))
    log_format: str = option("text", "text: key=value; json: one object per line.", among("text", "json"))
    policy_check_s: float = option(5.0, "Time between looks at the policy files.", seconds, unit="s")
    poll_interval_s: float = option(1.0, "Time between looks at the outbox if nobody pokes.", seconds, unit="s")
    audit_interval_s: float = option(600.0, "Time between audits of OVN against the store.", seconds, unit="s")
    audit_whole_s: float = option(
        3600.0, "Time in which the contents of all rows in OVN are compared, a part at a time.", seconds, unit="s"
    )
    retry_first_s: float = option(0.2, "First delay before a failed unit is tried again.", seconds, unit="s")
    retry_max_s: float = option(60.0, "Longest delay before a failed unit is tried again.", seconds, unit="s")
    apply_batch_units: int = option(64, "Units brought to OVN in one transaction.", number(1))
    notify_age_max_s: float = option(3600.0, "Age at which an event for Nova is dropped.", seconds, unit="s")
    notify_events_max: int = option(100_000, "Events for Nova that may wait; the oldest are dropped.", number(1))
    metrics: bool = option(default=True, doc="Whether /metrics is served.")
