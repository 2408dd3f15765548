"""The port of each network through which its instances reach the metadata service: one on every host, the same.

It has an address in every IPv4 subnet with DHCP, which DHCP tells instances of, and in every IPv6 subnet in which
ports address themselves.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.ids import Unit
from wovenet.model.problems import IpAddressGenerationFailure, LostRace
from wovenet.model.views import metadata_device
from wovenet.resources import port
from wovenet.resources.base import Context, Object
from wovenet.resources.ipam import claims
from wovenet.resources.ipam.rules import AnyOf, Exact, Subnet, eui64
from wovenet.resources.names import marks as names
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port import actions, rules
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.store import quota_usage
from wovenet.store.tx import Tx

_PORT = (
    sa.select(PORTS.c.id, PORTS.c.mac_address, PORTS.c.revision_number)
    .where(
        PORTS.c.device_id == sa.bindparam("of_device"),
        PORTS.c.network_id == sa.bindparam("of_network"),
        PORTS.c.device_owner == rules.DISTRIBUTED,
    )
    .order_by(PORTS.c.id)
    .limit(1)
)
_NETWORK = sa.select(NETWORKS.c.id, NETWORKS.c.project_id).where(NETWORKS.c.id == sa.bindparam("of_network"))
_FIXED_IPS = sa.select(PORT_FIXED_IPS.c.subnet_id, PORT_FIXED_IPS.c.ip_address).where(
    PORT_FIXED_IPS.c.port_id == sa.bindparam("of_port")
)
_DROP = sa.delete(PORT_FIXED_IPS).where(
    PORT_FIXED_IPS.c.port_id == sa.bindparam("of_port"),
    PORT_FIXED_IPS.c.subnet_id == sa.bindparam("of_subnet"),
    PORT_FIXED_IPS.c.ip_key == sa.bindparam("of_key"),
)


def create(tx: Tx, context: Context, networks: Sequence[Object]) -> None:
    """Each of the new networks has its metadata port. It counts against the quota of the network's project, but is
    never refused for it.
    """
    requests = [
        {
            "network_id": network["id"],
            "project_id": network["project_id"],
            "device_owner": rules.DISTRIBUTED,
            "device_id": metadata_device(network["id"]),
        }
        for network in networks
    ]
    actions.insert_plain(tx, context, requests, resource=port.RESOURCE)
    for project_id in sorted({network["project_id"] for network in networks}):
        number = sum(network["project_id"] == project_id for network in networks)
        quota_usage.add(tx, project_id, "port", number)


def subnets_changed(tx: Tx, context: Context, network_id: str) -> None:
    """The network's metadata port has the addresses that the network's subnets now ask for.

    A subnet without a free address is left out. A port that somebody has removed comes back.
    """
    parameters = {"of_device": metadata_device(network_id), "of_network": network_id}
    found = tx.row(_PORT, parameters)
    if found is None:
        rows = tx.rows(_NETWORK, {"of_network": network_id})
        create(tx, context, [dict(row._mapping) for row in rows])
        found = tx.row(_PORT, parameters)
        if found is None:
            raise LostRace(f"network {network_id} is gone")
    subnets = claims.subnets_of(tx, [network_id])[network_id]
    current = [dict(row._mapping) for row in tx.rows(_FIXED_IPS, {"of_port": found.id})]
    kept = [item for subnet in subnets for item in _kept(subnet, current, found.mac_address)]
    served = {item["subnet_id"] for item in kept}
    added = [
        fixed_ip for subnet in subnets if subnet.id not in served for fixed_ip in _claim(tx, subnet, found.mac_address)
    ]
    removed = [item for item in current if item not in kept]
    if not added and not removed:
        return
    tx.compare_and_swap(PORTS, found.id, found.revision_number, {})
    for item in removed:
        key = claims.key_of(item["ip_address"])
        tx.run(_DROP, {"of_port": found.id, "of_subnet": item["subnet_id"], "of_key": key})
    tx.insert(
        PORT_FIXED_IPS,
        [{**item, "ip_key": claims.key_of(item["ip_address"]), "port_id": found.id} for item in added],
    )
    claims.give_back(tx, {subnet.id: subnet for subnet in subnets}, removed)
    tx.mark(Unit("port", found.id))
    names.mark(tx, network_id)
    actions.mark_dependents_of_metadata(tx, {item["subnet_id"] for item in [*added, *removed]})


def _kept(subnet: Subnet, current: Sequence[dict[str, Any]], mac_address: str) -> list[dict[str, Any]]:
    """The present addresses in the subnet that stay."""
    present = [item for item in current if item["subnet_id"] == subnet.id]
    if subnet.is_auto:
        own = subnet.text(eui64(subnet, mac_address))
        return [item for item in present if item["ip_address"] == own]
    return present if _is_served(subnet) else []


def _claim(tx: Tx, subnet: Subnet, mac_address: str) -> list[dict[str, str]]:
    """A new address in the subnet, if it is to have one and there is one."""
    if subnet.is_auto:
        return claims.claim(tx, [[Exact(subnet, eui64(subnet, mac_address))]])[0]
    if not _is_served(subnet):
        return []
    try:
        return claims.claim(tx, [[AnyOf((subnet,))]])[0]
    except IpAddressGenerationFailure:
        return []


def _is_served(subnet: Subnet) -> bool:
    return subnet.ip_version == 4 and subnet.enable_dhcp
