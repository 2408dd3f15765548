"""Addresses that ports give themselves from their MAC (SLAAC, stateless DHCPv6): every port has one in every such
subnet of its network, so a new subnet means a new address for each of them.
"""

import sqlalchemy as sa

from wovenet.model.ids import Unit
from wovenet.resources.base import Context, Object
from wovenet.resources.ipam import claims
from wovenet.resources.ipam.rules import ROUTER_INTERFACE_OWNERS, eui64
from wovenet.resources.names import marks as names
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store import schema
from wovenet.store.tx import Tx

_CHUNK = 1000
"""Ports that are changed by one statement."""

_PORTS = (
    sa.select(PORTS.c.id, PORTS.c.mac_address)
    .outerjoin(
        PORT_FIXED_IPS,
        sa.and_(PORT_FIXED_IPS.c.port_id == PORTS.c.id, PORT_FIXED_IPS.c.subnet_id == sa.bindparam("of_subnet")),
    )
    .where(
        PORTS.c.network_id == sa.bindparam("of_network"),
        PORTS.c.device_owner.not_in(sorted(ROUTER_INTERFACE_OWNERS)),
        PORT_FIXED_IPS.c.port_id.is_(None),
    )
    .order_by(PORTS.c.id)
)
_IN_SEGMENT = PORTS.c.id.in_(
    sa.select(PORT_FIXED_IPS.c.port_id)
    .join(SUBNETS, SUBNETS.c.id == PORT_FIXED_IPS.c.subnet_id)
    .where(SUBNETS.c.segment_id == sa.bindparam("of_segment"))
)
_PORTS_IN_SEGMENT = _PORTS.where(_IN_SEGMENT)
_BUMP = (
    sa.update(PORTS)
    .where(PORTS.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(revision_number=PORTS.c.revision_number + 1, updated_at=sa.bindparam("now"))
)


def add_subnet(tx: Tx, context: Context, subnet: Object) -> None:
    """Every port of the network that addresses itself has its address in the new `subnet`, and is marked.

    Four statements, and two more for each further thousand of ports. Does nothing for a subnet of another kind.
    """
    del context
    facts = claims.subnets(tx, [subnet["id"]])[subnet["id"]]
    if not facts.is_auto:
        return
    where = {"of_network": facts.network_id, "of_subnet": facts.id}
    if facts.segment_id is None:
        rows = tx.rows(_PORTS, where)
    else:
        # Others are elsewhere, or nowhere yet.
        rows = tx.rows(_PORTS_IN_SEGMENT, {**where, "of_segment": facts.segment_id})
    for start in range(0, len(rows), _CHUNK):
        ports = rows[start : start + _CHUNK]
        # Ports first: that is the order in which every writer takes them.
        tx.run(_BUMP, {"ids": [row.id for row in ports], "now": tx.now()})
        addresses = [(row.id, eui64(facts, row.mac_address)) for row in ports]
        tx.insert(
            PORT_FIXED_IPS,
            [
                {
                    "subnet_id": facts.id,
                    "ip_key": schema.key_of(number),
                    "port_id": port_id,
                    "ip_address": facts.text(number),
                }
                for port_id, number in addresses
            ],
        )
    for row in rows:
        tx.mark(Unit("port", row.id))
    names.mark(tx, facts.network_id)
