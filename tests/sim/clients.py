"""Clients that ask the API for everything that it serves, each by its own chance, and know of each other's objects."""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from tests.deployment import REGISTRY
from tests.sim.bodies import Bodies
from tests.sim.history import Request
from wovenet.resources import tagging
from wovenet.surface.spec import Collection

KINDS: Final = {
    "create": 40,
    "delete": 16,
    "update": 20,
    "show": 3,
    "list": 6,
    "tags": 6,
    "act": 6,
    "inside": 4,
    "quota": 2,
}
"""What is asked for, and how often."""
WHO: Final = (*["admin"] * 12, "member", "member", "member", "other", "reader")
WEIGHTS: Final = {
    "networks": 5,
    "subnets": 5,
    "ports": 9,
    "security_groups": 3,
    "security_group_rules": 4,
    "subnetpools": 2,
}
"""How often a collection is chosen; others once."""
TAGS: Final = ("red", "green", "blue")


class Book:
    """The objects that answers have told of, those that are gone included: somebody asks for them too."""

    def __init__(self) -> None:
        self._there: dict[str, dict[str, int]] = {}
        self._gone: list[str] = []

    def note(self, collection: str, objects: Sequence[Any]) -> None:
        """These objects are there."""
        for item in objects:
            self._there.setdefault(collection, {})[item["id"]] = item.get("revision_number", 0)

    def strike(self, collection: str, object_id: str) -> None:
        """The object is gone."""
        if self._there.get(collection, {}).pop(object_id, None) is not None:
            self._gone.append(object_id)

    def ids(self, collection: str) -> list[str]:
        """The objects of a collection, the oldest first."""
        return list(self._there.get(collection, ()))

    def pick(self, chance: random.Random, collection: str) -> str:
        """One of them; sometimes one that is not there."""
        known = self.ids(collection)
        luck = chance.random()
        if known and luck < 0.96:
            # Newer ones more often, so that what happens to one object happens at the same time.
            return known[max(chance.randrange(len(known)), chance.randrange(len(known)))]
        if self._gone and luck < 0.99:
            return chance.choice(self._gone)
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))

    def revision(self, collection: str, object_id: str) -> int:
        """What was last heard of the object's revision."""
        return self._there.get(collection, {}).get(object_id, 0)


