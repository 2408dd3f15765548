"""A private OVN central: ovsdb-server for the Northbound and the Southbound database, and ovn-northd.

Everything lies in one directory, under the names that OVN's own tools expect there, so that
`OVN_RUNDIR=<directory> ovn-nbctl show` works. The databases outlive the processes.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from wovenet.embedded import jsonrpc, process

SCHEMAS = Path("/usr/share/ovn")

NORTHBOUND = "OVN_Northbound"
SOUTHBOUND = "OVN_Southbound"

_READY_TIMEOUT_S = 10.0
_NORTHD = "ovn-northd"


class _Database:
    """One of the two databases: its files, and what its server is told."""

    def __init__(self, directory: Path, name: str, *, short: str, table: str) -> None:
        self.name = name
        self.short = short
        self.file = directory / f"ovn{short}_db.db"
        self.socket = directory / f"ovn{short}_db.sock"
        self.control = directory / f"ovn{short}_db.ctl"
        self.server = f"ovsdb-server-{short}"
        self.schema = SCHEMAS / f"ovn-{short}.ovsschema"
        self.connections = f"db:{name},{table},connections"

    def server_command(self, listen: Sequence[str]) -> list[str]:
        remotes = [f"punix:{self.socket}", self.connections, *listen]
        options = [*(f"--remote={remote}" for remote in remotes), f"--unixctl={self.control}"]
        return ["ovsdb-server", *options, str(self.file)]


class Central:
    """A running OVN central. Made by `start`; ends with `stop`, and with this process however that ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._nb = _Database(directory, NORTHBOUND, short="nb", table="NB_Global")
        self._sb = _Database(directory, SOUTHBOUND, short="sb", table="SB_Global")
        self._daemons: list[process.Daemon] = []
        self._listen: dict[str, Sequence[str]] = {}
        self._lock: int | None = None

    @classmethod
    def start(cls, directory: Path, *, nb_listen: Sequence[str] = (), sb_listen: Sequence[str] = ()) -> "Central":
        """A central on the databases in `directory`, which answer; new ones where there were none.

        In: more addresses to listen at, as ovsdb-server writes them ("ptcp:6641:127.0.0.1").
        Raises: process.ProgramFailed, process.DirectoryInUse.
        Guarantees: what an earlier, killed process left running in `directory` is ended first; a failed start
        leaves nothing running.
        """
        central = cls(directory.absolute())
        try:
            central._start(nb_listen, sb_listen)
        except BaseException:
            central.stop()
            raise
        return central

    @property
    def nb_socket(self) -> Path:
        return self._nb.socket

    @property
    def sb_socket(self) -> Path:
        return self._sb.socket

    @property
    def nb_remote(self) -> str:
        """What an OVSDB client of the Northbound database connects to."""
        return f"unix:{self._nb.socket}"

    @property
    def sb_remote(self) -> str:
        """What an OVSDB client of the Southbound database, in any network namespace, connects to."""
        return f"unix:{self._sb.socket}"

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return {daemon.name: daemon.process.pid for daemon in self._daemons if not daemon.ended}

    def ended(self) -> dict[str, str]:
        """The processes that ended although nobody stopped them, each with its last words."""
        return {daemon.name: daemon.last_words() for daemon in self._daemons if daemon.ended}

    def revive(self) -> None:
        """The processes that ended run again, and the databases answer; the others are not touched.

        Raises: process.ProgramFailed; what could not be started counts as ended, and the next call tries again.
        """
        for at, daemon in enumerate(self._daemons):
            if not daemon.ended:
                continue
            database = next((each for each in (self._nb, self._sb) if each.server == daemon.name), None)
            if database is None:
                self._daemons[at] = self._launch(daemon.name, self._northd_command())
            else:
                _prepare([database])
                self._daemons[at] = self._launch(daemon.name, database.server_command(self._listen[daemon.name]))
                _await_answer(database, self._daemons[at])

    def tend(self) -> None:
        """Logs are short. To be called now and then by whoever supervises."""
        controls = {self._nb.server: self._nb.control, self._sb.server: self._sb.control, _NORTHD: self._northd_control}
        for daemon in self._daemons:
            if not daemon.ended:
                process.rotate(daemon, controls[daemon.name])

    def stop(self) -> None:
        """No process of this central runs; its databases stay."""
        process.stop(list(reversed(self._daemons)))
        self._daemons.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def _northd_control(self) -> Path:
        return self.directory / f"{_NORTHD}.ctl"

    def _start(self, nb_listen: Sequence[str], sb_listen: Sequence[str]) -> None:
        self._lock = process.lock_directory(self.directory)
        end_leftovers(self.directory)
        databases = (self._nb, self._sb)
        self._listen = {self._nb.server: nb_listen, self._sb.server: sb_listen}
        _prepare(databases)
        for database in databases:
            command = database.server_command(self._listen[database.server])
            self._daemons.append(self._launch(database.server, command))
        for database, daemon in zip(databases, tuple(self._daemons), strict=True):
            _await_answer(database, daemon)
        # Not waited for: it catches up on its own, and nobody here needs it to have.
        self._daemons.append(self._launch(_NORTHD, self._northd_command()))

    def _launch(self, name: str, command: Sequence[str]) -> process.Daemon:
        env = process.environment(self.directory)
        return process.start(command, name=name, directory=self.directory, env=env)

    def _northd_command(self) -> list[str]:
        remotes = [f"--ovnnb-db={self.nb_remote}", f"--ovnsb-db={self.sb_remote}"]
        return ["ovn-northd", *remotes, f"--unixctl={self._northd_control}"]


