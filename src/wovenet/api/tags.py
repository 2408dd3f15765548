"""Tags of one object: `/v2.0/<collection>/{id}/tags` and one tag below it."""

from collections.abc import Mapping
from typing import Any

from wovenet.api import handler, parse
from wovenet.api.handler import Call
from wovenet.api.parents import Parents
from wovenet.api.service import Endpoint
from wovenet.model import problems
from wovenet.resources import crud, query, tagging
from wovenet.resources.base import Object
from wovenet.store.tx import ReadTx, Tx

LENGTH_MAX = 255
COUNT_MAX = 50
"""Tags of one object."""


def index(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """All tags of the object."""
    with endpoint.service.store.read() as tx:
        return {"tags": _authorized(endpoint, call, tx, verb="get", object_id=object_id)["tags"]}


def show(endpoint: Endpoint, call: Call, object_id: str, tag: str) -> None:
    """Nothing, if the object has the tag. Raises: TagNotFound."""
    if tag not in index(endpoint, call, object_id)["tags"]:
        raise problems.TagNotFound(tag=tag)


def replace(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """The object has exactly the tags of the body. Out: the body, as the peer answers."""
    body, tags = _tags_of(endpoint, call)

    def write(tx: Tx) -> None:
        current = _authorized(endpoint, call, tx, verb="update", object_id=object_id)
        if set(current["tags"]) != set(tags):
            tagging.replace(tx, endpoint.resource, current["id"], tags)
            crud.bump(tx, endpoint.resource, current["id"])

    endpoint.service.store.write(write)
    return body


def add(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """The object has the tags of the body besides those it had. Out: the body."""
    body, tags = _tags_of(endpoint, call)
    _add(endpoint, call, object_id, tags, verb="create")
    return body


def put(endpoint: Endpoint, call: Call, object_id: str, tag: str) -> None:
    """The object has `tag`."""
    _add(endpoint, call, object_id, _checked(endpoint, [tag]), verb="update")


def _add(endpoint: Endpoint, call: Call, object_id: str, tags: list[str], *, verb: str) -> None:
    def write(tx: Tx) -> None:
        current = _authorized(endpoint, call, tx, verb=verb, object_id=object_id)
        new = [tag for tag in tags if tag not in current["tags"]]
        if new:
            _check_count(endpoint, [*current["tags"], *new])
            tagging.add(tx, endpoint.resource, current["id"], new)
            crud.bump(tx, endpoint.resource, current["id"])

    endpoint.service.store.write(write)


def delete(endpoint: Endpoint, call: Call, object_id: str, tag: str) -> None:
    """The object lacks `tag`. Raises: TagNotFound if it did already."""

    def write(tx: Tx) -> None:
        current = _authorized(endpoint, call, tx, verb="delete", object_id=object_id)
        if not tagging.discard(tx, current["id"], tag):
            raise problems.TagNotFound(tag=tag)
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
    """The object, at the revision that a client who changes it demands."""
    if verb == "get":
        current = query.fetch(tx, endpoint.resource, call.actor, object_id)
    else:
        current = handler.current_of(endpoint, tx, call, object_id)
    parents = Parents(tx, endpoint.service.registry, call.actor)
    need = f"{verb}_{endpoint.member}:tags"
    endpoint.service.policy.require(call.actor, need, current, parents=parents, seen=f"get_{endpoint.member}")
    return current


def _tags_of(endpoint: Endpoint, call: Call) -> tuple[Mapping[str, Any], list[str]]:
    """The body of the request, and the tags in it. Raises: MalformedRequestBody, InvalidInput, BadRequest."""
    try:
        body = parse.body_of(call.body, size_max=endpoint.service.settings.wovenet.body_bytes_max)
    except problems.HTTPBadRequest as error:
        raise problems.MalformedRequestBody(reason="Cannot understand JSON") from error
    if "tags" not in body:
        raise problems.InvalidInput(error_message="Invalid tags body")
    tags = body["tags"]
    if not isinstance(tags, list):
        raise problems.InvalidInput(error_message=f"'{tags}' is not a list")
    return body, _checked(endpoint, tags)


def _checked(endpoint: Endpoint, tags: list[Any]) -> list[str]:
    """`tags`, if each of them can be one. Raises: InvalidInput, BadRequest."""
    seen = set()
    for tag in tags:
        if not isinstance(tag, str) or parse.NUL in tag:
            raise problems.InvalidInput(error_message=f"'{tag}' is not a valid string")
        if len(tag) > LENGTH_MAX:
            raise problems.InvalidInput(error_message=f"'{tag}' exceeds maximum length of {LENGTH_MAX}")
        if tag in seen:
            raise problems.InvalidInput(error_message=f"Duplicate items in the list: '{tag}'")
        seen.add(tag)
    _check_count(endpoint, tags)
    return tags


def _check_count(endpoint: Endpoint, tags: list[Any]) -> None:
    if len(tags) > COUNT_MAX:
        message = f"The number of tags exceed the per-resource limit of {COUNT_MAX}"
        raise problems.BadRequest(resource=endpoint.collection.name, msg=message)
