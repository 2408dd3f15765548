"""`wovenet up`: every process of a deployment on one machine, as children of one that watches them.

The supervisor imports little: it only starts, watches, restarts and ends processes, and writes down which they are.

    up ─┬─ api (main) ── api workers
        ├─ controller
        ├─ ovsdb-server nb, sb, ovn-northd      (embedded OVN)
        └─ hypervisors                          (lab)
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from wovenet.embedded import jsonrpc, process
from wovenet.embedded.central import Central
from wovenet.model.clock import Clock

STATE_FILE = "processes.json"
GIVEN_FILE = "given.json"
START_TIMEOUT_S = 30.0
PORT_TIMEOUT_S = 3.0
LOCK_TIMEOUT_S = 0.3
STOP_GRACE_S = 10.0
RESTART_FIRST_S = 0.2
RESTART_LONGEST_S = 10.0
TEND_EVERY_S = 60.0
_TICK_S = 0.1


class StartFailed(Exception):  # noqa: N818
    """The deployment did not come up; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, and where."""

    state_dir: Path
    url: str
    """Where clients on this machine reach the API."""
    listen: tuple[str, int]
    """Where the API listens."""
    is_ovn_embedded: bool
    has_controller: bool
    hypervisors: int = 0
    options: Sequence[str] = ()
    """Command line of `wovenet api` and `wovenet controller`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What they find in their environment besides ours."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """What `up` was told, as JSON has it: other commands find it in the state directory."""

    @property
    def log_dir(self) -> Path:
        return self.state_dir / "log"

    @property
    def ovn_dir(self) -> Path:
        return self.state_dir / "ovn"

    @property
    def lab_dir(self) -> Path:
        return self.state_dir / "lab"

    @property
    def clouds_file(self) -> Path:
        return self.state_dir / "clouds.yaml"


@dataclass(slots=True)
class _Patience:
    """When something that ended may be started again: the sooner it ended, the later."""

    pause_s: float = RESTART_FIRST_S
    not_before_s: float | None = None
    started_s: float = 0.0

    def started(self, now_s: float) -> None:
        self.started_s, self.not_before_s = now_s, None

    def is_over(self, now_s: float, tell: Callable[[], None]) -> bool:
        """Whether it may be started now. `tell` is called once for each end."""
        if self.not_before_s is None:
            has_lived = now_s - self.started_s > RESTART_LONGEST_S
            self.pause_s = RESTART_FIRST_S if has_lived else min(self.pause_s * 2, RESTART_LONGEST_S)
            self.not_before_s = now_s + self.pause_s
            tell()
        return now_s >= self.not_before_s


@dataclass(slots=True)
class _Child:
    """One of our own programs."""

    role: str
    argv: Sequence[str]
    running: subprocess.Popen[bytes] | None = None
    patience: _Patience = field(default_factory=_Patience)


@dataclass(slots=True)
class Supervisor:
    """A running deployment. `start`, `watch` until asked to stop, `stop`."""

    plan: Plan
    clock: Clock
    say: Callable[[str], None]
    _children: list[_Child] = field(default_factory=list)
    _central: Central | None = None
    _central_patience: _Patience = field(default_factory=_Patience)
    _lab: Any = None
    _lock: int | None = None
    _told: set[str] = field(default_factory=set)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Everything runs and the API answers.

        Raises: StartFailed, with nothing left running.
        """
        try:
            self._start()
        except (process.ProgramFailed, process.DirectoryInUse, OSError) as error:
            self.stop()
            raise StartFailed(str(error)) from error
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self.plan.log_dir.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        self._await_port()
        (self.plan.state_dir / STATE_FILE).unlink(missing_ok=True)
        _write_private(self.plan.state_dir / GIVEN_FILE, json.dumps(self.plan.given, indent=1))
        self._children.append(_Child("api", [*_wovenet(), "api", *self.plan.options]))
        if self.plan.has_controller:
            self._children.append(_Child("controller", [*_wovenet(), "controller", *self.plan.options]))
        self._launch(self._children[0])  # imports take longest: they overlap with the databases' start
        if self.plan.is_ovn_embedded:
            self._central = Central.start(self.plan.ovn_dir)
        for child in self._children[1:]:
            self._launch(child)
        self._write_state()
        if self.plan.hypervisors:
            self.say(f"starting {self.plan.hypervisors} hypervisors")
            self._start_lab()
        self._await_health()
        self._write_state()

    def _start_lab(self) -> None:
        from wovenet.lab.lab import LabError
        from wovenet.lab.supervisor import Supervisor as LabSupervisor

        if self._central is None:
            raise StartFailed("a lab needs the embedded OVN: its hypervisors connect to it")
        try:
            self._lab = LabSupervisor.start(
                self.plan.lab_dir, hypervisors=self.plan.hypervisors, sb_socket=self._central.sb_socket
            )
        except LabError as error:
            raise StartFailed(str(error)) from error

    @property
    def lab(self) -> Any:
        """The running lab, or None."""
        return self._lab.lab if self._lab else None

    def watch(self) -> None:
        """Returns when asked to stop. Until then whatever of ours ends is started again, ever more slowly."""
        next_tend_s = self.clock.monotonic() + TEND_EVERY_S
        while not self._stopping.wait(_TICK_S):
            for child in self._children:
                self._tend_child(child)
            if self._central is not None:
                self._tend_central(self._central)
            if self._lab is not None:
                self._tell_of_lab(self._lab.ended())
            if self.clock.monotonic() >= next_tend_s:
                next_tend_s = self.clock.monotonic() + TEND_EVERY_S
                self._tend_logs()

    def _tend_child(self, child: _Child) -> None:
        if child.running is None or child.running.poll() is None:
            return
        status = child.running.returncode
        if child.patience.is_over(
            self.clock.monotonic(), lambda: self.say(f"{child.role} ended with status {status}: starting it again")
        ):
            self._launch(child)
            self._write_state()

    def _tend_central(self, central: Central) -> None:
        ended = central.ended()
        if not ended or not self._central_patience.is_over(
            self.clock.monotonic(), lambda: self.say(f"{', '.join(ended)} ended: starting again")
        ):
            return
        try:
            central.revive()
        except (process.ProgramFailed, OSError) as error:
            self.say(f"not started: {error}")
        self._central_patience.started(self.clock.monotonic())
        self._write_state()

    def _tend_logs(self) -> None:
        for log in self.plan.log_dir.glob("*.log"):
            process.shorten(log)
        for part in (self._central, self._lab):
            if part is not None:
                try:
                    part.tend()
                except (OSError, jsonrpc.CallFailed) as error:  # a daemon that is ending: the next round sees to it
                    self.say(f"a log could not be begun anew: {error}")

    def _tell_of_lab(self, ended: Mapping[str, str]) -> None:
        """A hypervisor's daemon that ended is said once, not started again: it is there to be experimented with."""
        for name, words in ended.items():
            if name not in self._told:
                self._told.add(name)
                self.say(f"{name} of the lab ended: {words}")

    def stop(self) -> None:
        """Nothing that this supervisor started is running; data stays."""
        self._stopping.set()
        running = [child.running for child in self._children if child.running is not None]
        for child in running:
            child.terminate()
        for child in running:
            try:
                child.wait(STOP_GRACE_S)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        for part in (self._lab, self._central):
            if part is not None:
                part.stop()
        self._children.clear()
        if self._lock is not None:
            (self.plan.state_dir / STATE_FILE).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def _launch(self, child: _Child) -> None:
        log = (self.plan.log_dir / f"{child.role}.log").open("ab")
        with log:
            child.running = subprocess.Popen(
                # The kernel tells the child if we are killed. Its own session: the terminal's interrupt is for us.
                [*process.ending_with_us(signal.SIGTERM), *child.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.plan.environment},
                start_new_session=True,
            )
        child.patience.started(self.clock.monotonic())

    def _take_lock(self) -> int:
        """The state directory is ours.

        Raises: process.DirectoryInUse; not for `read_state`, which takes the lock for a moment.
        """
        deadline = self.clock.monotonic() + LOCK_TIMEOUT_S
        while True:
            try:
                return process.lock_directory(self.plan.state_dir)
            except process.DirectoryInUse:
                if self.clock.monotonic() > deadline:
                    raise
                self._stopping.wait(_TICK_S)

    def _await_port(self) -> None:
        """Nobody listens where the API is to listen.

        Waits a little for what a supervisor that was killed left: it is about to end.

        Raises: StartFailed.
        """
        host, port = self.plan.listen
        timeout_s = PORT_TIMEOUT_S if (self.plan.state_dir / STATE_FILE).exists() else 0.0
        if not process.holds_within(lambda: process.is_free(host, port), timeout_s, interval_s=0.05):
            raise StartFailed(f"port {port} of {host} is in use by another program; --bind takes another one")

    def _await_health(self) -> None:
        """The API answers its health check.

        Raises: StartFailed, with the last words of whatever ended instead.
        """

        def is_healthy() -> bool:
            if self._stopping.is_set():
                raise StartFailed("interrupted")
            for child in self._children:
                if child.running is not None and child.running.poll() is not None:
                    raise StartFailed(f"{child.role} ended: {last_words(self.plan.log_dir / f'{child.role}.log')}")
            return health(self.plan.url)

        if not process.holds_within(is_healthy, START_TIMEOUT_S, interval_s=0.02):
            raise StartFailed(f"the API did not answer within {START_TIMEOUT_S:g} s")

    def _write_state(self) -> None:
        state = {
            "url": self.plan.url,
            "supervisor": os.getpid(),
            "processes": self.pids(),
            "hypervisors": self.plan.hypervisors,
        }
        _write_private(self.plan.state_dir / STATE_FILE, json.dumps(state))

    def pids(self) -> dict[str, int]:
        """The processes that run, by role."""
        own = {child.role: child.running.pid for child in self._children if child.running is not None}
        central = self._central.pids() if self._central else {}
        lab = self._lab.pids() if self._lab else {}
        return {"supervisor": os.getpid(), **own, **central, **lab}


