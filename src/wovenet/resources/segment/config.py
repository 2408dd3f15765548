"""The type drivers' configuration, from the settings."""

from typing import TYPE_CHECKING

from wovenet.drivers.config import Config, id_ranges, vlan_ranges

if TYPE_CHECKING:
    from wovenet.settings import Settings


def config_of(settings: "Settings") -> Config:
    """The value that `settings` make.

    Raises: drivers.config.ConfigError.
    """
    ml2 = settings.ml2
    return Config(
        type_drivers=tuple(ml2.type_drivers),
        project_network_types=tuple(ml2.project_network_types),
        external_network_type=ml2.external_network_type or None,
        global_physnet_mtu=settings.default.global_physnet_mtu,
        path_mtu=ml2.path_mtu,
        physical_network_mtus=ml2.physical_network_mtus,
        overlay_ip_version=ml2.overlay_ip_version,
        flat_networks=frozenset(settings.ml2_type_flat.flat_networks),
        vlan_ranges=vlan_ranges(tuple(settings.ml2_type_vlan.network_vlan_ranges)),
        tunnel_ranges={
            "gre": id_ranges(tuple(settings.ml2_type_gre.tunnel_id_ranges)),
            "vxlan": id_ranges(tuple(settings.ml2_type_vxlan.vni_ranges)),
            "geneve": id_ranges(tuple(settings.ml2_type_geneve.vni_ranges)),
        },
        geneve_header_size=settings.ml2_type_geneve.max_header_size,
    )
