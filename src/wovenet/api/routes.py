"""One table from URLs to functions, made from the registry. `wovenet api --routes` prints it."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wovenet.api import documents, handler, quotas, subresources, tags, zones
from wovenet.api.handler import Call
from wovenet.api.service import Endpoint, Service, endpoints
from wovenet.model.actor import Actor
from wovenet.resources import tagging

OK, CREATED, NO_CONTENT = "200 OK", "201 Created", "204 No Content"
Responder = Callable[..., Any]
NOBODY = Actor(user_id="", project_id="", roles=frozenset())
"""Who asks where nobody is asked who they are."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What one method on one URL does. Called with the `Call` and the URL's parameters."""

    status: str
    respond: Responder
    needs_identity: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """One URL template and its methods."""

    template: str
    verbs: Mapping[str, Verb]


def table(service: Service) -> list[Route]:
    """Every route below `/v2.0`, in the order of the registry."""
    return [*_documents(service), *_quotas(service), *_zones(service), *_collections(service)]


def _documents(service: Service) -> Iterator[Route]:
    yield Route("/", {"GET": Verb(OK, lambda call: documents.versions(call.url.rstrip("/")), needs_identity=False)})
    yield Route("/v2.0", {"GET": Verb(OK, lambda call: documents.core(service, call.url.partition("/v2.0")[0]))})
    yield Route("/v2.0/extensions", {"GET": Verb(OK, lambda call: documents.extensions(service))})
    yield Route("/v2.0/extensions/{alias}", {"GET": Verb(OK, lambda call, alias: documents.extension(service, alias))})


def _quotas(service: Service) -> Iterator[Route]:
    def verb(status: str, function: Responder) -> Verb:
        return Verb(status, lambda call, **parameters: function(service, call, **parameters))

    yield Route("/v2.0/quotas", {"GET": verb(OK, quotas.index)})
    yield Route("/v2.0/quotas/tenant", {"GET": Verb(OK, lambda call: _own_project(call, "tenant"))})
    yield Route("/v2.0/quotas/project", {"GET": Verb(OK, lambda call: _own_project(call, "project"))})
    yield Route(
        "/v2.0/quotas/{project_id}",
        {"GET": verb(OK, quotas.show), "PUT": verb(OK, quotas.update), "DELETE": verb(NO_CONTENT, quotas.delete)},
    )
    yield Route("/v2.0/quotas/{project_id}/default", {"GET": verb(OK, quotas.default)})
    yield Route("/v2.0/quotas/{project_id}/details", {"GET": verb(OK, quotas.details)})


def _zones(service: Service) -> Iterator[Route]:
    yield Route("/v2.0/availability_zones", {"GET": Verb(OK, lambda call: zones.index(service, call))})


def _own_project(call: Call, spelling: str) -> Any:
    return {spelling: {f"{spelling}_id": call.actor.project_id}}


def _collections(service: Service) -> Iterator[Route]:
    for endpoint in endpoints(service):
        yield from _collection(endpoint)


def _collection(endpoint: Endpoint) -> Iterator[Route]:
    def verb(status: str, function: Responder) -> Verb:
        return Verb(status, lambda call, **parameters: function(endpoint, call, **parameters))

    path = f"/v2.0{endpoint.resource.prefix}/{endpoint.collection.path}"
    own = {
        "GET": verb(OK, handler.index),
        **({"POST": verb(CREATED, handler.create)} if endpoint.is_creatable else {}),
    }
    yield Route(path, own)
    yield Route(
        path + "/{object_id}",
        {
            "GET": verb(OK, handler.show),
            **({"PUT": verb(OK, handler.update)} if endpoint.is_updatable else {}),
            "DELETE": verb(NO_CONTENT, handler.delete),
        },
    )
    for action in endpoint.resource.member_actions:
        respond = functools.partial(handler.act, action=action)
        yield Route(f"{path}/{{object_id}}/{action.name}", {"PUT": verb(OK, respond)})
    for sub in endpoint.resource.subresources:
        yield from _inside(subresources.inside(endpoint, sub), path + "/{object_id}")
    if tagging.resource_is_tagged(endpoint.resource):
        yield Route(
            path + "/{object_id}/tags",
            {
                "GET": verb(OK, tags.index),
                "PUT": verb(OK, tags.replace),
                "POST": verb(OK, tags.add),
                "DELETE": verb(NO_CONTENT, tags.clear),
            },
        )
        yield Route(
            path + "/{object_id}/tags/{tag}",
            {
                "GET": verb(NO_CONTENT, tags.show),
                "PUT": verb(CREATED, tags.put),
                "DELETE": verb(NO_CONTENT, tags.delete),
            },
        )


def _inside(inside: subresources.Inside, path: str) -> Iterator[Route]:
    """The routes of objects inside the objects at `path`."""

    def verb(status: str, function: Responder) -> Verb:
        return Verb(status, lambda call, **parameters: function(inside, call, **parameters))

    path += f"/{inside.collection.path}"
    yield Route(path, {"GET": verb(OK, subresources.index), "POST": verb(CREATED, subresources.create)})
    path += "/{key}"
    yield Route(
        path,
        {
            "GET": verb(OK, subresources.show),
            "PUT": verb(OK, subresources.update),
            "DELETE": verb(NO_CONTENT, subresources.delete),
        },
    )
    for action in inside.sub.actions:
        yield Route(f"{path}/{action}", {"PUT": verb(OK, functools.partial(subresources.act, action=action))})
