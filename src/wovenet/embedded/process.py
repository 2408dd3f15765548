"""Daemons as children of this process, and the certain end of those that an earlier process left.

A daemon of OVS or OVN holds a lock on its pid file for as long as it lives. Asking the kernel who holds that lock names
the process beyond doubt; a pid that was recycled holds no lock and is never signalled.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wovenet.embedded import jsonrpc
from wovenet.model.clock import SystemClock

LOG_LIMIT_BYTES = 10 * 1024 * 1024
"""A log longer than this is set aside as NAME.log.1 (one generation is kept)."""

_POLL_S = 0.004
_PR_SET_PDEATHSIG = 1
_FLOCK = "hhqqi"  # struct flock: l_type, l_whence, l_start, l_len, l_pid
_clock = SystemClock()


class ProgramFailed(Exception):  # noqa: N818
    """A program could not be started, ended with an error, or did not get ready in time."""


class DirectoryInUse(Exception):  # noqa: N818
    """Another process of ours runs on this state directory."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running child, with the files it keeps."""

    name: str
    process: subprocess.Popen[bytes]
    pid_file: Path
    log_file: Path

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def last_words(self) -> str:
        """The end of what it wrote to its error output, else of its log; for a message to the operator."""
        for file in (self.log_file.with_suffix(".err"), self.log_file):
            with contextlib.suppress(FileNotFoundError):
                lines = file.read_text(errors="replace").strip().splitlines()
                if lines:
                    return " / ".join(lines[-3:])
        return "no output"


def holds_within(predicate: Callable[[], bool], timeout_s: float, *, interval_s: float = _POLL_S) -> bool:
    """Whether `predicate()` holds, looked at until `timeout_s` is over. The one place that waits by looking again."""
    deadline = _clock.monotonic() + timeout_s
    pause = threading.Event()
    while not predicate():
        if _clock.monotonic() > deadline:
            return False
        pause.wait(interval_s)
    return True


def wait_until(predicate: Callable[[], bool], *, timeout_s: float, what: str, interval_s: float = _POLL_S) -> None:
    """`predicate()` holds.

    Raises: ProgramFailed after `timeout_s`, naming `what` was waited for.
    """
    if not holds_within(predicate, timeout_s, interval_s=interval_s):
        raise ProgramFailed(f"not within {timeout_s:g} s: {what}")


def start(
    argv: Sequence[str], *, name: str, directory: Path, env: Mapping[str, str], namespace: str | None = None
) -> Daemon:
    """A daemon that runs `argv`, in the network namespace `namespace` if one is named, and dies with this process.

    Keeps NAME.pid in `directory` and NAME.log, NAME.err in its `log` folder; the program must take OVS's `--pidfile`
    and `--log-file`. Only for the main thread: the kernel ends the child when the *thread* that started it ends.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("daemons are started by the main thread only, because they end with the thread")
    log_file = directory / "log" / f"{name}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file = directory / f"{name}.pid"
    command = [
        # KILL, not TERM: a daemon that was stopped (lab freeze) would keep TERM pending for ever.
        *ending_with_us(signal.SIGKILL),
        *(("ip", "netns", "exec", namespace) if namespace else ()),
        *argv,
        f"--pidfile={pid_file}",
        *("-vconsole:off", "-vsyslog:off", "-vfile:info", f"--log-file={log_file}"),
    ]
    _set_aside_if_long(log_file)
    with log_file.with_suffix(".err").open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            env=dict(env),
            cwd=directory,
            start_new_session=True,  # an interrupt from the terminal is for us, and we stop the daemons in order
        )
    return Daemon(name, process, pid_file, log_file)


def search_path() -> str:
    """Where programs are looked for: as the user says, and where administrators' programs are, which a user's shell may
    leave out.
    """
    return os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"


def user_environment() -> dict[str, str]:
    """The user's environment, in which all programs are found."""
    return {**os.environ, "PATH": search_path()}


def environment(directory: Path) -> dict[str, str]:
    """The environment in which OVS's and OVN's programs keep everything under `directory`."""
    folders = ("OVS_RUNDIR", "OVN_RUNDIR", "OVS_DBDIR", "OVN_DBDIR", "OVS_SYSCONFDIR", "OVN_SYSCONFDIR")
    logs = ("OVS_LOGDIR", "OVN_LOGDIR")
    return {
        "PATH": search_path(),
        "LC_ALL": "C.UTF-8",
        **dict.fromkeys(folders, str(directory)),
        **dict.fromkeys(logs, str(directory / "log")),
    }


def stop(daemons: Sequence[Daemon], *, grace_s: float = 2.0) -> None:
    """None of `daemons` runs: asked to end in the order given, and killed where `grace_s` was not enough."""
    for daemon in daemons:
        daemon.process.terminate()
    deadline = _clock.monotonic() + grace_s
    for daemon in daemons:
        try:
            daemon.process.wait(max(0.0, deadline - _clock.monotonic()))
        except subprocess.TimeoutExpired:
            daemon.process.kill()
            daemon.process.wait()


