"""What the functions behind URLs take and answer. One entry of `DESCRIBED` for each function, for all collections."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wovenet.api import dhcp_agents, documents, handler, loggable, providers, quotas, subresources, tags, zones
from wovenet.api.openapi import values
from wovenet.api.openapi.values import Schema
from wovenet.api.service import Endpoint
from wovenet.resources.base import Resource
from wovenet.surface.spec import Attribute, Collection

Subject = Endpoint | subresources.Inside | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb, as far as the document says more than its URL."""

    name: str
    """Its `operationId`, and with spaces its summary."""
    errors: tuple[int, ...] = ()
    """Statuses besides those that every request may be answered with."""
    answer: Schema | None = None
    """None: no body."""
    body: Schema | None = None
    parameters: tuple[Schema, ...] = ()
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    """What `answer` and `body` refer to."""


READ: Final = (400, 403, 404)
CREATE: Final = (400, 403, 404, 409, 413, 503)
CHANGE: Final = (400, 403, 404, 409, 412, 413, 503)
REMOVE: Final = (400, 403, 404, 409, 412, 503)

_PAGING: Final = tuple({"$ref": f"#/components/parameters/{name}"} for name in ("limit", "marker", "page_reverse"))
_IF_MATCH: Final = ({"$ref": "#/components/parameters/if_match"},)
_NO_CONTENT: Final = None
_TAGS: Final = values.record({"tags": values.array({**values.STRING, "maxLength": tags.LENGTH_MAX})}, "tags")
_LOGGABLE: Final = values.record({"type": values.STRING})
_LINK: Final = values.record({"rel": values.STRING, "href": values.STRING}, "rel", "href")
_LIMIT: Final[Schema] = {"type": "integer", "minimum": -1, "maximum": quotas.LIMIT_MAX}


def ref(name: str) -> Schema:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def title(name: str) -> str:
    """The name of schemas of `name`: `security_group` → `SecurityGroup`."""
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))


def names_of(attributes: Mapping[str, Attribute], chosen: Callable[[Attribute], Any]) -> dict[str, Attribute]:
    """The chosen attributes by the names that clients use: the owner has two."""
    found = {name: attribute for name, attribute in attributes.items() if chosen(attribute)}
    if "tenant_id" in found:
        found["project_id"] = found["tenant_id"]
    return found


def given(collection: Collection, right: str, resource: Resource | None = None) -> Schema:
    """What a request may say that creates (`allow_post`) or changes (`allow_put`) an object."""
    chosen = names_of(collection.attributes, lambda one: one.spec.get(right))
    properties = {name: values.marked(one, values.requested(one, resource)) for name, one in chosen.items()}
    if right == "allow_put":
        for schema in properties.values():
            schema.pop("default", None)
        return values.record(properties)
    needed = [n for n, one in chosen.items() if "default" not in one.spec and n not in ("tenant_id", "project_id")]
    return values.record(properties, *needed)


def _seen(endpoint: Endpoint) -> Schema:
    attributes = endpoint.collection.attributes
    chosen = names_of(attributes, lambda one: one.is_visible)
    properties = {name: values.shown(endpoint.collection, endpoint.resource, one) for name, one in chosen.items()}
    for name, schema in properties.items():
        inner = endpoint.service.registry.resources.get(name)
        if inner is not None and schema.get("type") == "array" and "items" not in schema:
            schema["items"] = ref(title(inner.member))
    return values.record(properties, is_open=True)


def _filters(attributes: Mapping[str, Attribute], further: Iterable[str] = ()) -> tuple[Schema, ...]:
    chosen = names_of(attributes, lambda one: one.is_filter)
    names = [*chosen, *(name for name in further if name not in chosen and name != "project_id")]
    return tuple(
        {
            "name": name,
            "in": "query",
            "description": f"Those whose {name} is one of these values.",
            "schema": values.array(values.filtered(attributes.get(name))),
        }
        for name in names
    )


