"""What OVN's Northbound database says, read with `ovsdb-client`."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_S = 30
NATURAL = {
    "ACL": ("external_ids", "neutron:security_group_rule_id"),
    "HA_Chassis": ("chassis_name", None),
    "DNS": ("external_ids", "ls_name"),
    "DHCP_Options": ("external_ids", "subnet_id"),
    "Logical_Router_Static_Route": ("ip_prefix", None),
    "NAT": ("external_ids", "neutron:fip_id"),
    "QoS": ("external_ids", "neutron:port_id"),
}
"""Tables without a name → the column (and key in it) that says what a row stands for."""
SKIPPED = {"NB_Global", "Connection", "SSL"}
BY_CHANCE = {("ACL", "label"), ("HA_Chassis", "priority")}
"""Columns whose values mean nothing but that there is one."""
WRITTEN_BY_OVN = {("Logical_Switch_Port", "up"), ("Logical_Switch_Port", "dynamic_addresses")}

Row = dict[str, Any]


@dataclass(frozen=True)
class Ref:
    """A reference to a row."""

    uuid: str


@dataclass(frozen=True)
class Rows:
    """All rows of a moment: `by_uuid[row uuid] = (table, columns that are not empty)`."""

    by_uuid: Mapping[str, tuple[str, Row]] = field(default_factory=dict)

    def identity(self, uuid: str) -> str:
        """What a row stands for, as words: its table and its natural key."""
        if uuid not in self.by_uuid:
            return f"absent row {uuid}"
        table, row = self.by_uuid[uuid]
        column, key = NATURAL.get(table, ("name", None))
        value = row.get(column, "")
        words = [table, str(value.get(key, "") if key and isinstance(value, dict) else value)]
        if table == "ACL" and not words[1]:
            words[1] = row["match"]
        if table == "DHCP_Options" and "port_id" in row.get("external_ids", {}):
            words.append(row["external_ids"]["port_id"])
        return " ".join(words)


def about(rows: Rows, ids: Iterable[str]) -> dict[str, Row]:
    """The rows that belong to objects with these ids, by identity, references told as identities.

    A row belongs if it carries one of the ids in a value, or if such a row refers to it. Groups that others share (the
    drop group) appear with only the members that belong.
    """
    needles = {form for one in ids for form in (one, one.replace("-", "_"))}
    inside = {uuid for uuid, (_, row) in rows.by_uuid.items() if _mentions(row, needles)}
    reached = set(inside)
    while reached:
        reached = {uuid for one in reached for uuid in _references(rows.by_uuid[one][1])} & set(rows.by_uuid) - inside
        inside |= reached
    told = {rows.identity(uuid): _told(rows, rows.by_uuid[uuid][1]) for uuid in inside}
    for uuid, (table, row) in rows.by_uuid.items():
        members = [ref for ref in row.get("ports", ()) if isinstance(ref, Ref) and ref.uuid in inside]
        if table == "Port_Group" and uuid not in inside and members:
            told[rows.identity(uuid)] = {"ports": [rows.identity(ref.uuid) for ref in members]}
    return told


def _mentions(value: Any, needles: Iterable[str]) -> bool:
    if isinstance(value, str):
        return any(needle in value for needle in needles)
    if isinstance(value, dict):
        return any(_mentions(item, needles) for pair in value.items() for item in pair)
    return isinstance(value, list) and any(_mentions(item, needles) for item in value)


def _references(row: Row) -> set[str]:
    return {ref.uuid for value in row.values() if isinstance(value, list) for ref in value if isinstance(ref, Ref)}


def _told(rows: Rows, row: Row) -> Row:
    def said(value: Any) -> Any:
        return rows.identity(value.uuid) if isinstance(value, Ref) else value

    return {key: [said(item) for item in value] if isinstance(value, list) else value for key, value in row.items()}


class Northbound:
    """The database at an OVSDB remote."""

    def __init__(self, remote: str) -> None:
        self._remote = remote
        tables = self._client("get-schema", "OVN_Northbound")["tables"]
        self._columns = {name: table["columns"] for name, table in tables.items() if name not in SKIPPED}

    def rows(self) -> Rows:
        """Everything that stands there now (one transaction, so one moment)."""
        selects = [{"op": "select", "table": table, "where": []} for table in self._columns]
        results = self._client("transact", json.dumps(["OVN_Northbound", *selects]))
        found: dict[str, tuple[str, Row]] = {}
        for table, result in zip(self._columns, results, strict=True):
            for raw in result["rows"]:
                found[raw["_uuid"][1]] = (table, self._row(table, raw))
        return Rows(found)

    def _row(self, table: str, raw: Mapping[str, Any]) -> Row:
        row: Row = {}
        for name, column in self._columns[table].items():
            if (table, name) in WRITTEN_BY_OVN:
                continue
            value = _value(raw[name])
            if _is_set(column["type"]) and not isinstance(value, list):
                value = [value]
            if value not in ([], {}, "") and (value not in (0, False) or isinstance(value, list)):
                row[name] = "<any>" if (table, name) in BY_CHANCE else value
        return row

    def _client(self, command: str, argument: str) -> Any:
        line = ["ovsdb-client", f"--timeout={TIMEOUT_S}", command, self._remote, argument]
        return json.loads(subprocess.run(line, capture_output=True, check=True, text=True).stdout)


def _is_set(kind: Any) -> bool:
    """Whether a column holds a set (an optional value is one); maps and single values are not."""
    return isinstance(kind, dict) and "value" not in kind and (kind.get("min", 1), kind.get("max", 1)) != (1, 1)


def _value(raw: Any) -> Any:
    if isinstance(raw, list) and len(raw) == 2:
        kind, content = raw
        if kind == "uuid":
            return Ref(content)
        if kind == "set":
            return [_value(item) for item in content]
        if kind == "map":
            return {str(key): _value(item) for key, item in content}
    return raw
