"""The units whose rows show something of a subnet, apart from the subnet itself."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from wovenet.model.ids import Unit
from wovenet.model.views import DISTRIBUTED
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.store.tx import Tx

_NO_OPTIONS = ("", "[]")
_IN_SUBNET = sa.select(PORT_FIXED_IPS.c.port_id).where(PORT_FIXED_IPS.c.subnet_id == sa.bindparam("of_subnet"))
_WITH_OPTIONS = _IN_SUBNET.join(PORTS, PORTS.c.id == PORT_FIXED_IPS.c.port_id).where(
    PORTS.c.extra_dhcp_opts.not_in(_NO_OPTIONS)
)
_WITH_OPTIONS_IN = (
    sa.select(PORT_FIXED_IPS.c.port_id)
    .join(PORTS, PORTS.c.id == PORT_FIXED_IPS.c.port_id)
    .where(
        PORT_FIXED_IPS.c.subnet_id.in_(sa.bindparam("ids", expanding=True)), PORTS.c.extra_dhcp_opts.not_in(_NO_OPTIONS)
    )
)
_SHOWING_MTU = sa.select(PORTS.c.id).where(
    PORTS.c.network_id == sa.bindparam("of_network"),
    sa.or_(PORTS.c.device_owner == DISTRIBUTED, PORTS.c.extra_dhcp_opts.not_in(_NO_OPTIONS)),
)


def by_options(tx: Tx, subnet_id: str) -> None:
    """Marks what shows the subnet's DHCP options: ports that change some of them for themselves."""
    _mark(tx, (row.port_id for row in tx.rows(_WITH_OPTIONS, {"of_subnet": subnet_id})))


def by_options_of(tx: Tx, subnet_ids: Sequence[str]) -> None:
    """Marks the subnets, and what else shows their DHCP options. One statement."""
    for subnet_id in subnet_ids:
        tx.mark(Unit("subnet", subnet_id))
    _mark(tx, (row.port_id for row in tx.rows(_WITH_OPTIONS_IN, {"ids": subnet_ids})))


def by_dhcp(tx: Tx, subnet_id: str) -> None:
    """Marks what shows whether the subnet has DHCP at all: every port in it."""
    _mark(tx, (row.port_id for row in tx.rows(_IN_SUBNET, {"of_subnet": subnet_id})))


def by_mtu(tx: Tx, network_id: str, subnet_ids: Sequence[str]) -> None:
    """Marks what shows the MTU of a network: options of its subnets and of ports, and the metadata port."""
    for subnet_id in subnet_ids:
        tx.mark(Unit("subnet", subnet_id))
    _mark(tx, (row.id for row in tx.rows(_SHOWING_MTU, {"of_network": network_id})))


def _mark(tx: Tx, port_ids: Iterable[str]) -> None:
    for port_id in port_ids:
        tx.mark(Unit("port", port_id))
