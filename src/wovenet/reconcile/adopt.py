"""Rows of an earlier ML2/OVN deployment become ours: found by name or external_ids, and remembered with their uuids.

Done once, when a controller meets an NB that its ledger does not describe. Only rows that a stored object shall have
are taken: what is adopted and not wanted would be removed. All others, those of routers, load balancers or QoS for
example, stay as they are and are nobody's here.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from wovenet.model.ids import GLOBAL_UNIT, NETWORK_DNS, NETWORK_HA, RowUuid, Unit, is_uuid
from wovenet.model.views import DeploymentView
from wovenet.ovn import actual, logs
from wovenet.ovn.client import Client
from wovenet.ovn.diff import RowKey
from wovenet.ovn.rows import Desired, row_uuid
from wovenet.ovn.wire import Normal
from wovenet.reconcile import kinds, ledger
from wovenet.resources.address_group.render import set_uuid
from wovenet.resources.deployment.render import DROP_GROUP, DROP_GROUP_NAME
from wovenet.resources.external import render as external
from wovenet.resources.names.render import dns_uuid
from wovenet.resources.network.render import localnet_uuid, switch_uuid
from wovenet.resources.port.render import port_uuid
from wovenet.resources.security_group.render import group_uuid
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet.render import options_uuid
from wovenet.store.tx import ReadTx, Store, Tx

LOG = logging.getLogger(__name__)

_COLUMNS: Mapping[str, Sequence[str]] = {
    "Logical_Switch": ("name",),
    "DNS": ("external_ids",),
    "DHCP_Options": ("external_ids", "cidr"),
    "Address_Set": ("name",),
    "Meter": ("name", "bands"),
    "HA_Chassis_Group": ("name",),
    "Port_Group": ("name",),
    "ACL": ("external_ids", "direction", "match"),
    "Logical_Switch_Port": ("name",),
}
_RULE_ID = "neutron:security_group_rule_id"
_DROP = re.compile(r"(?:inport|outport) == @pg_([0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12}) && ip")
"""What stops and logs what a group does not allow."""
_PROVNET = "provnet-"
_SLICE = 500
_VERSION_AT = 14
"""Where a UUID says how it was made; 5: computed, so the row is ours already."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of NB that would be `unit`'s `key`, if the unit exists."""

    unit: Unit
    key: RowKey
    actual: RowUuid


def run(store: Store, client: Client, epoch: int, deployment: DeploymentView) -> int:
    """Every row of NB that is one of ours by name is in the ledger, its unit a suspect. Out: how many rows.

    Raises: Superseded, ConnectionLost.
    """
    count = 0
    for table, columns in _COLUMNS.items():
        uuids = [uuid for uuid in actual.versions(client, table) if uuid[_VERSION_AT] != "5"]
        for at in range(0, len(uuids), _SLICE):
            rows = actual.fetch(client, table, uuids[at : at + _SLICE], columns)
            count += store.write(partial(_adopt, table=table, rows=rows, epoch=epoch, deployment=deployment))
    if count:
        LOG.info("adopted %d rows of an earlier deployment", count)
    return count


def namesakes(client: Client, desired: Desired) -> dict[RowKey, RowUuid]:
    """Rows in the way of `desired`: of the same table and name, and with another uuid. (A scan for each row.)"""
    found: dict[RowKey, RowUuid] = {}
    for row in desired.rows:
        name = row.columns.get("name")
        if row.table not in _COLUMNS or not isinstance(name, str):
            continue
        select = {"op": "select", "table": row.table, "where": [["name", "==", str(name)]], "columns": ["_uuid"]}
        [result] = client.transact([select])
        others = [RowUuid(one["_uuid"][1]) for one in result["rows"] if one["_uuid"][1] != row.uuid]
        if others:
            found[row.table, row.uuid] = others[0]
    return found


