"""Cuts a byte stream of JSON objects that follow each other without length or separator into single objects.

OVSDB's wire has no framing (RFC 7047, 4): where an object ends is known only by reading it. Braces outside strings are
counted once, at the speed of the regular expression engine, and reading resumes where it stopped, so the cost is linear
however the stream is cut into pieces.
"""

import re
from collections.abc import Iterator

MAX_FRAME_BYTES = 256 * 1024 * 1024
"""A single message larger than this ends the connection. The initial answer for 1 M port bindings is about 120 MB."""

# No possessive quantifiers: Python before 3.11.5, Debian 12's for one, takes them for more than they are (gh-106052).
_TO_BRACE = re.compile(rb'[^{}"]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^{}"]*)*', re.DOTALL)
"""Everything up to the next brace outside a string; stops before a string that is not complete yet."""

_SPACE = b" \t\r\n"
_OPEN, _CLOSE, _QUOTE = b'{}"'


class FrameTooLarge(ValueError):  # noqa: N818 - named as the other errors here
    """A message does not end within the limit."""


class FrameDecoder:
    """Bytes in, whole JSON objects (as bytes) out. Holds at most one incomplete object."""

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max = max_frame_bytes
        self._buffer = bytearray()
        self._at = 0
        """Where reading resumes; everything before it has been counted."""
        self._depth = 0

    @property
    def pending_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yields each object that `data` completes.

        Raises: FrameTooLarge; ValueError when the stream is not a sequence of objects. The decoder is then of no use.
        """
        self._buffer += data
        while (end := self._end()) is not None:
            frame = bytes(memoryview(self._buffer)[:end])
            del self._buffer[:end]
            self._at = 0
            yield frame
        if len(self._buffer) > self._max:
            raise FrameTooLarge(len(self._buffer))

    def _end(self) -> int | None:
        buffer, depth = self._buffer, self._depth
        at = self._at
        if depth == 0 and (at := self._start(at)) == len(buffer):
            buffer.clear()
            self._at = 0
            return None
        size = len(buffer)
        while True:
            at = _skip(buffer, at)
            if at == size or buffer[at] == _QUOTE:
                break
            depth += 1 if buffer[at] == _OPEN else -1
            at += 1
            if depth == 0:
                self._depth = 0
                return at
        self._at, self._depth = at, depth
        return None

    def _start(self, at: int) -> int:
        """Where the next object opens, or the end of the buffer."""
        buffer = self._buffer
        while at < len(buffer) and buffer[at] in _SPACE:
            at += 1
        if at < len(buffer) and buffer[at] != _OPEN:
            raise ValueError("not a JSON object")
        return at


def _skip(buffer: bytearray, at: int) -> int:
    # In a function of its own: a match object that is still alive would keep the buffer from being resized.
    match = _TO_BRACE.match(buffer, at)
    return match.end() if match else at
