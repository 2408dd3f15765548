"""SubnetViews from the store."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from wovenet.model.views import DISTRIBUTED, METADATA_DEVICE_PREFIX, HostRoute, SubnetView
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store.tx import ReadTx

_SUBNETS = (
    sa.select(
        SUBNETS.c.id, SUBNETS.c.network_id, SUBNETS.c.revision_number, SUBNETS.c.ip_version, SUBNETS.c.cidr,
        SUBNETS.c.gateway_ip, SUBNETS.c.enable_dhcp, SUBNETS.c.ipv6_address_mode, SUBNETS.c.dns_nameservers,
        SUBNETS.c.host_routes, NETWORKS.c.mtu,
    )
    .join(NETWORKS, NETWORKS.c.id == SUBNETS.c.network_id)
    .where(SUBNETS.c.id.in_(sa.bindparam("ids", expanding=True)))
)  # fmt: skip
_METADATA = (
    sa.select(SUBNETS.c.id, PORT_FIXED_IPS.c.ip_address)
    .join(PORTS, PORTS.c.device_id == sa.literal(METADATA_DEVICE_PREFIX).concat(SUBNETS.c.network_id))
    .join(
        PORT_FIXED_IPS,
        sa.and_(PORT_FIXED_IPS.c.port_id == PORTS.c.id, PORT_FIXED_IPS.c.subnet_id == SUBNETS.c.id),
    )
    .where(
        SUBNETS.c.id.in_(sa.bindparam("ids", expanding=True)),
        PORTS.c.network_id == SUBNETS.c.network_id,
        PORTS.c.device_owner == DISTRIBUTED,
    )
    .order_by(SUBNETS.c.id, PORT_FIXED_IPS.c.ip_key)
)


class _Route(msgspec.Struct):
    destination: str
    nexthop: str


_texts = msgspec.json.Decoder(list[str]).decode
_routes = msgspec.json.Decoder(list[_Route]).decode


def metadata_ips(tx: ReadTx, ids: Sequence[str]) -> dict[str, str]:
    """Subnet → the address of its network's metadata port in it, for those that have one. One statement."""
    found: dict[str, str] = {}
    for row in tx.rows(_METADATA, {"ids": ids}):
        found.setdefault(row.id, row.ip_address)
    return found


def views(tx: ReadTx, ids: Sequence[str]) -> dict[str, SubnetView]:
    """The subnets of `ids` that exist. Two statements."""
    metadata = metadata_ips(tx, ids)
    return {
        row.id: SubnetView(
            id=row.id,
            network_id=row.network_id,
            revision=row.revision_number,
            ip_version=row.ip_version,
            cidr=row.cidr,
            gateway_ip=row.gateway_ip,
            enable_dhcp=row.enable_dhcp,
            ipv6_address_mode=row.ipv6_address_mode,
            dns_nameservers=tuple(_texts(row.dns_nameservers)),
            host_routes=tuple(HostRoute(one.destination, one.nexthop) for one in _routes(row.host_routes)),
            mtu=row.mtu,
            metadata_ip=metadata.get(row.id),
        )
        for row in tx.rows(_SUBNETS, {"ids": ids})
    }