class Client:
    """One client."""

    def __init__(self, chance: random.Random, book: Book) -> None:
        self._chance = chance
        self._book = book
        self._bodies = Bodies(chance, lambda name: book.pick(chance, name))
        self._makers: dict[str, Callable[[], Request]] = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "show": self._show,
            "list": self._list,
            "tags": self._tags,
            "act": self._act,
            "inside": self._inside,
            "quota": self._quota,
        }

    def next(self) -> Request:
        """The next request."""
        [kind] = self._chance.choices(list(KINDS), list(KINDS.values()))
        return self._makers[kind]()

    def begin(self) -> Iterator[Request]:
        """Requests that give all others something to be about."""
        subnet = {"ip_version": 4, "cidr": "10.0.0.0/29"}
        for number in range(2):
            yield Request("POST", "/v2.0/networks", {"network": {"name": f"n{number}", "shared": True}})
            network = self._book.pick(self._chance, "networks")
            yield Request("POST", "/v2.0/subnets", {"subnet": {**subnet, "network_id": network}})
            yield Request("POST", "/v2.0/ports", {"ports": [{"network_id": network}] * 2}, ("admin", "member")[number])
        yield Request("POST", "/v2.0/security-groups", {"security_group": {"name": "g"}})
        yield Request("POST", "/v2.0/subnetpools", {"subnetpool": {"name": "p", "prefixes": ["10.8.0.0/24"]}})
        yield Request("POST", "/v2.0/address-groups", {"address_group": {"name": "a", "addresses": ["192.0.2.7"]}})
        for _ in range(3):
            yield self._create()

    # ----

    def _collection(self, fits: Callable[[Collection], bool] = lambda _: True) -> Collection:
        found = [one for one in REGISTRY.surface.collections.values() if fits(one)]
        return self._chance.choices(found, [WEIGHTS.get(one.name, 1) for one in found])[0]

    def _who(self) -> str:
        return self._chance.choice(WHO)

    def _path(self, collection: Collection) -> str:
        return f"/v2.0/{collection.path}/{self._book.pick(self._chance, collection.name)}"

    def _headers(self, collection: Collection, path: str) -> dict[str, str]:
        if self._chance.random() > 0.1:
            return {}
        return {"if-match": f"revision_number={self._book.revision(collection.name, path.rpartition('/')[2])}"}

    def _create(self) -> Request:
        collection = self._collection(
            lambda one: any(found.spec.get("allow_post") for found in one.attributes.values())
        )
        who = self._who()
        if self._chance.random() < 0.2:
            many = [self._bodies.new(collection) for _ in range(self._chance.randrange(1, 4))]
            return Request("POST", f"/v2.0/{collection.path}", {collection.name: many}, who)
        return Request("POST", f"/v2.0/{collection.path}", {collection.member: self._bodies.new(collection)}, who)

    def _update(self) -> Request:
        collection = self._collection(lambda one: one.name != "agents")
        path = self._path(collection)
        body = {collection.member: self._bodies.changes(collection)}
        return Request("PUT", path, body, self._who(), self._headers(collection, path))

    def _delete(self) -> Request:
        collection = self._collection(lambda one: one.name != "agents")
        path = self._path(collection)
        return Request("DELETE", path, None, self._who(), self._headers(collection, path))

    def _show(self) -> Request:
        return Request("GET", self._path(self._collection()), None, self._who())

    def _list(self) -> Request:
        collection = self._collection()
        query = self._chance.choice(
            ("", "?limit=2&sort_key=name", "?tags=red", "?fields=id&fields=name", "?name=a", "?nonsense=1")
        )
        return Request("GET", f"/v2.0/{collection.path}{query}", None, self._who())

    def _tags(self) -> Request:
        collection = self._collection(lambda one: tagging.resource_is_tagged(REGISTRY.resources[one.name]))
        path = f"{self._path(collection)}/tags"
        tag = self._chance.choice(TAGS)
        method, target, body = self._chance.choice(
            (
                ("PUT", f"{path}/{tag}", None),
                ("DELETE", f"{path}/{tag}", None),
                ("PUT", path, {"tags": self._chance.sample(TAGS, self._chance.randrange(4))}),
                ("POST", path, {"tags": [tag]}),
                ("DELETE", path, None),
                ("GET", path, None),
            )
        )
        return Request(method, target, body, self._who())

    def _act(self) -> Request:
        collection = self._collection(lambda one: bool(REGISTRY.resources[one.name].member_actions))
        action = self._chance.choice(REGISTRY.resources[collection.name].member_actions)
        return Request("PUT", f"{self._path(collection)}/{action.name}", self._bodies.action(action.name), self._who())

    def _inside(self) -> Request:
        """Something about objects inside of others; those with a host as their key are bindings."""
        collection = self._collection(lambda one: bool(REGISTRY.resources[one.name].subresources))
        sub = self._chance.choice(REGISTRY.resources[collection.name].subresources)
        path = f"{self._path(collection)}/{sub.collection.replace('_', '-')}"
        host = self._chance.choice(("hv1", "hv2"))
        method, target, body = self._chance.choice(
            (
                ("POST", path, {sub.member: {sub.key: host}}),
                ("GET", path, None),
                ("DELETE", f"{path}/{host}", None),
                ("PUT", f"{path}/{host}", {sub.member: {"profile": {"a": 1}}}),
                *(("PUT", f"{path}/{host}/{action}", {}) for action in sub.actions),
            )
        )
        return Request(method, target, body, self._chance.choice(("admin", "service")))

    def _quota(self) -> Request:
        project = self._chance.choice(("demo", "alt", "ops"))
        name = self._chance.choice([one.quota for one in REGISTRY.resources.values() if one.quota])
        limit = self._chance.choice((0, 3, 8, -1, "many"))
        method, target, body = self._chance.choice(
            (
                ("PUT", f"/v2.0/quotas/{project}", {"quota": {name: limit, "force": self._chance.random() < 0.5}}),
                ("DELETE", f"/v2.0/quotas/{project}", None),
                ("GET", f"/v2.0/quotas/{project}/details", None),
            )
        )
        return Request(method, target, body, "admin")


def learn(book: Book, request: Request, status: int, body: Any) -> None:
    """The book knows what an answer tells."""
    parts = request.target.partition("?")[0].split("/")
    collection = next((one for one in REGISTRY.surface.collections.values() if one.path == parts[2]), None)
    if collection is None or len(parts) > 4:
        return
    if request.method == "DELETE" and status in (204, 404):
        book.strike(collection.name, parts[3])
    elif status in (200, 201) and isinstance(body, dict):
        found = body.get(collection.name, body.get(collection.member, []))
        book.note(collection.name, [item for item in (found if isinstance(found, list) else [found]) if "id" in item])
