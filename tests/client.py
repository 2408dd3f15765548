"""Requests to an application in the test's own process, and the people who ask."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote_to_bytes

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

GUEST_PROJECT = "6b3c8a0e5d1f4c27a9e0d4b1f2c37a58"
PROJECTS = MappingProxyType(
    {
        "admin": "ops",
        "member": "demo",
        "reader": "demo",
        "manager": "demo",
        "other": "alt",
        "service": "services",
        "guest": GUEST_PROJECT,
    }
)
"""Who asks → the project they are in: `member` and `reader` share one; that of `guest` can be a target of grants."""

_ROLES = {
    "admin": "admin,member,reader",
    "manager": "manager,member,reader",
    "member": "member,reader",
    "reader": "reader",
    "other": "member,reader",
    "guest": "member,reader",
    "service": "admin,service",
}


def identity(who: str) -> dict[str, str]:
    """The headers by which an application without authentication knows `who`."""
    return {"x-project-id": PROJECTS[who], "x-user-id": who, "x-roles": _ROLES[who]}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body`: parsed if it is JSON, None if empty."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any

    @property
    def error(self) -> str | None:
        """The type of the NeutronError, if it is one."""
        found = self.body.get("NeutronError") if isinstance(self.body, dict) else None
        return found["type"] if found else None


class Client:
    """Speaks WSGI to `app`, without a socket."""

    def __init__(self, app: App) -> None:
        self._app = app

    def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        who: str | None = "admin",
        raw: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        length: str | None = None,
    ) -> Answer:
        """The answer to one request.

        In: `body` is sent as JSON, `raw` as it is; `who` None: nobody in particular; `length`: a Content-Length that
        is not that of the body.
        """
        sent = json.dumps(body).encode() if body is not None else (raw or b"")
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "9696",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(sent)) if length is None else length,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(sent),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in {**(identity(who) if who else {}), **headers}.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return _answer(self._app, environ)

    def make(self, target: str, body: Any, *, who: str = "admin") -> Any:
        """The one object, or the list of objects, that a POST of `body` made."""
        answer = self.ask("POST", target, body, who=who)
        assert answer.status == 201, answer.text
        [made] = answer.body.values()
        return made


def _answer(app: App, environ: dict[str, Any]) -> Answer:
    status, headers = 0, {}

    def start_response(line: str, pairs: list[tuple[str, str]], _: Any = None) -> None:
        nonlocal status, headers
        status, headers = int(line.split()[0]), {name.lower(): value for name, value in pairs}

    chunks = app(environ, start_response)
    try:
        text = b"".join(chunks).decode()
    finally:
        if close := getattr(chunks, "close", None):
            close()
    is_json = headers.get("content-type", "").startswith("application/json")
    return Answer(status, headers, text, json.loads(text) if text and is_json else None)
