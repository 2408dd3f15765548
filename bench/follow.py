"""How soon, and how fast, OVN's Northbound database follows what was committed."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.client import Call, Timing
from bench.operations import Bed

_TIMEOUT_S = 60.0


class _Watch:
    """Notices when a port appears in the Northbound database. A thread of its own reads what the server sends."""

    def __init__(self, server: Path) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(server))
        self._seen: dict[str, float] = {}
        self._news = threading.Condition()
        table = {"columns": ["name"], "select": {"initial": False, "modify": False, "delete": False}}
        request = {"method": "monitor", "params": ["OVN_Northbound", None, {"Logical_Switch_Port": table}], "id": 1}
        self._connection.sendall(json.dumps(request).encode())
        self._messages = self._read()
        next(self._messages)
        threading.Thread(target=self._note, daemon=True).start()

    def seen_at(self, port_id: str) -> float:
        """When the port appeared, by `time.perf_counter`. Raises: TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: port_id in self._seen, _TIMEOUT_S):
                raise TimeoutError(f"port {port_id} is not in the Northbound database after {_TIMEOUT_S:g} s")
            return self._seen.pop(port_id)

    def close(self) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _note(self) -> None:
        for message in self._messages:
            now = time.perf_counter()
            if message["method"] == "echo":
                answer = {"id": message["id"], "result": message["params"], "error": None}
                self._connection.sendall(json.dumps(answer).encode())
                continue
            with self._news:
                for row in message["params"][1].get("Logical_Switch_Port", {}).values():
                    self._seen[row["new"]["name"]] = now
                self._news.notify_all()

    def _read(self) -> Iterator[Any]:
        """The server's messages."""
        decoder, text = json.JSONDecoder(), ""
        while True:
            try:
                message, end = decoder.raw_decode(text)
            except json.JSONDecodeError:
                block = self._connection.recv(1 << 16)
                if not block:
                    return
                text += block.decode()
            else:
                text = text[end:].lstrip()
                yield message


def delays(bed: Bed, northbound: Path, *, count: int) -> tuple[Timing, Timing]:
    """Until a new port is in the Northbound database, one port at a time: from the API's answer, and from the request.

    The first is the shorter by what the answer took, and 0 for a port that was there before its answer.
    """
    watch = _Watch(northbound)
    create = Call("POST", "/v2.0/ports", {"port": {"network_id": bed.network_id}})
    behind, through = [], []
    for _ in range(count):
        asked = time.perf_counter()
        port = bed.client.call(create)["port"]
        answered = time.perf_counter()
        seen = watch.seen_at(port["id"])
        behind.append(max(0.0, seen - answered) * 1000)
        through.append((seen - asked) * 1000)
    watch.close()
    return Timing.of(behind), Timing.of(through)
