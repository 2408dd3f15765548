"""What happens in the Southbound database, as plain events: ports that come up, hosts that come, change and go.

    watch = Southbound(Client(remotes, database=DATABASE, clock=clock))
    watch.connect(timeout_s=30)                # again after every ConnectionLost
    for event in watch.poll(timeout_s=1.0):
        match event:
            case Snapshot(): ...               # everything there is: compare all statuses
            case PortChanged(): ... | PortGone() | ChassisChanged() | ChassisGone() | AgentChanged() | AgentGone()

The first poll after each connect returns a `Snapshot`, which is the truth; what follows are changes of it. Within one
poll only the latest state of each port, chassis and agent is told.

Memory. No port is remembered. The database is asked for changes by the `monitor` method, of which every update carries
all monitored columns before and after (RFC 7047, 4.1.6), where those of `monitor_cond` and `monitor_cond_since` name a
row by its uuid and carry only the columns that changed, so that their reader must keep every row. (The resumption that
`monitor_cond_since` offers is of no use to a reader that compares everything on connecting; a standalone server does
not have it at all.) Hosts are remembered, a few hundred bytes each, because ports and encapsulations name them by uuid.
A snapshot lives as long as the consumer holds it: 40 MB for 100 k ports, 70 MB at most while it is read.

Bounds. One poll reads no more than `client.MAX_PUMP_BYTES` and returns it; what is not read stays with the server,
which merges what a slow reader has not taken into one update, so nothing can overflow.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from wovenet.ovn.client import Client, Updates

DATABASE = "OVN_Southbound"

MONITORED: Mapping[str, Sequence[str]] = {
    "Port_Binding": ("logical_port", "type", "chassis", "additional_chassis", "up"),
    "Chassis": ("name", "hostname", "external_ids", "other_config", "encaps"),
    "Chassis_Private": ("name", "nb_cfg", "nb_cfg_timestamp", "external_ids"),
    "Encap": ("type", "ip", "chassis_name"),
}
"""Source: ovn-sb(5). Columns that an older server lacks are left out when connecting."""


@dataclass(frozen=True, slots=True)
class PortChanged:
    """The binding of a logical port. `chassis` is a chassis name, None when unbound.

    `type` is empty for the port of an instance; others are "patch", "localnet", "chassisredirect" …
    `up` is False also where the column is empty (northd has not yet said anything).
    """

    logical_port: str
    type: str
    chassis: str | None
    additional_chassis: tuple[str, ...]
    up: bool


@dataclass(frozen=True, slots=True)
class PortGone:
    logical_port: str


@dataclass(frozen=True, slots=True)
class ChassisChanged:
    """A host that runs ovn-controller. All of it is what the host says of itself: untrusted.

    `config`: other_config, where it has a key, else external_ids (hosts before OVN 20.06 write only these); holds
    ovn-bridge-mappings, ovn-cms-options, ovn-chassis-mac-mappings, datapath-type, iface-types …
    `encaps`: (type, ip), sorted.
    """

    name: str
    hostname: str
    config: Mapping[str, str]
    encaps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ChassisGone:
    name: str


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """The heartbeat of a host: the last configuration that its ovn-controller has put in place.

    Units: `nb_cfg_timestamp_ms` milliseconds since the epoch, by the host's own clock; 0: never.
    `external_ids` holds the heartbeats of other agents of the host (neutron:ovn-metadata-sb-cfg …).
    """

    name: str
    nb_cfg: int
    nb_cfg_timestamp_ms: int
    external_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AgentGone:
    name: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All there is, at one moment: what is not in it does not exist."""

    ports: tuple[PortChanged, ...]
    chassis: tuple[ChassisChanged, ...]
    agents: tuple[AgentChanged, ...]


Change = PortChanged | PortGone | ChassisChanged | ChassisGone | AgentChanged | AgentGone
Event = Snapshot | Change

_Key = tuple[str, str]
_Refs = list[Any]
"""A set of references as the wire has it."""

Row = TypeVar("Row", bound=msgspec.Struct)


_NULL = msgspec.Raw(b"null")


class _Update(msgspec.Struct, Generic[Row], gc=False):
    """`old` has the columns that changed, and all of them when the row is gone (`new` is None)."""

    old: msgspec.Raw = _NULL
    new: Row | None = None


class _Port(msgspec.Struct, gc=False):
    logical_port: str
    type: str
    chassis: _Refs
    additional_chassis: _Refs = msgspec.field(default_factory=lambda: ["set", []])
    up: bool | list[Any] | None = None


class _Chassis(msgspec.Struct):
    name: str
    hostname: str
    encaps: _Refs
    external_ids: tuple[str, list[tuple[str, str]]]
    other_config: tuple[str, list[tuple[str, str]]] = ("map", [])


class _Agent(msgspec.Struct):
    name: str
    nb_cfg: int
    nb_cfg_timestamp: int
    external_ids: tuple[str, list[tuple[str, str]]]


class _Encap(msgspec.Struct):
    type: str
    ip: str
    chassis_name: str


class _Reader(Generic[Row]):
    """Decodes the rows of one table, one at a time: a snapshot of 100 k ports is never in memory as generic objects."""

    def __init__(self, row: type[Row]) -> None:
        self._update = msgspec.json.Decoder(_Update[row])  # type: ignore[valid-type]
        self._row = msgspec.json.Decoder(row)

    def __call__(self, updates: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, Row, bool]]:
        """(row uuid, the row, whether it is there): as it is now, or as it was before it went."""
        for uuid, raw in updates.items():
            update = self._update.decode(raw)
            if update.new is not None:
                yield uuid, update.new, True
            else:
                yield uuid, self._row.decode(update.old), False


