"""The API as an OpenAPI 3.1 document, made from the table of routes, the surface and the problems.

A collection, an attribute or a problem that is added appears here by itself. What a function behind a URL takes and
answers stands in `operations`, what an attribute is in `values`.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import wovenet
from wovenet.api import documents, faults, quotas
from wovenet.api.openapi import operations, values
from wovenet.api.openapi.operations import Operation
from wovenet.api.openapi.values import Schema
from wovenet.api.service import Endpoint, Service
from wovenet.model import problems

if TYPE_CHECKING:
    from wovenet.api.routes import Route, Verb

VERSION: Final = "3.1.0"
ALWAYS: Final = (406, 500)
"""Statuses that any request may be answered with."""
IDENTIFIED: Final = (401, 503)
"""The same of a request whose sender has to be known: the store or Keystone may be away."""
_SECURITY: Final[Mapping[str, Schema]] = {
    "keystone": {"type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": "A token of Keystone."},
    "basic": {"type": "http", "scheme": "basic", "description": "A name and a password of the users file."},
}
"""By strategy of authentication; with `noauth` nobody is asked."""
_PARAMETERS: Final[Mapping[str, Schema]] = {
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "The size of a page; 0 asks for the largest one.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "marker": {
        "name": "marker",
        "in": "query",
        "description": "The id of the last object of the page before. Only with a limit.",
        "schema": values.STRING,
    },
    "page_reverse": {
        "name": "page_reverse",
        "in": "query",
        "description": "Whether the page before the marker is wanted.",
        "schema": {"type": "boolean"},
    },
    "sort_dir": {
        "name": "sort_dir",
        "in": "query",
        "description": "A direction for each `sort_key`.",
        "schema": values.array({"type": "string", "enum": ["asc", "desc"]}),
    },
    "if_match": {
        "name": "If-Match",
        "in": "header",
        "description": "`revision_number=7`: nothing is done to an object at another revision.",
        "schema": values.STRING,
    },
}
_HEADERS: Final[Schema] = {
    "X-Openstack-Request-Id": {"description": "What the log calls this request.", "schema": values.STRING}
}
_PLACE: Final = re.compile(r"\{(\w+)\}")


def document(service: Service, routes: "Sequence[Route]") -> Schema:
    """The document about `routes`."""
    schemas: dict[str, Schema] = {**operations.limits(quotas.names(service)), **_error_schemas()}
    paths: dict[str, Schema] = {}
    for route in routes:
        found = paths[route.template] = _path(route)
        for method, verb in route.verbs.items():
            described = _of(route, method, verb)
            schemas.update(described.schemas)
            found[method.lower()] = _operation(verb, described)
    strategy = service.settings.default.auth_strategy
    schemes = {name: scheme for name, scheme in _SECURITY.items() if name == strategy}
    return {
        "openapi": VERSION,
        "info": {
            "title": "Wovenet",
            "version": wovenet.__version__,
            "summary": "OpenStack Networking v2.0",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in schemes],
        "tags": [
            {"name": tag} for tag in dict.fromkeys(_tag(verb) for route in routes for verb in route.verbs.values())
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": dict(_PARAMETERS),
            "responses": _error_responses(),
            "headers": dict(_HEADERS),
            "securitySchemes": schemes,
        },
    }


def describe(verb: "Verb") -> Operation | None:
    """What `operations` says about the function of `verb`; None if it says nothing."""
    keywords = getattr(verb.what, "keywords", {})
    function: Callable[..., Any] | None = getattr(verb.what, "func", verb.what)
    described = operations.DESCRIBED.get(function) if function else None
    if described is None:
        return None
    if "action" in keywords:
        action = keywords["action"]
        return described(verb.of, getattr(action, "name", action))
    return described(verb.of)


def _of(route: "Route", method: str, verb: "Verb") -> Operation:
    """The description of `verb`, or one that promises no more than its URL does."""
    name = "_".join([method.lower(), *re.findall(r"\w+", route.template)])
    return describe(verb) or Operation(name, operations.CHANGE, {})


def _path(route: "Route") -> Schema:
    names = _PLACE.findall(route.template)
    places = [{"name": name, "in": "path", "required": True, "schema": values.STRING} for name in names]
    return {"parameters": places} if places else {}


def _operation(verb: "Verb", described: Operation) -> Schema:
    status, _, reason = verb.status.partition(" ")
    success: Schema = {
        "description": reason,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS},
    }
    if described.answer is not None:
        success["content"] = _json(described.answer)
    errors = {*ALWAYS, *(IDENTIFIED if verb.needs_identity else ()), *described.errors}
    found: Schema = {
        "operationId": described.name,
        "summary": _summary(verb),
        "tags": [_tag(verb)],
        "responses": {
            status: success,
            **{str(one): {"$ref": f"#/components/responses/Error{one}"} for one in sorted(errors)},
        },
    }
    if described.parameters:
        found["parameters"] = list(described.parameters)
    if described.body is not None:
        found["requestBody"] = {"required": True, "content": _json(described.body)}
    if not verb.needs_identity:
        found["security"] = []
    return found


def _summary(verb: "Verb") -> str:
    """The first line of what the function says of itself; of an action, which one it is."""
    action = getattr(verb.what, "keywords", {}).get("action")
    if action is not None:
        return f"`{getattr(action, 'name', action)}`, done to one of them."
    return (inspect.getdoc(getattr(verb.what, "func", verb.what)) or "").partition("\n")[0]


def _tag(verb: "Verb") -> str:
    """What an operation is about: its collection, or the part of the API that has none."""
    if verb.of is not None:
        of = verb.of if isinstance(verb.of, Endpoint) else verb.of.endpoint
        return of.collection.name
    module = getattr(verb.what, "__module__", "").rpartition(".")[2]
    return {documents.__name__.rpartition(".")[2]: "discovery", "zones": "availability_zones"}.get(module, module)


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def error_types() -> Mapping[int, Sequence[str]]:
    """Status → the types of errors that come with it."""
    found: dict[int, set[str]] = {faults.INTERNAL.status: {faults.INTERNAL.type}}
    for name, one in vars(problems).items():
        if inspect.isclass(one) and issubclass(one, problems.Problem):
            told = faults.told(name)
            if told is not None:
                found.setdefault(told[0], set()).add(told[1])
    return {status: sorted(names) for status, names in sorted(found.items())}


def _error_schemas() -> dict[str, Schema]:
    body = values.record(
        {
            "type": {**values.STRING, "description": "What programs compare with; all of them are in `Error<status>`."},
            "message": {**values.STRING, "description": "What people read."},
            "detail": values.STRING,
        },
        "type",
        "message",
        "detail",
    )
    stranger = values.record(
        {"code": {"type": "integer"}, "title": values.STRING, "message": values.STRING}, "code", "title", "message"
    )
    found = {
        "NeutronError": values.record({"NeutronError": body}, "NeutronError"),
        "Error401": values.record({"error": stranger}, "error"),
    }
    for status, names in error_types().items():
        kinds = {"type": "object", "properties": {"type": {"enum": list(names)}}}
        typed = {"allOf": [operations.ref("NeutronError"), {"type": "object", "properties": {"NeutronError": kinds}}]}
        found.setdefault(f"Error{status}", typed)
    return found


def _error_responses() -> dict[str, Schema]:
    return {
        f"Error{status}": {
            "description": ", ".join(names),
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS},
            "content": _json(operations.ref(f"Error{status}")),
        }
        for status, names in error_types().items()
    }
