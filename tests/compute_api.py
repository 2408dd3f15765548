"""A compute API that takes external events, and answers as it is told: what Nova is to the service.

with compute_api.serving() as nova:
    nova.answers(503, 503, 200)            # and 200 from then on
    nova.events                            # everything it took, in order
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wovenet.settings.tree import RawGroup

PATH = "/v2.1/os-server-external-events"


class Server:
    """See the module. What was refused is in `requests`, but not in `events`."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.events: list[tuple[str, str, str]] = []
        """Name, port, server."""
        self.code_of: Callable[[dict[str, Any]], int] = lambda _event: 200
        """What it says of a single event."""
        self.body: bytes | None = None
        """What it answers instead."""
        self.silence = threading.Event()
        """Nobody is answered until this is set."""
        self.silence.set()
        self._statuses: list[int] = []
        self._server: ThreadingHTTPServer | None = None
        self._port = port
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v2.1"

    def options(self, **more: str) -> dict[str, RawGroup]:
        """The groups of a configuration that knows where it is."""
        return {"nova": {"endpoint_override": self.url, **more}}

    def answers(self, *statuses: int) -> None:
        """The next requests are answered with these."""
        self._statuses = list(statuses)

    def start(self) -> None:
        """It listens, where it did before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens there."""
        if self._server is not None:
            self.silence.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == PATH, self.path
                server.headers.append(dict(self.headers))
                status, answer = server.answer(json.loads(body))
                server.silence.wait()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        return Handler

    def answer(self, request: dict[str, Any]) -> tuple[int, bytes]:
        """What Nova answers: 200, or 207 if it has no use for some, or whatever it is told to."""
        self.requests.append(request)
        status = self._statuses.pop(0) if self._statuses else 200
        each = [{"status": "completed", **event, "code": self.code_of(event)} for event in request["events"]]
        if any(event["code"] == 400 for event in each):
            status = 400
        if status != 200:
            return status, b'{"error": {"message": "no"}}'
        self.events += [(event["name"], event["tag"], event["server_uuid"]) for event in request["events"]]
        if self.body is not None:
            return 200, self.body
        are_all_taken = all(event["code"] == 200 for event in each)
        return (200 if are_all_taken else 207), json.dumps({"events": each}).encode()

    @property
    def names(self) -> list[str]:
        """What it was told, without of whom."""
        return [name.removeprefix("network-") for name, _, _ in self.events]


@contextmanager
def serving(port: int = 0) -> Iterator[Server]:
    """One that listens for as long as the block lasts."""
    server = Server(port)
    try:
        yield server
    finally:
        server.stop()
