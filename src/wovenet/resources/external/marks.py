"""What shows which chassis serve external ports."""

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from wovenet.drivers.ovn import EXTERNAL_VNIC_TYPES
from wovenet.model.ids import NETWORK_HA, Unit
from wovenet.resources.base import Object
from wovenet.resources.port.table import PORTS
from wovenet.store.tx import Tx

IS_EXTERNAL: Final = PORTS.c.binding_vnic_type.in_(sorted(EXTERNAL_VNIC_TYPES))
"""The port may be one, as far as its kind of device says."""

_ALL = sa.select(PORTS.c.id, PORTS.c.network_id).where(IS_EXTERNAL)


def of_ports(tx: Tx, ports: Iterable[Object]) -> None:
    """Marks the groups of the networks of those of these ports that may be external. No statement."""
    for port in ports:
        if port.get("binding:vnic_type") in EXTERNAL_VNIC_TYPES:
            tx.mark(Unit(NETWORK_HA, port["network_id"]))


def of_hosts(tx: Tx) -> None:
    """Marks whatever depends on what hosts there are. One statement."""
    for row in tx.rows(_ALL):
        tx.mark(Unit(NETWORK_HA, row.network_id))
        tx.mark(Unit("port", row.id))