_read_ports, _read_chassis = _Reader(_Port), _Reader(_Chassis)
_read_agents, _read_encaps = _Reader(_Agent), _Reader(_Encap)


class Southbound:
    """Watches over one client, which nobody else uses. See the module."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._forget()

    def _forget(self) -> None:
        self._chassis: dict[str, _Chassis] = {}
        """Every host, by row uuid."""
        self._encaps: dict[str, tuple[str, str]] = {}
        """(type, ip) of every Encap, by row uuid."""
        self._pending: dict[_Key, Change] = {}
        self._fresh = True

    def connect(self, timeout_s: float) -> None:
        """A new connection, and a snapshot for the next poll. Raises: NotLeader, ConnectionLost."""
        self.client.connect(timeout_s)
        self._forget()
        schema = self.client.columns()
        columns = {
            table: [one for one in wanted if one in schema[table]]
            for table, wanted in MONITORED.items()
            if table in schema
        }
        self.client.monitor(columns, self._absorb)

    def poll(self, timeout_s: float) -> list[Event]:
        """What happened since the last poll, waiting at most `timeout_s` for the first of it.

        Raises: ConnectionLost; what had been read and not yet returned is covered by the next snapshot.
        """
        self.client.poll(0 if self._pending or self._fresh else timeout_s)
        pending, self._pending = self._pending, {}
        if not self._fresh:
            return list(pending.values())
        self._fresh = False
        changes = pending.values()
        return [
            Snapshot(
                tuple(one for one in changes if isinstance(one, PortChanged)),
                tuple(one for one in changes if isinstance(one, ChassisChanged)),
                tuple(one for one in changes if isinstance(one, AgentChanged)),
            )
        ]

    def remove_hosts(self, names: Sequence[str]) -> None:
        """There are no rows of these hosts; those that still run write them anew.

        Raises: TransactionRefused, ConnectionLost.
        """
        self.client.transact(
            [
                {"op": "delete", "table": table, "where": [["name", "==", name]]}
                for name in names
                for table in ("Chassis", "Chassis_Private")
            ]
        )

    def _absorb(self, updates: Updates) -> None:
        """One update is one or several transactions of the server, merged.

        A row that went may have been replaced by another one of the same name: then it is a change.
        """
        self._absorb_hosts(updates.get("Encap", {}), updates.get("Chassis", {}))
        changed: list[str] = []
        gone: list[str] = []
        for _, port, there in _read_ports(updates.get("Port_Binding", {})):
            (changed if there else gone).append(port.logical_port)
            if there:
                self._tell("port", port.logical_port, self._port_changed(port))
        for name in set(gone).difference(changed) if gone else ():
            self._tell("port", name, PortGone(name))
        agents = list(_read_agents(updates.get("Chassis_Private", {})))
        for _, agent, there in sorted(agents, key=_gone_first):
            self._tell("agent", agent.name, _agent_changed(agent) if there else AgentGone(agent.name))

    def _absorb_hosts(self, encaps: Mapping[str, msgspec.Raw], chassis: Mapping[str, msgspec.Raw]) -> None:
        """Tells of hosts that changed, themselves or by an encapsulation."""
        touched: set[str] = set()
        for uuid, encap, there in _read_encaps(encaps):
            touched.add(encap.chassis_name)
            self._encaps.pop(uuid, None)
            if there:
                self._encaps[uuid] = (encap.type, encap.ip)
        for uuid, host, there in sorted(_read_chassis(chassis), key=_gone_first):
            touched.add(host.name)
            self._chassis.pop(uuid, None)
            if there:
                self._chassis[uuid] = host
            else:
                self._tell("chassis", host.name, ChassisGone(host.name))
        if touched:
            for host in self._chassis.values():
                if host.name in touched:
                    self._tell("chassis", host.name, self._chassis_changed(host))

    def _chassis_changed(self, host: _Chassis) -> ChassisChanged:
        encaps = sorted(self._encaps[uuid[1]] for uuid in _many(host.encaps) if uuid[1] in self._encaps)
        config = {**dict(host.external_ids[1]), **dict(host.other_config[1])}
        return ChassisChanged(host.name, host.hostname, config, tuple(encaps))

    def _port_changed(self, port: _Port) -> PortChanged:
        chassis = self._names(port.chassis)
        additional = self._names(port.additional_chassis)
        # Before OVN 20.12 there is no such column, and bound meant up.
        up = bool(chassis) if port.up is None else port.up is True
        return PortChanged(port.logical_port, sys.intern(port.type), chassis[0] if chassis else None, additional, up)

    def _names(self, refs: _Refs) -> tuple[str, ...]:
        return tuple(sorted(self._chassis[uuid[1]].name for uuid in _many(refs) if uuid[1] in self._chassis))

    def _tell(self, kind: str, name: str, change: Change) -> None:
        self._pending[kind, name] = change


def _gone_first(read: tuple[str, msgspec.Struct, bool]) -> bool:
    return read[2]


def _agent_changed(agent: _Agent) -> AgentChanged:
    return AgentChanged(agent.name, agent.nb_cfg, agent.nb_cfg_timestamp, dict(agent.external_ids[1]))


def _many(refs: _Refs) -> list[Any]:
    """The references in a column: a single one is written bare."""
    return refs[1] if refs[0] == "set" else [refs]