def _adopt(
    tx: Tx, *, table: str, rows: Mapping[RowUuid, Mapping[str, Normal]], epoch: int, deployment: DeploymentView
) -> int:
    ledger.hold(tx, epoch)
    claims = [claim for claim in _claims(tx, table, rows, deployment) if claim is not None]
    if table != "ACL":
        # An ACL lives by its group's set, which is ours as a whole; to render a group for each of its rules is dear.
        claims = _wanted(tx, claims, deployment)
    taken = ledger.find(tx, [claim.key[1] for claim in claims]).keys
    found: dict[Unit, dict[RowKey, RowUuid]] = {}
    for claim in claims:
        if claim.key not in taken:
            # Of several rows by the same name the first is taken; a second stays an unknown row.
            found.setdefault(claim.unit, {}).setdefault(claim.key, claim.actual)
    for unit, keys in found.items():
        ledger.adopt(tx, unit, keys)
    ledger.suspect(tx, {claim.unit for claim in claims})
    return sum(map(len, found.values()))


def _wanted(tx: ReadTx, claims: Sequence[Claim], deployment: DeploymentView) -> list[Claim]:
    """Those of `claims` whose unit shall have such a row."""
    states = kinds.load_each(tx, sorted({claim.unit for claim in claims}), deployment)
    keys: dict[Unit, frozenset[RowKey]] = {}
    for unit, state in states.items():
        # What cannot be rendered now has to find its rows when it can.
        with suppress(ValueError):
            keys[unit] = frozenset((row.table, row.uuid) for row in state().desired.rows)
    return [claim for claim in claims if claim.key in keys.get(claim.unit, ())]


def _claims(
    tx: ReadTx, table: str, rows: Mapping[RowUuid, Mapping[str, Normal]], deployment: DeploymentView
) -> Iterator[Claim | None]:
    if table == "DHCP_Options":
        yield from (_options(uuid, row) for uuid, row in rows.items())
        return
    if table == "ACL":
        yield from _acls(tx, rows, deployment)
        return
    if table == "Meter":
        yield from _meters(rows)
        return
    if table == "DNS":
        yield from (_names(uuid, row) for uuid, row in rows.items())
        return
    names = {uuid: _text(row["name"]) for uuid, row in rows.items()}
    if table == "Logical_Switch":
        yield from (_switch(uuid, name) for uuid, name in names.items())
    elif table == "HA_Chassis_Group":
        yield from (_chassis_group(uuid, name) for uuid, name in names.items())
    elif table == "Address_Set":
        yield from (_address_set(uuid, name) for uuid, name in names.items())
    elif table == "Port_Group":
        yield from (_group(uuid, name) for uuid, name in names.items())
    else:
        segments = [name.removeprefix(_PROVNET) for name in names.values() if name.startswith(_PROVNET)]
        found = tx.rows(
            sa.select(NETWORK_SEGMENTS.c.id, NETWORK_SEGMENTS.c.network_id).where(NETWORK_SEGMENTS.c.id.in_(segments))
        )
        networks = {row.id: row.network_id for row in found}
        yield from (_port(uuid, name, networks) for uuid, name in names.items())


def _acls(tx: ReadTx, rows: Mapping[RowUuid, Mapping[str, Normal]], deployment: DeploymentView) -> Iterator[Claim]:
    """Of rules, by their ids; and those that drop what no rule allows, by what they say."""
    ids = {uuid: _map(row["external_ids"]).get(_RULE_ID, "") for uuid, row in rows.items()}
    matches = {uuid: _text(row["match"]) for uuid, row in rows.items() if not ids[uuid]}
    dropping = {
        uuid: found[1].replace("_", "-") for uuid, match in matches.items() if (found := _DROP.fullmatch(match))
    }
    rules, groups = SECURITY_GROUP_RULES.c, SECURITY_GROUPS.c
    known = tx.rows(
        sa.select(rules.id, rules.security_group_id).where(rules.id.in_(sorted(filter(None, ids.values()))))
    )
    owners = {row.id: Unit("security_group", row.security_group_id) for row in known}
    there = {row.id for row in tx.rows(sa.select(groups.id).where(groups.id.in_(sorted(dropping.values()))))}
    [state] = kinds.load(tx, [GLOBAL_UNIT], deployment).values()
    own = [row for row in state().desired.rows if row.table == "ACL"]
    drops = {(row.columns["direction"], row.columns["match"]): row.uuid for row in own}
    for uuid, row in rows.items():
        direction = _text(row["direction"])
        if (unit := owners.get(ids[uuid])) is not None:
            yield Claim(unit, ("ACL", row_uuid("ACL", unit, ids[uuid])), uuid)
        elif dropping.get(uuid) in there:
            unit = Unit("security_group", dropping[uuid])
            yield Claim(unit, ("ACL", row_uuid("ACL", unit, f"drop/{direction}")), uuid)
        elif (drop := drops.get((direction, matches.get(uuid, "")))) is not None:
            yield Claim(GLOBAL_UNIT, ("ACL", drop), uuid)


