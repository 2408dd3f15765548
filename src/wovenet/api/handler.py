"""The verbs: index, show, create, update, delete. One function each, for all collections.

Path of a create: `app` → `routes` → here (body, policy) → `resources.crud` → the resource's `actions` → commit.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wovenet.api import parse, reply
from wovenet.api.parents import Parents
from wovenet.api.service import Endpoint
from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.resources import crud, query
from wovenet.resources.base import Context, MemberAction, Object
from wovenet.store.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as far as the verbs care."""

    actor: Actor
    params: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    if_match: str | None = None
    url: str = ""
    """The URL of the request without its query string, for links."""


def index(endpoint: Endpoint, call: Call) -> Any:
    """The page of the collection that the actor may see, with its links."""
    page_max = endpoint.service.settings.default.pagination_max_limit
    asked = parse.listing(endpoint.collection, endpoint.resource, call.params, page_max=page_max)
    wanted = _wanted(endpoint, asked.fields)
    loaded = _loaded(endpoint, call.actor, wanted)
    if endpoint.resource.before_list is not None and asked.query.marker is None:
        context = Context(call.actor, endpoint.service.settings)
        endpoint.resource.before_list(endpoint.service.store, context, asked.query.filters)
    with endpoint.service.store.read() as tx:
        parents = Parents(tx, endpoint.service.registry, call.actor)
        ids: list[list[str]] = []
        parts: list[bytes] = []
        try:
            # What a long list takes is its text, not its objects.
            for found in query.parts(tx, endpoint.resource, call.actor, asked.query, attributes=loaded):
                if endpoint.resource.complement is not None:
                    endpoint.resource.complement(tx, found, asked.query.filters, frozenset(wanted))
                ids.append([item["id"] for item in found])
                parts.append(reply.encode(_shown(endpoint, call.actor, found, wanted, parents=parents)))
        except query.MarkerNotFound as error:
            raise endpoint.resource.not_found(asked.query.marker or "") from error
    if asked.query.is_reversed:
        ids.reverse()
        parts.reverse()
    page = [object_id for part in ids for object_id in part]
    links = reply.links(call.url, call.params, page, limit=asked.query.limit, is_reversed=asked.query.is_reversed)
    return reply.page(endpoint.collection.name, parts, links)


