"""Private ovsdb-servers for tests: real ones, in a directory of their own, stopped by the process that was started.

    with ovsdb_servers.serving(tmp_path) as server:          # Northbound; schema=SB for Southbound
        client = server.client()                              # connected

A server listens on a unix socket, and on request also on a TCP or TLS port that it chooses itself.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from wovenet.embedded import process
from wovenet.model.clock import SystemClock
from wovenet.ovn.client import Client, Timing
from wovenet.ovn.remote import Tls

CLOCK = SystemClock()
TIMEOUT_S = 10.0


class Schema(NamedTuple):
    name: str
    file: Path


NB = Schema("OVN_Northbound", Path("/usr/share/ovn/ovn-nb.ovsschema"))
SB = Schema("OVN_Southbound", Path("/usr/share/ovn/ovn-sb.ovsschema"))


class Server:
    """One ovsdb-server with one database. Made by `create`; the database outlives `stop` and `start`."""

    def __init__(self, directory: Path, schema: Schema, *, tls: Tls | None = None, port: bool = False) -> None:
        self.directory = directory
        self.schema = schema
        self.tls = tls
        self.file = directory / "db"
        self._wants_port = port or tls is not None
        self._port: int | None = None
        self._daemon: process.Daemon | None = None

    def create(self, *, clustered: bool = False) -> None:
        """An empty database of the schema; a cluster of one member if `clustered`."""
        if clustered:
            address = f"unix:{self.directory / 'raft'}"
            process.run(["ovsdb-tool", "create-cluster", str(self.file), str(self.schema.file), address])
        else:
            process.run(["ovsdb-tool", "create", str(self.file), str(self.schema.file)])

    def start(self) -> None:
        """The server runs. Whether it serves is for the client to find out."""
        control = f"--unixctl={self.directory / 'ctl'}"
        arguments = ["ovsdb-server", str(self.file), f"--remote=punix:{self._socket}", control]
        if self._wants_port:
            arguments.append(f"--remote=p{self._scheme}:{self._port or 0}:127.0.0.1")
        if self.tls is not None:
            files = self.tls
            arguments += [f"--private-key={files.key_file}", f"--certificate={files.certificate_file}"]
            arguments += [f"--ca-cert={files.ca_file}"]
        environment = process.environment(self.directory)
        self._socket.unlink(missing_ok=True)
        self._daemon = process.start(arguments, name="ovsdb", directory=self.directory, env=environment)
        process.wait_until(self._socket.exists, timeout_s=TIMEOUT_S, what="the socket of ovsdb-server")

    def stop(self) -> None:
        if self._daemon is not None:
            process.stop([self._daemon])
            self._daemon = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def empty(self) -> None:
        """Replaces the database with an empty one, as an operator who restores the wrong backup does."""
        self.stop()
        self.file.unlink()
        self.create()
        self.start()

    def pause(self, how: Literal["STOP", "CONT"]) -> None:
        """Stops or continues the process: a server that is there and does not answer."""
        assert self._daemon is not None
        process.run(["kill", f"-{how}", str(self._daemon.process.pid)])

    def add_remote(self, remote: str) -> None:
        process.run(["ovs-appctl", "-t", str(self.directory / "ctl"), "ovsdb-server/add-remote", remote])

    def client(self, *, remote: str | None = None, connect: bool = True, timing: Timing | None = None) -> Client:
        """A client, connected unless told otherwise."""
        client = Client(remote or self.remote, database=self.schema.name, clock=CLOCK, timing=timing)
        if connect:
            client.connect(TIMEOUT_S)
        return client

    @property
    def remote(self) -> str:
        return f"unix:{self._socket}"

    @property
    def port_remote(self) -> str:
        """The TCP or TLS remote; the port is the same after a restart."""
        if self._port is None:
            log = self.directory / "log" / "ovsdb.log"
            process.wait_until(
                lambda: log.exists() and "listening on port" in log.read_text(),
                timeout_s=TIMEOUT_S,
                what="the port of ovsdb-server",
            )
            found = re.search(r"listening on port (\d+)", log.read_text())
            assert found is not None
            self._port = int(found[1])
        return f"{self._scheme}:127.0.0.1:{self._port}"

    @property
    def _socket(self) -> Path:
        return self.directory / "sock"

    @property
    def _scheme(self) -> str:
        return "tcp" if self.tls is None else "ssl"


def join(member: Server, leader: Server) -> None:
    """`member`'s database becomes a second member of `leader`'s cluster."""
    addresses = [f"unix:{server.directory / 'raft'}" for server in (member, leader)]
    process.run(["ovsdb-tool", "join-cluster", str(member.file), member.schema.name, *addresses])


@contextmanager
def serving(
    directory: Path, schema: Schema = NB, *, clustered: bool = False, tls: Tls | None = None, port: bool = False
) -> Iterator[Server]:
    """A running server with an empty database in `directory`."""
    server = Server(directory, schema, tls=tls, port=port)
    server.create(clustered=clustered)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def certificates(directory: Path, authority: str = "ca") -> Tls:
    """A new authority, and a key with a certificate that it signed (good for servers and clients)."""
    key, request, certificate = (directory / f"{authority}-leaf.{end}" for end in ("key", "csr", "pem"))
    ca_key, ca = directory / f"{authority}.key", directory / f"{authority}.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", f"/CN={authority}"]
    process.run(["openssl", "req", "-x509", *curve, *subject, "-days", "2", "-keyout", str(ca_key), "-out", str(ca)])
    process.run(["openssl", "req", *curve, "-subj", "/CN=leaf", "-keyout", str(key), "-out", str(request)])
    signing = ["-CA", str(ca), "-CAkey", str(ca_key), "-CAcreateserial", "-days", "2"]
    process.run(["openssl", "x509", "-req", "-in", str(request), *signing, "-out", str(certificate)])
    return Tls(str(key), str(certificate), str(ca))
