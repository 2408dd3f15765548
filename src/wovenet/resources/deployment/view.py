"""The DeploymentView: settings, as rows show them."""

import ipaddress
from collections.abc import Iterable
from pathlib import Path

from wovenet.model.views import DeploymentView
from wovenet.settings.tree import Settings

RESOLV_CONF = Path("/etc/resolv.conf")


def view(settings: Settings, *, resolvers: Iterable[str] = ()) -> DeploymentView:
    """What `settings` say. `resolvers` are given to instances if the settings name no servers.

    Every controller of a deployment has to have the same settings; where machines differ in their resolvers, the
    settings have to name the servers, or rows change with each change of leadership.
    """
    ovn, nb_global, ovs = settings.ovn, settings.ovn_nb_global, settings.ovs
    return DeploymentView(
        dns_domain=settings.default.dns_domain,
        dns_servers=ovn.dns_servers or tuple(resolvers),
        dhcp_lease_s=ovn.dhcp_default_lease_time,
        base_mac=_fixed_octets(settings.default.base_mac),
        fdb_age_threshold_s=ovn.fdb_age_threshold,
        localnet_learns_fdb=ovn.localnet_learn_fdb,
        igmp_snooping=ovs.igmp_snooping_enable,
        igmp_flood=ovs.igmp_flood,
        igmp_flood_reports=ovs.igmp_flood_reports,
        igmp_flood_unregistered=ovs.igmp_flood_unregistered,
        broadcasts_arps_to_all_routers=ovn.broadcast_arps_to_all_routers,
        distributes_floating_ips=ovn.enable_distributed_floating_ip,
        migration_strategy=ovn.live_migration_activation_strategy,
        serves_bare_metal=not ovn.disable_ovn_dhcp_for_baremetal_ports,
        dhcp4_options=ovn.ovn_dhcp4_global_options,
        dhcp6_options=ovn.ovn_dhcp6_global_options,
        log_rate=settings.network_log.rate_limit,
        log_burst=settings.network_log.burst_limit,
        nb_options={
            "bfd-min-rx": str(ovn.bfd_min_rx),
            "bfd-min-tx": str(ovn.bfd_min_tx),
            "bfd-mult": str(ovn.bfd_mult),
            "fdb_removal_limit": str(nb_global.fdb_removal_limit),
            "ignore_lsp_down": "true" if nb_global.ignore_lsp_down else "false",
            "mac_binding_removal_limit": str(nb_global.mac_binding_removal_limit),
        },
    )


def system_resolvers(file: Path = RESOLV_CONF) -> tuple[str, ...]:
    """The IPv4 name servers of this machine, in their order; none if there is no such file."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver" and _is_v4(words[1]):
            found.append(words[1])
    return tuple(found)


def _is_v4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _fixed_octets(base_mac: str) -> str:
    """The first three octets: those of the setting that a fourth one does not make longer."""
    return ":".join(base_mac.split(":")[:3]).lower()