def _fields(names: Iterable[str]) -> Schema:
    return {
        "name": "fields",
        "in": "query",
        "description": "The attributes to show. Unknown ones are ignored.",
        "schema": values.array({"type": "string", "examples": list(names)}),
    }


def _sorting(endpoint: Endpoint) -> tuple[Schema, ...]:
    keys = list(names_of(endpoint.collection.attributes, lambda one: one.is_sort_key))
    key: Schema = {
        "name": "sort_key",
        "in": "query",
        "description": "What to sort by, each with a `sort_dir` of its own.",
        "schema": values.array({"type": "string", "enum": keys}),
    }
    return (key, {"$ref": "#/components/parameters/sort_dir"})


def _index(endpoint: Endpoint) -> Operation:
    name, member = endpoint.collection.name, title(endpoint.member)
    answer = values.record({name: values.array(ref(member)), f"{name}_links": values.array(_LINK)}, name)
    asked = (
        *_filters(endpoint.collection.attributes, endpoint.resource.filters),
        _fields(endpoint.visible),
        *_sorting(endpoint),
        *_PAGING,
    )
    return Operation(f"list_{name}", READ, answer, None, asked, {member: _seen(endpoint)})


def _member(endpoint: Endpoint) -> Schema:
    return values.record({endpoint.member: ref(title(endpoint.member))}, endpoint.member)


def _show(endpoint: Endpoint) -> Operation:
    return Operation(f"show_{endpoint.member}", READ, _member(endpoint), None, (_fields(endpoint.visible),))


def _create(endpoint: Endpoint) -> Operation:
    collection, member = endpoint.collection, endpoint.member
    schema = f"{title(member)}Create"
    schemas = {schema: given(collection, "allow_post", endpoint.resource)}
    one = values.record({member: ref(schema)}, member, is_open=True)
    if not endpoint.resource.is_bulk:
        return Operation(f"create_{member}", CREATE, _member(endpoint), one, (), schemas)
    several = values.record({collection.name: {**values.array(ref(schema)), "minItems": 1}}, collection.name)
    many = values.record({collection.name: values.array(ref(title(member)))}, collection.name)
    answer = {"oneOf": [_member(endpoint), many]}
    return Operation(f"create_{member}", CREATE, answer, {"oneOf": [one, several]}, (), schemas)


def _update(endpoint: Endpoint) -> Operation:
    member, schema = endpoint.member, f"{title(endpoint.member)}Update"
    body = values.record({member: ref(schema)}, member, is_open=True)
    schemas = {schema: given(endpoint.collection, "allow_put", endpoint.resource)}
    return Operation(f"update_{member}", CHANGE, _member(endpoint), body, _IF_MATCH, schemas)


def _keep(endpoint: Endpoint) -> Operation:
    body = values.record({endpoint.member: values.record({})}, endpoint.member, is_open=True)
    return Operation(f"update_{endpoint.member}", (*READ, 413), _member(endpoint), body)


def _delete(endpoint: Endpoint) -> Operation:
    return Operation(f"delete_{endpoint.member}", REMOVE, _NO_CONTENT, None, _IF_MATCH)


def _act(endpoint: Endpoint, action: str) -> Operation:
    is_plain = next(one.is_plain for one in endpoint.resource.member_actions if one.name == action)
    answer = {"type": "object"} if is_plain else _member(endpoint)
    return Operation(f"{action}_of_{endpoint.member}", CHANGE, answer, {"type": "object"}, _IF_MATCH)


def _tag(verb: str) -> Callable[[Endpoint], Operation]:
    def described(endpoint: Endpoint) -> Operation:
        name = f"{verb}_of_{endpoint.member}"
        if verb in ("list_tags", "show_tag"):
            return Operation(name, READ, _TAGS if verb == "list_tags" else _NO_CONTENT)
        if verb in ("replace_tags", "add_tags"):
            body = {**_TAGS, "additionalProperties": True}
            return Operation(name, CHANGE, body, body, _IF_MATCH)
        return Operation(name, CHANGE, _NO_CONTENT, None, _IF_MATCH)

    return described


