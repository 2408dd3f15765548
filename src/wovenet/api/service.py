"""What the handlers work with: everything is made once, at start, and passed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from wovenet.api.policy import Policy
from wovenet.registry import Registry
from wovenet.resources.base import Resource
from wovenet.settings import Settings
from wovenet.store.tx import Store
from wovenet.surface import lib, merge
from wovenet.surface.spec import Collection


@dataclass(frozen=True, slots=True)
class Service:
    """The application without HTTP."""

    registry: Registry
    store: Store
    policy: Policy
    settings: Settings

    def is_healthy(self) -> bool:
        """The database answers. Raises: store.tx.StoreBusy."""
        with self.store.read() as tx:
            return bool(tx.value(sa.select(1)))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One collection as the verbs need it."""

    service: Service
    collection: Collection
    resource: Resource
    info: lib.attributes.AttributeInfo
    visible: tuple[str, ...]
    """What can be shown at all, in order."""
    enforced: tuple[str, ...]
    """Attributes whose setting has a policy of its own, in the surface's order."""

    @property
    def member(self) -> str:
        return self.collection.member

    def is_default(self, attribute: str, value: Any) -> bool:
        """Whether a new object has this value if the request does not name the attribute: then no right is needed."""
        spec = self.collection.attributes[attribute].spec
        return "default" in spec and bool(spec["default"] == value)

    @property
    def is_creatable(self) -> bool:
        """Whether clients make such objects at all; agents come from hosts."""
        return any(attribute.spec.get("allow_post") for attribute in self.collection.attributes.values())

    @property
    def is_updatable(self) -> bool:
        return any(attribute.spec.get("allow_put") for attribute in self.collection.attributes.values())


def endpoints(service: Service) -> Iterator[Endpoint]:
    """The collections of the registry, in its order."""
    for name, resource in service.registry.resources.items():
        collection = service.registry.surface.collections[name]
        attributes = collection.attributes.values()
        visible = [attribute.name for attribute in attributes if attribute.is_visible]
        if "tenant_id" in visible and "project_id" not in visible:
            visible.append("project_id")
        yield Endpoint(
            service=service,
            collection=collection,
            resource=resource,
            info=merge.attribute_info(collection),
            visible=tuple(visible),
            enforced=tuple(attribute.name for attribute in attributes if attribute.spec.get("enforce_policy")),
        )
