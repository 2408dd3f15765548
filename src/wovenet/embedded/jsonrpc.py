"""One call to a daemon of OVS or OVN over its unix socket: OVSDB and the control sockets speak the same JSON-RPC."""

import json
import os
import socket
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 65536
_ANSWER_LIMIT_BYTES = 64 * 1024 * 1024


class CallFailed(Exception):  # noqa: N818
    """The daemon answered with an error, or did not answer."""


def call(path: Path, method: str, params: list[object], *, timeout_s: float = 5.0) -> Any:
    """The `result` of one call on a connection of its own.

    Raises: CallFailed for an error in the answer; OSError where nobody listens or the time is over.
    """
    with _connect(path, timeout_s) as connection:
        request = {"id": 0, "method": method, "params": params}
        connection.sendall(json.dumps(request).encode())
        answer = _read_answer(connection)
    if answer["error"] is not None:
        raise CallFailed(f"{method}: {answer['error']}")
    return answer["result"]


def transact(path: Path, database: str, *operations: dict[str, object]) -> list[dict[str, Any]]:
    """The results of one OVSDB transaction, one for each operation.

    Raises: CallFailed also for an error of a single operation or of the commit.
    """
    results: list[dict[str, Any]] = call(path, "transact", [database, *operations])
    for result in results:
        if result and "error" in result:
            raise CallFailed(f"transaction on {database}: {result['error']}: {result.get('details', '')}")
    return results


def _connect(path: Path, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    # By way of the directory's descriptor: the address of a unix socket holds 107 bytes, a path may be longer.
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{directory}/{path.name}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(directory)
    return connection


def _read_answer(connection: socket.socket) -> dict[str, Any]:
    """The first message with our id; a server's own messages (echo) are passed over."""
    decoder = json.JSONDecoder()
    received = bytearray()
    while len(received) < _ANSWER_LIMIT_BYTES:
        chunk = connection.recv(_CHUNK_BYTES)
        if not chunk:
            raise CallFailed("connection closed before the answer")
        received += chunk
        # A message ends where its outermost brace closes; only then it is worth parsing.
        if not received.rstrip().endswith(b"}"):
            continue
        text = received.decode(errors="replace")
        while text:
            try:
                message, end = decoder.raw_decode(text)
            except json.JSONDecodeError:
                break
            text = text[end:].lstrip()
            if message.get("id") == 0 and "method" not in message:
                return dict(message)
        received = bytearray(text.encode())
    raise CallFailed(f"answer longer than {_ANSWER_LIMIT_BYTES} bytes")
