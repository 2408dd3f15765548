"""One simulated life of a deployment: two API processes, two controllers, real databases, and whatever a seed breaks.

While things break, clients ask for everything; then nothing breaks any more, and soon everything has to be right.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.follower import forget_everything
from tests.ovsdb_servers import Server
from tests.sim import clients, controllers, invariants, serial
from tests.sim.controllers import Controller, Queue
from tests.sim.faults import Weather
from tests.sim.history import Act, History, Request
from tests.sim.processes import Processes, application, plain_store, prepare, settings_of
from tests.sim.schedule import STAY, Killed, Schedule, Stuck
from tests.sim.vandal import Vandal
from wovenet.reconcile import audit
from wovenet.reconcile.backoff import Backoff
from wovenet.reconcile.loop import Rules
from wovenet.resources.deployment import view
from wovenet.store import outbox
from wovenet.store.tx import OVN

CLIENTS: Final = 4
RATES: Final = (0.0, 0.002, 0.005, 0.02)
FAULTS_MAX: Final = 25
TURNS_MAX: Final = 60_000
REST_TURNS_MAX: Final = 20_000
BATCHES: Final = (1, 3, 10, 200)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a simulation takes place: databases of its own, a server of its own."""

    url: str
    serial_url: str
    server: Server
    state_dir: Path
    stay: float = STAY
    is_blocked: Callable[[int], bool] = lambda _session: False


@dataclass
class Outcome:
    """What came of a seed."""

    complaints: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    """How often what was answered: a status, or the type of an error."""
    faults: dict[str, int] = field(default_factory=dict)
    acts: int = 0
    fingerprint: str = ""
    """Tells one course of events from another."""


def simulate(seed: int, place: Place, *, requests: int = 18) -> Outcome:
    """What comes of `seed`, with so many requests of each client."""
    simulation = _Simulation(str(seed), place, requests)
    try:
        simulation.live()
        return simulation.outcome
    finally:
        simulation.close()


