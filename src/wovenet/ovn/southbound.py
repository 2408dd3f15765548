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
The snapshot of 10 k ports is an answer of 1.2 MB; it lives as long as the consumer holds it.

Bounds. One poll reads no more than `client.MAX_PUMP_BYTES` and returns it; what is not read stays with the server,
which merges what a slow reader has not taken into one update, so nothing can overflow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wovenet.ovn.client import Client
from wovenet.ovn.wire import decode

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


class Southbound:
    """Watches over one client, which nobody else uses. See the module."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._forget()

    def _forget(self) -> None:
        self._chassis: dict[str, dict[str, Any]] = {}
        """The monitored columns of every Chassis, by row uuid."""
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

    def _absorb(self, updates: Mapping[str, Mapping[str, Any]]) -> None:
        """One update is one or several transactions of the server, merged. What is gone comes first everywhere: a row
        may have been replaced by another one with the same name."""
        self._absorb_hosts(updates.get("Encap", {}), updates.get("Chassis", {}))
        ports, gone = _parted(updates.get("Port_Binding", {}))
        for row in gone.values():
            self._tell("port", row["logical_port"], PortGone(row["logical_port"]))
        for row in ports.values():
            self._tell("port", row["logical_port"], self._port_changed(row))
        agents, gone = _parted(updates.get("Chassis_Private", {}))
        for row in gone.values():
            self._tell("agent", row["name"], AgentGone(row["name"]))
        for row in agents.values():
            ids = _map(row["external_ids"])
            self._tell("agent", row["name"], AgentChanged(row["name"], row["nb_cfg"], row["nb_cfg_timestamp"], ids))

    def _absorb_hosts(self, encaps: Mapping[str, Any], chassis: Mapping[str, Any]) -> None:
        """Tells of hosts that changed, themselves or by an encapsulation."""
        present, gone = _parted(encaps)
        touched = {row["chassis_name"] for row in (*present.values(), *gone.values())}
        for uuid in gone:
            self._encaps.pop(uuid, None)
        for uuid, row in present.items():
            self._encaps[uuid] = (row["type"], row["ip"])
        present, gone = _parted(chassis)
        for uuid, row in gone.items():
            self._chassis.pop(uuid, None)
            self._tell("chassis", row["name"], ChassisGone(row["name"]))
        self._chassis.update(present)
        touched |= {row["name"] for row in present.values()}
        if touched:
            for row in self._chassis.values():
                if row["name"] in touched:
                    self._tell("chassis", row["name"], self._chassis_changed(row))

    def _chassis_changed(self, row: Mapping[str, Any]) -> ChassisChanged:
        encaps = sorted(self._encaps[uuid[1]] for uuid in _many(row["encaps"]) if uuid[1] in self._encaps)
        config = {**_map(row["external_ids"]), **_map(row.get("other_config", ["map", []]))}
        return ChassisChanged(row["name"], row["hostname"], config, tuple(encaps))

    def _port_changed(self, row: Mapping[str, Any]) -> PortChanged:
        chassis = self._names(row["chassis"])
        additional = self._names(row.get("additional_chassis", ["set", []]))
        # Before OVN 20.12 there is no such column, and bound meant up.
        up = decode(row["up"]) == frozenset({True}) if "up" in row else bool(chassis)
        return PortChanged(row["logical_port"], row["type"], chassis[0] if chassis else None, additional, up)

    def _names(self, refs: Any) -> tuple[str, ...]:
        return tuple(sorted(self._chassis[uuid[1]]["name"] for uuid in _many(refs) if uuid[1] in self._chassis))

    def _tell(self, kind: str, name: str, change: Change) -> None:
        self._pending[kind, name] = change


def _parted(updates: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows as they are now, and rows as they were before they went, each by uuid."""
    present = {uuid: update["new"] for uuid, update in updates.items() if "new" in update}
    return present, {uuid: update["old"] for uuid, update in updates.items() if "new" not in update}


def _many(refs: Any) -> list[Any]:
    """The references of a column that holds any number: one is written bare."""
    return list(refs[1]) if refs[0] == "set" else [refs]


def _map(value: Any) -> dict[str, str]:
    return {str(key): str(one) for key, one in value[1]}
