"""Virtual ports: nobody's own, but an address that other ports may take over (their allowed address pairs name it).

Such a port is bound to no host. OVN hands it to the one of its parents that last announced the address, and where that
one is, the port's `binding:vif_details` tell.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.drivers.binding import UNBOUND
from wovenet.model.ids import Unit
from wovenet.model.views import FixedIpView, VirtualView
from wovenet.resources.base import Object
from wovenet.resources.host.table import HOSTS
from wovenet.resources.port import rules
from wovenet.resources.port.table import PORT_ALLOWED_PAIRS, PORT_CHASSIS, PORT_FIXED_IPS, PORTS
from wovenet.store.tx import ReadTx, Tx

PARENT: str = "parent_hostname"
"""Key of `binding:vif_details`. Source: the peer."""

_P = PORTS.c
_A = PORT_ALLOWED_PAIRS.c
_F = PORT_FIXED_IPS.c
_IDS: "sa.BindParameter[Any]" = sa.bindparam("ids", expanding=True)
_ADDRESSES: "sa.BindParameter[Any]" = sa.bindparam("addresses", expanding=True)
_NETWORKS: "sa.BindParameter[Any]" = sa.bindparam("network_ids", expanding=True)
_CLAIMING = (
    sa.select(_P.network_id, _A.ip_address, _A.port_id)
    .join(PORTS, _P.id == _A.port_id)
    .where(_A.ip_address.in_(_ADDRESSES), _P.network_id.in_(_NETWORKS))
    .distinct()
)
_CLAIMED = (
    sa.select(_P.network_id, _F.ip_address, _F.port_id)
    .join(PORTS, _P.id == _F.port_id)
    .where(_F.ip_address.in_(_ADDRESSES), _P.network_id.in_(_NETWORKS))
)
_WHERE = (
    sa.select(PORT_CHASSIS.c.port_id, HOSTS.c.hostname)
    .join(HOSTS, HOSTS.c.chassis == PORT_CHASSIS.c.chassis)
    .where(PORT_CHASSIS.c.port_id.in_(_IDS))
    .order_by(PORT_CHASSIS.c.port_id, HOSTS.c.hostname)
)
_UNBOUND = sa.select(_P.id, _P.binding_vif_details).where(_P.id.in_(_IDS), _P.binding_vif_type == UNBOUND)
_TELL = (
    sa.update(PORTS)
    .where(_P.id == sa.bindparam("of_port"), _P.binding_vif_type == UNBOUND)
    .values(
        binding_vif_details=sa.bindparam("details"),
        revision_number=_P.revision_number + 1,
        updated_at=sa.bindparam("now"),
    )
)


def views(tx: ReadTx, ports: Mapping[str, tuple[str, Sequence[FixedIpView]]]) -> dict[str, VirtualView]:
    """Those of `ports` that are virtual. In: ports that are on no host → network and addresses.

    At most two statements; none if there are no ports. A port is not its own parent.
    """
    addresses = sorted({one.ip_address for _, fixed_ips in ports.values() for one in fixed_ips})
    if not addresses:
        return {}
    networks = sorted({network_id for network_id, _ in ports.values()})
    parents: dict[tuple[str, str], set[str]] = {}
    for row in tx.rows(_CLAIMING, {"addresses": addresses, "network_ids": networks}):
        parents.setdefault((row.network_id, row.ip_address), set()).add(row.port_id)
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for port_id, (network_id, fixed_ips) in ports.items():
        for one in fixed_ips:
            others = parents.get((network_id, one.ip_address), set()) - {port_id}
            if others:
                found.setdefault(port_id, (one.ip_address, tuple(sorted(others))))
    where = hosts(tx, found)
    return {port_id: VirtualView(ip, others, where.get(port_id, "")) for port_id, (ip, others) in found.items()}


def hosts(tx: ReadTx, ids: Collection[str]) -> dict[str, str]:
    """Where those of these ports are that are anywhere. No statement if there are none."""
    return {row.port_id: row.hostname for row in tx.rows(_WHERE, {"ids": sorted(ids)})} if ids else {}


def mark_claimed(tx: Tx, before: Iterable[Object], after: Iterable[Object]) -> None:
    """Marks the ports whose addresses come into, or leave, the allowed pairs of ports. At most one statement."""
    changed = _named(before) ^ _named(after)
    if not changed:
        return
    parameters = {"addresses": sorted({one[1] for one in changed}), "network_ids": sorted({one[0] for one in changed})}
    for row in tx.rows(_CLAIMED, parameters):
        if (row.network_id, row.ip_address, row.port_id) not in changed:
            tx.mark(Unit("port", row.port_id))


def _named(ports: Iterable[Object]) -> set[tuple[str, str, str]]:
    """(network, address, port that names it)."""
    return {
        (port["network_id"], pair["ip_address"], port["id"])
        for port in ports
        for pair in port.get("allowed_address_pairs") or ()
    }


def tell(tx: Tx, ports: Collection[str], *, virtual: Collection[str]) -> None:
    """Ports that are on no host tell where their parent is, if they are virtual. In: ports whose chassis has changed.

    One statement; if any is to tell something else, one more for all, and one for each.
    """
    rows = tx.rows(_UNBOUND, {"ids": sorted(ports)}) if ports else ()
    told = {row.id: msgspec.json.decode(row.binding_vif_details) for row in rows}
    where = hosts(tx, [port_id for port_id in told if port_id in virtual])
    for port_id, details in told.items():
        wanted = {key: value for key, value in details.items() if key != PARENT}
        if port_id in virtual or PARENT in details:
            wanted[PARENT] = where.get(port_id, "")
        if wanted != details:
            text = msgspec.json.encode(wanted).decode()
            tx.run(_TELL, {"of_port": port_id, "details": text, "now": tx.now()})
            tx.mark(Unit("port", port_id))


def may_be(*, host: str, device_owner: str) -> bool:
    """Whether a port could be virtual, as far as it says itself."""
    return not host and not device_owner.startswith(rules.NETWORK_OWNER)
