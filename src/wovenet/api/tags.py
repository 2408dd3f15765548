"""Tags of one object: `/v2.0/<collection>/{id}/tags` and one tag below it."""

from typing import Any

from wovenet.api import parse
from wovenet.api.handler import Call
from wovenet.api.parents import Parents
from wovenet.api.service import Endpoint
from wovenet.model import problems
from wovenet.resources import crud, query, tagging
from wovenet.resources.base import Object
from wovenet.store.tx import ReadTx, Tx

LENGTH_MAX = 255


def index(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """All tags of the object."""
    with endpoint.service.store.read() as tx:
        return {"tags": _authorized(endpoint, call, tx, verb="get", object_id=object_id)["tags"]}


def show(endpoint: Endpoint, call: Call, object_id: str, tag: str) -> None:
    """Nothing, if the object has the tag. Raises: TagNotFound."""
    if tag not in index(endpoint, call, object_id)["tags"]:
        raise problems.TagNotFound(tags=tag)


def replace(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """The object has exactly the tags of the body."""
    tags = _tags_of(endpoint, call)

    def write(tx: Tx) -> None:
        current = _authorized(endpoint, call, tx, verb="update", object_id=object_id)
        tagging.replace(tx, endpoint.resource, current["id"], tags)
        crud.bump(tx, endpoint.resource, current["id"])

    endpoint.service.store.write(write)
    return {"tags": list(dict.fromkeys(tags))}


def add(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """The object has the tags of the body besides those it had."""
    tags = _tags_of(endpoint, call)
    return {"tags": _add(endpoint, call, object_id, tags)}


def put(endpoint: Endpoint, call: Call, object_id: str, tag: str) -> None:
    """The object has `tag`."""
    _add(endpoint, call, object_id, _checked([tag]))


def _add(endpoint: Endpoint, call: Call, object_id: str, tags: list[str]) -> list[str]:
    def write(tx: Tx) -> list[str]:
        current = _authorized(endpoint, call, tx, verb="create", object_id=object_id)
        new = [tag for tag in dict.fromkeys(tags) if tag not in current["tags"]]
        if new:
            tagging.add(tx, endpoint.resource, current["id"], new)
            crud.bump(tx, endpoint.resource, current["id"])
        return sorted([*current["tags"], *new])

    return endpoint.service.store.write(write)


def delete(endpoint: Endpoint, call: Call, object_id: str, tag: str) -> None:
    """The object lacks `tag`. Raises: TagNotFound if it did already."""

    def write(tx: Tx) -> None:
        current = _authorized(endpoint, call, tx, verb="delete", object_id=object_id)
        if not tagging.discard(tx, current["id"], tag):
            raise problems.TagNotFound(tags=tag)
        crud.bump(tx, endpoint.resource, current["id"])

    endpoint.service.store.write(write)


def clear(endpoint: Endpoint, call: Call, object_id: str) -> None:
    """The object has no tags."""

    def write(tx: Tx) -> None:
        current = _authorized(endpoint, call, tx, verb="delete", object_id=object_id)
        if current["tags"]:
            tagging.forget(tx, endpoint.resource, [current["id"]])
            crud.bump(tx, endpoint.resource, current["id"])

    endpoint.service.store.write(write)


def _authorized(endpoint: Endpoint, call: Call, tx: ReadTx, *, verb: str, object_id: str) -> Object:
    current = query.fetch(tx, endpoint.resource, call.actor, object_id)
    parents = Parents(tx, endpoint.service.registry, call.actor)
    need = f"{verb}_{endpoint.member}:tags"
    endpoint.service.policy.require(call.actor, need, current, parents=parents, seen=f"get_{endpoint.member}")
    return current


def _tags_of(endpoint: Endpoint, call: Call) -> list[str]:
    body = parse.body_of(call.body, size_max=endpoint.service.settings.wovenet.body_bytes_max)
    tags = body.get("tags")
    if set(body) != {"tags"} or not isinstance(tags, list):
        raise problems.InvalidInput(error_message="Invalid tags body")
    return _checked(tags)


def _checked(tags: list[Any]) -> list[str]:
    for tag in tags:
        if not isinstance(tag, str):
            raise problems.InvalidInput(error_message=f"'{tag}' is not a valid string")
        if len(tag) > LENGTH_MAX:
            raise problems.InvalidInput(error_message=f"'{tag}' exceeds maximum length of {LENGTH_MAX}")
    return tags
