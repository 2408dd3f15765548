"""What the service says of itself: versions, the core's collections, extensions."""

from typing import Any

from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.surface.spec import Extension

CORE = ("networks", "subnets", "subnetpools", "ports")


def versions(base_url: str) -> Any:
    """The versions document of `/`. In: the URL under which the client reached us, without a slash at its end."""
    link = {"rel": "self", "href": f"{base_url}/v2.0/"}
    return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}


def core(service: Service, base_url: str) -> Any:
    """The document of `/v2.0/`: the collections of the core API."""
    return {
        "resources": [
            {
                "name": service.registry.resources[name].member,
                "collection": name,
                "links": [{"rel": "self", "href": f"{base_url}/v2.0/{name}"}],
            }
            for name in CORE
        ]
    }


def extensions(service: Service) -> Any:
    """All extensions served."""
    return {"extensions": [_shown(found) for found in service.registry.surface.extensions.values()]}


def extension(service: Service, alias: str) -> Any:
    """One extension. Raises: HTTPNotFound."""
    found = service.registry.surface.extensions.get(alias)
    if found is None:
        raise problems.HTTPNotFound()
    return {"extension": _shown(found)}


def _shown(found: Extension) -> Any:
    return {
        "name": found.name,
        "alias": found.alias,
        "description": found.description,
        "updated": found.updated,
        "links": [],
    }
