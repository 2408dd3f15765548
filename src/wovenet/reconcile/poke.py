"""The poke: a datagram without contents that says "there is something to do" to the controller of this machine.

It is a matter of speed only. Whoever is not poked (a controller on another machine) looks at the outbox regularly.
"""

import contextlib
import os
import socket
from pathlib import Path
from typing import Final

FILE_NAME: Final = "controller.poke"
_PATH_BYTES_MAX: Final = 107
"""Longer paths cannot be the address of a unix socket."""


def _address(state_path: Path) -> str | None:
    path = str(state_path / FILE_NAME)
    return path if len(os.fsencode(path)) <= _PATH_BYTES_MAX else None


class Poker:
    """Pokes whoever leads on this machine. Never blocks, never fails; safe in threads and across forks."""

    def __init__(self, state_path: Path) -> None:
        self._address = _address(state_path)

    def __call__(self) -> None:
        if self._address is None:
            return
        # A socket for each poke (10 µs): nothing to share, nothing to close.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.sendto(b"", self._address)


class Listener:
    """Hears pokes on this machine, in the place of whoever heard them before."""

    def __init__(self, state_path: Path) -> None:
        """Raises: OSError if the place cannot be written to."""
        self._path = _address(state_path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        if self._path is None:
            return
        try:
            Path(self._path).unlink(missing_ok=True)
            # Only users who may write to the directory can poke; what a poke does is harmless anyway.
            self._socket.bind(self._path)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def clear(self) -> None:
        """Forgets the pokes that have come."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(1)

    def close(self) -> None:
        # The path stays: it may be another's by now.
        self._socket.close()
