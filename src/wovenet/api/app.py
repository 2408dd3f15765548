"""HTTP: a request becomes a `Call`, what a verb returns becomes a response, and what it raises becomes a fault.

Middleware order, outermost first: request id and log → health → `authenticate` → path and media type → route → verb.
"""

import logging
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import falcon

from wovenet.api import faults, parse, reply, routes
from wovenet.api.handler import Call
from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.model.actor import Actor

LOG = logging.getLogger(__name__)
JSON = "application/json"
Authenticate = Callable[[Mapping[str, Any]], Actor]
"""The identity behind a WSGI environment. Raises: problems, for a caller that is nobody."""


def make(service: Service, authenticate: Authenticate) -> falcon.App[falcon.Request, falcon.Response]:
    """The WSGI application."""
    app = falcon.App(media_type=JSON)
    app.req_options.strip_url_path_trailing_slash = True
    app.add_error_handler(Exception, _fault)
    app.add_error_handler(falcon.HTTPError, _http_fault)
    for route in routes.table(service):
        app.add_route(route.template, _resource(route, authenticate))
    return app


def _resource(route: routes.Route, authenticate: Authenticate) -> Any:
    """What Falcon wants for a route: an object with a responder for each method."""
    return SimpleNamespace(
        **{f"on_{method.lower()}": _responder(verb, authenticate) for method, verb in route.verbs.items()}
    )


def _responder(verb: routes.Verb, authenticate: Authenticate) -> Callable[..., None]:
    def respond(req: falcon.Request, resp: falcon.Response, **parameters: str) -> None:
        call = Call(
            actor=authenticate(req.env),
            params=parse.pairs_of(req.query_string),
            body=req.bounded_stream.read() if req.method in ("POST", "PUT") else b"",
            if_match=req.get_header("If-Match"),
            url=req.prefix + req.path,
        )
        body = verb.respond(call, **parameters)
        resp.status = verb.status
        if verb.status != routes.NO_CONTENT:
            resp.data = reply.encode(body)

    return respond


def _fault(req: falcon.Request, resp: falcon.Response, error: Exception, params: Mapping[str, Any]) -> None:
    fault = faults.of(error)
    if not isinstance(error, problems.Problem):
        LOG.error("request failed", exc_info=error)
    _answer(resp, fault)


def _http_fault(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: Any) -> None:
    """What Falcon itself refuses: unknown URLs and methods."""
    known: dict[int, problems.Problem] = {
        404: problems.HTTPNotFound(),
        405: problems.HTTPMethodNotAllowed(),
        406: problems.HTTPNotAcceptable(),
    }
    _answer(resp, faults.of(known.get(error.status_code, problems.HTTPBadRequest(message="Bad request"))))


def _answer(resp: falcon.Response, fault: faults.Fault) -> None:
    resp.status = falcon.code_to_http_status(fault.status)
    resp.content_type = faults.CONTENT_TYPE
    resp.data = fault.body()
