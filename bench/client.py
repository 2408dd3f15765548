"""A client that costs next to nothing: one open connection, requests encoded beforehand, answers left undecoded.

What is timed is: bytes of the request handed to the kernel, until the last byte of the answer came.
"""

import json
import multiprocessing
import socket
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 60.0
_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Target:
    """A Networking API: its address, and the headers that say who asks."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timing:
    """What one operation took. Units: milliseconds per operation."""

    median_ms: float
    p95_ms: float
    count: int

    @classmethod
    def of(cls, samples_ms: Sequence[float]) -> "Timing":
        ordered = sorted(samples_ms)
        return cls(statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], len(ordered))


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    body: Any = None


class Client:
    """One connection to a target, opened when it is first needed."""

    def __init__(self, target: Target) -> None:
        parts = urlsplit(target.url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._prefix = parts.path.rstrip("/")
        headers = {"Host": parts.netloc, "Content-Type": "application/json", "Accept": "application/json"}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in (headers | dict(target.headers)).items())
        self._socket: socket.socket | None = None

    def encode(self, call: Call) -> bytes:
        """The bytes of the request."""
        body = b"" if call.body is None else json.dumps(call.body).encode()
        head = f"{call.method} {self._prefix}{call.path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def call(self, call: Call) -> Any:
        """The decoded answer. Raises: RuntimeError for anything but success."""
        return self.timed(call)[1]

    def timed(self, call: Call) -> tuple[float, Any]:
        """Milliseconds until the last byte, and the decoded answer. Raises: RuntimeError for anything but success."""
        request = self.encode(call)
        took_ms, status, body = self.send(request)
        if not 200 <= status < 300:
            raise RuntimeError(f"{call.method} {call.path}: {status} {body[:300]!r}")
        return took_ms, json.loads(body) if body else None

    def send(self, request: bytes) -> tuple[float, int, bytes]:
        """Milliseconds, status and body. A connection that the server closed while it was idle is opened again."""
        if self._socket is not None:
            try:
                return self._exchange(self._socket, request)
            except (ConnectionError, EOFError):
                self.close()
        self._socket = socket.create_connection(self._address, timeout=_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._exchange(self._socket, request)

    def _exchange(self, connection: socket.socket, request: bytes) -> tuple[float, int, bytes]:
        began = time.perf_counter()
        connection.sendall(request)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += _receive(connection)
        head = received[:end].lower()
        length = _content_length(head)
        parts, missing = [received[end + 4 :]], length - (len(received) - end - 4)
        while missing > 0:
            parts.append(_receive(connection))
            missing -= len(parts[-1])
        took_ms = (time.perf_counter() - began) * 1000
        if b"\r\nconnection: close" in head:
            self.close()
        return took_ms, int(head[9:12]), b"".join(parts)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _receive(connection: socket.socket) -> bytes:
    block = connection.recv(_BLOCK_BYTES)
    if not block:
        raise EOFError("the server closed the connection")
    return block


def _content_length(head: bytes) -> int:
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if not found:
        if b"\r\ntransfer-encoding:" in head:
            raise RuntimeError("the server sends chunks, which this client does not read")
        return 0
    return int(rest.partition(b"\r\n")[0])


def at_once(target: Target, calls: Sequence[Sequence[Call]]) -> float:
    """Milliseconds per call when each sequence of `calls` is sent by a process of its own, all of them at once.

    Raises: RuntimeError if any call failed.
    """
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(calls) + 1, timeout=_TIMEOUT_S)

    def run(own: Sequence[Call]) -> None:
        client = Client(target)
        requests = [client.encode(call) for call in own]
        client.send(client.encode(Call("GET", "/")))  # the connection is open
        gate.wait()
        for request in requests:
            _, status, body = client.send(request)
            if not 200 <= status < 300:
                raise RuntimeError(f"{status} {body[:300]!r}")

    processes = [context.Process(target=run, args=(own,)) for own in calls]
    for process in processes:
        process.start()
    gate.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    took_ms = (time.perf_counter() - began) * 1000
    failed = [process.exitcode for process in processes if process.exitcode]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(calls)} clients failed")
    return took_ms / sum(map(len, calls))
