"""Who changes what names lead to, marks them here."""

from collections.abc import Iterable, Mapping
from typing import Any

from wovenet.model.ids import NETWORK_DNS, Unit
from wovenet.store.tx import Tx


def mark(tx: Tx, network_id: str) -> None:
    """The names of the network are brought to OVN once this transaction has committed."""
    tx.mark(Unit(NETWORK_DNS, network_id))


def mark_of(tx: Tx, ports: Iterable[Mapping[str, Any]]) -> None:
    """The same for the networks in which names of these ports are, or were: ports as they were and as they are."""
    for network_id in sorted({port["network_id"] for port in ports if _is_published(port)}):
        mark(tx, network_id)


def _is_published(port: Mapping[str, Any]) -> bool:
    """Whether the port's name can be asked for: it has one and an address, and somebody uses it."""
    return bool(port["dns_name"] and port["device_id"] and port["fixed_ips"])
