"""From a request to values: bodies by neutron-lib's own validators, query strings by the surface.

Every function here raises problems only: what a client sends never ends in a 500.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.resources.base import Object, Resource
from wovenet.resources.query import Query, Sort
from wovenet.surface import lib
from wovenet.surface.spec import Collection

TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")
_RESERVED = frozenset({"fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"})
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})
_INTEGER_MAX = 2**63 - 1
_DEPTH_MAX = 16
"""How far lists and dictionaries in a value may be nested."""
NUL = "\0"
NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"
"""Stands for what a URL cannot say: bytes that are no text, and NUL. Matches nothing that is stored."""


@dataclass(frozen=True, slots=True)
class Creation:
    """What a POST asks for: requests with defaults filled in, and which attributes each of them gave itself."""

    requests: list[Object]
    given: list[frozenset[str]]
    is_bulk: bool


def _bad_request(message: str) -> problems.Problem:
    return problems.HTTPBadRequest(message=message)


def body_of(raw: bytes, *, size_max: int) -> Mapping[str, Any]:
    """The JSON object of a request body; an empty body is an empty object. Raises: HTTPBadRequest."""
    if len(raw) > size_max:
        raise problems.HTTPRequestEntityTooLarge()
    if not raw:
        return {}
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _bad_request("Body contains invalid data") from error
    if not isinstance(body, dict):
        raise _bad_request("Body contains invalid data")
    return body


def action_body_of(raw: bytes, *, size_max: int) -> Mapping[str, Any]:
    """The JSON object of a request that is no verb on attributes: nothing in it that a database cannot hold.

    Raises: HTTPBadRequest.
    """
    body = body_of(raw, size_max=size_max)
    if not _is_storable(body):
        raise _bad_request("Body contains invalid data")
    return body


def refuse_bulk(collection: Collection, body: Mapping[str, Any]) -> None:
    """Raises: HTTPBadRequest if `body` is about several objects."""
    if _is_bulk(collection, body):
        raise _bad_request("Bulk operation not supported")


def _is_bulk(collection: Collection, body: Mapping[str, Any]) -> bool:
    return collection.name in body and collection.name != collection.member


def creation(
    collection: Collection, info: lib.attributes.AttributeInfo, body: Mapping[str, Any], actor: Actor
) -> Creation:
    """The requests of a POST, complete and valid. A bulk body has the collection's name as its key."""
    if _is_bulk(collection, body):
        items = body[collection.name]
        if not items:
            raise _bad_request("Resources required")
        if not isinstance(items, list):
            raise _bad_request(f"Object '{collection.member}' contains invalid data")
        given = [_inner(collection, item) for item in items]
    else:
        given = [_member_of(collection, body)]
    requests = [_complete(collection, info, dict(item), actor) for item in given]
    return Creation(requests, [frozenset(item) for item in given], _is_bulk(collection, body))


def changes(
    collection: Collection, info: lib.attributes.AttributeInfo, body: Mapping[str, Any], actor: Actor
) -> Object:
    """The attributes that a PUT changes, converted and valid."""
    refuse_bulk(collection, body)
    values = dict(_member_of(collection, body))
    if "project_id" in values:
        values["tenant_id"] = values.pop("project_id")
    if "tenant_id" in values:
        _check_project(values["tenant_id"], actor)
    _no_foreign_keys(collection, values)
    for name in values:
        if not collection.attributes[name].spec.get("allow_put"):
            raise _bad_request(f"Cannot update read-only attribute {name}")
    _convert(info, values)
    return values


def _member_of(collection: Collection, body: Mapping[str, Any]) -> Mapping[str, Any]:
    item = body.get(collection.member)
    if item is None:
        raise _bad_request(f"Unable to find '{collection.member}' in request body")
    if not isinstance(item, dict):
        raise _bad_request(f"Object '{collection.member}' contains invalid data")
    return item


def _inner(collection: Collection, item: Any) -> Mapping[str, Any]:
    """One item of a bulk body: the attributes themselves, or wrapped in the member's name."""
    if not isinstance(item, dict):
        raise _bad_request("Body contains invalid data")
    if set(item) == {collection.member} and isinstance(item[collection.member], dict):
        inner: Mapping[str, Any] = item[collection.member]
        return inner
    return item


