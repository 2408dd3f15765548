"""What a Neutron had: rows of its database, of its Northbound, and what its API showed; as a file.

`tables` is {table: {columns: {name: type}, rows: [[value, …], …]}}, with types that any database has; of tables that
are of no use to anyone else only the columns are there. `northbound` is {table: [row]} as OVSDB has it on the wire,
without empty columns. `api` is {collection: [object]}. `resolvers` are the name servers that DHCP told of.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from tests.peer.endpoint import Endpoint
from wovenet.model.clock import SystemClock
from wovenet.ovn.client import Client
from wovenet.ovn.nb import DATABASE, TABLES
from wovenet.store.engine import make_engine
from wovenet.takeover.neutron import IGNORED

FILE: Final = Path(__file__).with_name("neutron.json")
CONNECT_S: Final = 10.0
COLLECTIONS: Final = (
    "networks", "subnets", "subnetpools", "address-scopes", "ports", "security-groups", "security-group-rules",
    "default-security-group-rules", "address-groups", "rbac-policies",
)  # fmt: skip
SKIPPED: Final = frozenset({"Connection", "SSL"})
_EMPTY: Final = (["set", []], ["map", []])
_TYPES: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {
    "text": sa.String(4095),
    "key": sa.String(255),
    "number": sa.BigInteger(),
    "flag": sa.Boolean(),
    "time": sa.DateTime(),
}

Dump = dict[str, Any]


def read() -> Dump:
    """The file."""
    found: Dump = json.loads(FILE.read_text())
    return found


def write(dump: Dump) -> None:
    """The file, a row a line, so that a change of it can be read."""
    tables = {
        name: f'{{"columns": {json.dumps(table["columns"])}, "rows": {_lines(table["rows"])}}}'
        for name, table in dump["tables"].items()
    }
    parts = {
        "resolvers": json.dumps(dump["resolvers"]),
        "tables": _object(tables),
        "northbound": _object({name: _lines(rows) for name, rows in dump["northbound"].items()}),
        "api": _object({name: _lines(objects) for name, objects in dump["api"].items()}),
    }
    FILE.write_text(_object(parts) + "\n")


def _lines(values: Any) -> str:
    return "[" + ",\n".join(json.dumps(value, sort_keys=True, ensure_ascii=False) for value in values) + "]"


def _object(parts: Mapping[str, str]) -> str:
    return "{" + ",\n".join(f"{json.dumps(name)}: {text}" for name, text in parts.items()) + "}"


# a running Neutron


def taken(url: str, remote: str, service: Endpoint) -> Dump:
    """What a running Neutron has, whose database is at `url` and whose Northbound is at `remote`."""
    return {
        "resolvers": resolvers(remote),
        "tables": tables(url),
        "northbound": northbound(remote),
        "api": {name: shown(service, name) for name in COLLECTIONS},
    }


def tables(url: str) -> Dump:
    """All tables, in an order in which nothing refers to what comes later."""
    engine = make_engine(url)
    try:
        found = sa.MetaData()
        found.reflect(engine)
        with engine.connect() as connection:
            return {table.name: _table(connection, table) for table in found.sorted_tables}
    finally:
        engine.dispose()


def _table(connection: sa.Connection, table: sa.Table) -> Dump:
    rows: list[list[Any]] = []
    if table.name not in IGNORED:
        rows = [list(map(_plain, row)) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
    keys = {column.name for column in table.primary_key}
    return {"columns": {one.name: _type(one, is_key=one.name in keys) for one in table.c}, "rows": rows}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _type(column: "sa.Column[Any]", *, is_key: bool) -> str:
    if isinstance(column.type, mysql.TINYINT | sa.Boolean):
        return "flag"
    if isinstance(column.type, sa.Integer):
        return "number"
    if isinstance(column.type, sa.DateTime):
        return "time"
    return "key" if is_key else "text"


def northbound(remote: str) -> Dump:
    """All rows of a Northbound database."""
    client = Client(remote, database=DATABASE, clock=SystemClock())
    client.connect(CONNECT_S)
    try:
        names = sorted(TABLES.keys() - SKIPPED)
        results = client.transact([{"op": "select", "table": name, "where": []} for name in names])
        rows = {name: [_row(one) for one in result["rows"]] for name, result in zip(names, results, strict=True)}
        return {name: sorted(found, key=lambda row: str(row["_uuid"])) for name, found in rows.items() if found}
    finally:
        client.close()


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {"_version", "connections", "ssl"}
    return {name: value for name, value in row.items() if name not in left_out and value not in _EMPTY}


def shown(service: Endpoint, collection: str) -> list[dict[str, Any]]:
    """All objects of a collection, as the API shows them to an administrator."""
    answer = service.ask("GET", f"/v2.0/{collection}")
    [objects] = answer.body.values()
    return sorted(objects, key=lambda item: str(item["id"]))


def resolvers(remote: str) -> list[str]:
    """The name servers that DHCP tells of where a subnet names none."""
    found = set()
    for row in northbound(remote).get("DHCP_Options", ()):
        options = dict(row["options"][1])
        if "lease_time" in options:
            found.add(options.get("dns_server", ""))
    alone = sorted(one.strip("{}") for one in found if one.startswith("{10."))
    return alone[0].split(", ") if alone else []


# from a file


def load_tables(url: str, found: Dump) -> None:
    """An empty database has what was recorded."""
    engine = make_engine(url)
    made = sa.MetaData()
    for name, table in found["tables"].items():
        sa.Table(name, made, *(_column(column, kind) for column, kind in table["columns"].items()))
    try:
        with engine.begin() as connection:
            made.create_all(connection)
            for name, table in found["tables"].items():
                if table["rows"]:
                    kinds = table["columns"]
                    rows = [
                        {column: _typed(kinds[column], value) for column, value in zip(kinds, row, strict=True)}
                        for row in table["rows"]
                    ]
                    connection.execute(made.tables[name].insert(), rows)
    finally:
        engine.dispose()


def _column(name: str, kind: str) -> "sa.Column[Any]":
    """A column; with an index where Neutron has one, too."""
    if name == "id":
        return sa.Column(name, _TYPES[kind], primary_key=True, autoincrement=False)
    is_id = name.endswith("id") and kind in ("text", "key", "number")
    return sa.Column(name, _TYPES["key" if is_id and kind == "text" else kind], index=is_id)


def _typed(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "time":
        return datetime.fromisoformat(value)
    return bool(value) if kind == "flag" else value


def load_northbound(client: Client, rows: Dump) -> None:
    """An empty Northbound has `rows`, under the same uuids."""
    inserts = [
        {"op": "insert", "table": table, "uuid": row["_uuid"][1], "row": {k: v for k, v in row.items() if k != "_uuid"}}
        for table, found in rows.items()
        for row in found
    ]
    client.transact(inserts)
