"""Where an OVSDB server listens, and a non-blocking byte stream to it.

Remotes are written as in OVN's own options: `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`, an IPv6 address in
brackets, several separated by commas.
"""

import os
import re
import select
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wovenet.ovn.errors import ConnectionLost

RECV_BYTES = 256 * 1024
"""How much is taken from the socket at once."""

_INET = re.compile(r"(?P<scheme>tcp|ssl):(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^:\[\]]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class Remote:
    """One address of one server. For `unix`, `host` is the path of the socket."""

    scheme: Literal["unix", "tcp", "ssl"]
    host: str
    port: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Tls:
    """Files in PEM form: our private key and certificate, and the authorities that may have signed the server's."""

    key_file: str
    certificate_file: str
    ca_file: str

    def context(self) -> ssl.SSLContext:
        """A client context that demands a certificate signed by our authority.

        Host names are not compared: ovs-pki, and the deployment tools after it, issue certificates by role.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.ca_file)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context


def parse_remotes(text: str) -> tuple[Remote, ...]:
    """The remotes of a comma-separated list. Raises: ValueError for anything else, and for an empty list."""
    remotes = tuple(_parse(part.strip()) for part in text.split(",") if part.strip())
    if not remotes:
        raise ValueError("no OVSDB remote is given")
    return remotes


def _parse(text: str) -> Remote:
    if text.startswith("unix:") and len(text) > len("unix:"):
        return Remote("unix", text.removeprefix("unix:"))
    match = _INET.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ValueError(f"not an OVSDB remote (unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT): {text!r}")
    scheme: Literal["tcp", "ssl"] = "ssl" if match["scheme"] == "ssl" else "tcp"
    return Remote(scheme, match["v6"] or match["host"], int(match["port"]))


class Stream:
    """A connected, non-blocking byte stream. Every method raises ConnectionLost once the other side is gone."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._want_write = False
        self._poll = select.poll()

    @classmethod
    def open(cls, remote: Remote, tls: ssl.SSLContext | None, timeout_s: float) -> "Stream":
        """A stream to `remote`, its TLS handshake done. Raises: ConnectionLost."""
        sock: socket.socket | None = None
        try:
            sock = _connect(remote, timeout_s)
            if remote.scheme == "ssl":
                if tls is None:
                    raise ConnectionLost("an ssl remote needs a certificate, a private key and an authority")
                sock.settimeout(timeout_s)
                sock = tls.wrap_socket(sock)
            return cls(sock)
        except OSError as error:
            if sock is not None:
                sock.close()
            raise ConnectionLost(_reason(error)) from error

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def wait(self, timeout_s: float, *, writing: bool = False) -> None:
        """Returns when there may be something to read (or room to write), or after the timeout."""
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return  # decrypted already, so the kernel has nothing to report
        events = select.POLLIN | (select.POLLOUT if writing or self._want_write else 0)
        self._poll.register(self._sock, events)
        self._poll.poll(max(0.0, timeout_s) * 1000)

    def recv(self) -> bytes:
        """What has arrived; empty when nothing has."""
        self._want_write = False
        try:
            data = self._sock.recv(RECV_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        except ssl.SSLWantWriteError:
            self._want_write = True
            return b""
        except OSError as error:
            raise ConnectionLost(_reason(error)) from error
        if not data:
            raise ConnectionLost("closed by the server")
        return data

    def send(self, data: memoryview) -> int:
        """How many bytes were taken; 0 when there is no room now."""
        try:
            return self._sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0
        except OSError as error:
            raise ConnectionLost(_reason(error)) from error


def _connect(remote: Remote, timeout_s: float) -> socket.socket:
    if remote.scheme != "unix":
        sock = socket.create_connection((remote.host, remote.port), timeout=timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    path = Path(remote.host)
    # By way of the directory's descriptor: the address of a unix socket holds 107 bytes, a path may be longer.
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect(f"/proc/self/fd/{directory}/{path.name}")
    except OSError:
        sock.close()
        raise
    finally:
        os.close(directory)
    return sock


def _reason(error: OSError) -> str:
    # strerror never holds a path or an address; str(error) may.
    return error.strerror or type(error).__name__
