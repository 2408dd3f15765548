"""Tasks that take turns as a seed decides: of all threads of a simulation, one runs.

A task runs until it says `here`, in front of whatever others may see or disturb: a statement, a commit, a message. Time
stands still while it runs, and passes in between; if everybody sleeps, it jumps to the first who wakes.
"""

import random
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

EPOCH_S: Final = 1_800_000_000.0
STAY: Final = 0.9
"""How likely a task goes on where it might give way. Less is needed where writers do not exclude each other anyway."""
STUCK_S: Final = 60.0
"""Real time after which a task that neither gives way nor waits for the database is a fault of the simulation."""
LOOK_S: Final = 0.003
"""Real time after which we ask whether a task waits for a lock of the database."""


class Killed(BaseException):
    """The process ends here. No program catches it."""


class Stuck(Exception):  # noqa: N818
    """The simulation does not get on."""


@dataclass(eq=False)
class Task:
    """A thread that takes turns."""

    name: str
    luck: random.Random
    """Decides what happens to it."""
    ids: random.Random
    """Gives the ids and chances that its code asks for."""
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    is_running: bool = False
    has_ended: bool = False
    wake_at: float = 0.0
    ready: Callable[[], bool] = lambda: True
    is_called: Callable[[], bool] = lambda: False
    """Whether somebody wakes it."""
    session: int | None = None
    """The number of the database session in which it has a transaction."""
    act: Any = None
    """What it is doing, for the history."""
    error: BaseException | None = None
    thread: threading.Thread = field(default_factory=threading.Thread)


class Clock:
    """The time of a schedule, and the chance of whoever asks. Source: `model.clock.Clock`."""

    def __init__(self, schedule: "Schedule") -> None:
        self._schedule = schedule

    def monotonic(self) -> float:
        return self._schedule.now

    def wall(self) -> float:
        return EPOCH_S + self._schedule.now

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._schedule.ids().getrandbits(128), version=4))

    def randrange(self, start: int, stop: int) -> int:
        return self._schedule.ids().randrange(start, stop)


class Schedule:
    """Who runs when. `is_blocked` tells whether a session of the database waits for another one's lock."""

    def __init__(
        self, seed: str, *, stay: float = STAY, is_blocked: Callable[[int], bool] = lambda _session: False
    ) -> None:
        self.now = 0.0
        self.trace: list[str] = []
        self.clock = Clock(self)
        self._seed = seed
        self._chance = random.Random(f"{seed}/schedule")
        self._stay = stay
        self._is_blocked = is_blocked
        self._tasks: list[Task] = []
        self._back = threading.Semaphore(0)
        self._here = threading.local()
        self._outside = random.Random(0)
        self._writer: Task | None = None
        self.is_closed = False
        """Every task is told to end."""

    def spawn(self, name: str, work: Callable[[], None]) -> Task:
        """A task that will do `work`."""
        task = Task(name, random.Random(f"{self._seed}/luck/{name}"), random.Random(f"{self._seed}/ids/{name}"))
        task.thread = threading.Thread(target=self._work, args=(task, work), name=name, daemon=True)
        self._tasks.append(task)
        task.thread.start()
        return task

    def _work(self, task: Task, work: Callable[[], None]) -> None:
        task.go.acquire()
        self._here.task = task
        try:
            if not self.is_closed:
                work()
        except Killed:
            assert self.is_closed
        except BaseException as error:
            task.error = error
        finally:
            task.has_ended = True
            task.is_running = False
            self._back.release()

    def run(self, is_over: Callable[[], bool], *, turns: int) -> None:
        """Gives turns until `is_over`, which is asked when nobody runs. Raises: Stuck, also if a task fails."""
        last = len(self.trace) + turns
        while not is_over():
            if len(self.trace) > last:
                raise Stuck(f"it does not come to rest in {turns} turns")
            chosen = self._choose()
            self.now += self._chance.random() * 0.02
            if chosen is not None:
                self.trace.append(chosen.name)
                chosen.is_running = True
                chosen.go.release()
            self._await_rest(chosen)
            for task in self._tasks:
                if task.error is not None:
                    raise Stuck("".join(traceback.format_exception(task.error)[-8:])) from task.error

    def close(self) -> None:
        """Every task has ended."""
        self.is_closed = True
        for task in self._tasks:
            if not task.has_ended:
                task.go.release()
        for task in self._tasks:
            task.thread.join(STUCK_S)

    # ---- for tasks

    @property
    def task(self) -> Task | None:
        """The task that asks; None outside of the simulation, where nothing happens by itself."""
        return getattr(self._here, "task", None)

    def ids(self) -> random.Random:
        """The source of ids for who asks."""
        return self.task.ids if self.task else self._outside

    def here(self) -> None:
        """Somebody else may go on here."""
        task = self.task
        if task is not None and task.luck.random() >= self._stay:
            self._give_way(task)

    def sleep(self, seconds: float, *, is_called: Callable[[], bool] = lambda: False) -> None:
        """Comes back after this time, or when somebody calls; others go on."""
        task = self.task
        if task is None:
            self.now += seconds
            return
        task.wake_at, task.is_called = self.now + seconds, is_called
        self._give_way(task)
        task.is_called = lambda: False

    def wait(self, ready: Callable[[], bool]) -> None:
        """Comes back when `ready` says so; others go on."""
        task = self.task
        if task is not None and not ready():
            task.ready = ready
            self._give_way(task)
            task.ready = lambda: True

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Of those who write to a SQLite database, one. Source: `store.engine.writer_turns`."""
        self.here()
        self.wait(lambda: self._writer is None)
        self._writer = self.task
        try:
            yield
        finally:
            self._writer = None

    # ----

    def _give_way(self, task: Task) -> None:
        if not self.is_closed:
            task.is_running = False
            self._back.release()
            task.go.acquire()
            task.wake_at = 0.0
        if self.is_closed:
            raise Killed

    def _choose(self) -> Task | None:
        """Who goes on; None if all those who could wait for the database."""
        there = [task for task in self._tasks if not task.has_ended and not task.is_running and task.ready()]
        awake = [task for task in there if task.wake_at <= self.now or task.is_called()]
        if awake:
            return self._chance.choice(awake)
        if any(task.is_running for task in self._tasks):
            return None
        if not there:
            raise Stuck(f"everybody waits for somebody else: {[task.name for task in self._tasks]}")
        first = min(there, key=lambda task: task.wake_at)
        self.now = first.wake_at
        return first

    def _await_rest(self, chosen: Task | None) -> None:
        """Nobody runs, except who waits for a lock of the database. (If that is all there is: until one does not.)"""
        at_first = sum(task.is_running for task in self._tasks)
        waited_s = 0.0
        while running := [task for task in self._tasks if task.is_running]:
            if self._back.acquire(timeout=LOOK_S):
                continue
            waited_s += LOOK_S
            has_moved = chosen is not None or len(running) < at_first
            if has_moved and all(task.session and self._is_blocked(task.session) for task in running):
                return
            if waited_s > STUCK_S:
                raise Stuck(f"{', '.join(task.name for task in running)} does not give way")
