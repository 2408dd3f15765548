"""Facts of what an object belongs to, looked up only if a policy asks: the owner of a port's network, say."""

from collections.abc import Iterator, Mapping
from typing import Any

from wovenet.model.actor import Actor
from wovenet.registry import Registry
from wovenet.resources import query
from wovenet.resources.base import Resource
from wovenet.store.tx import ReadTx

_FACTS = frozenset({"project_id", "tenant_id", "shared", "router:external"})


class Parents(Mapping[str, Mapping[Any, Mapping[str, Any]]]):
    """Kind of parent (a member's name) → id → facts, each read once, when first asked for."""

    def __init__(self, tx: ReadTx, registry: Registry, actor: Actor) -> None:
        self._tx = tx
        self._actor = actor
        self._resources = {resource.member: resource for resource in registry.resources.values()}
        self._kinds: dict[str, _Kind] = {}

    def __getitem__(self, member: str) -> "_Kind":
        kind = self._kinds.get(member)
        if kind is None:
            kind = self._kinds[member] = _Kind(self._tx, self._resources[member], self._actor)
        return kind

    def __contains__(self, member: object) -> bool:
        return member in self._resources

    def __iter__(self) -> Iterator[str]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)


class _Kind(Mapping[Any, Mapping[str, Any]]):
    """The facts of the objects of one collection, as far as the actor may see them."""

    def __init__(self, tx: ReadTx, resource: Resource, actor: Actor) -> None:
        self._tx = tx
        self._resource = resource
        self._actor = actor
        self._found: dict[Any, Mapping[str, Any] | None] = {}

    def __getitem__(self, object_id: Any) -> Mapping[str, Any]:
        if object_id not in self._found:
            wanted = _FACTS & query.stored_attributes(self._resource)
            self._found[object_id] = query.show(
                self._tx, self._resource, self._actor, str(object_id), attributes=wanted
            )
        found = self._found[object_id]
        if found is None:
            raise KeyError(object_id)
        return found

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