def _meters(rows: Mapping[RowUuid, Mapping[str, Normal]]) -> Iterator[Claim]:
    """A meter of logs, and its band."""
    for uuid, row in rows.items():
        name, bands = _text(row["name"]), [RowUuid(str(band)) for band in row["bands"]]
        if name in logs.METERS and len(bands) == 1:
            yield Claim(GLOBAL_UNIT, ("Meter", logs.meter_uuid(name)), uuid)
            yield Claim(GLOBAL_UNIT, ("Meter_Band", logs.band_uuid(name)), bands[0])


def _switch(uuid: RowUuid, name: str) -> Claim | None:
    network_id = name.removeprefix("neutron-")
    if network_id == name or not is_uuid(network_id):
        return None
    return Claim(Unit("network", network_id), ("Logical_Switch", switch_uuid(network_id)), uuid)


def _names(uuid: RowUuid, row: Mapping[str, Normal]) -> Claim | None:
    switch = _map(row["external_ids"]).get("ls_name", "")
    network_id = switch.removeprefix("neutron-")
    if network_id == switch or not is_uuid(network_id):
        return None
    return Claim(Unit(NETWORK_DNS, network_id), ("DNS", dns_uuid(network_id)), uuid)


def _group(uuid: RowUuid, name: str) -> Claim | None:
    if name == DROP_GROUP_NAME:
        return Claim(GLOBAL_UNIT, ("Port_Group", DROP_GROUP), uuid)
    group_id = name.removeprefix("pg_").replace("_", "-")
    if not name.startswith("pg_") or not is_uuid(group_id):
        return None
    return Claim(Unit("security_group", group_id), ("Port_Group", group_uuid(group_id)), uuid)


def _chassis_group(uuid: RowUuid, name: str) -> Claim | None:
    own = name.removeprefix("neutron-")
    id_ = own.removeprefix("extport-")
    if own == name or not is_uuid(id_):
        return None
    unit = Unit(NETWORK_HA if id_ == own else "port", id_)
    return Claim(unit, ("HA_Chassis_Group", external.group_uuid(unit)), uuid)


def _address_set(uuid: RowUuid, name: str) -> Claim | None:
    group_name, _, version = name.rpartition("_ip")
    group_id = group_name.removeprefix("ag_").replace("_", "-")
    if not group_name.startswith("ag_") or not is_uuid(group_id) or version not in ("4", "6"):
        return None
    return Claim(Unit("address_group", group_id), ("Address_Set", set_uuid(group_id, int(version))), uuid)


def _port(uuid: RowUuid, name: str, networks: Mapping[str, str]) -> Claim | None:
    if name.startswith(_PROVNET):
        segment_id = name.removeprefix(_PROVNET)
        if segment_id not in networks:
            return None
        unit = Unit("network", networks[segment_id])
        return Claim(unit, ("Logical_Switch_Port", localnet_uuid(unit, segment_id)), uuid)
    if not is_uuid(name):
        return None
    return Claim(Unit("port", name), ("Logical_Switch_Port", port_uuid(name)), uuid)


def _options(uuid: RowUuid, row: Mapping[str, Normal]) -> Claim | None:
    ids = _map(row["external_ids"])
    subnet_id, port_id = ids.get("subnet_id", ""), ids.get("port_id", "")
    if port_id:
        version = 6 if ":" in _text(row["cidr"]) else 4
        unit = Unit("port", port_id)
        return Claim(unit, ("DHCP_Options", row_uuid("DHCP_Options", unit, f"v{version}")), uuid)
    if not subnet_id:
        return None
    return Claim(Unit("subnet", subnet_id), ("DHCP_Options", options_uuid(subnet_id)), uuid)


def _map(value: Normal) -> dict[str, str]:
    """A map column."""
    return {str(key): str(one) for key, one in value.items()} if isinstance(value, dict) else {}


def _text(value: Normal) -> str:
    """A string column; "" for an empty one."""
    return str(next(iter(value), ""))
