"""A real Keystone on this machine: SQLite, Fernet tokens, installed into a virtual environment of its own."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wovenet.embedded import process

VENV = Path(os.environ.get("WOVENET_KEYSTONE_VENV", Path(__file__).resolve().parents[2] / "var" / "keystone-venv"))
PACKAGES = ("keystone", "setuptools<81")
PASSWORD = "keystone-test"
START_TIMEOUT_S = 120.0
LIFETIME_S = 3600
"""How long tokens live."""

_SERVE = """
import sys
port = int(sys.argv.pop())
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from keystone.wsgi.api import application
class Server(ThreadingMixIn, WSGIServer): daemon_threads = True
class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass
make_server("127.0.0.1", port, application, Server, Quiet).serve_forever()
"""

_CONF = """
[DEFAULT]
log_file = {directory}/keystone.log
[database]
connection = sqlite:///{directory}/keystone.db
[token]
provider = fernet
expiration = {lifetime_s}
[fernet_tokens]
key_repository = {directory}/fernet
[fernet_receipts]
key_repository = {directory}/fernet
[identity]
password_hash_rounds = 4
[credential]
key_repository = {directory}/credential
"""


@dataclass(frozen=True, slots=True)
class Keystone:
    """Where it listens. The administrator is `admin` in project `admin`."""

    url: str


def installed() -> Path:
    """The interpreter of the virtual environment with Keystone; installs it the first time (about 35 s)."""
    python = VENV / "bin" / "python"
    if not (VENV / ".complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
        (VENV / ".complete").touch()
    return python


@contextmanager
def running(directory: Path) -> Iterator[Keystone]:
    """A fresh Keystone that keeps everything in `directory`."""
    installed()
    for keys in ("fernet", "credential"):
        (directory / keys).mkdir(mode=0o700)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    _configure(directory, LIFETIME_S)
    _make_database(directory)
    _manage(directory, "fernet_setup", *_owner())
    endpoints = (part for kind in ("public", "internal", "admin") for part in (f"--bootstrap-{kind}-url", f"{url}/v3"))
    _manage(directory, "bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", "RegionOne", *endpoints)
    with _serving(directory, "keystone.conf", port) as keystone:
        yield keystone


@contextmanager
def short_lived(directory: Path) -> Iterator[Keystone]:
    """The same Keystone once more, whose tokens live for a second. In: the directory of one that is running."""
    _configure(directory, 1, "short.conf")
    with _serving(directory, "short.conf", _free_port()) as keystone:
        yield keystone


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _configure(directory: Path, lifetime_s: int, name: str = "keystone.conf") -> None:
    (directory / name).write_text(_CONF.format(directory=directory, lifetime_s=lifetime_s))


def _make_database(directory: Path) -> None:
    """An empty database of this Keystone's schema; migrated once, which takes five seconds, and copied from then on."""
    template = VENV / "keystone.db"
    if not template.exists():
        _manage(directory, "db_sync")
        shutil.copy(directory / "keystone.db", template.with_suffix(".new"))
        template.with_suffix(".new").rename(template)
    else:
        shutil.copy(template, directory / "keystone.db")


@contextmanager
def _serving(directory: Path, conf: str, port: int) -> Iterator[Keystone]:
    url = f"http://127.0.0.1:{port}"
    python = VENV / "bin" / "python"
    environ = {**os.environ, "OS_KEYSTONE_CONFIG_DIR": str(directory), "OS_KEYSTONE_CONFIG_FILES": conf}
    environ.pop("PYTHONPATH", None)
    with (directory / f"{conf}.log").open("wb") as log:
        server = subprocess.Popen(
            [python, "-W", "ignore", "-c", _SERVE, str(port)], env=environ, stdout=log, stderr=log
        )
        try:
            _wait(url, server, directory / f"{conf}.log")
            yield Keystone(url)
        finally:
            server.terminate()
            server.wait()


def _manage(directory: Path, *arguments: str) -> None:
    command = [VENV / "bin" / "keystone-manage", "--config-file", directory / "keystone.conf", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def _owner() -> tuple[str, ...]:
    return ("--keystone-user", str(os.geteuid()), "--keystone-group", str(os.getegid()))


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    def answers_or_ended() -> bool:
        if server.poll() is not None:
            return True
        try:
            with urllib.request.urlopen(f"{url}/v3", timeout=5):  # noqa: S310 - our own URL
                return True
        except OSError:
            return False

    if not process.holds_within(answers_or_ended, START_TIMEOUT_S) or server.poll() is not None:
        raise RuntimeError(f"Keystone does not answer on {url}:\n{log.read_text()[-2000:]}")
