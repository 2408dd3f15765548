"""NetworkNamesViews from the store."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model.views import NetworkNamesView
from wovenet.resources.names.render import FLOATING_IP
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.store.tx import ReadTx

_IDS: "sa.BindParameter[str]" = sa.bindparam("ids", expanding=True)
_NETWORKS = sa.select(NETWORKS.c.id, NETWORKS.c.revision_number, NETWORKS.c.dns_domain).where(NETWORKS.c.id.in_(_IDS))
_NAMES = (
    sa.select(PORTS.c.network_id, PORTS.c.dns_name, PORT_FIXED_IPS.c.ip_address)
    .join(PORT_FIXED_IPS, PORT_FIXED_IPS.c.port_id == PORTS.c.id)
    .where(
        PORTS.c.network_id.in_(_IDS),
        PORTS.c.dns_name != "",
        PORTS.c.device_id != "",
        PORTS.c.device_owner != FLOATING_IP,
    )
    .order_by(PORTS.c.network_id, PORT_FIXED_IPS.c.ip_address)
)


def views(tx: ReadTx, ids: Sequence[str]) -> dict[str, NetworkNamesView]:
    """The names in those networks of `ids` that exist. Two statements."""
    names: dict[str, list[tuple[str, str]]] = {}
    for row in tx.rows(_NAMES, {"ids": ids}):
        names.setdefault(row.network_id, []).append((row.dns_name, row.ip_address))
    return {
        row.id: NetworkNamesView(
            id=row.id, revision=row.revision_number, dns_domain=row.dns_domain, names=tuple(names.get(row.id, ()))
        )
        for row in tx.rows(_NETWORKS, {"ids": ids})
    }