def _inside(inside: subresources.Inside) -> tuple[str, str, Schema]:
    """Of objects inside others: the name of one, that of its schema, and a body with one."""
    member = f"{inside.endpoint.member}_{inside.sub.member}"
    return member, title(member), values.record({inside.sub.member: ref(title(member))}, inside.sub.member)


def _inside_index(inside: subresources.Inside) -> Operation:
    member, schema, _ = _inside(inside)
    attributes = inside.collection.attributes
    visible = names_of(attributes, lambda one: one.is_visible)
    seen = {name: values.marked(one, values.nullable(values.requested(one))) for name, one in visible.items()}
    for one in seen.values():
        one.pop("default", None)
    answer = values.record({inside.sub.collection: values.array(ref(schema))}, inside.sub.collection)
    asked = (*_filters({name: one for name, one in attributes.items() if name != "tenant_id"}), _fields(visible))
    return Operation(f"list_{member}s", READ, answer, None, asked, {schema: values.record(seen, is_open=True)})


def _inside_show(inside: subresources.Inside) -> Operation:
    member, _, one = _inside(inside)
    visible = names_of(inside.collection.attributes, lambda one: one.is_visible)
    return Operation(f"show_{member}", READ, one, None, (_fields(visible),))


def _inside_create(inside: subresources.Inside) -> Operation:
    member, schema, one = _inside(inside)
    body = values.record({inside.sub.member: ref(f"{schema}Create")}, inside.sub.member, is_open=True)
    schemas = {f"{schema}Create": given(inside.collection, "allow_post")}
    return Operation(f"create_{member}", (*CREATE, 412), one, body, _IF_MATCH, schemas)


def _inside_update(inside: subresources.Inside) -> Operation:
    member, schema, one = _inside(inside)
    body = values.record({inside.sub.member: ref(f"{schema}Update")}, inside.sub.member, is_open=True)
    schemas = {f"{schema}Update": given(inside.collection, "allow_put")}
    return Operation(f"update_{member}", CHANGE, one, body, _IF_MATCH, schemas)


def _inside_delete(inside: subresources.Inside) -> Operation:
    return Operation(f"delete_{_inside(inside)[0]}", REMOVE, _NO_CONTENT, None, _IF_MATCH)


def _inside_act(inside: subresources.Inside, action: str) -> Operation:
    member, _, one = _inside(inside)
    return Operation(f"{action}_{member}", CHANGE, one, None, _IF_MATCH)


def limits(names: Iterable[str]) -> Mapping[str, Schema]:
    """The schemas of quotas, with the resources that are counted."""
    counted = list(names)
    used = values.record({key: {"type": "integer"} for key in ("limit", "used", "reserved")})
    changes: dict[str, Schema] = {
        **dict.fromkeys(counted, _LIMIT),
        "force": {"type": "boolean"},
        "check_limit": {"type": "boolean"},
    }
    return {
        "Quota": values.record(dict.fromkeys(counted, _LIMIT), *counted),
        "QuotaUpdate": values.record(changes),
        "QuotaDetails": values.record(dict.fromkeys(counted, used), *counted),
        "ProjectQuota": values.record(
            {**dict.fromkeys(counted, _LIMIT), "project_id": values.STRING, "tenant_id": values.STRING}, *counted
        ),
    }


_EXTENSION: Final = values.record(
    {
        **dict.fromkeys(("name", "alias", "description", "updated"), values.STRING),
        "links": values.array(_LINK),
    },
    "alias",
)
_VERSION: Final = values.record(
    {"id": values.STRING, "status": values.STRING, "links": values.array(_LINK)}, "id", "status"
)
_CORE: Final = values.record(
    {"name": values.STRING, "collection": values.STRING, "links": values.array(_LINK)}, "collection"
)
_ZONE: Final = values.record(dict.fromkeys(("name", "resource", "state"), values.STRING))
_PROVIDER: Final = values.record({"service_type": values.STRING, "name": values.STRING, "default": {"type": "boolean"}})
_QUOTA: Final = values.record({"quota": ref("Quota")}, "quota")


