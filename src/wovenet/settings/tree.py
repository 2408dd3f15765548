"""The tree of settings: one field per group."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias, get_type_hints

from wovenet.settings.networking import (
    Ml2,
    Ml2TypeFlat,
    Ml2TypeGeneve,
    Ml2TypeGre,
    Ml2TypeVlan,
    Ml2TypeVxlan,
    NetworkLog,
    Ovn,
    OvnNbGlobal,
    Ovs,
)
from wovenet.settings.options import Secret
from wovenet.settings.service import Database, Default, Experimental, OsloPolicy, Quotas, SecurityGroup, Wovenet

RawGroup: TypeAlias = Mapping[str, str | Secret]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the deployment wants. `Settings()` are the defaults."""

    default: Default = field(default_factory=Default)
    database: Database = field(default_factory=Database)
    quotas: Quotas = field(default_factory=Quotas)
    oslo_policy: OsloPolicy = field(default_factory=OsloPolicy)
    securitygroup: SecurityGroup = field(default_factory=SecurityGroup)
    ml2: Ml2 = field(default_factory=Ml2)
    ml2_type_flat: Ml2TypeFlat = field(default_factory=Ml2TypeFlat)
    ml2_type_vlan: Ml2TypeVlan = field(default_factory=Ml2TypeVlan)
    ml2_type_gre: Ml2TypeGre = field(default_factory=Ml2TypeGre)
    ml2_type_vxlan: Ml2TypeVxlan = field(default_factory=Ml2TypeVxlan)
    ml2_type_geneve: Ml2TypeGeneve = field(default_factory=Ml2TypeGeneve)
    ovn: Ovn = field(default_factory=Ovn)
    ovn_nb_global: OvnNbGlobal = field(default_factory=OvnNbGlobal)
    network_log: NetworkLog = field(default_factory=NetworkLog)
    ovs: Ovs = field(default_factory=Ovs)
    experimental: Experimental = field(default_factory=Experimental)
    wovenet: Wovenet = field(default_factory=Wovenet)
    raw: Mapping[str, RawGroup] = field(default_factory=lambda: MappingProxyType({}))
    """Groups that libraries read themselves (`LIBRARY_GROUPS`), as written."""
    config_files: tuple[Path, ...] = ()

    @property
    def tells_compute(self) -> bool:
        """Whether compute is told of the ports of its servers: it wants to be, can be found, and OVN knows of ports."""
        is_wanted = self.default.notify_nova_on_port_status_changes or self.default.notify_nova_on_port_data_changes
        is_found = any(self.raw.get("nova", {}).get(name) for name in _WHERE_COMPUTE_IS)
        return is_wanted and is_found and self.ovn.connection != "none"

    def policy_path(self, name: str) -> Path:
        """Where a policy file or directory is: by the first configuration file, otherwise in state_path."""
        base = self.config_files[0].parent if self.config_files else self.default.state_path
        return base / name


_WHERE_COMPUTE_IS: Final = ("auth_type", "auth_url", "auth_section", "endpoint_override")

GROUPS: Final[Mapping[str, tuple[str, type]]] = MappingProxyType(
    {cls.group: (name, cls) for name, cls in get_type_hints(Settings).items() if hasattr(cls, "group")}
)
"""Name of a group in files → field of `Settings`, its class."""

LIBRARY_GROUPS: Final = frozenset(
    {
        "designate",
        "ironic",
        "keystone_authtoken",
        "nova",
        "oslo_messaging_kafka",
        "oslo_messaging_notifications",
        "oslo_messaging_rabbit",
        "placement",
    }
)
"""Groups that keystonemiddleware, keystoneauth and oslo.messaging read, with options that depend on their plugins."""
