"""A Southbound database, written to as northd and ovn-controller do."""

from typing import Any

from tests.ovsdb_servers import Server
from wovenet.ovn.client import Client


class Southbound:
    """Writes to one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._key = 0
        self._client: Client = server.client()
        self._client.transact([{"op": "insert", "table": "Datapath_Binding", "row": {"tunnel_key": 1}}])

    def restart(self) -> None:
        self.server.start()
        self._client.connect(10)

    def close(self) -> None:
        self._client.close()

    def host(self, name: str, *, bridge_mappings: str = "") -> None:
        """A hypervisor has registered."""
        encap = {"type": "geneve", "ip": f"192.0.2.{self._next()}", "chassis_name": name}
        chassis = {
            "name": name, "hostname": f"{name}.test", "encaps": ["named-uuid", "e"],
            "other_config": ["map", [["ovn-bridge-mappings", bridge_mappings]]],
        }  # fmt: skip
        self._client.transact(
            [
                {"op": "insert", "table": "Encap", "uuid-name": "e", "row": encap},
                {"op": "insert", "table": "Chassis", "row": chassis},
                {"op": "insert", "table": "Chassis_Private", "row": {"name": name}},
            ]
        )

    def forget_host(self, name: str) -> None:
        """Its rows are gone; ports that were bound there are bound nowhere, and still say that they are up."""
        where = [["name", "==", name]]
        self._client.transact(
            [{"op": "delete", "table": table, "where": where} for table in ("Chassis", "Chassis_Private")]
        )

    def hosts(self) -> dict[str, set[str]]:
        """The hosts that there are rows of, by table."""
        tables = ("Chassis", "Chassis_Private")
        found = self._client.transact(
            [{"op": "select", "table": table, "where": [], "columns": ["name"]} for table in tables]
        )
        return {table: {row["name"] for row in one["rows"]} for table, one in zip(tables, found, strict=True)}

    def heartbeat(self, name: str, nb_cfg: int, **external_ids: str) -> None:
        ids = ["map", sorted(map(list, external_ids.items()))]
        row = {"nb_cfg": nb_cfg, "nb_cfg_timestamp": 1, "external_ids": ids}
        self._client.transact(
            [{"op": "update", "table": "Chassis_Private", "where": [["name", "==", name]], "row": row}]
        )

    def bind(self, port: str, host: str, *, up: bool, kind: str = "") -> None:
        """The port is claimed by the host; northd's row for it is made if there is none."""
        self._write(port, {"chassis": self._uuid("Chassis", "name", host), "up": up, "type": kind})

    def move(self, port: str, source: str, destination: str) -> None:
        """An instance is about to move: both hosts have the port."""
        chassis = {name: self._uuid("Chassis", "name", name) for name in (source, destination)}
        self._write(port, {"chassis": chassis[source], "additional_chassis": chassis[destination], "up": True})

    def unbind(self, port: str) -> None:
        self._write(port, {"chassis": ["set", []], "up": False})

    def remove(self, port: str) -> None:
        self._client.transact([{"op": "delete", "table": "Port_Binding", "where": [["logical_port", "==", port]]}])

    def _write(self, port: str, row: dict[str, Any]) -> None:
        where = [["logical_port", "==", port]]
        [updated] = self._client.transact([{"op": "update", "table": "Port_Binding", "where": where, "row": row}])
        if updated["count"]:
            return
        datapath = self._uuid("Datapath_Binding", "tunnel_key", 1)
        whole = {"logical_port": port, "datapath": datapath, "tunnel_key": self._next(), **row}
        self._client.transact([{"op": "insert", "table": "Port_Binding", "row": whole}])

    def _uuid(self, table: str, column: str, value: object) -> Any:
        select = {"op": "select", "table": table, "where": [[column, "==", value]], "columns": ["_uuid"]}
        [found] = self._client.transact([select])
        return found["rows"][0]["_uuid"]

    def _next(self) -> int:
        self._key += 1
        return self._key
