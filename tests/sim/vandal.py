"""Who interferes from outside: hands in the Northbound database, a lock that moves on, ports that go up and down."""

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from tests.follower import forget_everything
from tests.ovsdb_servers import Server
from tests.sim.clients import Book
from tests.sim.controllers import PATIENT, Controller, Queue
from tests.sim.schedule import Schedule, Task
from wovenet.ovn.errors import TransactionRefused
from wovenet.reconcile import kinds

DEEDS: Final = {"up": 6, "unlock": 2, "cut": 2, "delete": 1, "edit": 1, "add": 1, "empty": 1}
_EDITS: Final = {
    "Logical_Switch_Port": {"port_security": ["set", []], "enabled": False},
    "Logical_Switch": {"other_config": ["map", [["mcast_snoop", "true"]]]},
    "Port_Group": {"ports": ["set", []]},
    "ACL": {"priority": 7},
    "DHCP_Options": {"options": ["map", [["mtu", "68"]]]},
    "Address_Set": {"addresses": "198.18.0.1"},
}


class Vandal:
    """Does a few deeds while clients ask."""

    def __init__(
        self, server: Server, chance: random.Random, *, book: Book, controllers: Sequence[Controller], queue: Queue
    ) -> None:
        self.client = server.client(timing=PATIENT)
        self.has_edited = False
        self.seen: dict[str, int] = {}
        self._server = server
        self._chance = chance
        self._book = book
        self._controllers = controllers
        self._queue = queue
        self._is_up: dict[str, bool] = {}

    def statuses(self) -> dict[str, bool]:
        """What the Southbound says of ports."""
        return dict(self._is_up)

    def work(self, schedule: Schedule, clients: Sequence[Task]) -> None:
        """Deeds from time to time, until the clients have ended."""
        deeds = list(DEEDS) if self._chance.random() < 0.5 else ["up"]
        left = self._chance.randrange(2, 9)
        while left and not all(task.has_ended for task in clients):
            schedule.sleep(self._chance.random() * 0.8)
            [deed] = self._chance.choices(deeds, [DEEDS[name] for name in deeds])
            self.seen[f"nb: {deed}"] = self.seen.get(f"nb: {deed}", 0) + 1
            getattr(self, f"_{deed}")()
            left -= 1

    def close(self) -> None:
        self.client.close()

    def _up(self) -> None:
        """Some ports go up, or down; also ports that are long gone."""
        ids = self._book.ids("ports")
        found = {id_: self._chance.random() < 0.8 for id_ in self._chance.sample(ids, min(len(ids), 3))}
        self._is_up |= found
        for controller in self._controllers:
            if controller.is_leading:
                controller.tell(found)

    def _unlock(self) -> None:
        for controller in self._controllers:
            controller.lose_the_lock()

    def _cut(self) -> None:
        if self._queue.first is not None:
            self._queue.first.cut()

    def _empty(self) -> None:
        """An empty database in the place of the other one; nobody's connection outlives that."""
        forget_everything(self._server)
        for one in self._queue.waiting:
            one.cut()

    def _delete(self) -> None:
        table, rows = self._rows()
        for uuid in rows:
            with suppress(TransactionRefused):  # others refer to it
                self.client.transact([{"op": "delete", "table": table, "where": [["_uuid", "==", ["uuid", uuid]]]}])

    def _edit(self) -> None:
        table, rows = self._rows()
        for uuid in rows:
            where = [["_uuid", "==", ["uuid", uuid]]]
            self.client.transact([{"op": "update", "table": table, "where": where, "row": _EDITS.get(table, {})}])
            self.has_edited = True

    def _add(self) -> None:
        """A row that is nobody's business, and one that looks like ours."""
        ours = f"{self._chance.getrandbits(128):032x}"
        uuid = f"{ours[:8]}-{ours[8:12]}-5{ours[13:16]}-8{ours[17:20]}-{ours[20:]}"
        self.client.transact(
            [
                {"op": "insert", "table": "Port_Group", "row": {"name": f"foreign_{ours}"}},
                {"op": "insert", "table": "Address_Set", "uuid": uuid, "row": {"name": f"left_{ours}"}},
            ]
        )

    def _rows(self) -> tuple[str, list[str]]:
        """A few rows of one table. Their order is ours: uuids that we have chosen sort the same in every run."""
        table = self._chance.choice(kinds.TABLES)
        [result] = self.client.transact([{"op": "select", "table": table, "where": [], "columns": ["_uuid"]}])
        found: list[Any] = sorted(row["_uuid"][1] for row in result["rows"])
        return table, self._chance.sample(found, min(len(found), self._chance.randrange(1, 4)))