def _complete(collection: Collection, info: lib.attributes.AttributeInfo, values: Object, actor: Actor) -> Object:
    _project(values, actor)
    _no_foreign_keys(collection, values)
    try:
        info.fill_post_defaults(values, exc_cls=_bad_request)
    except lib.exceptions.NeutronException as error:
        raise _translated(error) from error
    _convert(info, values)
    return {name: value for name, value in values.items() if value is not lib.constants.ATTR_NOT_SPECIFIED}


def _project(values: Object, actor: Actor) -> None:
    """`values` name their project, in both spellings. Only who may act for others may name another one."""
    if "tenant_id" in values and "project_id" in values and values["tenant_id"] != values["project_id"]:
        raise _bad_request("'project_id' and 'tenant_id' do not match")
    named = [values[name] for name in ("project_id", "tenant_id") if name in values]
    project_id = named[0] if named else actor.project_id
    if not named and not project_id:
        raise _bad_request("Running without keystone AuthN requires that project_id is specified")
    _check_project(project_id, actor)
    values["project_id"] = values["tenant_id"] = project_id


def _check_project(project_id: Any, actor: Actor) -> None:
    if project_id != actor.project_id and not (actor.is_admin or actor.is_service):
        raise _bad_request(
            "Specifying 'project_id' other than the authenticated project in request is not allowed for the current "
            "user."
        )


def _no_foreign_keys(collection: Collection, values: Mapping[str, Any]) -> None:
    unknown = [name for name in values if name not in collection.attributes and name != "project_id"]
    if unknown:
        raise _bad_request(f"Unrecognized attribute(s) '{', '.join(unknown)}'")


def _convert(info: lib.attributes.AttributeInfo, values: Object) -> None:
    """`values` converted and validated in place by neutron-lib.

    Its converters assume types that a client need not send; what they make of others is a bad value as well.
    """
    try:
        info.convert_values(values, exc_cls=_bad_request)
    except lib.exceptions.NeutronException as error:
        raise _translated(error) from error
    except lib.HTTPBadRequest as error:
        raise _bad_request(str(error)) from error
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError) as error:
        raise _bad_request("Body contains invalid data") from error
    for name, value in values.items():
        if not _is_storable(value):
            raise _bad_request(f"Invalid input for {name}. Reason: it cannot be stored.")


def _is_storable(value: Any, depth: int = 0) -> bool:
    """Whether every database can hold `value`: no text with NUL in it, no number beyond 64 bits, no endless nesting."""
    if isinstance(value, str):
        return NUL not in value
    if isinstance(value, int):
        return abs(value) <= _INTEGER_MAX
    parts: Iterable[Any] = ()
    if isinstance(value, dict):
        parts = (*value, *value.values())
    elif isinstance(value, list):
        parts = value
    return depth <= _DEPTH_MAX and all(_is_storable(part, depth + 1) for part in parts)


def _translated(error: lib.exceptions.NeutronException) -> problems.Problem:
    """neutron-lib's exception as ours of the same name, or as a bad request with its text."""
    known = getattr(problems, type(error).__name__, None)
    if isinstance(known, type) and issubclass(known, problems.InvalidInput):
        text = str(error.msg).removeprefix("Invalid input for operation: ").removesuffix(".")
        return problems.InvalidInput(error_message=text)
    return _bad_request(str(error.msg))


# Query strings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listing:
    """What a GET of a collection asks for."""

    query: Query
    fields: frozenset[str] | None
    """The attributes that it wants; None means all."""
    params: tuple[tuple[str, str], ...]
    """The query string as it came, for links to the neighbouring pages."""


def pairs_of(query_string: str) -> tuple[tuple[str, str], ...]:
    """The parameters of a query string, in order, empty values kept."""
    found = parse_qsl(query_string, keep_blank_values=True, errors="replace")
    return tuple((name, value.replace(NUL, NO_CHARACTER)) for name, value in found)


def fields_of(params: Sequence[tuple[str, str]]) -> frozenset[str] | None:
    """The attributes that the client wants; None means all."""
    named = [value for name, value in params if name == "fields"]
    return frozenset(named) if named else None


def showing(collection: Collection, resource: Resource, params: tuple[tuple[str, str], ...]) -> frozenset[str] | None:
    """The attributes that a GET of one object wants; None means all. Raises: HTTPBadRequest for unknown parameters."""
    _filters(collection, resource, _by_name(params))
    return fields_of(params)


