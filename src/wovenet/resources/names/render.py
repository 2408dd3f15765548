"""The DNS row of a network: what OVN answers instances that ask for a name or for an address. Pure."""

import ipaddress
from collections.abc import Iterator

from wovenet.model.ids import NETWORK_DNS, RowUuid, Unit
from wovenet.model.views import DeploymentView, NetworkNamesView
from wovenet.ovn.rows import NOTHING, Desired, Link, Row, row_uuid
from wovenet.resources.network.render import switch_name, switch_uuid

FLOATING_IP = "network:floatingip"
"""Holds an address that is reached from elsewhere only."""


def dns_uuid(network_id: str) -> RowUuid:
    """The `_uuid` of a network's DNS row."""
    return row_uuid("DNS", Unit(NETWORK_DNS, network_id))


def render(view: NetworkNamesView, deployment: DeploymentView) -> Desired:
    """The row and its place in the switch; nothing for a network without names.

    A name that several ports have leads to all of their addresses.
    """
    if not view.names:
        return NOTHING
    own, networks = _plain(deployment.dns_domain), _plain(view.dns_domain)
    addresses: dict[str, list[str]] = {}
    records: dict[str, str] = {}
    for name, address in view.names:
        for spelling in _spellings(name, own, networks):
            addresses.setdefault(spelling, []).append(address)
        records[ipaddress.ip_address(address).reverse_pointer] = _whole(name, own)
    for spelling, found in addresses.items():
        records[spelling] = " ".join(found)
    uuid = dns_uuid(view.id)
    row = Row("DNS", uuid, {"external_ids": {"ls_name": switch_name(view.id)}, "records": records})
    return Desired((row,), (Link("Logical_Switch", switch_uuid(view.id), "dns_records", uuid),))


def _spellings(name: str, own: str, networks: str) -> Iterator[str]:
    """The ways to ask for a name: short, in the deployment's domain, in the network's. OVN knows no dot at the end."""
    yield _whole(name, own)
    if name.endswith("."):
        return
    if own:
        yield name
    if networks and networks != own:
        yield f"{name}.{networks}"


def _whole(name: str, own: str) -> str:
    return name.removesuffix(".") if name.endswith(".") or not own else f"{name}.{own}"


def _plain(domain: str) -> str:
    """The domain as OVN compares it; "" for one with keywords, which stands for a name that is made elsewhere."""
    return "" if "<" in domain else domain.removesuffix(".").lower()