def health(url: str, *, timeout_s: float = 2.0) -> bool:
    """Whether the API at `url` says that it can serve."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", "/healthcheck")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def read_state(state_dir: Path) -> Mapping[str, Any] | None:
    """What the supervisor of `state_dir` wrote down, if one is running."""
    try:
        state: Mapping[str, Any] = json.loads((state_dir / STATE_FILE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    try:
        os.close(process.lock_directory(state_dir))
    except process.DirectoryInUse:
        return state
    return None


def sweep(state_dir: Path) -> None:
    """Nothing is left on this machine of a lab in `state_dir` whose supervisor was killed."""
    if (state_dir / "lab").exists():
        from wovenet.lab.supervisor import sweep as sweep_lab

        sweep_lab(state_dir / "lab")


def read_given(state_dir: Path) -> Mapping[str, Any] | None:
    """What `up` was told when it last started on `state_dir`; None if it never did."""
    try:
        given: Mapping[str, Any] = json.loads((state_dir / GIVEN_FILE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return given


def _write_private(file: Path, text: str) -> None:
    """`file` holds `text`, for its owner only; a reader sees all of it or what was there before."""
    half = file.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    half.rename(file)


def processes(state: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Roles and pids of what `read_state` tells of, the API's workers among them."""
    found = []
    for role, pid in state["processes"].items():
        found.append((role, pid))
        if role == "api":
            found += [("api worker", worker) for worker in process.children(pid)]
    return found


def last_words(log: Path) -> str:
    """The last line of a log that says something, for a message to the operator."""
    with contextlib.suppress(FileNotFoundError):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        if lines:
            return f"{lines[-1].strip().removeprefix('Error: ')} (see {log})"
    return f"no output (see {log})"


def _wovenet() -> list[str]:
    return [sys.executable, "-m", "wovenet"]