def listing(
    collection: Collection, resource: Resource, params: tuple[tuple[str, str], ...], *, page_max: int
) -> Listing:
    """What `params` ask of a collection. `page_max` 0: no upper limit to a page."""
    given = _by_name(params)
    limit = _limit(given.get("limit", []), page_max)
    return Listing(
        Query(
            filters=_filters(collection, resource, given),
            sort=_sorts(collection, given),
            limit=limit,
            marker=(given.get("marker", [""])[-1] or None) if limit else None,
            is_reversed=given.get("page_reverse", ["false"])[-1].lower() == "true",
        ),
        fields_of(params),
        params,
    )


def plain_filters(collection: Collection, params: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """The filters of `params` by attributes that are compared as text. Raises: HTTPBadRequest for unknown ones."""
    given = {name: values for name, values in _by_name(params).items() if name not in _RESERVED}
    unknown = [name for name in given if not ((found := collection.attributes.get(name)) and found.is_filter)]
    if unknown:
        raise _bad_request(f"{unknown} is invalid attribute for filtering")
    return given


def _by_name(params: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in params:
        given.setdefault(name, []).append(value)
    return given


def _filters(
    collection: Collection, resource: Resource, given: Mapping[str, Sequence[str]]
) -> dict[str, Sequence[Any]]:
    found: dict[str, Sequence[Any]] = {}
    unknown = []
    for name, values in given.items():
        if name in _RESERVED:
            continue
        attribute = collection.attributes.get(name)
        if name in resource.filters:
            found[name] = [_truth(v) for v in values] if attribute and attribute.is_boolean else values
        elif attribute is not None and attribute.is_filter:
            found[name] = [_filter_value(attribute, value) for value in values]
        elif name == "project_id" and resource.column("project_id") is not None:
            found[name] = values
        else:
            unknown.append(name)
    if unknown:
        raise _bad_request(f"{unknown} is invalid attribute for filtering")
    return found


def _filter_value(attribute: Any, value: str) -> Any:
    if attribute.is_boolean:
        return _truth(value)
    if attribute.is_integer:
        try:
            number = int(value)
        except ValueError as error:
            raise problems.InvalidInput(error_message=f"'{value}' is not an integer") from error
        return max(-_INTEGER_MAX, min(number, _INTEGER_MAX))
    return value


def _truth(value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise problems.InvalidInput(error_message=f"'{value}' cannot be converted to boolean")


def _sorts(collection: Collection, given: Mapping[str, Sequence[str]]) -> list[Sort]:
    keys = ["tenant_id" if key == "project_id" else key for key in given.get("sort_key", [])]
    directions = given.get("sort_dir", [])
    if len(keys) != len(directions):
        raise _bad_request("The number of sort_keys and sort_dirs must be same")
    bad = [key for key in keys if not ((found := collection.attributes.get(key)) and found.is_sort_key)]
    if bad:
        raise _bad_request(f"{bad} is invalid attribute for sort_keys")
    bad = [direction for direction in directions if direction not in ("asc", "desc")]
    if bad:
        raise _bad_request(f"{bad} is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
    return [Sort(key, direction == "desc") for key, direction in zip(keys, directions, strict=True)]


def _limit(values: Sequence[str], page_max: int) -> int | None:
    """The page size; None for everything. Zero asks for the largest page."""
    text = values[-1] if values else "0"
    if not text.isascii() or not text.isdigit():
        raise problems.BadRequest(resource="limit", msg=f"Limit must be an integer 0 or greater and not '{text}'")
    wanted = min(int(text), _INTEGER_MAX)
    if page_max:
        wanted = min(wanted or page_max, page_max)
    return wanted or None


def expected_revision(if_match: str | None) -> int | None:
    """The revision that an If-Match header demands (`revision_number=7`), or None without one."""
    if if_match is None:
        return None
    found = None
    for item in if_match.split(","):
        name, _, value = item.strip().partition("=")
        if name == "revision_number":
            if not value.isascii() or not value.isdigit():
                raise problems.BadRequest(
                    resource="if-match", msg="Revision number etag must be in the format of revision_number=<int>"
                )
            found = int(value)
    return found
