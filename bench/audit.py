"""What an audit of everything takes, and what another client of the Northbound database notices of it."""

import json
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.deployment import Deployment

_PAUSE_S = 0.02
_IDLE_S = 2.0
_TIMEOUT_S = 60.0
_REQUEST = json.dumps(
    {"method": "transact", "params": ["OVN_Northbound", {"op": "select", "table": "NB_Global", "where": []}], "id": 1}
).encode()


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit, as an operator runs it: a process of its own."""

    units: int
    took_s: float
    longest_ms: float
    """The longest that the other client waited meanwhile for a transaction that reads one row."""
    longest_idle_ms: float
    """The same, while nothing was audited."""


def take(deployment: Deployment) -> Audit:
    """An audit of `deployment`, beside a client that has a small transaction every 20 ms."""
    other = _Other(deployment.northbound)
    time.sleep(_IDLE_S)
    longest_idle_ms = other.longest_ms()
    began = time.perf_counter()
    units = deployment.audit()
    took_s = time.perf_counter() - began
    longest_ms = other.longest_ms()
    other.stop()
    return Audit(units, took_s, longest_ms, longest_idle_ms)


class _Other:
    """The other client, in a thread of its own: whoever runs the audit only waits for it."""

    def __init__(self, server: Path) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(_TIMEOUT_S)
        self._connection.connect(str(server))
        self._waits_ms = [0.0]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def longest_ms(self) -> float:
        """The longest wait since this was asked last."""
        waits_ms, self._waits_ms = self._waits_ms, [0.0]
        return max(waits_ms)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while not self._over.wait(_PAUSE_S):
            began = time.perf_counter()
            self._connection.sendall(_REQUEST)
            text = b""
            while not _is_whole(text):
                text += self._connection.recv(1 << 16)
            self._waits_ms.append((time.perf_counter() - began) * 1000)


def _is_whole(text: bytes) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True