def run(argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout_s: float = 30.0) -> str:
    """What `argv` printed, after it ended well.

    Raises: ProgramFailed with its error output.
    """
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            env=env or user_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as missing:
        raise ProgramFailed(f"{argv[0]}: not installed") from missing
    except subprocess.TimeoutExpired as late:
        raise ProgramFailed(f"{' '.join(argv)}: no end within {timeout_s:g} s") from late
    if done.returncode != 0:
        raise ProgramFailed(f"{' '.join(argv)}: {done.stderr.strip() or f'status {done.returncode}'}")
    return done.stdout


def run_all(commands: Sequence[Sequence[str]]) -> list[str]:
    """What each of `commands` printed; they run at the same time.

    Raises: ProgramFailed for the first that failed, after all have ended.
    """
    env = user_environment()
    running = [
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        for argv in commands
    ]
    outputs = [child.communicate() for child in running]
    for argv, child, (_, errors) in zip(commands, running, outputs, strict=True):
        if child.returncode != 0:
            raise ProgramFailed(f"{' '.join(argv)}: {errors.strip() or f'status {child.returncode}'}")
    return [output for output, _ in outputs]


def lock_directory(directory: Path) -> int:
    """A descriptor whose lock says: `directory` is ours until it is closed or this process ends.

    Raises: DirectoryInUse.
    """
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        os.close(descriptor)
        raise DirectoryInUse(f"another process runs on {directory}") from taken
    return descriptor


def holder(pid_file: Path) -> int | None:
    """The pid of the live process that holds the lock on `pid_file`, as the kernel says."""
    try:
        with pid_file.open("rb") as file:
            question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            size = struct.calcsize(_FLOCK)
            answer = fcntl.fcntl(file, fcntl.F_GETLK, question + bytes(-size % struct.calcsize("q")))
    except FileNotFoundError:
        return None
    kind, _, _, _, pid = struct.unpack(_FLOCK, answer[:size])
    return pid if kind != fcntl.F_UNLCK and pid > 0 else None


def holders(pid_files: Iterable[Path]) -> frozenset[int]:
    """The live processes behind `pid_files`."""
    return frozenset(pid for file in pid_files if (pid := holder(file)) is not None)


def end_all(find: Callable[[], frozenset[int]], *, grace_s: float = 2.0) -> None:
    """No process that `find()` names is alive: asked to end, then killed.

    Raises: ProgramFailed where even a kill does not end them.
    """
    signal_all(find, signal.SIGTERM)
    signal_all(find, signal.SIGCONT)  # one that was stopped cannot act on TERM
    if not holds_within(lambda: not find(), grace_s):
        signal_all(find, signal.SIGKILL)
        wait_until(lambda: not find(), timeout_s=5.0, what="end of killed processes")


def signal_all(find: Callable[[], frozenset[int]], number: signal.Signals) -> None:
    """Every process that `find()` names got the signal.

    Guarantees: one is signalled only through a descriptor that was open while `find()` still named it, so that a pid
    that changes hands in between is not hit.
    """
    for pid in find():
        with contextlib.suppress(ProcessLookupError), _process_descriptor(pid) as descriptor:
            if pid in find():
                signal.pidfd_send_signal(descriptor, number)


@contextlib.contextmanager
def _process_descriptor(pid: int) -> Iterator[int]:
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def ending_with_us(number: signal.Signals) -> list[str]:
    """The prefix of a command whose process gets the signal when the thread of ours that started it ends.

    Guarantees: none outlives us, not even one that we started in our last moment: the kernel tells only of an end that
    comes after the child asked to be told, so the child then looks whether its parent is still this process.
    """
    look = '[ "$PPID" = "$0" ] || exit 1; exec "$@"'
    return ["setpriv", "--pdeathsig", number.name.removeprefix("SIG"), "--", "sh", "-c", look, str(os.getpid())]


def die_with_parent(parent: int) -> None:
    """The kernel kills this process, one that `parent` forked, when the thread that forked it ends, or has ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL)) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The live processes whose parent is `pid`, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                # After the name, which may hold anything: state, parent, … and, 19 further on, the start.
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if int(fields[1]) == pid and fields[0] != "Z":
                    found.append((int(fields[19]), int(entry.name)))
    return [child for _, child in sorted(found)]


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens at `host` and `port` on this machine.

    Raises: OSError for an address that is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Without SO_REUSEPORT, under which two servers would share the port without knowing.
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise
    return True


def rotate(daemon: Daemon, control: Path, *, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """The daemon's log is shorter than `limit_bytes`: a longer one was set aside and a new one begun."""
    if _set_aside_if_long(daemon.log_file, limit_bytes=limit_bytes):
        jsonrpc.call(control, "vlog/reopen", [])


def shorten(log_file: Path, *, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """A log that its writer holds open for appending is shorter than `limit_bytes`: a longer one was copied aside."""
    if log_file.exists() and log_file.stat().st_size >= limit_bytes:
        shutil.copyfile(log_file, log_file.with_suffix(".log.1"))
        os.truncate(log_file, 0)


def _set_aside_if_long(log_file: Path, *, limit_bytes: int = LOG_LIMIT_BYTES) -> bool:
    if not log_file.exists() or log_file.stat().st_size < limit_bytes:
        return False
    log_file.replace(log_file.with_suffix(".log.1"))
    return True