class _Simulation:
    def __init__(self, seed: str, place: Place, requests: int) -> None:
        self._seed = seed
        self._place = place
        self._requests = requests
        self.outcome = Outcome()
        chance = random.Random(f"{seed}/weather")
        self._weather = Weather(chance.choice(RATES), FAULTS_MAX)
        self._schedule = Schedule(seed, stay=place.stay, is_blocked=place.is_blocked)
        self._history = History(seed)
        self._settings = settings_of(place.state_dir, place.url)
        self._store = plain_store(place.url, self._schedule.clock)
        prepare(self._store, self._settings)
        forget_everything(place.server)
        self._rules = Rules(
            view.view(self._settings, resolvers=("10.255.255.53",)), Backoff(0.2, 5.0), chance.choice(BATCHES)
        )
        parts = {"schedule": self._schedule, "weather": self._weather, "history": self._history}
        self._processes = Processes(place.url, **parts)
        queue = Queue()
        self._controllers = [Controller(store=self._processes.store(), queue=queue, **parts) for _ in range(2)]
        self._apps = [application(self._processes.store(self._poke), self._settings) for _ in range(2)]
        self._book = clients.Book()
        self._vandal = Vandal(
            place.server, random.Random(f"{seed}/vandal"), book=self._book, controllers=self._controllers, queue=queue
        )
        self._begun = False

    def live(self) -> None:
        """From the first request to the last check."""
        for number, controller in enumerate(self._controllers):
            self._schedule.spawn(
                f"controller {number}",
                lambda controller=controller: controller.work(self._place.server, self._rules, self._vandal.statuses),
            )
        askers = [self._schedule.spawn(f"client {n}", lambda n=n: self._ask_all(n)) for n in range(CLIENTS)]
        vandal = self._schedule.spawn("vandal", lambda: self._vandal.work(self._schedule, askers))
        try:
            self._schedule.run(lambda: all(task.has_ended for task in (*askers, vandal)), turns=TURNS_MAX)
            self._come_to_rest()
        except Stuck as stuck:
            self.outcome.complaints.append(str(stuck))
        self._schedule.close()
        self._look()
        self._sum_up()

    def close(self) -> None:
        """No task, connection or thread is left."""
        self._schedule.close()
        self._vandal.close()
        self._processes.close()
        self._store.engine.dispose()

    # ---- clients

    def _ask_all(self, number: int) -> None:
        chance = random.Random(f"{self._seed}/client/{number}")
        client = clients.Client(chance, self._book)
        if number == 0:
            for request in client.begin():
                self._ask(request, chance)
            self._begun = True
        self._schedule.wait(lambda: self._begun)
        for _ in range(self._requests):
            self._schedule.sleep(chance.random() * 0.2)
            self._ask(client.next(), chance)

    def _ask(self, request: Request, chance: random.Random) -> None:
        task = self._schedule.task
        assert task is not None
        act = task.act = self._history.begin(request)
        app = chance.choice(self._apps)
        try:
            act.answer = app.ask(request.method, request.target, request.body, who=request.who, headers=request.headers)
        except Killed:
            if self._schedule.is_closed:
                raise
        finally:
            task.act = None
        act.place = act.place or self._history.next()
        if act.answer is not None:
            clients.learn(self._book, request, act.answer.status, act.answer.body)

    def _poke(self) -> None:
        for controller in self._controllers:
            controller.is_poked = True

    # ---- the end

    def _come_to_rest(self) -> None:
        self._weather.clear()
        self._schedule.run(lambda: controllers.idle(self._controllers), turns=REST_TURNS_MAX)
        if self._vandal.has_edited:
            # What was changed inside of rows is found by the full audit only, which an operator runs.
            audit.run(self._store, self._vandal.client, self._rules.deployment, repair=True)
        for controller in self._controllers:
            controller.audit_soon()
        self._schedule.run(self._is_quiet, turns=REST_TURNS_MAX)

    def _is_quiet(self) -> bool:
        if not controllers.idle(self._controllers) or any(one.has_news for one in self._controllers):
            return False
        with self._store.read() as tx:
            return not outbox.failing(tx) and not any(one.topic == OVN for one in outbox.pending(tx))

    def _look(self) -> None:
        """Complains of whatever is not right."""
        complain = self.outcome.complaints.append
        report = audit.run(self._store, self._vandal.client, self._rules.deployment)
        for finding in report.findings:
            complain(f"audit: {finding}")
        for orphan in report.orphans:
            complain(f"audit: orphan {orphan}")
        if not report.is_bound or report.unsettled or report.further:
            complain(f"audit: bound {report.is_bound}, {report.unsettled} unsettled, {report.further} further")
        self.outcome.complaints += invariants.broken(self._store)
        self.outcome.complaints += [one for act in self._history.acts for one in _complaints_of(act)]
        found = invariants.contents(self._store)
        self.outcome.complaints += serial.explain(
            self._seed, self._place.serial_url, self._settings, history=self._history, found=found
        )

    def _sum_up(self) -> None:
        for act in self._history.acts:
            if isinstance(act.what, Request):
                answer = act.answer
                said = "(nothing)" if answer is None else answer.error or str(answer.status)
                self.outcome.answers[said] = self.outcome.answers.get(said, 0) + 1
        self.outcome.acts = len(self._history.acts)
        self.outcome.faults = {**self._weather.seen, **self._vandal.seen}
        course = [*self._schedule.trace, *(f"{act.what} {act.place} {_told(act)}" for act in self._history.acts)]
        self.outcome.fingerprint = hashlib.sha256("\n".join(course).encode()).hexdigest()[:16]


def _told(act: Act) -> Any:
    return None if act.answer is None else (act.answer.status, act.answer.text)


def _complaints_of(act: Act) -> list[str]:
    """What may not be said to a client, or not at that price."""
    answer, what = act.answer, f"act {act.number}: {act.what}"
    if answer is None or not isinstance(act.what, Request):
        return []
    found = []
    if (
        answer.status >= 500
        and answer.error != "SubnetAllocationError"
        and not (answer.status == 503 and act.disturbed)
    ):
        found.append(f"{what}: answered {answer.status} {answer.text[:300]}")
    if not act.only_reads:
        if answer.status < 300 and not act.commits:
            found.append(f"{what}: answered {answer.status} and committed nothing")
        if 400 <= answer.status < 500 and act.commits:
            found.append(f"{what}: answered {answer.status} and committed")
    return found