def show(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """The object, as far as the actor may see it."""
    wanted = _wanted(endpoint, parse.showing(endpoint.collection, endpoint.resource, call.params))
    loaded = _loaded(endpoint, call.actor, wanted)
    with endpoint.service.store.read() as tx:
        found = query.show(tx, endpoint.resource, call.actor, object_id, attributes=loaded)
        if found is None:
            raise endpoint.resource.not_found(object_id)
        if endpoint.resource.complement is not None:
            endpoint.resource.complement(tx, [found], {}, frozenset(wanted))
        parents = Parents(tx, endpoint.service.registry, call.actor)
        shown = _shown(endpoint, call.actor, [found], wanted, parents=parents)
    if not shown:
        raise problems.HTTPNotFound()
    return {endpoint.member: shown[0]}


def create(endpoint: Endpoint, call: Call) -> Any:
    """The new object, or the new objects of a bulk request: all of them, or none."""
    body = parse.body_of(call.body, size_max=endpoint.service.settings.wovenet.body_bytes_max)
    if not (endpoint.resource.is_bulk and endpoint.service.settings.default.allow_bulk):
        parse.refuse_bulk(endpoint.collection, body)
    asked = parse.creation(endpoint.collection, endpoint.info, body, call.actor)
    context = Context(call.actor, endpoint.service.settings)

    def write(tx: Tx) -> list[Object]:
        parents = Parents(tx, endpoint.service.registry, call.actor)
        for request, given in zip(asked.requests, asked.given, strict=True):
            enforced = {
                name: request[name]
                for name in endpoint.enforced
                if name in given and name in request and not endpoint.is_default(name, request[name])
            }
            need = endpoint.service.policy.required_rules("create", endpoint.member, enforced)
            try:
                endpoint.service.policy.require(call.actor, need, request, parents=parents)
            except problems.PolicyNotAuthorized:
                if endpoint.resource.require_parents is not None:
                    endpoint.resource.require_parents(tx, call.actor, request)
                raise
        made = crud.create(tx, context, endpoint.resource, [dict(request) for request in asked.requests])
        return _shown(endpoint, call.actor, made, endpoint.visible, parents=parents, is_own_doing=True)

    found = endpoint.service.store.write(write)
    return {endpoint.collection.name: found} if asked.is_bulk else {endpoint.member: found[0]}


def update(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """The object after the change."""
    body = parse.body_of(call.body, size_max=endpoint.service.settings.wovenet.body_bytes_max)
    changes = parse.changes(endpoint.collection, endpoint.info, body, call.actor)
    context = Context(call.actor, endpoint.service.settings)
    enforced = {name: changes[name] for name in endpoint.enforced if name in changes}
    need = endpoint.service.policy.required_rules("update", endpoint.member, enforced)

    def write(tx: Tx) -> Object:
        parents = Parents(tx, endpoint.service.registry, call.actor)
        current = current_of(endpoint, tx, call, object_id)
        endpoint.service.policy.require(
            call.actor, need, {**current, **changes}, parents=parents, seen=f"get_{endpoint.member}"
        )
        if changes:
            changed = crud.update(tx, context, endpoint.resource, current, changes=dict(changes))
        else:
            changed = current
            if endpoint.resource.complement is not None:
                endpoint.resource.complement(tx, [changed], {}, frozenset(endpoint.visible))
        return _shown(endpoint, call.actor, [changed], endpoint.visible, parents=parents, is_own_doing=True)[0]

    return {endpoint.member: endpoint.service.store.write(write)}


def keep(endpoint: Endpoint, call: Call, object_id: str) -> Any:
    """The object as it is: nothing of such objects can be changed, and what is tried is refused by its name."""
    body = parse.body_of(call.body, size_max=endpoint.service.settings.wovenet.body_bytes_max)
    parse.changes(endpoint.collection, endpoint.info, body, call.actor)
    return show(endpoint, replace(call, params=()), object_id)


def delete(endpoint: Endpoint, call: Call, object_id: str) -> None:
    """The object is gone."""
    context = Context(call.actor, endpoint.service.settings)

    def write(tx: Tx) -> None:
        parents = Parents(tx, endpoint.service.registry, call.actor)
        current = current_of(endpoint, tx, call, object_id)
        need = f"delete_{endpoint.member}"
        endpoint.service.policy.require(call.actor, need, current, parents=parents, seen=f"get_{endpoint.member}")
        crud.delete(tx, context, endpoint.resource, current)

    endpoint.service.store.write(write)


def act(endpoint: Endpoint, call: Call, object_id: str, action: MemberAction) -> Any:
    """The object after `action`, or what else it answers. It is neither of the verbs and has a policy of its own."""
    body = parse.action_body_of(call.body, size_max=endpoint.service.settings.wovenet.body_bytes_max)
    context = Context(call.actor, endpoint.service.settings)

    def write(tx: Tx) -> Any:
        parents = Parents(tx, endpoint.service.registry, call.actor)
        current = current_of(endpoint, tx, call, object_id)
        need = action.name
        endpoint.service.policy.require(call.actor, need, current, parents=parents, seen=f"get_{endpoint.member}")
        changed = action.act(tx, context, current, body)
        if action.is_plain:
            return changed
        shown = _shown(endpoint, call.actor, [changed], endpoint.visible, parents=parents, is_own_doing=True)
        return {endpoint.member: shown[0]}

    return endpoint.service.store.write(write)


def current_of(endpoint: Endpoint, tx: ReadTx, call: Call, object_id: str) -> Object:
    """The object that is to be changed, at the revision that the client demands.

    Raises: the collection's not-found problem, RevisionNumberConstraintFailed.
    """
    current = query.fetch(tx, endpoint.resource, call.actor, object_id)
    expected = parse.expected_revision(call.if_match)
    if expected is not None and "revision_number" in current and current["revision_number"] != expected:
        raise problems.RevisionNumberConstraintFailed(expected=expected, current=current["revision_number"])
    return current


def _wanted(endpoint: Endpoint, fields: frozenset[str] | None) -> tuple[str, ...]:
    """The attributes that an answer may have: those asked for, or all. Unknown ones are ignored, as the peer does."""
    if fields is None:
        return endpoint.visible
    return tuple(name for name in endpoint.visible if name in fields)


def _loaded(endpoint: Endpoint, actor: Actor, wanted: Collection[str]) -> frozenset[str]:
    """What is read for an answer with the `wanted` attributes: these, and what the policy looks at."""
    looked_at = endpoint.service.policy.view(actor, endpoint.member).attributes
    return frozenset(wanted) | (looked_at & query.stored_attributes(endpoint.resource))


def _shown(
    endpoint: Endpoint,
    actor: Actor,
    found: Sequence[Object],
    wanted: Collection[str],
    *,
    parents: Parents,
    is_own_doing: bool = False,
) -> list[Object]:
    """Of each object what the actor may see; objects that it may not see at all are left out.

    What it has just made or changed itself it is shown in any case, but for what is guarded.
    """
    if endpoint.resource.complete is not None:
        for item in found:
            endpoint.resource.complete(endpoint.service.settings, item)
    view = endpoint.service.policy.view(actor, endpoint.member)
    lacks = endpoint.resource.lacks

    def hidden(item: Object) -> frozenset[str] | None:
        unseen = view(item, parents)
        if unseen is None and is_own_doing:
            unseen = endpoint.service.policy.guarded(endpoint.member)
        return unseen if unseen is None or lacks is None else unseen | lacks(item)

    return reply.shown(found, wanted, hidden)
