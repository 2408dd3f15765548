"""HTTP: a request becomes a `Call`, what a verb returns becomes a response, and what it raises becomes a fault.

In order: request id → media type → route → `authenticate` → verb → JSON.
"""

import logging
import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import falcon

from wovenet.api import faults, parse, reply, routes
from wovenet.api.auth import Authenticate
from wovenet.api.handler import Call
from wovenet.api.requestid import RequestIds
from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.store.tx import CommitUnknown, StoreBusy

LOG = logging.getLogger(__name__)
JSON = "application/json"
_ACCEPTABLE = re.compile(r"\*/\*|application/(\*|json)", re.IGNORECASE)
_FORMAT_SUFFIX = ".json"
_PLAIN = frozenset({"/healthcheck", "/metrics"})
"""Paths that are answered in text, to whoever asks: probes and scrapers."""
_GUARDED = "/v2.0"
_WITH_BODY = frozenset({"POST", "PUT"})


def make(service: Service, authenticate: Authenticate) -> RequestIds:
    """The WSGI application."""
    app = falcon.App(media_type=JSON, middleware=[_MediaType()])
    app.req_options.strip_url_path_trailing_slash = True
    app.add_error_handler(Exception, _fault)
    app.add_error_handler(falcon.HTTPError, _http_fault(authenticate))
    app.add_route("/healthcheck", SimpleNamespace(on_get=_health(service)))
    if service.settings.wovenet.metrics:
        app.add_route("/metrics", SimpleNamespace(on_get=_metrics(service)))
    body_bytes_max = service.settings.wovenet.body_bytes_max
    for route in routes.table(service):
        app.add_route(route.template, _resource(route, authenticate, body_bytes_max))
    return RequestIds(app, service.store.clock)


class _MediaType:
    """JSON is all that is spoken here."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The request wants JSON; the URL's `.json` says the same."""
        if req.path.endswith(_FORMAT_SUFFIX):
            req.path = req.path.removesuffix(_FORMAT_SUFFIX)
        accepted = req.get_header("Accept")
        if accepted and req.path not in _PLAIN and not _ACCEPTABLE.search(accepted):
            raise problems.HTTPNotAcceptable()


def _resource(route: routes.Route, authenticate: Authenticate, body_bytes_max: int) -> Any:
    """What Falcon wants for a route: an object with a responder for each method."""
    responders = {method: _responder(verb, authenticate, body_bytes_max) for method, verb in route.verbs.items()}
    return SimpleNamespace(**{f"on_{method.lower()}": responder for method, responder in responders.items()})


def _responder(verb: routes.Verb, authenticate: Authenticate, body_bytes_max: int) -> Callable[..., None]:
    def respond(req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        call = Call(
            actor=authenticate(req.env) if verb.needs_identity else routes.NOBODY,
            params=parse.pairs_of(req.query_string),
            # One byte too many is enough to be refused for, and is all of it that is kept.
            body=req.bounded_stream.read(body_bytes_max + 1) if req.method in _WITH_BODY else b"",
            if_match=req.get_header("If-Match"),
            url=req.prefix + req.path,
        )
        body = verb.respond(
            call, **{name: text.replace(parse.NUL, parse.NO_CHARACTER) for name, text in parameters.items()}
        )
        resp.status = verb.status
        if body is not None:
            resp.data = reply.encode(body)

    return respond


def _health(service: Service) -> Callable[..., None]:
    def respond(req: falcon.Request, resp: falcon.Response) -> None:
        service.is_healthy()
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "OK"

    return respond


def _metrics(service: Service) -> Callable[..., None]:
    def respond(req: falcon.Request, resp: falcon.Response) -> None:
        from wovenet.api import metrics  # prometheus_client: only where somebody scrapes

        resp.content_type = metrics.CONTENT_TYPE
        resp.data = metrics.render(service.store)

    return respond


def _fault(req: falcon.Request, resp: falcon.Response, error: Exception, params: Mapping[str, Any]) -> None:
    """What is no problem of the client is logged with its request id, and told without detail."""
    if isinstance(error, StoreBusy | CommitUnknown):
        LOG.error("the database is busy or away", exc_info=error)
        error = problems.HTTPServiceUnavailable()
    elif not isinstance(error, problems.Problem):
        LOG.error("request failed", exc_info=error)
    elif error.internal:
        LOG.info("refused: %s", error.internal)
    _answer(resp, faults.of(error))


def _http_fault(authenticate: Authenticate) -> Callable[..., None]:
    """What Falcon itself refuses: unknown URLs and methods, requests that are no HTTP. Strangers do not learn which."""
    known: Mapping[int, problems.Problem] = {
        404: problems.HTTPNotFound(),
        405: problems.HTTPMethodNotAllowed(),
        406: problems.HTTPNotAcceptable(),
        413: problems.HTTPRequestEntityTooLarge(),
    }

    def respond(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: Any) -> None:
        unclear = problems.HTTPBadRequest(message="The request could not be understood.")
        problem = known.get(error.status_code) or unclear
        if req.path.startswith(_GUARDED):
            try:
                authenticate(req.env)
            except problems.Problem as stranger:
                problem = stranger
        _answer(resp, faults.of(problem))

    return respond


def _answer(resp: falcon.Response, fault: faults.Fault) -> None:
    resp.status = falcon.code_to_http_status(fault.status)
    resp.content_type = faults.CONTENT_TYPE
    resp.data = fault.body()
    for name, value in fault.headers.items():
        resp.set_header(name, value)
