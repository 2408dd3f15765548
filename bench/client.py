"""A client that costs little: one connection kept open, bodies encoded beforehand, times in milliseconds."""

import http.client
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """A Networking API."""

    name: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Timing:
    """What one operation took. Unit: milliseconds per operation."""

    median_ms: float
    p95_ms: float
    count: int

    @classmethod
    def of(cls, samples_ms: Sequence[float]) -> "Timing":
        ordered = sorted(samples_ms)
        return cls(statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], len(ordered))


class Client:
    """One connection to a target."""

    def __init__(self, target: Target) -> None:
        parts = urlsplit(target.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", **target.headers}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer. Raises: RuntimeError for anything but success."""
        status, data = self._send(method, path, None if body is None else json.dumps(body).encode())
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
        return json.loads(data) if data else None

    def timed(self, method: str, path: str, body: Any = None) -> tuple[float, Any]:
        """Milliseconds until the last byte, and the decoded answer (decoding is not counted)."""
        raw = None if body is None else json.dumps(body).encode()
        began = time.perf_counter()
        status, data = self._send(method, path, raw)
        took_ms = (time.perf_counter() - began) * 1000
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
        return took_ms, json.loads(data) if data else None

    def _send(self, method: str, path: str, raw: bytes | None) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, raw, self._headers)
            response = self._connection.getresponse()
        except (http.client.BadStatusLine, ConnectionResetError, BrokenPipeError):
            self._connection.close()  # a peer that closes idle connections
            self._connection.request(method, path, raw, self._headers)
            response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        self._connection.close()


def sequential(client: Client, calls: Iterable[tuple[str, str, Any]]) -> tuple[Timing, list[Any]]:
    """One call after the other."""
    samples, answers = [], []
    for method, path, body in calls:
        took_ms, answer = client.timed(method, path, body)
        samples.append(took_ms)
        answers.append(answer)
    return Timing.of(samples), answers


def concurrent(target: Target, worker: Callable[[Target, int, int], None], *, clients: int, each: int) -> float:
    """Milliseconds per operation when `clients` processes make `each` operations at once."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(clients + 1)

    def run(number: int) -> None:
        gate.wait()
        worker(target, number, each)

    processes = [context.Process(target=run, args=(number,)) for number in range(clients)]
    for process in processes:
        process.start()
    gate.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    took_ms = (time.perf_counter() - began) * 1000
    failed = [process.exitcode for process in processes if process.exitcode]
    if failed:
        raise RuntimeError(f"{len(failed)} of {clients} clients failed")
    return took_ms / (clients * each)
