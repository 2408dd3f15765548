"""The physical floor: the rows of a port by bare SQL in one commit, and its rows in NB by one raw OVSDB transaction."""

import json
import socket
import sqlite3
import time
import uuid
from pathlib import Path

from bench.client import Timing


def sql(database: Path, *, count: int) -> Timing:
    """What it takes to insert a port, its address, its group and a mark, and to commit.

    In: a copy of a database that holds ports, so that indexes are as deep as in the measurement.
    """
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=OFF")
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in ("ports", "port_fixed_ips", "port_security_groups")
    }
    model = {table: connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone() for table in columns}
    samples = []
    for number in range(count):
        port_id = str(uuid.uuid4())
        rows = {
            "ports": {"id": port_id, "mac_address": f"fa:16:3f:{number:08x}"},
            "port_fixed_ips": {"port_id": port_id, "ip_key": f"ffff{number:028x}"},
            "port_security_groups": {"port_id": port_id},
        }
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for table, changed in rows.items():
            if model[table] is None:
                continue
            values = dict(zip(columns[table], model[table], strict=True)) | changed
            marks = ",".join("?" * len(values))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", list(values.values()))
        connection.execute(
            "INSERT INTO marks (topic, kind, unit_id, created) VALUES ('floor', 'port', ?, 0)", (port_id,)
        )
        connection.execute("COMMIT")
        samples.append((time.perf_counter() - began) * 1000)
    connection.close()
    return Timing.of(samples)


def ovsdb(path: Path, *, count: int) -> Timing:
    """What it takes to insert a switch port into a switch by one transaction."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(str(path))
    switch = str(uuid.uuid4())
    _transact(server, {"op": "insert", "table": "Logical_Switch", "uuid": switch, "row": {"name": f"floor-{switch}"}})
    samples = []
    for _ in range(count):
        port = str(uuid.uuid4())
        operations = [
            {
                "op": "insert",
                "table": "Logical_Switch_Port",
                "uuid": port,
                "row": {
                    "name": port,
                    "addresses": "fa:16:3e:00:00:01 10.0.0.1",
                    "external_ids": ["map", [[f"neutron:{key}", "value"] for key in range(12)]],
                },
            },
            {
                "op": "mutate",
                "table": "Logical_Switch",
                "where": [["_uuid", "==", ["uuid", switch]]],
                "mutations": [["ports", "insert", ["uuid", port]]],
            },
        ]
        began = time.perf_counter()
        _transact(server, *operations)
        samples.append((time.perf_counter() - began) * 1000)
    _transact(server, {"op": "delete", "table": "Logical_Switch", "where": [["_uuid", "==", ["uuid", switch]]]})
    server.close()
    return Timing.of(samples)


def _transact(server: socket.socket, *operations: object) -> None:
    server.sendall(json.dumps({"method": "transact", "params": ["OVN_Northbound", *operations], "id": 1}).encode())
    decoder, text = json.JSONDecoder(), ""
    while True:
        text += server.recv(65536).decode()
        try:
            answer, _ = decoder.raw_decode(text)
        except json.JSONDecodeError:
            continue
        failed = [result for result in answer["result"] if result and "error" in result]
        if failed:
            raise RuntimeError(str(failed))
        return
