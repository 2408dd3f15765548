"""Attributes as JSON Schema: from their validators, converters and columns. Nothing here knows any collection.

A validator that is not in the tables describes any value: the document then says less, never something wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from wovenet.resources.base import Child, Resource, columns_of
from wovenet.surface.spec import Attribute, Collection

Schema = dict[str, Any]

STRING: Final[Schema] = {"type": "string"}
UUID: Final[Schema] = {"type": "string", "format": "uuid"}
IP: Final[Schema] = {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
CIDR: Final[Schema] = {"type": "string", "examples": ["192.0.2.0/24", "2001:db8::/64"]}
MAC: Final[Schema] = {"type": "string", "pattern": "^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_UUID_LENGTH, _TIME_LENGTH = 36, 20


def array(items: Schema) -> Schema:
    """A list of `items`."""
    return {"type": "array", "items": items}


def record(properties: Mapping[str, Schema], *required: str, is_open: bool = False) -> Schema:
    """An object with these properties, and with others only if it is open."""
    found: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        found["required"] = list(required)
    return found if is_open else {**found, "additionalProperties": False}


def nullable(schema: Schema) -> Schema:
    """`schema`, or null."""
    kind = schema.get("type")
    if kind is None:
        return schema if not schema or "$ref" not in schema else {"anyOf": [schema, {"type": "null"}]}
    if "null" in kind:
        return schema
    found = {**schema, "type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    if "enum" in schema and None not in schema["enum"]:
        found["enum"] = [*schema["enum"], None]
    if "anyOf" in schema:
        found["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return found


def _text(length: Any) -> Schema:
    return {**STRING, "maxLength": length} if length else STRING


def _values(values: Iterable[Any]) -> Schema:
    listed = list(values)
    kinds = {type(value) for value in listed}
    names = [name for kind, name in _KINDS.items() if kind in kinds]
    return {"type": names[0] if len(names) == 1 else names, "enum": listed}


def _range(limits: Iterable[int]) -> Schema:
    low, high = limits
    return {"type": "integer", "minimum": low, "maximum": high}


def _pattern(pattern: Any) -> Schema:
    return {**STRING, "pattern": str(pattern)}


def _keyed(specs: Iterable[Mapping[str, Any]]) -> Schema:
    return array({"anyOf": [_dict(spec) for spec in specs]})


def _dict(spec: Mapping[str, Mapping[str, Any]] | None) -> Schema:
    if not spec:
        return {"type": "object"}
    properties = {name: _validated(one) for name, one in spec.items()}
    return record(properties, *(name for name, one in spec.items() if one.get("required")))


_KINDS: Final = {bool: "boolean", int: "integer", str: "string", type(None): "null"}
_POOL: Final = record({"start": IP, "end": IP}, "start", "end")
_ROUTE: Final = record({"destination": CIDR, "nexthop": IP}, "destination", "nexthop")
_FIXED_IP: Final = record({"subnet_id": UUID, "ip_address": IP})
_PAIR: Final = record({"mac_address": MAC, "ip_address": STRING}, "ip_address")
_SEGMENT: Final = record(
    {
        "provider:network_type": nullable(STRING),
        "provider:physical_network": nullable(STRING),
        "provider:segmentation_id": nullable({"type": "integer"}),
    }
)

_VALIDATORS: Final[Mapping[str, Callable[[Any], Schema]]] = {
    "type:boolean": lambda _: {"type": "boolean"},
    "type:integer": lambda _: {"type": "integer"},
    "type:non_negative": lambda _: {"type": "integer", "minimum": 0},
    "type:range": _range,
    "type:range_or_none": lambda limits: nullable(_range(limits)),
    "type:port_range": lambda _: STRING,
    "type:values": _values,
    "type:regex": _pattern,
    "type:regex_or_none": lambda pattern: nullable(_pattern(pattern)),
    "type:string": _text,
    "type:string_or_none": lambda length: nullable(_text(length)),
    "type:name_string": _text,
    "type:name_string_or_none": lambda length: nullable(_text(length)),
    "type:not_empty_string": lambda length: {**_text(length), "minLength": 1},
    "type:not_empty_name_string": lambda length: {**_text(length), "minLength": 1},
    "type:not_empty_string_or_none": lambda length: nullable({**_text(length), "minLength": 1}),
    "type:oneline_not_empty_string": lambda length: {**_text(length), "minLength": 1},
    "type:oneline_not_empty_string_or_none": lambda length: nullable({**_text(length), "minLength": 1}),
    "type:dns_domain_name": _text,
    "type:dns_host_name": _text,
    "type:fip_dns_host_name": _text,
    "type:uuid": lambda _: UUID,
    "type:uuid_or_none": lambda _: nullable(UUID),
    "type:subnetpool_id": lambda _: STRING,
    "type:subnetpool_id_or_none": lambda _: nullable(STRING),
    "type:uuid_list": lambda _: array(UUID),
    "type:uuid_list_non_empty": lambda _: {**array(UUID), "minItems": 1},
    "type:ip_address": lambda _: IP,
    "type:ip_address_or_none": lambda _: nullable(IP),
    "type:ip_or_subnet_or_none": lambda _: nullable(STRING),
    "type:subnet": lambda _: CIDR,
    "type:subnet_or_none": lambda _: nullable(CIDR),
    "type:subnet_list": lambda _: array(CIDR),
    "type:list_of_subnets_or_none": lambda _: nullable(array(CIDR)),
    "type:mac_address": lambda _: MAC,
    "type:mac_address_or_none": lambda _: nullable(MAC),
    "type:ip_pools": lambda _: nullable(array(_POOL)),
    "type:nameservers": lambda _: nullable(array(IP)),
    "type:hostroutes": lambda _: nullable(array(_ROUTE)),
    "type:fixed_ips": lambda _: nullable(array(_FIXED_IP)),
    "type:availability_zone_hint_list": lambda _: array(STRING),
    "type:list_of_unique_strings": lambda _: {**array(STRING), "uniqueItems": True},
    "type:network_segments": lambda _: array(_SEGMENT),
    "type:dict": _dict,
    "type:dict_or_empty": _dict,
    "type:dict_or_none": lambda spec: nullable(_dict(spec)),
    "type:dict_or_nodata": lambda spec: nullable(_dict(spec)),
    "type:list_of_any_key_specs_or_none": lambda specs: nullable(_keyed(specs)),
    "type:list_of_dict_or_nodata": lambda spec: nullable(array(_dict(spec))),
    "type:ethertype": lambda _: {"type": "string", "enum": ["IPv4", "IPv6"]},
}
_CONVERTERS: Final[Mapping[str, Schema]] = {
    "convert_to_boolean": {"type": "boolean"},
    "convert_to_boolean_if_not_none": {"type": ["boolean", "null"]},
    "convert_to_int": {"type": "integer"},
    "convert_to_int_if_not_none": {"type": ["integer", "null"]},
    "to_owners": nullable(array(STRING)),
    "to_pairs": nullable(array(_PAIR)),
    "to_mac_or_none": nullable(MAC),
    "to_name": STRING,
}
_NULL_IS_EMPTY: Final = frozenset({"convert_none_to_empty_list", "convert_none_to_empty_dict"})

_DERIVED: Final[Mapping[str, Schema]] = {
    "shared": {"type": "boolean"},
    **{key: {"type": ["string", "integer"]} for key in ("default_prefixlen", "min_prefixlen", "max_prefixlen")},
    "tags": array(STRING),
    "availability_zones": array(STRING),
    "l2_adjacency": {"type": "boolean"},
    "heartbeat_timestamp": STRING,
    "host": STRING,
    "vif_type": STRING,
    "status": STRING,
    "total_ips": {"type": "integer"},
    "used_ips": {"type": "integer"},
    "subnet_ip_availability": array({"type": "object"}),
    "configurations": {"type": "object"},
    "dns_assignment": array(record({"hostname": STRING, "ip_address": IP, "fqdn": STRING})),
}
"""Of attributes that are worked out, by their names: no column and no validator says how they are shown."""


def requested(attribute: Attribute, resource: Resource | None = None) -> Schema:
    """What a request may say of `attribute`. Other spellings are taken too: "true", "1" and the like.

    In: the resource behind it, whose column says what its definition does not.
    """
    found = _validated(attribute.spec) or _DERIVED.get(attribute.name, {})
    column = columns_of(resource).get(attribute.name) if resource is not None and not found else None
    return _with_default(attribute, found if column is None else _of_column(column, {}))


def filtered(attribute: Attribute | None) -> Schema:
    """One value of the filter by `attribute`."""
    if attribute is not None and attribute.is_boolean:
        return {"type": "boolean"}
    return {"type": "integer"} if attribute is not None and attribute.is_integer else STRING


def _validated(spec: Mapping[str, Any]) -> Schema:
    converter = getattr(spec.get("convert_to"), "__name__", "")
    named = spec.get("validate") or {key: value for key, value in spec.items() if key.startswith("type:")}
    found: Schema = dict(_CONVERTERS.get(converter, {}))
    for name, argument in named.items():
        if name in _VALIDATORS:
            found = _VALIDATORS[name](argument)
    if ("default" in spec and spec["default"] is None) or converter in _NULL_IS_EMPTY:
        found = nullable(found)
    return found


def _with_default(attribute: Attribute, schema: Schema) -> Schema:
    default = attribute.spec.get("default")
    if isinstance(default, str | int | list) and not callable(default):
        return {**schema, "default": default}
    return schema


def shown(collection: Collection, resource: Resource, attribute: Attribute) -> Schema:
    """What an answer says of `attribute`."""
    return marked(collection.attributes.get(attribute.name, attribute), _shown(resource, attribute))


def marked(attribute: Attribute, schema: Schema) -> Schema:
    """`schema` with who may give the attribute, and the extension that brings it."""
    found = dict(schema)
    may_create, may_change = bool(attribute.spec.get("allow_post")), bool(attribute.spec.get("allow_put"))
    if not may_create and not may_change:
        found["readOnly"] = True
    elif not may_change:
        found["x-create-only"] = True
    if attribute.alias:
        found["x-extension"] = attribute.alias
    return found


def _shown(resource: Resource, attribute: Attribute) -> Schema:
    children: dict[str, Child] = {child.attribute: child for child in resource.children}
    said = _DERIVED.get(attribute.name) or _validated(attribute.spec)
    if attribute.name in children:
        ids = array(STRING) if children[attribute.name].load is str else {"type": "array"}
        return _plain(said) if said else ids
    column = columns_of(resource).get(attribute.name)
    if attribute.name in _DERIVED:
        return said
    if column is None:
        return nullable(said) if said else {}
    if attribute.name in resource.json:
        return nullable(said) if said else {}
    return _of_column(column, said)


def _plain(schema: Schema) -> Schema:
    """`schema` without null: what is kept in rows of its own is a list, perhaps an empty one."""
    kind = schema.get("type")
    return {**schema, "type": "array"} if isinstance(kind, list) and "array" in kind else schema


def _of_column(column: "sa.ColumnElement[Any]", said: Schema) -> Schema:
    """What the column can hold, and of that what requests may say."""
    found = dict(said)
    match column.type:
        case sa.Boolean():
            found = {"type": "boolean"}
        case sa.Integer():
            found = {**found, "type": "integer"}
        case sa.CHAR(length=length) if length == _TIME_LENGTH:
            found = dict(TIME)
        case sa.CHAR(length=length) if length == _UUID_LENGTH:
            found = dict(UUID)
        case sa.String():
            found = {**(found if found.get("format") != "uuid" else {}), "type": "string"}
    return nullable(found) if getattr(column, "nullable", True) else found
