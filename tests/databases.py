"""Real databases for tests: private servers in a temporary directory, and a fresh database for every test.

Use: `from tests.databases import database_url, mariadb_server, postgresql_server  # noqa: F401` in a conftest, then
take `database_url` (all three), or `sqlite_url`, `postgresql_url`, `mariadb_url`. `tools/install_databases.sh` installs
the servers.
"""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

import psycopg
import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from wovenet.embedded import process

DATABASES = ("sqlite", "postgresql", "mariadb")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


class Server(Protocol):
    """A running database server."""

    pid: int

    def fresh(self) -> contextlib.AbstractContextManager[str]:
        """The URL of a new database, which is dropped afterwards."""
        ...


class Daemon:
    """A server process of ours. It ends with us, however we end."""

    def __init__(self, command: Sequence[str], *, ready: str, log: Path) -> None:
        """Returns when the server has written `ready`.

        Raises: RuntimeError with the end of its log if it does not within `START_TIMEOUT_S`.
        """
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [*unprivileged(), *process.ending_with_us(signal.SIGKILL), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        self._reader = threading.Thread(target=self._follow, args=(self._process.stderr, ready, log), daemon=True)
        self._reader.start()
        self._ready.wait(START_TIMEOUT_S)
        if self._process.poll() is not None or not self._ready.is_set():
            self.stop(signal.SIGKILL)
            raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()[-4000:]}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _follow(self, stream: IO[str], ready: str, log: Path) -> None:
        with stream, log.open("w") as out:
            for line in stream:
                out.write(line)
                out.flush()
                if ready in line:
                    self._ready.set()
        self._ready.set()  # it ended: nobody waits longer


class PostgreSQL:
    """A private PostgreSQL on a unix socket. Its default collation is not ours, as a site's would not be."""

    def __init__(self, directory: Path) -> None:
        self._socket = directory / "socket"
        self._socket.mkdir()
        data = directory / "data"
        hand_over(directory)
        locale = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"]
        run(
            [
                _postgresql_program("initdb"),
                "-D",
                str(data),
                "-U",
                "wovenet",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "-N",
                *locale,
            ],
            log=directory / "initdb.log",
        )
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket),
            "max_connections": "100",
            "shared_buffers": "64MB",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "deadlock_timeout": "100ms",
        }
        self._daemon = Daemon(
            [
                _postgresql_program("postgres"),
                "-D",
                str(data),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            ready="ready to accept connections",
            log=directory / "postgres.log",
        )
        self.pid = self._daemon.pid
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql://wovenet@/{name}?host={self._socket}"
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self._socket), user="wovenet", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        self._daemon.stop(signal.SIGINT)


class MariaDB:
    """A private MariaDB on a unix socket. Its default character set is not ours, as a site's may not be."""

    def __init__(self, directory: Path) -> None:
        self._socket = directory / "socket"
        data = directory / "data"
        hand_over(directory)
        run(
            [
                *("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve"),
                "--auth-root-authentication-method=normal",
            ],
            log=directory / "install.log",
        )
        options = {
            "datadir": str(data),
            "socket": str(self._socket),
            "pid-file": str(directory / "pid"),
            "max-connections": "100",
            "innodb-buffer-pool-size": "64M",
            "innodb-log-file-size": "32M",
            "innodb-flush-log-at-trx-commit": "0",
            "innodb-doublewrite": "OFF",
            "character-set-server": "latin1",
            "collation-server": "latin1_swedish_ci",
        }
        self._daemon = Daemon(
            [
                *("mariadbd", "--no-defaults", "--skip-networking", "--skip-log-bin"),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            ready="ready for connections",
            log=directory / "mariadbd.log",
        )
        self.pid = self._daemon.pid
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield f"mysql://root@localhost/{name}?unix_socket={self._socket}"
        finally:
            self.execute(f"DROP DATABASE {name}")

    def execute(self, statement: str) -> None:
        with (
            pymysql.connect(unix_socket=str(self._socket), user="root", autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def stop(self) -> None:
        self._daemon.stop(signal.SIGTERM)


def unprivileged() -> list[str]:
    """The prefix of a command that runs it as nobody, if we are root: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]


def hand_over(directory: Path) -> None:
    """Makes `directory`, and what is in it, belong to who runs the servers."""
    if os.getuid() == 0:
        for path in [directory, *directory.rglob("*")]:
            shutil.chown(path, "nobody", "nogroup")


def run(command: Sequence[str], *, log: Path) -> None:
    """Runs `command` unprivileged. Raises: RuntimeError with its output if it fails."""
    with log.open("w") as out:
        status = subprocess.run([*unprivileged(), *command], stdout=out, stderr=out, cwd="/", check=False)
    if status.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{log.read_text()[-4000:]}")


@contextlib.contextmanager
def server_directory(name: str) -> Iterator[Path]:
    """A directory for a server, in memory where there is some: tests write much and keep nothing."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix=f"wovenet-{name}-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    with server_directory("postgresql") as directory:
        server = PostgreSQL(directory)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    with server_directory("mariadb") as directory:
        server = MariaDB(directory)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path}/wovenet.db"


@pytest.fixture
def postgresql_url(postgresql_server: PostgreSQL) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgresql_server.fresh() as url:
        yield url


@pytest.fixture
def mariadb_url(mariadb_server: MariaDB) -> Iterator[str]:
    """An empty MariaDB database."""
    with mariadb_server.fresh() as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database: the test runs once on each of the three."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=DATABASES)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases, each time another; the test runs once on each of the three."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            numbers = itertools.count()
            yield lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
        else:
            server: Server = request.getfixturevalue(f"{request.param}_server")
            yield lambda: stack.enter_context(server.fresh())


@dataclass
class Count:
    """The statements that an engine ran, without those that begin and end transactions."""

    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)


@contextlib.contextmanager
def counting(engine: sa.Engine) -> Iterator[Count]:
    """Counts the statements of `engine` in the block: `with counting(engine) as n: …; assert len(n) <= 3`."""
    count = Count()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        count.statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _postgresql_program(name: str) -> str:
    """The newest installed one; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return str(found[-1]) if found else name
