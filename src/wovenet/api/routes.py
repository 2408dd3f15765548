"""One table from URLs to functions, made from the registry. `wovenet api --routes` prints it."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wovenet.api import dhcp_agents, documents, handler, loggable, providers, quotas, reply, subresources, tags, zones
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
    what: Responder | None = None
    """The function behind it, as `openapi` describes it."""
    of: Endpoint | subresources.Inside | None = None
    """What the function is about, if it serves several collections."""


@dataclass(frozen=True, slots=True)
class Route:
    """One URL template and its methods."""

    template: str
    verbs: Mapping[str, Verb]


def table(service: Service) -> list[Route]:
    """Every route below `/v2.0`, in the order of the registry."""
    described = [*_documents(service), *_quotas(service), *_zones(service), *_services(service), *_collections(service)]
    return [*described, _openapi(service, described)]


def _openapi(service: Service, described: list[Route]) -> Route:
    """What describes all the others. Made for the first who asks, and kept as text."""

    @functools.cache
    def text() -> bytes:
        from wovenet.api import openapi  # only where somebody asks

        return reply.encode(openapi.document(service, described))

    return Route("/openapi", {"GET": Verb(OK, lambda call: text(), needs_identity=False)})


def _documents(service: Service) -> Iterator[Route]:
    def versions(call: Call) -> Any:
        return documents.versions(call.url.rstrip("/"))

    def core(call: Call) -> Any:
        return documents.core(service, call.url.partition("/v2.0")[0])

    def extensions(call: Call) -> Any:
        return documents.extensions(service)

    def extension(call: Call, alias: str) -> Any:
        return documents.extension(service, alias)

    yield Route("/", {"GET": Verb(OK, versions, needs_identity=False, what=documents.versions)})
    yield Route("/v2.0", {"GET": Verb(OK, core, what=documents.core)})
    yield Route("/v2.0/extensions", {"GET": Verb(OK, extensions, what=documents.extensions)})
    yield Route("/v2.0/extensions/{alias}", {"GET": Verb(OK, extension, what=documents.extension)})


def _quotas(service: Service) -> Iterator[Route]:
    def verb(status: str, function: Responder) -> Verb:
        return Verb(status, lambda call, **parameters: function(service, call, **parameters), what=function)

    yield Route("/v2.0/quotas", {"GET": verb(OK, quotas.index)})
    yield Route("/v2.0/quotas/tenant", {"GET": verb(OK, quotas.own_tenant)})
    yield Route("/v2.0/quotas/project", {"GET": verb(OK, quotas.own_project)})
    yield Route(
        "/v2.0/quotas/{project_id}",
        {"GET": verb(OK, quotas.show), "PUT": verb(OK, quotas.update), "DELETE": verb(NO_CONTENT, quotas.delete)},
    )
    yield Route("/v2.0/quotas/{project_id}/default", {"GET": verb(OK, quotas.default)})
    yield Route("/v2.0/quotas/{project_id}/details", {"GET": verb(OK, quotas.details)})


def _zones(service: Service) -> Iterator[Route]:
    yield Route(
        "/v2.0/availability_zones", {"GET": Verb(OK, lambda call: zones.index(service, call), what=zones.index)}
    )


def _services(service: Service) -> Iterator[Route]:
    def verb(status: str, function: Responder) -> Verb:
        return Verb(status, lambda call, **parameters: function(service, call, **parameters), what=function)

    yield Route("/v2.0/service-providers", {"GET": verb(OK, providers.index)})
    yield Route("/v2.0/log/loggable-resources", {"GET": verb(OK, loggable.index)})
    yield Route("/v2.0/networks/{object_id}/dhcp-agents", {"GET": verb(OK, dhcp_agents.agents_of)})
    path = "/v2.0/agents/{object_id}/dhcp-networks"
    yield Route(path, {"GET": verb(OK, dhcp_agents.networks_of), "POST": verb(CREATED, dhcp_agents.add)})
    yield Route(path + "/{network_id}", {"DELETE": verb(NO_CONTENT, dhcp_agents.remove)})


def _collections(service: Service) -> Iterator[Route]:
    for endpoint in endpoints(service):
        yield from _collection(endpoint)


def _collection(endpoint: Endpoint) -> Iterator[Route]:
    def verb(status: str, function: Responder) -> Verb:
        return Verb(
            status, lambda call, **parameters: function(endpoint, call, **parameters), what=function, of=endpoint
        )

    path = f"/v2.0/{endpoint.collection.path}"
    own = {
        "GET": verb(OK, handler.index),
        **({"POST": verb(CREATED, handler.create)} if endpoint.is_creatable else {}),
    }
    changing = {
        "PUT": verb(OK, handler.update if endpoint.is_updatable else handler.keep),
        "DELETE": verb(NO_CONTENT, handler.delete),
    }
    yield Route(path, own)
    yield Route(
        path + "/{object_id}",
        {
            "GET": verb(OK, handler.show),
            **({} if endpoint.resource.is_view else changing),
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
        return Verb(status, lambda call, **parameters: function(inside, call, **parameters), what=function, of=inside)

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
