"""HTTP basic authentication against the users file."""

import base64
import binascii
import hmac
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import bcrypt

from wovenet.api import users
from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.model.clock import Clock
from wovenet.settings.options import Secret

CHALLENGE: Final = 'Basic realm="wovenet", charset="UTF-8"'
HEADER_BYTES_MAX: Final = 1024
"""Longest Authorization header that is looked at."""
_KEY_BYTES: Final = 32


class _Known(NamedTuple):
    actor: Actor
    until_s: float


class _Loaded(NamedTuple):
    """The users of the file as it was at `stamp`, and the hash against which strangers are checked."""

    stamp: tuple[int, int, int]
    users: Mapping[str, users.User]
    decoy: bytes


class BasicAuthenticator:
    """Callers by name and password. Thread-safe.

    A verified pair is remembered for a while by a hash with a key that only lives here, so that bcrypt is paid once.
    The file is read again as soon as it changes, and everything remembered is forgotten with it. A name that does not
    exist takes as long as a wrong password.
    """

    def __init__(self, file: Path, clock: Clock, *, remember_s: float, entries_max: int) -> None:
        self._file = file
        self._clock = clock
        self._remember_s = remember_s
        self._entries_max = entries_max
        self._key = bytes(clock.randrange(0, 256) for _ in range(_KEY_BYTES))
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._loaded = self._load()

    def __call__(self, environ: Mapping[str, Any]) -> Actor:
        """The caller. Raises: Unauthenticated."""
        pair = _pair(environ.get("HTTP_AUTHORIZATION", ""))
        if pair is None:
            raise problems.Unauthenticated(challenge=CHALLENGE)
        digest = hmac.digest(self._key, b"\0".join(pair), "sha256")
        loaded = self._current()
        now_s = self._clock.monotonic()
        with self._lock:
            known = self._known.get(digest)
            if known is not None and known.until_s > now_s:
                self._known.move_to_end(digest)
                return known.actor
        actor = self._verified(loaded, *pair)
        if actor is None:
            raise problems.Unauthenticated(challenge=CHALLENGE)
        with self._lock:
            if self._loaded is loaded:  # not what a changed file no longer says
                self._known[digest] = _Known(actor, now_s + self._remember_s)
                self._known.move_to_end(digest)
                if len(self._known) > self._entries_max:
                    self._known.popitem(last=False)
        return actor

    def _verified(self, loaded: _Loaded, name: bytes, password: bytes) -> Actor | None:
        user = loaded.users.get(name.decode(errors="replace"))
        expected = user.hash.reveal().encode() if user else loaded.decoy
        is_right = bcrypt.checkpw(password[: users.PASSWORD_BYTES_MAX], expected)
        if user is None or not is_right or len(password) > users.PASSWORD_BYTES_MAX:
            return None
        return Actor(user.user_id, user.project_id, user.roles)

    def _current(self) -> _Loaded:
        """What the file says now. A file that has become unusable lets nobody in."""
        loaded = self._loaded
        if _stamp(self._file) == loaded.stamp:
            return loaded
        with self._lock:
            if self._loaded is loaded:
                self._known.clear()
                try:
                    self._loaded = self._load()
                except users.BadUsersFile as error:
                    raise problems.HTTPServiceUnavailable(internal=str(error)) from error
            return self._loaded

    def _load(self) -> _Loaded:
        stamp = _stamp(self._file)
        found = users.read(self._file)
        rounds = max((int(user.hash.reveal()[4:6]) for user in found.values()), default=users.GENERATED_ROUNDS)
        return _Loaded(stamp, found, users.hashed(Secret("nobody"), rounds).reveal().encode())


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _pair(header: str) -> tuple[bytes, bytes] | None:
    """Name and password of an Authorization header, or None if it has none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > HEADER_BYTES_MAX:
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    name, colon, password = decoded.partition(b":")
    return (name, password) if colon and b"\0" not in decoded else None
