"""Request ids: every answer names the request that the logs know, and every request leaves one record."""

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from wovenet import logs
from wovenet.model.clock import Clock

LOG = logging.getLogger(__name__)

HEADER: Final = "x-openstack-request-id"
"""What an answer carries. Source: Neutron, which always makes an id of its own."""

_GLOBAL: Final = re.compile(r"req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class RequestIds:
    """A WSGI application that gives each request to `app` an id. Outermost: it sees every answer."""

    def __init__(self, app: Callable[..., Iterable[bytes]], clock: Clock) -> None:
        self._app = app
        self._clock = clock

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        own = f"req-{self._clock.new_id()}"
        token = logs.request_id.set(own)
        began_s = self._clock.monotonic()
        status = ""

        def start(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, [*headers, (HEADER, own)], *exc_info)

        try:
            return self._app(environ, start)
        finally:
            if LOG.isEnabledFor(logging.INFO):
                duration_ms = round((self._clock.monotonic() - began_s) * 1000, 1)
                LOG.info("request", extra=_said(environ, status, duration_ms))
            logs.request_id.reset(token)


def global_id(environ: dict[str, Any]) -> str | None:
    """The id that the caller gave to a chain of requests of which this is one, or None if it is no such id."""
    given = environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")
    return given if _GLOBAL.fullmatch(given) else None


def _said(environ: dict[str, Any], status: str, duration_ms: float) -> dict[str, Any]:
    said = {
        "method": environ.get("REQUEST_METHOD"),
        "path": environ.get("PATH_INFO"),
        "status": int(status or 500),
        "duration_ms": duration_ms,
    }
    chain = global_id(environ)
    return {**said, "global_request_id": chain} if chain else said
