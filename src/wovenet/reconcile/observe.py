"""What the Southbound database says, brought to the store: statuses of ports, hosts, heartbeats of their agents.

On every connect everything is compared, so nothing that was missed while nobody listened stays wrong; then changes
follow, in batches. What comes from a chassis is untrusted: it is read by `host.facts`, and only ids are compared with.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, Protocol, TypeVar

import sqlalchemy as sa

from wovenet.model.clock import Clock
from wovenet.model.ids import is_uuid
from wovenet.ovn import southbound as sb
from wovenet.ovn.errors import TransactionRefused
from wovenet.resources import host
from wovenet.resources.external import marks as external
from wovenet.resources.host import facts
from wovenet.resources.port import status, virtual, whereabouts
from wovenet.resources.port.table import PORTS
from wovenet.store import outbox
from wovenet.store.tx import SOUTHBOUND, Store, Tx

LOG = logging.getLogger(__name__)
T = TypeVar("T")

BATCH: Final = 500
"""Changes in one transaction."""
POLL_S: Final = 1.0
HOST: Final = "host"
"""The kind of unit that is marked when a host is to go."""
VIRTUAL: Final = "virtual"
"""The type of a port whose chassis is that of the port which has its address."""
METADATA_ID: Final = "neutron:ovn-metadata-id"
METADATA_NB_CFG: Final = "neutron:ovn-metadata-sb-cfg"
"""Keys of Chassis_Private.external_ids. Source: the metadata agent of ML2/OVN, which writes them."""
_NB_CFG_MAX: Final = 2**63 - 1
_UP_IN_STORE = (
    sa.select(PORTS.c.id)
    .where(PORTS.c.is_up.is_(sa.true()), PORTS.c.id > sa.bindparam("last"))
    .order_by(PORTS.c.id)
    .limit(BATCH)
)


class Watches(Protocol):
    """What tells of the Southbound database. Source: `ovn.southbound.Southbound`."""

    def connect(self, timeout_s: float) -> None: ...

    def poll(self, timeout_s: float) -> list[sb.Event]: ...

    def remove_hosts(self, names: Sequence[str]) -> None: ...


class Hold(Protocol):
    """Lets a transaction commit only while the controller leads. Raises: Superseded."""

    def __call__(self, tx: Tx) -> None: ...


class Observer:
    """Brings events to the store. One thread. See the module."""

    def __init__(self, store: Store, watch: Watches, *, hold: Hold, down_time_s: float) -> None:
        self._store = store
        self._watch = watch
        self._hold = hold
        self._down_time_s = down_time_s
        self._clock: Clock = store.clock
        self._review_at = 0.0

    def connect(self, timeout_s: float) -> None:
        """Watches anew; the next step compares everything. Raises: ConnectionLost."""
        self._watch.connect(timeout_s)
        # Hosts get the time to answer a liveness bump before anyone says that they are silent.
        self._review_at = self._clock.monotonic() + self._down_time_s / 2

    def step(self, timeout_s: float = POLL_S) -> int:
        """Takes what happened, waiting for it at most `timeout_s`, and stores it. Out: how many events.

        Raises: ConnectionLost, StoreBusy, CommitUnknown (connect again), Superseded (stop).
        """
        events = self._watch.poll(timeout_s)
        changes: list[sb.Change] = []
        for event in events:
            if isinstance(event, sb.Snapshot):
                self._compare(event)
            else:
                changes.append(event)
        for part in _parts(changes):
            self._write(partial(_store, changes=part))
        self._remove_hosts()
        if self._clock.monotonic() >= self._review_at:
            self._review_at = self._clock.monotonic() + self._down_time_s / 4
            self._write(partial(host.review, down_time_s=self._down_time_s))
        return len(events)

    def _compare(self, snapshot: sb.Snapshot) -> None:
        """The store says what the snapshot says: of all ports, hosts and agents, also those that it does not name."""
        self._write(partial(_keep_only, chassis=[one.name for one in snapshot.chassis]))
        everything: list[sb.Change] = [*snapshot.chassis, *snapshot.agents, *snapshot.ports]
        for part in _parts(everything):
            self._write(partial(_store, changes=part))
        bound = {one.logical_port for one in snapshot.ports}
        last = ""
        while True:
            with self._store.read() as tx:
                ids = [row.id for row in tx.rows(_UP_IN_STORE, {"last": last})]
            if not ids:
                return
            last = ids[-1]
            if gone := {port_id: frozenset[str]() for port_id in ids if port_id not in bound}:
                self._write(partial(_set_up, chassis=gone, floating=frozenset()))

    def _remove_hosts(self) -> None:
        """Hosts whose agent somebody deleted are gone from the Southbound database, too."""
        with self._store.read() as tx:
            marks = outbox.queue(tx, SOUTHBOUND, (HOST,), BATCH)
        if not marks:
            return
        try:
            self._watch.remove_hosts(sorted({mark.unit.id for mark in marks}))
        except TransactionRefused as refused:
            # Not tried again: the host is there, and its agent comes back with it.
            LOG.warning("hosts cannot be removed from the Southbound database: %s", refused.error)
        self._write(partial(outbox.done, marks=marks))

    def _write(self, fn: Callable[[Tx], object]) -> None:
        def write(tx: Tx) -> None:
            self._hold(tx)
            fn(tx)

        self._store.write(write)


def _store(tx: Tx, changes: Sequence[sb.Change]) -> None:
    chassis: dict[str, frozenset[str]] = {}
    floating: set[str] = set()
    are_others = False
    for change in changes:
        match change:
            case sb.PortChanged(logical_port=port_id):
                if is_uuid(port_id):
                    chassis[port_id] = _where_up(change)
                    if change.type == VIRTUAL:
                        floating.add(port_id)
            case sb.PortGone(logical_port=port_id):
                if is_uuid(port_id):
                    chassis[port_id] = frozenset()
            case sb.ChassisChanged():
                are_others = _store_host(tx, change) or are_others
            case sb.ChassisGone(name=name):
                are_others = host.gone(tx, name) or are_others
            case sb.AgentChanged():
                _store_agent(tx, change)
            case sb.AgentGone():
                pass  # its host goes with it, or it comes back
    if are_others:
        external.of_hosts(tx)
    _set_up(tx, chassis, floating)


def _keep_only(tx: Tx, chassis: Sequence[str]) -> None:
    if host.keep_only(tx, chassis):
        external.of_hosts(tx)


def _where_up(change: sb.PortChanged) -> frozenset[str]:
    """The chassis on which a port is plugged in; none unless it is up and one of them has it."""
    if not change.up or change.chassis is None:
        return frozenset()
    return frozenset(filter(facts.is_name, (change.chassis, *change.additional_chassis)))


def _set_up(tx: Tx, chassis: Mapping[str, frozenset[str]], floating: Collection[str]) -> None:
    """In: `floating` are the virtual ones among the ports."""
    changed = status.set_up(tx, {port_id: bool(names) for port_id, names in chassis.items()})
    for port_id in changed:
        LOG.debug("port %s is %s", port_id, "up" if chassis[port_id] else "down")
    moved = whereabouts.store(tx, chassis, told=changed)
    virtual.tell(tx, moved, virtual=floating)


def _store_host(tx: Tx, change: sb.ChassisChanged) -> bool:
    """Out: whether the host is new or another than before."""
    found = facts.of_chassis(change.name, change.hostname, config=change.config, encaps=change.encaps)
    if found is None:
        LOG.warning("a chassis without a usable name was left out")
        return False
    return host.report(tx, found)


def _store_agent(tx: Tx, change: sb.AgentChanged) -> None:
    if not facts.is_name(change.name):
        return
    host.heard(
        tx,
        change.name,
        nb_cfg=_count(change.nb_cfg),
        metadata_agent_id=change.external_ids.get(METADATA_ID),
        metadata_nb_cfg=_count(change.external_ids.get(METADATA_NB_CFG, "0")),
    )


def _count(value: object) -> int:
    """A counter as a chassis wrote it; 0 for what is none."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        return 0
    return min(int(text), _NB_CFG_MAX)


def _parts(changes: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(changes), BATCH):
        yield changes[at : at + BATCH]