def _own(spelling: str) -> Operation:
    one = values.record({f"{spelling}_id": values.STRING}, f"{spelling}_id")
    return Operation(f"show_own_{spelling}", (), values.record({spelling: one}, spelling))


DESCRIBED: Final[Mapping[Callable[..., Any], Callable[..., Operation]]] = {
    handler.index: _index,
    handler.show: _show,
    handler.create: _create,
    handler.update: _update,
    handler.keep: lambda endpoint: Operation(f"update_{endpoint.member}", CHANGE, {}, {"type": "object"}, _IF_MATCH),
    handler.keep: _keep,
    handler.delete: _delete,
    handler.act: _act,
    subresources.index: _inside_index,
    subresources.show: _inside_show,
    subresources.create: _inside_create,
    subresources.update: _inside_update,
    subresources.delete: _inside_delete,
    subresources.act: _inside_act,
    tags.index: _tag("list_tags"),
    tags.show: _tag("show_tag"),
    tags.replace: _tag("replace_tags"),
    tags.add: _tag("add_tags"),
    tags.put: _tag("add_tag"),
    tags.delete: _tag("delete_tag"),
    tags.clear: _tag("clear_tags"),
    quotas.index: lambda _: Operation(
        "list_quotas", (403,), values.record({"quotas": values.array(ref("ProjectQuota"))}, "quotas")
    ),
    quotas.show: lambda _: Operation("show_quota", (403,), _QUOTA),
    quotas.default: lambda _: Operation("show_default_quota", (403,), _QUOTA),
    quotas.details: lambda _: Operation(
        "show_quota_details", (403,), values.record({"quota": ref("QuotaDetails")}, "quota")
    ),
    quotas.update: lambda _: Operation(
        "update_quota", (400, 403, 409, 413, 503), _QUOTA, values.record({"quota": ref("QuotaUpdate")}, "quota")
    ),
    quotas.delete: lambda _: Operation("delete_quota", (403, 404, 503)),
    quotas.own_tenant: lambda _: _own("tenant"),
    quotas.own_project: lambda _: _own("project"),
    zones.index: lambda _: Operation(
        "list_availability_zones",
        (400, 403),
        values.record({"availability_zones": values.array(_ZONE)}, "availability_zones"),
        None,
        (_fields(_ZONE["properties"]), *_PAGING),
    ),
    loggable.index: lambda _: Operation(
        "list_loggable_resources",
        (400, 403),
        values.record({"loggable_resources": values.array(_LOGGABLE)}, "loggable_resources"),
    ),
    providers.index: lambda _: Operation(
        "list_service_providers",
        (403,),
        values.record({"service_providers": values.array(_PROVIDER)}, "service_providers"),
        None,
        (_fields(("service_type", "name", "default")),),
    ),
    dhcp_agents.agents_of: lambda _: Operation(
        "list_dhcp_agents_of_network", (403,), values.record({"agents": {"type": "array", "maxItems": 0}}, "agents")
    ),
    dhcp_agents.networks_of: lambda _: Operation("list_networks_of_dhcp_agent", (403, 404), {}),
    dhcp_agents.add: lambda _: Operation(
        "add_network_to_dhcp_agent",
        (400, 403, 404, 413),
        {},
        values.record({"network_id": values.STRING}, "network_id", is_open=True),
    ),
    dhcp_agents.remove: lambda _: Operation("remove_network_from_dhcp_agent", (403, 404)),
    documents.versions: lambda _: Operation(
        "list_versions", (), values.record({"versions": values.array(_VERSION)}, "versions")
    ),
    documents.core: lambda _: Operation(
        "list_core_collections", (), values.record({"resources": values.array(_CORE)}, "resources")
    ),
    documents.extensions: lambda _: Operation(
        "list_extensions", (), values.record({"extensions": values.array(_EXTENSION)}, "extensions")
    ),
    documents.extension: lambda _: Operation(
        "show_extension", (404,), values.record({"extension": _EXTENSION}, "extension")
    ),
}
