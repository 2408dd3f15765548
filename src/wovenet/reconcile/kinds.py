"""THE table of units: of each kind, how its objects are found, viewed and rendered, and which come first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

import sqlalchemy as sa

from wovenet.model.ids import GLOBAL_UNIT, NETWORK_DNS, NETWORK_HA, RowUuid, Unit
from wovenet.model.views import DeploymentView
from wovenet.ovn.diff import RowKey
from wovenet.ovn.rows import NOTHING, Desired, row_uuid
from wovenet.resources.address_group import render as address_group
from wovenet.resources.address_group import view as address_group_view
from wovenet.resources.address_group.table import ADDRESS_GROUPS
from wovenet.resources.deployment import render as deployment
from wovenet.resources.external import render as external
from wovenet.resources.external import view as external_view
from wovenet.resources.log import view as log_view
from wovenet.resources.names import render as names
from wovenet.resources.names import view as names_view
from wovenet.resources.network import render as network
from wovenet.resources.network import view as network_view
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port import render as port
from wovenet.resources.port import view as port_view
from wovenet.resources.port.table import PORT_FIXED_IPS, PORTS
from wovenet.resources.security_group import render as security_group
from wovenet.resources.security_group import view as security_group_view
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.subnet import render as subnet
from wovenet.resources.subnet import view as subnet_view
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store.tx import MARKS, OVN, ReadTx, Tx

ORPHAN: Final = "orphan"
"""Units of this kind own rows that nothing owns; they exist nowhere, so what they have is removed."""

Owners = Mapping[RowUuid, Unit]


class _Revised(Protocol):
    @property
    def revision(self) -> int: ...


@dataclass(frozen=True, slots=True)
class State:
    """What one unit shall have, and who owns the rows that it refers to."""

    desired: Desired
    revision: int
    owners: Owners


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of unit. `rank`: a unit refers to rows of lower ranks only, so it is brought to OVN after them;
    with one exception, `network_ha`."""

    name: str
    rank: int
    load: Callable[[ReadTx, Sequence[str], DeploymentView], Mapping[str, Callable[[], State]]]
    """The units that exist among these ids; each renders when called, and may raise ValueError then."""
    table: sa.Table | None
    """Where the ids are; None if there is one unit only."""
    anchors: Callable[[str], Iterable[RowKey]]
    """The rows that a unit with this id has in most cases, and that keep its others alive."""


def _kind(
    name: str,
    rank: int,
    views: Callable[[ReadTx, Sequence[str]], Mapping[str, Any]],
    render: Callable[[Any, DeploymentView], Desired],
    *,
    table: sa.Table,
    anchors: Callable[[str], Iterable[RowKey]],
    owners: Callable[[Any], Owners] = lambda _view: {},
) -> Kind:
    def load(tx: ReadTx, ids: Sequence[str], settings: DeploymentView) -> Mapping[str, Callable[[], State]]:
        def renderer(view: Any) -> Callable[[], State]:
            return lambda: State(render(view, settings), view.revision, owners(view))

        return {id_: renderer(view) for id_, view in views(tx, ids).items()}

    return Kind(name, rank, load, table, anchors)


def _load_deployment(tx: ReadTx, ids: Sequence[str], settings: DeploymentView) -> Mapping[str, Callable[[], State]]:
    if GLOBAL_UNIT.id not in ids:
        return {}
    told, is_logging = log_view.of_deployment(tx)
    return {GLOBAL_UNIT.id: lambda: State(deployment.render(settings, told, is_logging=is_logging), 0, {})}


def _port_owners(view: Any) -> Owners:
    return {**port.owners(view), deployment.DROP_GROUP: GLOBAL_UNIT}


def _port_anchors(port_id: str) -> Iterable[RowKey]:
    unit = Unit("port", port_id)
    yield "Logical_Switch_Port", port.port_uuid(port_id)
    for version in (4, 6):
        yield "DHCP_Options", row_uuid("DHCP_Options", unit, f"v{version}")


def _address_group_anchors(group_id: str) -> Iterable[RowKey]:
    for version in address_group.VERSIONS:
        yield "Address_Set", address_group.set_uuid(group_id, version)


def _orphan_anchors(orphan_id: str) -> Iterable[RowKey]:
    table, _, uuid = orphan_id.partition("/")
    yield table, RowUuid(uuid)


