"""A session with an OVSDB server: JSON-RPC of RFC 7047 by hand, synchronous, without a replica of the database.

    client = Client("tcp:a:6641,tcp:b:6641", database="OVN_Northbound", clock=clock)
    client.connect(timeout_s=30)                 # the leader, if the database is clustered
    client.lock("wovenet")                       # asked for again after every connect
    results = client.transact([...ops...])       # one dict for each op, or TransactionRefused
    client.poll(1.0)                             # while idle: answers the server's probes, delivers notifications

Nothing is repeated behind the caller's back: when the connection is lost every method raises `ConnectionLost` until
`connect` is called again, because what was in flight may have been committed, and because a new connection is the
moment to audit. `generation` counts the connections.

One thread at a time may use a client. No thread is started: the server is answered while a call waits and in `poll`,
so a caller that does neither for longer than the server's probe interval (5 s by default) loses its connection.
"""

import logging
import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Self, cast

import msgspec

from wovenet.model.clock import Clock
from wovenet.ovn.errors import ConnectionLost, NotLeader, RequestRefused, TransactionRefused
from wovenet.ovn.frames import FrameDecoder
from wovenet.ovn.remote import Remote, Stream, Tls, parse_remotes

MAX_IN_FLIGHT = 16
"""Requests sent ahead of their answers. More gained nothing: the server is one thread."""

MAX_PUMP_BYTES = 4 * 1024 * 1024
"""Read at most this much in one go, so that a flood of notifications cannot keep `poll` from returning."""

log = logging.getLogger(__name__)

JsonOp = Mapping[str, Any]
"""One operation of a transaction, as RFC 7047, 5.2 writes it."""
Results = list[dict[str, Any]]
Updates = dict[str, dict[str, msgspec.Raw]]
"""{table: {uuid: JSON of {"old": …, "new": …}}}: a reader decodes row by row, into what it needs."""
Sink = Callable[[Updates], None]
"""Takes what a monitor tells. Must not call the client."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for what."""

    connect_s: float = 5.0
    call_s: float = 30.0
    probe_s: float = 10.0
    """After this much silence we send an echo; after as much again the connection is given up."""
    backoff_min_s: float = 0.1
    backoff_max_s: float = 8.0


_NULL = msgspec.Raw(b"null")


class _Message(msgspec.Struct, gc=False):
    id: Any = None
    method: str | None = None
    params: msgspec.Raw = _NULL
    result: msgspec.Raw = _NULL
    error: Any = None


class _Database(msgspec.Struct):
    """What we need of a row of `_Server`'s table Database."""

    name: str
    model: str
    connected: bool
    leader: bool


class _DatabaseUpdate(msgspec.Struct):
    new: _Database | None = None


