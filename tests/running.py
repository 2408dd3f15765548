"""Whole deployments for tests: `wovenet up` as its users start it, with real processes that can be hurt.

with running(tmp_path) as cloud:
    network = cloud.rest.create("networks", {})
    cloud.kill("controller")
    cloud.check()                                  # all is settled, and OVN is what the stored state says
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from wovenet import serve, supervise
from wovenet.cli import options
from wovenet.embedded import process
from wovenet.lab import namespace
from wovenet.lab.rest import Rest, read_cloud
from wovenet.model.clock import SystemClock
from wovenet.settings import Settings

WOVENET = (sys.executable, "-m", "wovenet")
TIMEOUT_S = 40.0
CLIENTS_TIMEOUT_S = 120.0
ROOT = Path(__file__).parent.parent


def until(predicate: Callable[[], bool], what: str, *, timeout_s: float = TIMEOUT_S) -> None:
    """`predicate()` holds. Raises: process.ProgramFailed, naming `what`, if it does not in time."""
    process.wait_until(predicate, timeout_s=timeout_s, what=what, interval_s=0.02)


def free_port() -> int:
    """A TCP port that nobody listened at a moment ago, and that the system gives to no outgoing connection."""
    while not process.is_free("127.0.0.1", port := SystemClock().randrange(20_000, 32_000)):
        pass
    return port


def command(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The end of `wovenet WORDS…`."""
    return subprocess.run([*WOVENET, *words], capture_output=True, text=True, timeout=120, check=False, **more)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Running:
    """A deployment in `state_dir`, and the hands that a test has on it."""

    def __init__(self, state_dir: Path, *flags: str) -> None:
        self.state_dir = state_dir
        self.port = free_port()
        self.flags = ("--bind", f"127.0.0.1:{self.port}", *flags)

    # ---- its life

    def start(self, *more: str) -> None:
        """`wovenet up --detach` has said that it is healthy."""
        up = self.up(*more)
        assert up.returncode == 0, up.stdout + up.stderr

    def up(self, *more: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """What `wovenet up --detach` ended with."""
        return command("up", "--state-dir", str(self.state_dir), *self.flags, *more, "--detach", **how)

    def foreground(self, *more: str) -> subprocess.Popen[str]:
        """`wovenet up` as a child, that may not be ready yet. Its end is for the caller to see to."""
        argv = [*WOVENET, "up", "--state-dir", str(self.state_dir), *self.flags, *more]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def down(self) -> None:
        down = self.command("down")
        assert down.returncode == 0, down.stdout + down.stderr

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The end of `wovenet WORDS… --state-dir …`, told nothing else; words after "--" are not Wovenet's own."""
        cut = words.index("--") if "--" in words else len(words)
        return command(*words[:cut], "--state-dir", str(self.state_dir), *words[cut:])

    # ---- its processes

    def pids(self) -> dict[str, list[int]]:
        """The processes that run, by role."""
        state = supervise.read_state(self.state_dir)
        found: dict[str, list[int]] = {}
        for role, pid in supervise.processes(state) if state else ():
            found.setdefault(role, []).append(pid)
        return found

    def all_pids(self) -> list[int]:
        return [pid for pids in self.pids().values() for pid in pids]

    def kill(self, role: str, how: signal.Signals = signal.SIGKILL) -> int:
        """The (first) process of this role got the signal; its pid."""
        pid = self.pids()[role][0]
        os.kill(pid, how)
        return pid

    def hurt(self, pid: int) -> None:
        """The process was killed, if it was still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def kill_and_await(self, role: str) -> None:
        """The process of this role was killed, and another one runs in its place."""
        pid = self.kill(role)
        until(lambda: any(other != pid and is_alive(other) for other in self.pids().get(role, ())), f"a new {role}")

    def log(self, name: str) -> str:
        return (self.state_dir / "log" / f"{name}.log").read_text()

    # ---- what it says of itself

    @property
    def settings(self) -> Settings:
        """As `wovenet status` and `wovenet audit` find them."""
        return options.recall({"state_dir": self.state_dir}, ())

    @property
    def rest(self) -> Rest:
        return Rest(read_cloud(self.state_dir / "clouds.yaml"))

    @property
    def backend(self) -> str:
        """The database's kind, as SQLAlchemy calls it."""
        return self.settings.database.connection.reveal().partition(":")[0].partition("+")[0]

    def ask(self, requests: "Sequence[Sequence[Request]]") -> "list[Answer]":
        """The answers to clients that all ask at the same time."""
        return Askers(self, requests).answers()

    def is_healthy(self) -> bool:
        return supervise.health(f"http://127.0.0.1:{self.port}")

    def status(self) -> dict[str, Any]:
        """What `wovenet status --json` says of database, controller and units."""
        return serve.status(self.settings, SystemClock())

    def is_settled(self) -> bool:
        """Somebody leads, and OVN has everything that was written."""
        found = self.status()
        units, leader = found["units"], found["controller"]
        is_led = bool(leader) and leader["role"] == "leader" and leader["connected"]
        unsettled = any(units.get(name) for name in ("waiting", "retrying", "failed"))
        pending = [one for one in units.get("pending", ()) if one["topic"] == "ovn"]
        return found["database"]["ok"] and is_led and not pending and not unsettled

    def settle(self) -> None:
        until(self.is_settled, "everything is settled")

    def check(self) -> None:
        """The API is healthy, every unit is settled, and the audit finds nothing."""
        until(self.is_healthy, "the API is healthy")
        self.settle()
        report = serve.audit(self.settings, repair=False)
        assert report.is_clean, report
        assert report.unsettled == 0, report

    def leftovers(self) -> list[str]:
        """Namespaces of its lab that are there."""
        return namespace.existing(namespace.prefix(self.state_dir / "lab"))


@contextmanager
def running(state_dir: Path, *flags: str) -> Iterator[Running]:
    """A deployment for as long as the block lasts."""
    cloud = Running(state_dir, *flags)
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.down()


Request = tuple[str, str, Any]
"""Method, path and body."""
Answer = tuple[int, Any]
"""Status (0: the connection broke) and body."""


class Askers:
    """Client processes, each with its own connection, that send their requests as fast as they are answered."""

    def __init__(self, cloud: Running, requests: Sequence[Sequence[Request]]) -> None:
        """In: for each client the requests (method, path, body) it makes one after the other."""
        access = read_cloud(cloud.state_dir / "clouds.yaml")
        self._running: list[tuple[subprocess.Popen[str], IO[str]]] = []
        for each in requests:
            told = {"url": access.endpoint, "user": access.username, "password": access.password, "requests": each}
            argv = [sys.executable, "-m", "tests.asker"]
            # A file, not a pipe: nobody reads before all have ended.
            out = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the answers
            client = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=out, text=True)
            assert client.stdin is not None
            with client.stdin:
                client.stdin.write(json.dumps(told))
            self._running.append((client, out))

    @property
    def have_ended(self) -> bool:
        return all(client.poll() is not None for client, _ in self._running)

    def answers(self) -> list[Answer]:
        """Every answer of every client, after all have ended."""
        found: list[Answer] = []
        for client, out in self._running:
            assert client.wait(CLIENTS_TIMEOUT_S) == 0
            with out:
                out.seek(0)
                found += [(status, body) for status, body in json.load(out)]
        return found


def statuses(answers: Sequence[Answer]) -> dict[int, int]:
    """How many answers had which status."""
    return {status: sum(1 for other, _ in answers if other == status) for status in {status for status, _ in answers}}
