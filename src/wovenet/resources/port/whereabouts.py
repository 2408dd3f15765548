"""On which chassis ports are plugged in, as the Southbound says: more than one while an instance moves."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.resources.port import events
from wovenet.resources.port.rules import ACTIVE
from wovenet.resources.port.table import PORT_CHASSIS, PORTS
from wovenet.store.tx import Tx

_P = PORTS.c
_C = PORT_CHASSIS.c
_IDS: "sa.BindParameter[Any]" = sa.bindparam("ids", expanding=True)
_KNOWN = sa.select(_C.port_id, _C.chassis).where(_C.port_id.in_(_IDS))
_PORTS = sa.select(_P.id, _P.status, _P.device_owner, _P.device_id).where(_P.id.in_(_IDS)).order_by(_P.id)
_DROP = sa.delete(PORT_CHASSIS).where(_C.port_id.in_(_IDS))


def store(tx: Tx, chassis: Mapping[str, frozenset[str]], *, told: Collection[str]) -> list[str]:
    """It is known on which chassis each port is plugged in. Ports that do not exist are ignored.

    The server of a port that is up, and is plugged in on a chassis where it was not, is told, unless it is `told` of
    the port already. Out: the ports that are elsewhere now. One statement, and at most three more if there are any.
    """
    before: dict[str, set[str]] = {}
    for row in tx.rows(_KNOWN, {"ids": sorted(chassis)}):
        before.setdefault(row.port_id, set()).add(row.chassis)
    different = [port_id for port_id in sorted(chassis) if chassis[port_id] != before.get(port_id, frozenset())]
    if not different:
        return []
    ports = tx.rows(_PORTS, {"ids": different})
    _replace(tx, [port.id for port in ports], chassis, is_known=not before.keys().isdisjoint(different))
    for port in ports:
        is_new = before.get(port.id) and chassis[port.id] - before[port.id]
        if is_new and port.status == ACTIVE and port.id not in told:
            events.plugged_elsewhere(tx, port._asdict())
    return different


def _replace(tx: Tx, ids: Sequence[str], chassis: Mapping[str, frozenset[str]], *, is_known: bool) -> None:
    if is_known:
        tx.run(_DROP, {"ids": ids})
    tx.insert(PORT_CHASSIS, [{"port_id": id_, "chassis": name} for id_ in ids for name in sorted(chassis[id_])])
