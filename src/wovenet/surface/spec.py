"""The surface as frozen values: extensions, collections, attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNDERSCORED = frozenset({"network_segment_ranges"})
"""Collections whose URLs have underscores too. Source: Networking API reference."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a collection. `spec` is neutron-lib's map of it (validators, converters, default)."""

    name: str
    alias: str | None
    """The extension that brings it; None for the core API."""
    spec: Mapping[str, Any]

    @property
    def is_visible(self) -> bool:
        return bool(self.spec.get("is_visible"))

    @property
    def is_filter(self) -> bool:
        return bool(self.spec.get("is_filter"))

    @property
    def is_sort_key(self) -> bool:
        return bool(self.spec.get("is_sort_key"))

    @property
    def is_boolean(self) -> bool:
        """Whether a filter value is read as a truth value ("true", "1", "False" …)."""
        convert = self.spec.get("convert_to")
        return str(getattr(convert, "__name__", "")).startswith("convert_to_boolean")

    @property
    def is_integer(self) -> bool:
        return getattr(self.spec.get("convert_to"), "__name__", "") == "convert_to_int"


@dataclass(frozen=True, slots=True)
class Collection:
    """One top-level collection: its names on the wire and its attributes in the order in which they are shown."""

    name: str
    member: str
    attributes: Mapping[str, Attribute]
    prefix: str = ""
    """What comes before it in URLs."""

    @property
    def path(self) -> str:
        """Where the collection is below `/v2.0/`: dashes where the names have underscores, but for some."""
        return self.prefix + (self.name if self.name in UNDERSCORED else self.name.replace("_", "-"))


@dataclass(frozen=True, slots=True)
class Extension:
    """A promise to clients, as `/v2.0/extensions` lists it."""

    alias: str
    name: str
    description: str
    updated: str


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything that the API promises: the merged attribute maps and the list of extensions."""

    collections: Mapping[str, Collection]
    extensions: Mapping[str, Extension] = field(default_factory=dict)
