"""A client of the API as a process of its own: makes the requests that standard input names, and prints the answers.

A request whose connection breaks counts as status 0 and is not repeated; the next one waits until the API listens.
"""

import base64
import http.client
import json
import sys
from typing import Any
from urllib.parse import urlsplit

from wovenet.embedded import process

RECONNECT_TIMEOUT_S = 30.0


def main() -> None:
    told = json.load(sys.stdin)
    parts = urlsplit(told["url"])
    credentials = base64.b64encode(f"{told['user']}:{told['password']}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    answers: list[tuple[int, Any]] = []
    for method, path, body in told["requests"]:
        process.holds_within(lambda: _is_open(connection), RECONNECT_TIMEOUT_S, interval_s=0.05)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            answers.append((answer.status, json.loads(text) if text else None))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            answers.append((0, type(error).__name__))
    json.dump(answers, sys.stdout)


def _is_open(connection: http.client.HTTPConnection) -> bool:
    if connection.sock is None:
        try:
            connection.connect()
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()
