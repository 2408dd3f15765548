"""Many definitions into one surface. Order is declared by the caller; so is every override.

Source: `neutron_lib.api.definitions`; thirty attributes are defined by more than one module there, so a silent merge
would let the import order decide what the API accepts.
"""

import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from wovenet.surface import lib, spec
from wovenet.surface.declare import Definition


class SurfaceError(Exception):
    """The declared definitions do not fit together. Raised at start, never later."""


_LIBRARY = "neutron_lib.api.definitions."
_OURS = "wovenet.surface.definitions."


def load(name: str) -> Any:
    """The definition module `name`: ours if it starts with a dot, else neutron-lib's."""
    return importlib.import_module(_OURS + name[1:] if name.startswith(".") else _LIBRARY + name)


def merge(
    core: Iterable[str],
    definitions: Iterable[Definition],
    members: Mapping[str, str],
    *,
    prefixes: Mapping[str, str] = MappingProxyType({}),
) -> spec.Surface:
    """The surface of the `core` modules and `definitions`, for the collections that `members` names.

    In: `members` maps collection to member name ("ports" → "port"); a definition's other collections are left out.
    `prefixes` says what comes before collections in URLs, where anything does.
    Raises: SurfaceError for an undeclared override, an alias that is not the module's, or a missing requirement.
    """
    attributes: dict[str, dict[str, spec.Attribute]] = {name: {} for name in members}
    for name in core:
        _add(attributes, Definition("", name), load(name).RESOURCE_ATTRIBUTE_MAP)
    extensions: dict[str, spec.Extension] = {}
    required: dict[str, Iterable[str]] = {}
    for definition in definitions:
        module = load(definition.module)
        if definition.alias != module.ALIAS:
            raise SurfaceError(f"{definition.module} defines {module.ALIAS}, not {definition.alias}")
        _add(attributes, definition, module.RESOURCE_ATTRIBUTE_MAP or {})
        extensions[module.ALIAS] = spec.Extension(
            module.ALIAS, module.NAME, module.DESCRIPTION, module.UPDATED_TIMESTAMP
        )
        required[module.ALIAS] = module.REQUIRED_EXTENSIONS or ()
    for alias, needs in required.items():
        missing = set(needs) - set(extensions)
        if missing:
            raise SurfaceError(f"{alias} requires {', '.join(sorted(missing))}")
    return spec.Surface(
        {
            name: spec.Collection(name, members[name], found, prefixes.get(name, ""))
            for name, found in attributes.items()
        },
        extensions,
    )


def _add(
    attributes: dict[str, dict[str, spec.Attribute]],
    definition: Definition,
    maps: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> None:
    for collection, found in maps.items():
        if collection not in attributes:
            continue
        for given, attribute in found.items():
            # The owner has two spellings. Definitions use either; from here on it is one attribute by its older name.
            name = "tenant_id" if given == "project_id" else given
            known = attributes[collection].get(name)
            if known and known.spec != attribute and f"{collection}.{name}" not in definition.overrides:
                raise SurfaceError(f"{definition.alias or definition.module} redefines {collection}.{name}")
            attributes[collection][name] = spec.Attribute(name, definition.alias or None, attribute)


def sub_collection(definition: str, collection: str, member: str) -> spec.Collection:
    """What `definition` says of objects that exist inside other objects. Their project is `tenant_id`, as elsewhere."""
    found = load(definition).SUB_RESOURCE_ATTRIBUTE_MAP[collection]["parameters"]
    named = {"tenant_id" if name == "project_id" else name: attribute for name, attribute in found.items()}
    return spec.Collection(
        collection, member, {name: spec.Attribute(name, None, attribute) for name, attribute in named.items()}
    )


def attribute_info(collection: spec.Collection) -> lib.attributes.AttributeInfo:
    """neutron-lib's own reader of bodies for `collection`: defaults, conversion, validation."""
    return lib.attributes.AttributeInfo({name: dict(found.spec) for name, found in collection.attributes.items()})
