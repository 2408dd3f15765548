"""A cloud's state as values, a store that can be made to hold it, and a controller's loop to bring it to a real NB.

world.become(State(networks=(Net("n"),), ports=(Port("p", "n"),)))      # rows written, units marked
world.settle()                                                           # until no unit is left to do
world.nb()                                                               # what NB has, without uuids of its own
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from tests.ovsdb_servers import CLOCK, TIMEOUT_S, Server
from wovenet.model.ids import NETWORK_DNS, Unit
from wovenet.model.views import DeploymentView
from wovenet.ovn.apply import Applier
from wovenet.ovn.client import Client, Timing
from wovenet.reconcile import kinds
from wovenet.reconcile.backoff import Backoff
from wovenet.reconcile.loop import LOCK, Applies, Loop, Rules
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port.table import PORT_ALLOWED_PAIRS, PORT_FIXED_IPS, PORT_SECURITY_GROUPS, PORTS
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store import outbox
from wovenet.store.schema import key_of
from wovenet.store.tx import OVN, Store, Tx

DEPLOYMENT = DeploymentView(dns_domain="example.", dns_servers=("10.255.255.53",))
RULES = Rules(DEPLOYMENT, Backoff(0.01, 0.05))
NOW = "2026-01-01T00:00:00Z"
ROUNDS_MAX = 10_000


def id_of(name: str) -> str:
    """A random-looking id (version 4) that is always the same for a name."""
    return str(UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), version=4))


@dataclass(frozen=True, slots=True)
class Net:
    name: str
    mtu: int = 1442
    segments: tuple[tuple[str, str | None, int | None], ...] = (("geneve", None, 7),)
    external: bool = False
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Subnet:
    name: str
    net: str
    cidr: str = "10.0.0.0/24"
    gateway: str | None = "10.0.0.1"
    dhcp: bool = True
    dns: tuple[str, ...] = ()
    version: int = 4
    mode: str | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rules: tuple[Mapping[str, Any], ...] = ()
    stateful: bool = True


@dataclass(frozen=True, slots=True)
class Port:
    name: str
    net: str
    ips: tuple[tuple[str, str], ...] = ()
    """(subnet, address)."""
    groups: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str, int], ...] = ()
    host: str = ""
    security: bool = True
    owner: str = "compute:nova"
    device: str = "vm"
    up: bool = True
    status: str = "DOWN"
    vif: str = "unbound"
    vnic: str = "normal"
    dns: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class State:
    """Everything there is."""

    nets: tuple[Net, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    groups: tuple[Group, ...] = ()
    ports: tuple[Port, ...] = ()


EMPTY = State()
Rows = dict[sa.Table, dict[tuple[Any, ...], dict[str, Any]]]

ORDER: tuple[sa.Table, ...] = (
    NETWORKS, NETWORK_SEGMENTS, SUBNETS, SECURITY_GROUPS, SECURITY_GROUP_RULES, PORTS, PORT_FIXED_IPS,
    PORT_ALLOWED_PAIRS, PORT_SECURITY_GROUPS,
)  # fmt: skip


def rows_of(state: State) -> Rows:
    """The tables' rows, by primary key."""
    found: Rows = {table: {} for table in ORDER}

    def add(table: sa.Table, **values: Any) -> None:
        row = {column.name: values.get(column.name, _plain(column)) for column in table.c}
        found[table][tuple(row[column.name] for column in table.primary_key)] = row

    for net in state.nets:
        add(
            NETWORKS,
            **_standard(net.name, net.revision),
            admin_state_up=True,
            status="ACTIVE",
            mtu=net.mtu,
            port_security_enabled=True,
            router_external=net.external,
        )
        for index, (kind, physical, number) in enumerate(net.segments):
            add(
                NETWORK_SEGMENTS,
                id=id_of(f"{net.name}/{index}"),
                network_id=id_of(net.name),
                segment_index=index,
                network_type=kind,
                physical_network=physical,
                segmentation_id=number,
            )
    for subnet in state.subnets:
        add(
            SUBNETS,
            **_standard(subnet.name, subnet.revision),
            network_id=id_of(subnet.net),
            ip_version=subnet.version,
            cidr=subnet.cidr,
            gateway_ip=subnet.gateway,
            enable_dhcp=subnet.dhcp,
            ipv6_address_mode=subnet.mode,
            allocation_pools="[]",
            dns_nameservers=json.dumps(subnet.dns),
            host_routes="[]",
            first_key=key_of(0),
            last_key=key_of(1),
        )
    for group in state.groups:
        add(SECURITY_GROUPS, **_standard(group.name, 1), stateful=group.stateful)
        for rule in group.rules:
            _add_rule(add, group, rule)
    for port in state.ports:
        _add_port(add, port)
    return found