def end_leftovers(directory: Path) -> None:
    """No daemon holds a pid file in `directory`. Only for whoever holds the lock of the directory."""
    pid_files = tuple(directory.glob("*.pid"))
    process.end_all(lambda: process.holders(pid_files))


def _prepare(databases: Sequence[_Database]) -> None:
    """Each database exists and is not older than the installed schema."""
    for database in databases:
        if not database.schema.exists():
            raise process.ProgramFailed("OVN is not installed here; `wovenet lab install central` installs it")
        # What a killed server left: a socket file that nobody listens at would look like an answer to come.
        for leftover in (database.socket, database.control):
            leftover.unlink(missing_ok=True)
    # A file without a byte is what an interrupted copy leaves: there is nothing in it to lose.
    fresh = [one for one in databases if not one.file.exists() or one.file.stat().st_size == 0]
    kept = [database for database in databases if database not in fresh]
    # By way of another name: an interrupted creation is not taken for a database.
    half_made = {database: database.file.with_suffix(".new") for database in fresh}
    for file in half_made.values():
        file.unlink(missing_ok=True)
    process.run_all([["ovsdb-tool", "create", str(file), str(database.schema)] for database, file in half_made.items()])
    for database, file in half_made.items():
        file.rename(database.file)
    versions = process.run_all([["ovsdb-tool", "db-version", str(database.file)] for database in kept])
    for database, version in zip(kept, versions, strict=True):
        _upgrade(database, version.strip())


def _upgrade(database: _Database, version: str) -> None:
    """The database has the installed schema, if that is the newer one; the file as it was lies beside it.

    A database that is newer than the installed schema carries its schema in itself and is served as it is.
    """
    installed = json.loads(database.schema.read_text())["version"]
    if _order(installed) <= _order(version):
        return
    shutil.copy2(database.file, database.file.with_suffix(f".db.{version}"))
    process.run(["ovsdb-tool", "convert", str(database.file), str(database.schema)])


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _await_answer(database: _Database, daemon: process.Daemon) -> None:
    def answers() -> bool:
        if daemon.ended:
            raise process.ProgramFailed(f"{daemon.name}: {daemon.last_words()}")
        with contextlib.suppress(OSError):
            return database.name in jsonrpc.call(database.socket, "list_dbs", [])
        return False

    process.wait_until(answers, timeout_s=_READY_TIMEOUT_S, what=f"an answer of {daemon.name}")
