"""What compute is told of the ports of its servers: marks of topic `notify`, in the transaction that makes them true.

The kind of such a unit is the event's name, its id names port and server: of a port that is gone there is nothing left
to look at, and an instance that waits for its port to be plugged in has to hear of each time. Source: Nova's
`os-server-external-events`; which event when: the peer.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from wovenet.model.ids import Unit
from wovenet.resources.port.rules import ACTIVE
from wovenet.store.tx import NOTIFY, Tx

CHANGED: Final = "network-changed"
PLUGGED: Final = "network-vif-plugged"
UNPLUGGED: Final = "network-vif-unplugged"
DELETED: Final = "network-vif-deleted"
STATUS_EVENTS: Final = (PLUGGED, UNPLUGGED)
DATA_EVENTS: Final = (CHANGED, DELETED)

COUNTS: Final = ("told", "unknown", "refused", "outdated", "surplus")
"""What becomes of events. Unknown: compute has no such server; outdated and surplus: dropped unheard."""
COUNTED: Final = "compute_events_"
"""How the names of their counters begin."""

_COMPUTE: Final = "compute:"
_SERVER: Final = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_BETWEEN: Final = "/"

Port = Mapping[str, Any]
"""An object of the API, or the columns `id`, `device_owner` and `device_id`."""


class Event(NamedTuple):
    """What happened to a port of a server."""

    name: str
    port_id: str
    server_id: str


def event_of(unit: Unit) -> Event:
    """The event that was marked as `unit`."""
    port_id, _, server_id = unit.id.partition(_BETWEEN)
    return Event(unit.kind, port_id, server_id)


def changed(tx: Tx, before: Port, after: Port) -> None:
    """Whose server shows the port has to look at it again, and is told if the port came up or went down.

    The server is the one that has the port now: one that has given it away knows that already.
    """
    _mark(tx, CHANGED, after)
    status_changed(tx, after, is_up=after["status"] == ACTIVE, was_up=before["status"] == ACTIVE)


def status_changed(tx: Tx, port: Port, *, is_up: bool, was_up: bool) -> None:
    """The port's server is told if the port came up or went down."""
    if is_up != was_up:
        _mark(tx, PLUGGED if is_up else UNPLUGGED, port)


def plugged_elsewhere(tx: Tx, port: Port) -> None:
    """The port, which is up, is plugged in on another host: an instance moves there, and waits to hear it."""
    _mark(tx, PLUGGED, port)


def removed(tx: Tx, ports: Sequence[Port]) -> None:
    """The servers that had the ports are told that they are gone."""
    for port in ports:
        _mark(tx, DELETED, port)


def _mark(tx: Tx, name: str, port: Port) -> None:
    server_id = port["device_id"]
    if port["device_owner"].startswith(_COMPUTE) and _SERVER.fullmatch(server_id):
        tx.mark(Unit(name, f"{port['id']}{_BETWEEN}{server_id}"), NOTIFY)
