"""Runs `wovenet WORDS…` as a process that the kernel kills the moment it, or a child of it, starts another program.

Usage: python -m tests.without_exec controller --state-dir DIR …
"""

import ctypes
import os
import platform
import signal
import struct

from wovenet.cli import main

_EXEC_CALLS = {"x86_64": (59, 322), "aarch64": (221, 281)}
"""The numbers of execve and execveat."""

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_LOAD_CALL_NUMBER = (0x20, 0, 0, 0)  # the first word of what a filter is asked about
_ALLOW = (0x06, 0, 0, 0x7FFF0000)
_KILL_PROCESS = (0x06, 0, 0, 0x80000000)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid_exec() -> None:
    """From now on no program can be started by this process or its children. Raises: OSError."""
    first, second = _EXEC_CALLS[platform.machine()]
    steps = [_LOAD_CALL_NUMBER, (0x15, 1, 0, first), (0x15, 0, 1, second), _KILL_PROCESS, _ALLOW]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(steps), code)
    _succeeds(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _succeeds(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program)))


def _succeeds(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _assert_forbidden() -> None:
    child = os.fork()
    if child == 0:
        os.execv("/bin/true", ["true"])  # noqa: S606 - that is what must not work
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), status
    assert os.WTERMSIG(status) == signal.SIGSYS


if __name__ == "__main__":
    forbid_exec()
    _assert_forbidden()
    main()