def _plain(column: "sa.Column[Any]") -> Any:
    """A value for a column that says nothing to OVN."""
    if column.nullable:
        return None
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.Text):  # JSON
        return "[]"
    return 0 if isinstance(column.type, sa.Integer) else ""


def _standard(name: str, revision: int) -> dict[str, Any]:
    return {
        "id": id_of(name),
        "project_id": "prj",
        "name": name,
        "description": "",
        "revision_number": revision,
        "created_at": NOW,
        "updated_at": NOW,
    }


def _add_rule(add: Callable[..., None], group: Group, rule: Mapping[str, Any]) -> None:
    values = dict(rule)
    remote = values.pop("remote", None)
    name = f"{group.name}/{json.dumps(rule, sort_keys=True)}"
    add(
        SECURITY_GROUP_RULES,
        **{
            **_standard(name, 0),
            "security_group_id": id_of(group.name),
            "direction": "ingress",
            "ethertype": "IPv4",
            "remote_group_id": id_of(remote) if remote else None,
            "claim": id_of(name),
            **values,
        },
    )


def _add_port(add: Callable[..., None], port: Port) -> None:
    add(
        PORTS,
        **_standard(port.name, port.revision),
        network_id=id_of(port.net),
        mac_address=mac_of(port.name),
        admin_state_up=port.up,
        status=port.status,
        device_id=port.device,
        device_owner=port.owner,
        port_security_enabled=port.security,
        dns_name=port.dns,
        ip_allocation="immediate",
        binding_host_id=port.host,
        binding_vnic_type=port.vnic,
        binding_vif_type=port.vif,
        binding_vif_details="{}",
        binding_profile="{}",
        extra_dhcp_opts=json.dumps(
            [{"opt_name": name, "opt_value": value, "ip_version": version} for name, value, version in port.options]
        ),
    )
    for subnet, address in port.ips:
        key = hashlib.md5(address.encode(), usedforsecurity=False).hexdigest()
        add(PORT_FIXED_IPS, subnet_id=id_of(subnet), ip_key=key, port_id=id_of(port.name), ip_address=address)
    for mac_address, address in port.pairs:
        add(PORT_ALLOWED_PAIRS, port_id=id_of(port.name), mac_address=mac_address, ip_address=address)
    for group in port.groups:
        add(PORT_SECURITY_GROUPS, port_id=id_of(port.name), security_group_id=id_of(group))


def mac_of(name: str) -> str:
    return "fa:16:3e:" + ":".join(id_of(name)[at : at + 2] for at in (0, 2, 4))


def units_of(state: State) -> dict[Unit, Any]:
    """Every unit with all that decides its rows, so that what changed is what has to be marked."""
    nets = {net.name: net for net in state.nets}
    subnets = {subnet.name: subnet for subnet in state.subnets}
    metadata: dict[str, list[Port]] = {}
    for port in state.ports:
        metadata.setdefault(port.device, []).append(port)
    found: dict[Unit, Any] = {Unit("network", id_of(net.name)): net for net in state.nets}
    for net in state.nets:
        found[Unit(NETWORK_DNS, id_of(net.name))] = [port for port in state.ports if port.net == net.name and port.dns]
    contents = {
        subnet.name: (subnet, nets[subnet.net].mtu, metadata.get(f"ovnmeta-{id_of(subnet.net)}"))
        for subnet in state.subnets
    }
    found |= {Unit("subnet", id_of(name)): content for name, content in contents.items()}
    found |= {Unit("security_group", id_of(group.name)): group for group in state.groups}
    for port in state.ports:
        on = [contents[subnet] for subnet, _ in port.ips if subnet in subnets]
        found[Unit("port", id_of(port.name))] = (port, nets[port.net].mtu, on)
    return found


