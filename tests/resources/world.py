"""Actions on a real database, as the API would call them: requests complete, one transaction for each."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.clock import SystemClock
from wovenet.model.problems import Problem
from wovenet.registry import RESOURCES
from wovenet.resources import crud, query
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.segment import pools
from wovenet.settings import Settings
from wovenet.store import outbox
from wovenet.store.schema import METADATA
from wovenet.store.tx import Store, Tx

BY_NAME: Mapping[str, Resource] = {resource.member: resource for resource in RESOURCES}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "network": {
        "name": "",
        "description": "",
        "admin_state_up": True,
        "shared": False,
        "router:external": False,
        "port_security_enabled": True,
        "mtu": 0,
    },
    "subnet": {"name": "", "description": "", "ip_version": 4, "enable_dhcp": True},
    "segment": {"description": ""},
    "network_segment_range": {"name": "", "description": ""},
    "subnetpool": {"name": "pool", "description": "", "is_default": False, "shared": False},
    "port": {
        "name": "",
        "description": "",
        "admin_state_up": True,
        "device_id": "",
        "device_owner": "",
        "device_profile": None,
        "numa_affinity_policy": None,
    },
}
"""What the attribute maps fill in."""


def actor(project_id: str, *, is_admin: bool = False) -> Actor:
    """Somebody of that project."""
    return Actor(user_id="user", project_id=project_id, roles=frozenset({"member"}), is_admin=is_admin)


DEMO = actor("demo", is_admin=True)


def attempt(action: Callable[[], object]) -> type[Problem] | None:
    """What became of it: nothing bad, or a problem."""
    try:
        action()
    except Problem as error:
        return type(error)
    return None


class World:
    """A store on an empty database, and the verbs."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.store = Store(engine, SystemClock())
        METADATA.create_all(engine)
        self.store.write(lambda tx: pools.refresh(tx, settings))

    def create(self, member: str, *requests: Mapping[str, Any], by: Actor = DEMO) -> list[Object]:
        """The new objects of one bulk request."""
        complete = [{**DEFAULTS[member], "project_id": by.project_id, **request} for request in requests]
        return self.store.write(lambda tx: crud.create(tx, Context(by, self.settings), BY_NAME[member], complete))

    def network(self, **request: Any) -> Object:
        """A new network; in names, two underscores stand for a colon."""
        return self.create("network", {name.replace("__", ":"): value for name, value in request.items()})[0]

    def subnet(self, network: Object, cidr: str, **request: Any) -> Object:
        """A new subnet."""
        ip_version = 6 if ":" in cidr else 4
        return self.create("subnet", {"network_id": network["id"], "cidr": cidr, "ip_version": ip_version, **request})[
            0
        ]

    def port(self, network: Object, **request: Any) -> Object:
        """A new port."""
        return self.create("port", {"network_id": network["id"], **request})[0]

    def fetch(self, member: str, object_id: str, by: Actor = DEMO) -> Object:
        """The stored object."""
        with self.store.read() as tx:
            return query.fetch(tx, BY_NAME[member], by, object_id)

    def ids(self, member: str, by: Actor = DEMO, **filters: Any) -> set[str]:
        """The ids of the objects that `by` finds; a filter is a list of values."""
        asked = query.Query(filters={name.replace("__", ":"): values for name, values in filters.items()})
        with self.store.read() as tx:
            return {item["id"] for item in query.index(tx, BY_NAME[member], by, asked, attributes=["id"])}

    def update(self, member: str, object_id: str, changes: Mapping[str, Any], by: Actor = DEMO) -> Object:
        """The object after a PUT."""

        def write(tx: Tx) -> Object:
            current = query.fetch(tx, BY_NAME[member], by, object_id)
            return crud.update(tx, Context(by, self.settings), BY_NAME[member], current, changes=dict(changes))

        return self.store.write(write)

    def delete(self, member: str, object_id: str, by: Actor = DEMO) -> None:
        """After a DELETE."""

        def write(tx: Tx) -> None:
            current = query.fetch(tx, BY_NAME[member], by, object_id)
            crud.delete(tx, Context(by, self.settings), BY_NAME[member], current)

        self.store.write(write)

    def count(self, table: sa.Table) -> int:
        """The number of rows."""
        with self.store.read() as tx:
            return int(tx.value(sa.select(sa.func.count()).select_from(table)))

    def marks(self) -> set[tuple[str, str]]:
        """The units that are marked, which are marked no more."""

        def take(tx: Tx) -> set[tuple[str, str]]:
            found = {(row.kind, row.unit_id) for row in tx.rows(sa.select(outbox.MARKS.c.kind, outbox.MARKS.c.unit_id))}
            tx.run(sa.delete(outbox.MARKS))
            return found

        return self.store.write(take)
