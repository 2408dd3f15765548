"""The verbs of objects that exist inside another object: `/ports/{id}/bindings`. One function each, for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wovenet.api import parse
from wovenet.api.handler import Call, current_of
from wovenet.api.parents import Parents
from wovenet.api.service import Endpoint
from wovenet.model import problems
from wovenet.resources import query
from wovenet.resources.base import Context, Object, SubResource
from wovenet.store.tx import ReadTx, Tx
from wovenet.surface import lib, merge
from wovenet.surface.spec import Collection


@dataclass(frozen=True, slots=True)
class Inside:
    """One sub-collection as the verbs need it."""

    endpoint: Endpoint
    """Of the objects that these are in."""
    sub: SubResource
    collection: Collection
    info: lib.attributes.AttributeInfo


def inside(endpoint: Endpoint, sub: SubResource) -> Inside:
    """The sub-collection `sub` of the objects of `endpoint`."""
    collection = merge.sub_collection(sub.definition, sub.collection, sub.member)
    return Inside(endpoint, sub, collection, merge.attribute_info(collection))


def index(inside: Inside, call: Call, object_id: str) -> Any:
    """Those inside the object that the query asks for; none if the actor may not see any."""
    fields = parse.fields_of(call.params)
    wanted = parse.plain_filters(inside.collection, call.params)
    with inside.endpoint.service.store.read() as tx:
        parent = query.fetch(tx, inside.endpoint.resource, call.actor, object_id)
        found = inside.sub.index(tx, parent)
        may_see = _may_see(inside, call, tx, parent)
    shown = [
        _shown(inside, item, fields)
        for item in found
        if may_see and all(str(item[name]) in values for name, values in wanted.items())
    ]
    return {inside.sub.collection: shown}


def show(inside: Inside, call: Call, object_id: str, key: str) -> Any:
    """The one that `key` names."""
    fields = parse.fields_of(call.params)
    parse.plain_filters(inside.collection, call.params)
    with inside.endpoint.service.store.read() as tx:
        parent = query.fetch(tx, inside.endpoint.resource, call.actor, object_id)
        found = _named(inside, tx, parent, key)
        if not _may_see(inside, call, tx, parent):
            raise problems.HTTPNotFound
    return {inside.sub.member: _shown(inside, found, fields)}


def create(inside: Inside, call: Call, object_id: str) -> Any:
    """The new one."""
    body = parse.body_of(call.body, size_max=inside.endpoint.service.settings.wovenet.body_bytes_max)
    parse.refuse_bulk(inside.collection, body)
    [request] = parse.creation(inside.collection, inside.info, body, call.actor).requests
    context = Context(call.actor, inside.endpoint.service.settings)

    def write(tx: Tx) -> Object:
        parent = _authorized(inside, call, tx, object_id, verb="create")
        return inside.sub.create(tx, context, parent, dict(request))

    return {inside.sub.member: _shown(inside, inside.endpoint.service.store.write(write), None)}


def update(inside: Inside, call: Call, object_id: str, key: str) -> Any:
    """The one that `key` names, after the change."""
    body = parse.body_of(call.body, size_max=inside.endpoint.service.settings.wovenet.body_bytes_max)
    changes = parse.changes(inside.collection, inside.info, body, call.actor)
    context = Context(call.actor, inside.endpoint.service.settings)

    def write(tx: Tx) -> Object:
        parent = _authorized(inside, call, tx, object_id, verb="update")
        current = _named(inside, tx, parent, key)
        return inside.sub.update(tx, context, parent, current=current, changes=dict(changes))

    return {inside.sub.member: _shown(inside, inside.endpoint.service.store.write(write), None)}


def delete(inside: Inside, call: Call, object_id: str, key: str) -> None:
    """The one that `key` names is gone."""
    context = Context(call.actor, inside.endpoint.service.settings)

    def write(tx: Tx) -> None:
        parent = _authorized(inside, call, tx, object_id, verb="delete")
        inside.sub.delete(tx, context, parent, _named(inside, tx, parent, key))

    inside.endpoint.service.store.write(write)


def act(inside: Inside, call: Call, object_id: str, key: str, *, action: str) -> Any:
    """The one that `key` names, after `action`. What the body says does not matter."""
    context = Context(call.actor, inside.endpoint.service.settings)

    def write(tx: Tx) -> Object:
        parent = _authorized(inside, call, tx, object_id, verb=action)
        return inside.sub.actions[action](tx, context, parent, _named(inside, tx, parent, key))

    return {inside.sub.member: _shown(inside, inside.endpoint.service.store.write(write), None)}


def _authorized(inside: Inside, call: Call, tx: ReadTx, object_id: str, *, verb: str) -> Object:
    """The object that they are in, if the actor may do this to them."""
    endpoint = inside.endpoint
    parent = current_of(endpoint, tx, call, object_id)
    parents = Parents(tx, endpoint.service.registry, call.actor)
    need = inside.sub.policies[verb]
    endpoint.service.policy.require(call.actor, need, parent, parents=parents, seen=f"get_{endpoint.member}")
    return parent


def _may_see(inside: Inside, call: Call, tx: ReadTx, parent: Object) -> bool:
    parents = Parents(tx, inside.endpoint.service.registry, call.actor)
    return inside.endpoint.service.policy.allows(call.actor, inside.sub.policies["get"], parent, parents)


def _named(inside: Inside, tx: ReadTx, parent: Object, key: str) -> Object:
    found: Sequence[Object] = inside.sub.index(tx, parent)
    for item in found:
        if item[inside.sub.key] == key:
            return item
    raise inside.sub.not_found(parent, key)


def _shown(inside: Inside, item: Object, fields: frozenset[str] | None) -> Object:
    names = [name for name, found in inside.collection.attributes.items() if found.is_visible and name in item]
    return {name: item[name] for name in names if fields is None or name in fields}