class World:
    """See the module. One loop, as the one controller that leads."""

    def __init__(
        self, store: Store, server: Server, *, applier: Callable[[Client], Applies] | None = None, rules: Rules = RULES
    ) -> None:
        self.store = store
        self.server = server
        self.rules = rules
        self.state = EMPTY
        self._applier = applier or (lambda client: Applier(client, lock=LOCK))
        self.client = server.client(timing=Timing(backoff_min_s=0.01))
        self.loop = Loop(store, self.client, self._applier(self.client), rules)

    def lead(self) -> None:
        """Waits until the lock is free, and leads."""
        deadline = CLOCK.monotonic() + TIMEOUT_S
        self.client.lock(LOCK)
        while not self.client.holds(LOCK):
            assert CLOCK.monotonic() < deadline
            self.client.poll(0.1)
        self.loop.lead()

    def reconnect(self) -> None:
        self.client.connect(10)
        self.lead()

    def become(self, state: State) -> None:
        """The store holds `state`; every unit whose rows may differ is marked."""
        before, after = rows_of(self.state), rows_of(state)
        units_before, units_after = units_of(self.state), units_of(state)
        changed = [
            unit
            for unit in sorted(units_before.keys() | units_after.keys())
            if units_before.get(unit) != units_after.get(unit)
        ]

        def write(tx: Tx) -> None:
            for table in reversed(ORDER):
                for key in before[table].keys() - after[table].keys():
                    tx.run(table.delete().where(*_key(table, key)))
            for table in ORDER:
                for key, row in after[table].items():
                    if key not in before[table]:
                        tx.insert(table, [row])
                    elif before[table][key] != row:
                        tx.run(table.update().where(*_key(table, key)).values(row))
            for unit in changed:
                tx.mark(unit)

        self.store.write(write)
        self.state = state

    def settle(self) -> None:
        """Steps until nothing is left that can be done; retries are waited for."""
        for _ in range(ROUNDS_MAX):
            if not self.loop.step():
                if self.loop.wants_audit:
                    self.loop.audit()
                    continue
                with self.store.read() as tx:
                    left = [one for one in outbox.failing(tx) if one.state is outbox.State.RETRY]
                if not left:
                    return
        raise AssertionError("it does not come to rest")

    def states(self) -> dict[str, tuple[str, str | None]]:
        """Units that are not settled: their state and why, or on whom they wait."""
        with self.store.read() as tx:
            return {str(one.unit): (one.state.value, one.reason or one.waiting_on) for one in outbox.failing(tx)}

    def rewrite(self, statement: sa.Executable, *units: Unit) -> None:
        def write(tx: Tx) -> None:
            tx.connection.execute(statement)
            for unit in units:
                tx.mark(unit)

        self.store.write(write)

    def rewrite_marks(self, *units: Unit) -> None:
        self.rewrite(sa.select(1), *units)

    def nb(self) -> dict[str, list[dict[str, Any]]]:
        """The contents of NB, references by name; as it looks to whoever reads it."""
        return contents(self.client)


def _key(table: sa.Table, key: Sequence[Any]) -> Iterable["sa.ColumnElement[bool]"]:
    return [column == value for column, value in zip(table.primary_key, key, strict=True)]


_IGNORED = {"_version", "up", "_uuid"}


def contents(client: Client) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables that we write, without uuids, in an order of their own."""
    selects = [{"op": "select", "table": table, "where": []} for table in kinds.TABLES]
    tables = dict(zip(kinds.TABLES, (result["rows"] for result in client.transact(selects)), strict=True))
    labels = {
        row["_uuid"][1]: row.get("name")
        if isinstance(row.get("name"), str)
        else json.dumps({key: value for key, value in row.items() if key not in ("_uuid", "_version")}, sort_keys=True)
        for rows in tables.values()
        for row in rows
    }

    def plain(value: Any) -> Any:
        match value:
            case ["uuid", uuid]:
                return f"@{labels.get(uuid, uuid)}"
            case ["set", members]:
                return sorted((plain(member) for member in members), key=str)
            case ["map", pairs]:
                return dict(sorted((key, one) for key, one in pairs))
        return value

    return {
        table: sorted(
            ({name: plain(value) for name, value in row.items() if name not in _IGNORED} for row in rows), key=str
        )
        for table, rows in tables.items()
    }


def marks(store: Store) -> int:
    with store.read() as tx:
        return sum(one.count for one in outbox.pending(tx) if one.topic == OVN)


def renamed(state: State, **changes: Any) -> State:
    return replace(state, **changes)
