"""A deployment to measure: `wovenet up` in a directory of its own, with quotas that are not in the way."""

import base64
import contextlib
import http
import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from bench.client import Call, Client, Target

WORKERS: Final = 2
_QUOTAS: Final = ("network", "subnet", "port", "security_group", "security_group_rule")
_CONFIG: Final = "[quotas]\n" + "".join(f"quota_{name} = -1\n" for name in _QUOTAS)
_TIMEOUT_S: Final = 120.0
_START_TIMEOUT_S: Final = 60.0
_LOOK_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Started:
    """From the start of the command. Units: seconds."""

    first_answer_s: float
    """To 200 on /healthcheck."""
    first_list_s: float
    """To 200 on /v2.0/networks."""
    ready_s: float
    """Until `wovenet up --detach` returned: everything runs."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Deployment:
    """A running deployment. `start` … `stop`."""

    state_dir: Path
    auth: str = "noauth"
    _port: int = field(default_factory=_free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def database(self) -> Path:
        return self.state_dir / "wovenet.db"

    @property
    def northbound(self) -> Path:
        return self.state_dir / "ovn" / "ovnnb_db.sock"

    def start(self) -> Started:
        """Everything runs. Raises: RuntimeError with what the command said."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        config = self.state_dir / "bench.conf"
        config.write_text(_CONFIG)
        command = [
            *_wovenet("up", "--detach", "--state-dir", str(self.state_dir), "--bind", f"127.0.0.1:{self._port}"),
            *("--workers", str(WORKERS), "--auth", self.auth, "--config-file", str(config)),
        ]
        said = self.state_dir / "up.txt"
        with said.open("wb") as out:
            began = time.perf_counter()
            process = subprocess.Popen(command, stdout=out, stderr=out)

        def lives() -> bool:
            if process.poll():
                raise RuntimeError(f"wovenet up: {said.read_text()}")
            if time.perf_counter() - began > _START_TIMEOUT_S:
                process.kill()
                raise RuntimeError(f"wovenet up: no answer within {_START_TIMEOUT_S:g} s: {said.read_text()}")
            return True

        _until_ok(Target(self.url), "/healthcheck", lives)
        first_answer_s = time.perf_counter() - began
        _until_ok(self.target(), "/v2.0/networks", lives)
        first_list_s = time.perf_counter() - began
        while lives() and process.poll() is None:
            time.sleep(_LOOK_S)
        return Started(first_answer_s, first_list_s, time.perf_counter() - began)

    def stop(self) -> None:
        """Nothing of it runs."""
        down = _wovenet("down", "--state-dir", str(self.state_dir))
        subprocess.run(down, check=True, stdout=subprocess.DEVNULL, timeout=_START_TIMEOUT_S)

    def audit(self) -> int:
        """How many units an audit has judged. Raises: RuntimeError if it found fault with any."""
        command = _wovenet("audit", "--json", "--state-dir", str(self.state_dir))
        done = subprocess.run(command, check=False, capture_output=True, timeout=_TIMEOUT_S)
        if done.returncode:
            raise RuntimeError(f"wovenet audit: {(done.stdout + done.stderr).decode()[-2000:]}")
        return int(json.loads(done.stdout)["units"])

    def target(self) -> Target:
        """The API, with what it asks of a caller."""
        if self.auth == "noauth":
            return Target(self.url)
        clouds = yaml.safe_load((self.state_dir / "clouds.yaml").read_text())["clouds"]
        auth = clouds["wovenet"]["auth"]
        pair = base64.b64encode(f"{auth['username']}:{auth['password']}".encode()).decode()
        return Target(self.url, {"Authorization": f"Basic {pair}"})

    def settle(self) -> None:
        """Returns when nothing is marked any more: OVN's Northbound has what the store has."""
        deadline = time.monotonic() + _TIMEOUT_S
        while self.marks():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.marks()} marks are left after {_TIMEOUT_S:g} s")
            time.sleep(_LOOK_S)

    def rest(self) -> None:
        """Returns when OVN's Southbound has it too: nothing of this deployment is at work any more."""
        self.settle()
        sync = ["ovn-nbctl", f"--db=unix:{self.northbound}", "--wait=sb", "sync"]
        subprocess.run(sync, check=True, stdout=subprocess.DEVNULL, timeout=_TIMEOUT_S)

    def marks(self) -> int:
        """How many marks are waiting."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None)
        try:
            return int(connection.execute("SELECT count(*) FROM marks WHERE topic = 'ovn'").fetchone()[0])
        finally:
            connection.close()

    def memory(self) -> dict[str, int]:
        """What each part of ours holds; pages that are shared count for their share. Unit: bytes."""
        processes = json.loads((self.state_dir / "processes.json").read_text())["processes"]
        supervisor = {"supervisor": _pss(processes["supervisor"])}  # all the others are its children
        return supervisor | {role: sum(map(_pss, _family(processes[role]))) for role in ("api", "controller")}


def _until_ok(target: Target, path: str, lives: Callable[[], bool]) -> None:
    """Returns when `path` is answered with 200. Raises: what `lives` raises."""
    client = Client(target)
    request = client.encode(Call("GET", path))
    while lives():
        with contextlib.suppress(OSError):
            if client.send(request)[1] == http.HTTPStatus.OK:
                break
        time.sleep(_LOOK_S)
    client.close()


def _wovenet(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "wovenet", *arguments]


def _family(pid: int) -> list[int]:
    """The process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
