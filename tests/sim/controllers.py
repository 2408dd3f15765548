"""Controllers in a simulation: the sessions of `reconcile.controller`, one step at a time and without real waiting.

Of those that ask for the lock the first one has it; when it loses it, the next one. Which one that is we know without
asking, so that nobody's luck depends on when a server gets around to tell.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.ovsdb_servers import CLOCK, Server
from tests.sim.faults import Line, Weather, line
from tests.sim.history import History, Statuses
from tests.sim.schedule import Killed, Schedule
from wovenet.ovn.apply import Applier
from wovenet.ovn.client import Timing
from wovenet.ovn.errors import ConnectionLost
from wovenet.reconcile import ledger
from wovenet.reconcile.controller import EXPECTED
from wovenet.reconcile.loop import LOCK, Interrupted, Loop, Rules
from wovenet.resources.port import status
from wovenet.store.tx import Store, Tx

POLL_S = 1.0
AUDIT_S = 20.0
LOCK_WAIT_S = 60.0
PATIENT = Timing(connect_s=60.0, call_s=300.0, probe_s=300.0, backoff_min_s=0.001)
"""A slow machine is no fault of the server."""


class Queue:
    """Who has the lock of the Northbound server, and who waits for it."""

    def __init__(self) -> None:
        self._waiting: list[Line] = []

    def join(self, one: Line) -> None:
        self._waiting.append(one)

    def leave(self, one: Line) -> None:
        if one in self._waiting:
            self._waiting.remove(one)

    @property
    def waiting(self) -> list[Line]:
        """All of them, the one that has it first."""
        return list(self._waiting)

    @property
    def first(self) -> Line | None:
        return self._waiting[0] if self._waiting else None


class Controller:
    """One controller after the other under one name: who is killed is started again."""

    def __init__(self, *, store: Store, schedule: Schedule, weather: Weather, history: History, queue: Queue) -> None:
        self._store = store
        self._schedule = schedule
        self._weather = weather
        self._history = history
        self._queue = queue
        self._told: list[dict[str, bool]] = []
        self._audit_at = 0.0
        self.is_leading = False
        self.is_idle = False
        self.is_poked = False

    def work(self, server: Server, rules: Rules, southbound: Callable[[], dict[str, bool]]) -> None:
        """Lives for ever. `southbound`: what is up and what is not, for who begins to lead."""
        while True:
            client = self._client(server)
            loop = Loop(self._store, client, Applier(client, lock=LOCK), rules)
            try:
                self._live(client, loop, southbound)
            except Killed:
                # A new process, which remembers nothing.
                self._ended(client)
                self._schedule.sleep(0.1)
            except ledger.Superseded:
                self._ended(client)

    def tell(self, up: dict[str, bool]) -> None:
        """The Southbound says that these ports are up, or not."""
        self._told.append(up)
        self.is_poked = True

    def audit_soon(self) -> None:
        """The next audit is not waited for."""
        self._audit_at = 0.0

    @property
    def has_news(self) -> bool:
        """Whether it leads and has something else to do than what is marked."""
        return self.is_leading and (bool(self._told) or self._audit_at <= self._schedule.now)

    def lose_the_lock(self) -> None:
        """The server gives the lock to the next one, and this one does not notice at once."""
        first = self._queue.first
        if self.is_leading and first is not None and first.connected:
            self._queue.leave(first)
            with suppress(ConnectionLost):
                first.unlock(LOCK)

    def _client(self, server: Server) -> Line:
        made_of = {"remotes": server.remote, "database": server.schema.name, "clock": CLOCK, "timing": PATIENT}
        return line(made_of, self._schedule, self._weather)

    def _live(self, client: Line, loop: Loop, southbound: Callable[[], dict[str, bool]]) -> None:
        """Session after session of one process. Raises: Superseded, Killed."""
        while True:
            try:
                self._session(client, loop, southbound)
            except ledger.Superseded:
                raise
            except EXPECTED:
                self._ended(client)
                self._schedule.sleep(0.2)

    def _session(self, client: Line, loop: Loop, southbound: Callable[[], dict[str, bool]]) -> None:
        client.connect(LOCK_WAIT_S)
        self._queue.join(client)
        client.lock(LOCK)
        self._schedule.wait(lambda: self._queue.first is client)
        deadline = CLOCK.monotonic() + LOCK_WAIT_S
        while not client.holds(LOCK):
            assert CLOCK.monotonic() < deadline, "the server does not give the lock"
            client.poll(1.0)
        loop.lead()
        self.is_leading = True
        self._told = [southbound()]
        self._audit_at = self._schedule.now + AUDIT_S
        while True:
            self._step(client, loop)

    def _step(self, client: Line, loop: Loop) -> None:
        self.is_poked = False
        while self._told:
            self._observe(loop, self._told.pop(0))
        taken = loop.step()
        if loop.wants_audit or self._schedule.now >= self._audit_at:
            self._audit_at = self._schedule.now + AUDIT_S
            loop.audit()
        elif not taken and not self.is_poked:
            self.is_idle = True
            self._schedule.sleep(POLL_S, is_called=lambda: self.is_poked)
            self.is_idle = False
        if self._queue.first is not client:
            # As the controller sees when it looks, which it does between steps.
            client.poll(0)
            raise Interrupted("the lock was lost", fenced=True)

    def _observe(self, loop: Loop, up: dict[str, bool]) -> None:
        """As `reconcile.observe` stores it."""
        act = self._history.begin(Statuses(up))
        task = self._schedule.task
        assert task is not None
        task.act = act

        def write(tx: Tx) -> None:
            ledger.hold(tx, loop.epoch or 0)
            status.set_up(tx, up)

        try:
            self._store.write(write)
        finally:
            task.act = None

    def _ended(self, client: Line) -> None:
        self.is_leading = self.is_idle = False
        self._queue.leave(client)
        client.close()


def idle(controllers: list[Any]) -> bool:
    """Somebody leads and has nothing to do."""
    return any(one.is_leading and one.is_idle for one in controllers)