def _nothing(_tx: ReadTx, _ids: Sequence[str], _settings: DeploymentView) -> Mapping[str, Callable[[], State]]:
    return {}


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(GLOBAL_UNIT.kind, 0, _load_deployment, None, lambda _id: [("Port_Group", deployment.DROP_GROUP)]),
            _kind(
                "network", 1, network_view.views, network.render, table=NETWORKS,
                anchors=lambda id_: [("Logical_Switch", network.switch_uuid(id_))],
            ),
            _kind(
                NETWORK_DNS, 2, names_view.views, names.render, table=NETWORKS,
                anchors=lambda id_: [("DNS", names.dns_uuid(id_))],
                owners=lambda view: {network.switch_uuid(view.id): Unit("network", view.id)},
            ),
            _kind(
                "subnet", 2, subnet_view.views, subnet.render, table=SUBNETS,
                anchors=lambda id_: [("DHCP_Options", subnet.options_uuid(id_))],
            ),
            _kind(
                "address_group", 2, address_group_view.views, lambda view, _: address_group.render(view),
                table=ADDRESS_GROUPS, anchors=_address_group_anchors,
            ),
            _kind(
                "security_group", 3, security_group_view.views, lambda view, _: security_group.render(view),
                table=SECURITY_GROUPS, anchors=lambda id_: [("Port_Group", security_group.group_uuid(id_))],
            ),
            _kind(
                "port", 4, port_view.views, port.render, table=PORTS, anchors=_port_anchors, owners=_port_owners,
            ),
            # After the ports: a group goes only when no port refers to it. The first port of a network waits for it.
            _kind(
                NETWORK_HA, 5, external_view.views, lambda view, _: external.render(view), table=NETWORKS,
                anchors=lambda id_: [("HA_Chassis_Group", external.network_group_uuid(id_))],
            ),
            Kind(ORPHAN, 6, _nothing, None, _orphan_anchors),
        )
    }
)  # fmt: skip

RANK: Final[Mapping[str, int]] = MappingProxyType({kind.name: kind.rank for kind in KINDS.values()})
TABLES: Final = (
    "Logical_Switch", "DNS", "DHCP_Options", "Address_Set", "Meter", "Meter_Band", "Port_Group", "ACL",
    "HA_Chassis_Group", "HA_Chassis", "Logical_Switch_Port",
)  # fmt: skip
"""The tables of NB that units have rows of, except the one whose only row everybody writes to."""

GONE: Final = State(NOTHING, 0, MappingProxyType({}))


def load(tx: ReadTx, units: Iterable[Unit], settings: DeploymentView) -> dict[Unit, Callable[[], State]]:
    """Those of `units` that exist. A constant number of statements for each kind."""
    by_kind: dict[str, list[str]] = {}
    for unit in units:
        by_kind.setdefault(unit.kind, []).append(unit.id)
    found: dict[Unit, Callable[[], State]] = {}
    for name, ids in by_kind.items():
        if name in KINDS:
            for id_, state in KINDS[name].load(tx, ids, settings).items():
                found[Unit(name, id_)] = state
    return found


def mark_all(tx: Tx) -> None:
    """Every unit that there is has a mark. One statement for each kind."""
    for kind in KINDS.values():
        if kind.table is not None:
            now = sa.literal(tx.clock.wall(), sa.Double)
            found = sa.select(sa.literal(OVN), sa.literal(kind.name), kind.table.c.id, now)
            tx.run(MARKS.insert().from_select(["topic", "kind", "unit_id", "created"], found))


def load_each(tx: ReadTx, units: Sequence[Unit], settings: DeploymentView) -> dict[Unit, Callable[[], State]]:
    """As `load`, but what cannot be read of one unit stops no other: such a unit raises ValueError when rendered."""
    try:
        return load(tx, units, settings)
    except BROKEN as error:
        if len(units) == 1:
            return {units[0]: _unreadable(f"what is stored of it cannot be read: {type(error).__name__}: {error}")}
    found: dict[Unit, Callable[[], State]] = {}
    for unit in units:
        found.update(load_each(tx, [unit], settings))
    return found


BROKEN: Final = (ValueError, TypeError, LookupError, AttributeError)
"""What a view raises that meets something in the store that cannot be."""


def _unreadable(cause: str) -> Callable[[], State]:
    def render() -> State:
        raise ValueError(cause)

    return render


def referrers(tx: ReadTx, units: Iterable[Unit]) -> list[Unit]:
    """The units whose columns refer to rows of `units`: what the ledger, which knows links only, does not tell."""
    subnet_ids = sorted({unit.id for unit in units if unit.kind == "subnet"})
    if not subnet_ids:
        return []
    return [Unit("port", row.port_id) for row in tx.rows(_PORTS_IN, {"ids": subnet_ids})]


_PORTS_IN = (
    sa.select(PORT_FIXED_IPS.c.port_id)
    .where(PORT_FIXED_IPS.c.subnet_id.in_(sa.bindparam("ids", expanding=True)))
    .distinct()
)


def orphan(table: str, uuid: RowUuid) -> Unit:
    """The unit of a row that nothing owns."""
    return Unit(ORPHAN, f"{table}/{uuid}")


def anchors(unit: Unit) -> Iterable[RowKey]:
    """The rows that may be in NB of a unit that is gone, if nobody remembers what it had."""
    kind = KINDS.get(unit.kind)
    return kind.anchors(unit.id) if kind else ()