_decode_message = msgspec.json.Decoder(_Message).decode
_decode_updates = msgspec.json.Decoder(Updates).decode
_decode_update = msgspec.json.Decoder(tuple[str, Updates]).decode
_decode_database = msgspec.json.Decoder(_DatabaseUpdate).decode
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Client:
    """See the module."""

    def __init__(
        self,
        remotes: str,
        *,
        database: str,
        clock: Clock,
        tls: Tls | None = None,
        timing: Timing | None = None,
        leader_only: bool = True,
    ) -> None:
        self.database = database
        self.generation = 0
        self._remotes = parse_remotes(remotes)
        self._tls = tls
        self._clock = clock
        self._timing = timing or Timing()
        self._leader_only = leader_only
        self._next_remote = 0
        self._backoff_s = self._timing.backoff_min_s
        self._not_before = clock.monotonic()
        """The next attempt comes no sooner, also when `connect` is called anew."""
        self._stream: Stream | None = None
        self._locks: dict[str, bool] = {}
        self._next_id = 0
        self._reset()

    def _reset(self) -> None:
        self._frames = FrameDecoder()
        self._out = bytearray()
        self._replies: dict[int, _Message | None] = {}
        self._sinks: dict[str, Sink] = {}
        self._on_result: dict[int, Callable[[msgspec.Raw], None]] = {}
        """Called while the reply is read, so that what follows in the same breath finds its effect in place."""
        self._servers: dict[str, _Database] = {}
        """The databases of the server, by row uuid."""
        self._heard_at = self._clock.monotonic()
        self._probed_at: float | None = None
        self._locks = dict.fromkeys(self._locks, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- connection

    @property
    def connected(self) -> bool:
        return self._stream is not None

    def fileno(self) -> int:
        """The socket, to wait for together with others; then `poll(0)`."""
        return self._required().fileno()

    def connect(self, timeout_s: float) -> None:
        """Makes a fresh connection to a usable server, trying every remote in turn with growing pauses.

        Raises: NotLeader or ConnectionLost, whichever the last attempt met, when the time is over.
        """
        self.close()
        deadline = self._clock.monotonic() + timeout_s
        while True:
            self._pause(self._not_before, deadline)
            for _ in self._remotes:
                try:
                    self._attach(self._remotes[self._next_remote], deadline)
                except ConnectionLost as error:
                    last = error
                    self._next_remote = (self._next_remote + 1) % len(self._remotes)
                else:
                    self._backoff_s = self._timing.backoff_min_s
                    self._not_before = self._clock.monotonic() + self._backoff_s
                    self.generation += 1
                    log.info("ovsdb: connected to remote %d of %d", self._next_remote + 1, len(self._remotes))
                    return
            log.info("ovsdb: no usable server: %s", last)
            # Between half and all of the pause, so that many clients do not come back in step.
            pause_s = self._backoff_s * self._clock.randrange(500, 1001) / 1000
            self._backoff_s = min(self._backoff_s * 2, self._timing.backoff_max_s)
            self._not_before = self._clock.monotonic() + pause_s
            if self._not_before >= deadline:
                raise last

    def close(self) -> None:
        """Ends the connection; locks are released by the server."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._reset()

    def _attach(self, remote: Remote, deadline: float) -> None:
        left_s = max(0.001, min(self._timing.connect_s, deadline - self._clock.monotonic()))
        try:
            tls = self._tls.context() if self._tls is not None and remote.scheme == "ssl" else None
        except OSError as error:
            raise ConnectionLost(f"the TLS files cannot be used: {error.strerror}") from error
        self._reset()
        self._stream = Stream.open(remote, tls, left_s)
        try:
            self._watch_server(left_s)
            for name in self._locks:
                self._ask_lock(name, left_s)
        except RequestRefused as error:
            self._lose(f"the server refused {error.method}: {error.error}")

    def _watch_server(self, timeout_s: float) -> None:
        """Learns whether this server serves and leads our database, and keeps being told."""
        columns = ["name", "model", "connected", "leader"]
        self._monitor("_Server", {"Database": columns}, self._server_changed, timeout_s)
        self._check_server()

    def _server_changed(self, updates: Updates) -> None:
        for uuid, raw in updates.get("Database", {}).items():
            self._servers.pop(uuid, None)
            if (row := _decode_database(raw).new) is not None:
                self._servers[uuid] = row

    def _check_server(self) -> None:
        ours = next((row for row in self._servers.values() if row.name == self.database), None)
        if ours is None or not ours.connected:
            self._lose(f"the server does not serve {self.database} now")
        if self._leader_only and ours.model == "clustered" and not ours.leader:
            self.close()
            raise NotLeader(f"the server does not lead {self.database}")

    def _required(self) -> Stream:
        if self._stream is None:
            raise ConnectionLost("not connected")
        return self._stream

    def _lose(self, reason: str, cause: BaseException | None = None) -> NoReturn:
        self.close()
        log.warning("ovsdb: connection lost: %s", reason)
        raise ConnectionLost(reason) from cause

    def _pause(self, until: float, deadline: float) -> None:
        left_s = min(until, deadline) - self._clock.monotonic()
        if left_s > 0:
            select.select([], [], [], left_s)

    # ---- requests

    def call(self, method: str, params: Sequence[Any], *, timeout_s: float | None = None) -> Any:
        """The result of one request. Raises: RequestRefused; ConnectionLost, also when no answer comes in time."""
        return self._answer(method, self._await(self._send(method, params), timeout_s))

    def transact(
        self, ops: Sequence[JsonOp], *, database: str | None = None, timeout_s: float | None = None
    ) -> Results:
        """Commits `ops` as one transaction: one result for each op. Raises: TransactionRefused, nothing was applied."""
        request = self._send("transact", [database or self.database, *ops])
        return _results(self._answer("transact", self._await(request, timeout_s)), len(ops))

    def transact_many(
        self, transactions: Sequence[Sequence[JsonOp]], *, timeout_s: float | None = None
    ) -> list[Results | TransactionRefused]:
        """Commits independent transactions in order, sending some ahead of the answers; their results in order."""
        answers: list[Results | TransactionRefused] = []
        requests: list[int] = []
        try:
            for transaction in transactions:
                ahead = min(len(transactions), len(answers) + MAX_IN_FLIGHT)
                requests += [
                    self._send("transact", [self.database, *ops]) for ops in transactions[len(requests) : ahead]
                ]
                reply = self._answer("transact", self._await(requests[len(answers)], timeout_s))
                try:
                    answers.append(_results(reply, len(transaction)))
                except TransactionRefused as refused:
                    answers.append(refused)
        finally:
            for request in requests[len(answers) :]:
                self._replies.pop(request, None)
        return answers

    def columns(self, database: str | None = None) -> dict[str, frozenset[str]]:
        """The columns that each table of the server's schema has; older and newer servers differ."""
        schema = self.call("get_schema", [database or self.database])
        return {name: frozenset(table["columns"]) for name, table in schema["tables"].items()}

    # ---- locks

    def lock(self, name: str) -> bool:
        """Asks for a lock, now and after each `connect`; True if it is ours at once.

        Otherwise `holds` becomes true when the owner is gone (poll for it). Locks are never stolen.
        """
        if name not in self._locks:
            self._ask_lock(name, None)
        return self._locks[name]

    def unlock(self, name: str) -> None:
        """Gives up the lock, or our place in its queue."""
        if self._locks.pop(name, None) is not None:
            self.call("unlock", [name])

    def holds(self, name: str) -> bool:
        """The lock is ours, as far as we have heard; only an `assert` in the transaction is proof."""
        return self._locks.get(name, False)

    def _ask_lock(self, name: str, timeout_s: float | None) -> None:
        def answered(result: msgspec.Raw) -> None:
            self._locks[name] = bool(_decode(result)["locked"])

        request = self._send("lock", [name])
        self._on_result[request] = answered
        self._answer("lock", self._await(request, timeout_s))

    # ---- notifications

    def monitor(self, tables: Mapping[str, Sequence[str]], sink: Sink) -> None:
        """Has `sink` called with the present contents of these columns before returning, then with every change.

        A change carries all monitored columns in "new" (and in "old", when the row is deleted), so that a sink needs no
        memory of rows to understand it. Ends with the connection. Source: RFC 7047, 4.1.5 and 4.1.6.
        """
        self._monitor(self.database, tables, sink, None)

    def poll(self, timeout_s: float) -> None:
        """Waits for and handles what the server sends, at most `timeout_s`; returns early once anything was handled."""
        deadline = self._clock.monotonic() + timeout_s
        while not self._pump(deadline) and self._clock.monotonic() < deadline:
            pass

    def _monitor(self, database: str, tables: Mapping[str, Sequence[str]], sink: Sink, timeout_s: float | None) -> None:
        name = f"m{len(self._sinks)}"
        requests = {table: {"columns": list(columns)} for table, columns in tables.items()}
        request = self._send("monitor", [database, name, requests])
        self._sinks[name] = sink
        self._on_result[request] = lambda result: sink(_decode_updates(result))
        self._answer("monitor", self._await(request, timeout_s))

    # ---- the wire

    def _send(self, method: str, params: Sequence[Any]) -> int:
        self._required()
        self._next_id += 1
        self._replies[self._next_id] = None
        self._write({"method": method, "params": params, "id": self._next_id})
        return self._next_id

    def _write(self, message: Mapping[str, Any]) -> None:
        self._out += _encode(message)
        self._flush()

    def _flush(self) -> None:
        stream = self._required()
        try:
            while self._out:
                with memoryview(self._out) as view:
                    sent = stream.send(view)
                if not sent:
                    return
                del self._out[:sent]
        except ConnectionLost as error:
            self._lose(str(error), error)

    def _await(self, request: int, timeout_s: float | None) -> _Message:
        deadline = self._clock.monotonic() + (self._timing.call_s if timeout_s is None else timeout_s)
        while (reply := self._replies.get(request)) is None:
            self._required()
            self._pump(deadline)
            if self._replies.get(request) is None and self._clock.monotonic() >= deadline:
                # The answer may still come, and mean that it was done: only a new connection makes that clear.
                self._lose("no answer in time")
        del self._replies[request]
        return reply

    def _answer(self, method: str, reply: _Message) -> Any:
        if reply.error is None:
            return _decode(reply.result)
        error = reply.error if isinstance(reply.error, dict) else {"error": str(reply.error)}
        raise RequestRefused(method, str(error.get("error", "")), str(error.get("details", "")))

    def _pump(self, deadline: float) -> bool:
        """Waits once, reads what is there and handles it; True if a whole message was."""
        stream = self._required()
        wake_at = (self._heard_at if self._probed_at is None else self._probed_at) + self._timing.probe_s
        handled, taken = False, 0
        stream.wait(min(deadline, wake_at) - self._clock.monotonic(), writing=bool(self._out))
        self._flush()
        try:
            while taken < MAX_PUMP_BYTES and (data := stream.recv()):
                taken += len(data)
                for frame in self._frames.feed(data):
                    handled = True
                    self._dispatch(_decode_message(frame))
        except ConnectionLost as error:
            if self._stream is None:
                raise  # lost while handling what was read: already told
            self._lose(str(error), error)
        except (ValueError, msgspec.DecodeError) as error:
            self._lose(f"the server sent what is no JSON-RPC: {type(error).__name__}", error)
        self._probe(heard=taken > 0)
        return handled

    def _probe(self, *, heard: bool) -> None:
        now = self._clock.monotonic()
        if heard:
            self._heard_at, self._probed_at = now, None
        elif self._probed_at is None:
            if now >= self._heard_at + self._timing.probe_s:
                self._probed_at = now
                self._write({"method": "echo", "params": [], "id": "echo"})
        elif now >= self._probed_at + self._timing.probe_s:
            self._lose("the server is silent")

    def _dispatch(self, message: _Message) -> None:
        match message.method:
            case None:
                if message.id in self._replies:
                    self._replies[message.id] = message
                    hook = self._on_result.pop(message.id, None)
                    if hook is not None and message.error is None:
                        hook(message.result)
                        message.result = _NULL
            case "echo":
                self._write({"id": message.id, "result": message.params, "error": None})
            case "update":
                name, updates = _decode_update(message.params)
                if name in self._sinks:
                    self._sinks[name](updates)
                if name == _SERVER_MONITOR:
                    self._check_server()
            case "locked" | "stolen":
                self._locks[_decode(message.params)[0]] = message.method == "locked"
                log.info("ovsdb: lock %s", message.method)
            case _:
                log.debug("ovsdb: a notification of an unknown kind was ignored")


_SERVER_MONITOR = "m0"
"""The monitor of `_Server` is the first one of each connection."""


def _results(answer: Any, count: int) -> Results:
    """The results of the ops; the commit's own failure stands after them. Source: RFC 7047, 4.1.3."""
    for index, result in enumerate(answer):
        if result is not None and "error" in result:
            raise TransactionRefused(
                index if index < count else None, str(result["error"]), str(result.get("details", ""))
            )
    return cast(Results, answer)
