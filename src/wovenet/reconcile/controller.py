"""The controller: one leads, any number stand by; the one that leads brings marks to NB and what SB says to the store.

    connect ─▶ wait for the lock ─▶ lead (ledger, audit) ─▶ work: step, step, … wait for a poke
                     standby                                + a thread that observes SB

Who leads is decided by the lock of the Northbound server, and enforced twice: every transaction to NB asserts the lock,
every one to the store the epoch.
"""

import logging
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from wovenet.model.clock import Clock
from wovenet.model.ids import Unit
from wovenet.ovn import southbound, stamp
from wovenet.ovn.apply import Applier
from wovenet.ovn.client import Client, Timing
from wovenet.ovn.errors import ConnectionLost, OvsdbError
from wovenet.ovn.nb import DATABASE as NORTHBOUND
from wovenet.ovn.remote import Tls
from wovenet.ovn.wire import where_uuid
from wovenet.reconcile import adopt, ledger, notify
from wovenet.reconcile import audit as auditing
from wovenet.reconcile.backoff import Backoff
from wovenet.reconcile.compute import Compute
from wovenet.reconcile.loop import LOCK, Applies, Interrupted, Loop, Rules
from wovenet.reconcile.observe import Observer
from wovenet.reconcile.poke import Listener
from wovenet.reconcile.sweep import Sweep
from wovenet.resources.deployment import view
from wovenet.resources.deployment.table import CONTROLLERS
from wovenet.resources.port import events
from wovenet.store import outbox
from wovenet.store.faults import CommitUnknown, StoreBusy
from wovenet.store.tx import OVN, ReadTx, Store, Tx

if TYPE_CHECKING:
    from wovenet.settings import Settings

LOG = logging.getLogger(__name__)

LEADER: Final = "leader"
STANDBY: Final = "standby"
HEARTBEAT_S: Final = 5.0
"""How often a controller says that it is there."""
SILENT_S: Final = 4 * HEARTBEAT_S
"""After this long a controller that leads counts as silent."""
FORGOTTEN_S: Final = 86_400.0
"""Controllers that were not seen for this long are forgotten."""
CONNECT_S: Final = 5.0
_PAUSE: Final = Backoff(0.2, 10.0)
_JOIN_S: Final = 30.0
_JOIN_STOPPING_S: Final = 1.0
_WAIT_STEP_S: Final = 0.02

_C = CONTROLLERS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What one controller needs to know."""

    nb: str
    sb: str
    nb_tls: Tls | None = None
    sb_tls: Tls | None = None
    timing: Timing = field(default_factory=Timing)
    rules: Rules = field(default_factory=Rules)
    state_path: Path
    name: str
    down_time_s: float = 75.0
    audit_interval_s: float = 600.0
    audit_whole_s: float = 3600.0
    poll_interval_s: float = 1.0
    notifying: notify.Rules = field(default_factory=notify.Rules)


def options_of(settings: "Settings") -> Options:
    """What `settings` say to a controller on this machine."""
    ovn, own = settings.ovn, settings.wovenet
    nb, sb = ",".join(ovn.ovn_nb_connection), ",".join(ovn.ovn_sb_connection)
    if ovn.connection == "embedded":
        from wovenet.embedded.central import Central

        central = Central(settings.default.state_path / "ovn")
        nb, sb = central.nb_remote, central.sb_remote
    probe_s = ovn.ovsdb_probe_interval / 1000 or 86_400.0
    return Options(
        nb=nb,
        sb=sb,
        nb_tls=_tls(ovn.ovn_nb_private_key, ovn.ovn_nb_certificate, ovn.ovn_nb_ca_cert),
        sb_tls=_tls(ovn.ovn_sb_private_key, ovn.ovn_sb_certificate, ovn.ovn_sb_ca_cert),
        timing=Timing(call_s=float(ovn.ovsdb_connection_timeout), probe_s=probe_s),
        rules=Rules(
            view.view(settings, resolvers=view.system_resolvers()),
            Backoff(own.retry_first_s, own.retry_max_s),
            own.apply_batch_units,
        ),
        state_path=settings.default.state_path,
        name=f"{settings.default.host}:{os.getpid()}",
        down_time_s=float(settings.default.agent_down_time),
        audit_interval_s=own.audit_interval_s,
        audit_whole_s=own.audit_whole_s,
        poll_interval_s=own.poll_interval_s,
        notifying=_notify_rules(settings),
    )


def _notify_rules(settings: "Settings") -> notify.Rules:
    default, own = settings.default, settings.wovenet
    return notify.Rules(
        interval_s=float(default.send_events_interval),
        poll_s=own.poll_interval_s,
        names=frozenset(
            (events.STATUS_EVENTS if default.notify_nova_on_port_status_changes else ())
            + (events.DATA_EVENTS if default.notify_nova_on_port_data_changes else ())
        ),
        age_max_s=own.notify_age_max_s,
        count_max=own.notify_events_max,
        backoff=Backoff(own.retry_first_s, own.retry_max_s),
    )


def _tls(key_file: str, certificate_file: str, ca_file: str) -> Tls | None:
    return Tls(key_file, certificate_file, ca_file) if key_file and certificate_file and ca_file else None


def run(settings: "Settings", store: Store) -> None:
    """Runs a controller in this thread, the main one, until SIGTERM or SIGINT. Raises: BadSettings."""
    if settings.ovn.connection == "none":
        LOG.info("this deployment has no OVN: the controller has nothing to do")
        return
    compute = Compute(settings.raw) if settings.tells_compute else None
    stop = Stop()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    Controller(options_of(settings), store, stop, compute=compute).run()


def audit(settings: "Settings", store: Store, *, repair: bool) -> auditing.Report:
    """What a full audit finds. With `repair` what differs is put right: by the controller that leads, or, if there is
    none, before this returns.

    Raises: ConnectionLost, StoreBusy.
    """
    options = options_of(settings)
    client = _nb_client(options, store.clock)
    try:
        client.connect(options.timing.connect_s)
        report = auditing.run(store, client, options.rules.deployment, repair=repair)
        if repair and not report.is_clean:
            client.lock(LOCK)
            if client.holds(LOCK):
                catch_up(Loop(store, client, Applier(client, lock=LOCK), options.rules))
    finally:
        client.close()
    return report


def adopt_rows(settings: "Settings", store: Store, epoch: int) -> int:
    """The ledger knows which rows of NB are whose, so that an audit can compare them. Out: how many.

    Nothing is written to NB; the first controller that leads looks for them again.
    Raises: ConnectionLost, Superseded, StoreBusy.
    """
    options = options_of(settings)
    client = _nb_client(options, store.clock)
    try:
        client.connect(options.timing.connect_s)
        return adopt.run(store, client, epoch, options.rules.deployment)
    finally:
        client.close()


def catch_up(loop: Loop) -> None:
    """Every unit that is marked has been tried. In: the lock is held. Raises: as `Loop.step`."""
    loop.lead()
    while loop.step():
        pass
    loop.release()


def report(tx: ReadTx) -> dict[str, Any] | None:
    """What the controller that leads last said of itself, as plain values; None if none ever led.

    "role" is "silent" if that was too long ago.
    """
    latest = sa.select(CONTROLLERS).where(_C.role == LEADER).order_by(_C.heartbeat_s.desc()).limit(1)
    row = tx.row(latest)
    if row is None:
        return None
    now = tx.clock.wall()
    standbys = tx.value(sa.select(sa.func.count()).where(_C.role == STANDBY, _C.heartbeat_s >= now - SILENT_S))
    age_s = max(0.0, now - row.heartbeat_s)
    return {
        "name": row.name,
        "role": LEADER if age_s < SILENT_S else "silent",
        "connected": row.is_connected,
        "cause": row.cause,
        "age_s": round(age_s, 1),
        "standbys": int(standbys),
    }


def wait_applied(store: Store, unit: Unit, *, revision: int = 0, timeout_s: float) -> outbox.UnitState | None:
    """Returns when NB has `unit` at `revision` or later, or when the unit is gone from both; the unit's last state.

    Also returns when the unit was refused for good. Raises: TimeoutError.
    """
    deadline = store.clock.monotonic() + timeout_s
    while True:
        with store.read() as tx:
            state = outbox.states(tx, OVN, [unit]).get(unit)
            is_pending = outbox.is_pending(tx, OVN, unit)
        if not is_pending and (
            state is None
            or state.state is outbox.State.TERMINAL
            or (state.state is outbox.State.SETTLED and (state.revision or 0) >= revision)
        ):
            return state
        if store.clock.monotonic() >= deadline:
            raise TimeoutError(f"{unit} is not applied: {state.reason or state.waiting_on if state else 'pending'}")
        select.select([], [], [], _WAIT_STEP_S)


class Stop:
    """A request to stop, which also wakes who waits in `select`."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def set(self) -> None:
        """Safe in a signal handler."""
        self._event.set()
        with suppress(BlockingIOError):
            self._writer.send(b"\0")

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Whether it was set in time."""
        return self._event.wait(timeout_s)

    def fileno(self) -> int:
        return self._reader.fileno()

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class _Fenced(Exception):  # noqa: N818
    """The lock is not ours any more."""


EXPECTED: Final = (OvsdbError, Interrupted, ledger.Superseded, StoreBusy, CommitUnknown, _Fenced)
"""What ends a session and is no fault of the program: the next one starts after a pause."""


class Controller:
    """One controller. `run` returns when it is told to stop."""

    def __init__(
        self,
        options: Options,
        store: Store,
        stop: Stop,
        *,
        applier: Callable[[Client], Applies] = lambda client: Applier(client, lock=LOCK),
        compute: notify.Tells | None = None,
    ) -> None:
        """In: `compute`, if this deployment has one."""
        self._options = options
        self._compute = compute
        self._notifier: notify.Notifier | None = None
        self._applier = applier
        self._store = store
        self._stop = stop
        self._clock: Clock = store.clock
        self._client = _nb_client(options, store.clock)
        self._loop = self._new_loop()
        self._sweep = Sweep(store, self._client, options.rules.deployment, within_s=options.audit_whole_s)
        self._listener: Listener | None = None
        self._role = STANDBY
        self._since_s = store.clock.wall()
        self._beat_at = 0.0
        self._bump_at = 0.0
        self._audit_at = 0.0

    def status(self) -> Mapping[str, Any]:
        """What this controller is doing, as plain values."""
        return {"name": self._options.name, "role": self._role, "connected": self._client.connected}

    def run(self) -> None:
        failures = 0
        try:
            while not self._stop.is_set():
                began = self._clock.monotonic()
                try:
                    self._session()
                except EXPECTED as error:
                    self._ended(error)
                except Exception as error:
                    # The edge: whatever is wrong, the next session starts from what is stored. It is logged in full,
                    # shows in the controller's state, and is not tried faster than the pauses allow.
                    LOG.exception("the controller met an unexpected fault")
                    self._ended(error)
                long_enough = self._clock.monotonic() - began > _PAUSE.longest_s
                failures = 0 if long_enough else min(failures + 1, 32)
                if not self._stop.is_set():
                    self._stop.wait(_PAUSE.delay_s(failures, self._clock) if failures else _PAUSE.first_s)
        finally:
            self._client.close()
            self._forget_myself()

    # ---- one session: from connecting to losing connection or leadership

    def _session(self) -> None:
        self._client.connect(CONNECT_S)
        self._client.lock(LOCK)
        while not self._client.holds(LOCK):
            if self._stop.is_set():
                return
            self._beat()
            self._rest(HEARTBEAT_S)
        self._loop.lead()
        self._take_role(LEADER)
        LOG.info("the controller leads")
        try:
            with self._observing(), self._listening(), self._notifying():
                self._work()
        finally:
            self._take_role(STANDBY)
        self._loop.release()

    def _work(self) -> None:
        self._audit_at = self._clock.monotonic() + self._options.audit_interval_s
        self._bump_at = 0.0
        while not self._stop.is_set():
            self._tick()
            taken = self._loop.step()
            if self._loop.wants_audit or self._clock.monotonic() >= self._audit_at:
                self._audit_at = self._clock.monotonic() + self._options.audit_interval_s
                self._loop.audit()
            elif not self._sweep.wait_s():
                self._sweep.step(self._loop.required_epoch())
            elif not taken:
                self._rest(min(self._options.poll_interval_s, self._sweep.wait_s()))
                continue
            self._client.poll(0)

    def _tick(self) -> None:
        if not self._client.holds(LOCK):
            raise _Fenced("the lock was lost")
        self._beat()
        if self._clock.monotonic() >= self._bump_at:
            self._bump_at = self._clock.monotonic() + self._options.down_time_s / 2
            self._bump()

    def _rest(self, timeout_s: float) -> None:
        """Waits for a poke, a message of the server, or a stop."""
        sources: list[Any] = [self._client, self._stop]
        if self._listener is not None:
            sources.append(self._listener)
        # TLS may hold back a part of a message: select is not told of it, but the next round reads it.
        select.select(sources, [], [], timeout_s)
        if self._listener is not None:
            self._listener.clear()
        if self._notifier is not None:
            self._notifier.wake()
        self._client.poll(0)

    def _bump(self) -> None:
        """Asks all hosts to say that they are alive: each repeats the number in its Chassis_Private row."""
        row = stamp.global_row(self._client, lock=LOCK)
        mutate = {
            "op": "mutate", "table": "NB_Global", "where": where_uuid(row), "mutations": [["nb_cfg", "+=", 1]],
        }  # fmt: skip
        self._client.transact([{"op": "assert", "lock": LOCK}, mutate])

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Pokes are heard; without them the loop only looks less often."""
        try:
            self._listener = Listener(self._options.state_path)
        except OSError as error:
            LOG.warning("pokes cannot be heard: %s", error.strerror)
        try:
            yield
        finally:
            if self._listener is not None:
                self._listener.close()
                self._listener = None

    @contextmanager
    def _observing(self) -> Iterator[None]:
        done = threading.Event()
        thread = threading.Thread(target=self._observe, args=(done,), name="observer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(_JOIN_S)

    def _observe(self, done: threading.Event) -> None:
        """The observer's thread: connects, compares, follows; again after every failure, until `done`."""
        options, epoch = self._options, self._loop.epoch
        client = Client(
            options.sb, database=southbound.DATABASE, clock=self._clock, tls=options.sb_tls, timing=options.timing
        )

        def hold(tx: Tx) -> None:
            ledger.hold(tx, epoch if epoch is not None else 0)

        observer = Observer(
            self._store, southbound.Southbound(client), hold=hold, down_time_s=self._options.down_time_s
        )
        failures = 0
        while not done.is_set():
            try:
                observer.connect(CONNECT_S)
                while not done.is_set():
                    observer.step()
                    failures = 0
            except ledger.Superseded:
                break
            except (OvsdbError, StoreBusy, CommitUnknown) as error:
                LOG.warning("the observer starts anew: %s", error)
            except Exception:
                # The edge of this thread: statuses must not stop being true because of one event.
                LOG.exception("the observer met an unexpected fault")
            failures = min(failures + 1, 32)
            done.wait(_PAUSE.delay_s(failures, self._clock))
        client.close()

    @contextmanager
    def _notifying(self) -> Iterator[None]:
        """Compute is told, in a thread of its own: it may keep us waiting."""
        if self._compute is None:
            self._store.write(notify.discard)
            yield
            return
        done, epoch = threading.Event(), self._loop.epoch or 0
        notifier = notify.Notifier(
            self._store, self._compute, self._options.notifying, hold=lambda tx: ledger.hold(tx, epoch)
        )
        thread = threading.Thread(target=notifier.run, args=(done,), name="notifier", daemon=True)
        thread.start()
        self._notifier = notifier
        try:
            yield
        finally:
            self._notifier = None
            done.set()
            notifier.wake()
            # Whoever stops for good does not wait for compute: what was not settled is told again.
            thread.join(_JOIN_STOPPING_S if self._stop.is_set() else _JOIN_S)

    # ---- what is told of it

    def _ended(self, error: Exception) -> None:
        if isinstance(error, ledger.Superseded):
            self._sweep.restart()
            # Someone else has led since: nothing that this loop remembers is of use.
            self._loop = self._new_loop()
        if isinstance(error, ConnectionLost):
            LOG.warning("no connection to the Northbound database: %s", error)
        else:
            LOG.warning("the session ended: %s: %s", type(error).__name__, error)
        self._client.close()
        with suppress(StoreBusy, CommitUnknown):
            self._beat(cause=f"{type(error).__name__}: {error}"[:255], now=True)

    def _new_loop(self) -> Loop:
        return Loop(self._store, self._client, self._applier(self._client), self._options.rules)

    def _take_role(self, role: str) -> None:
        if role == self._role:
            return
        self._role = role
        self._since_s = self._clock.wall()
        with suppress(StoreBusy, CommitUnknown):
            self._beat(now=True)

    def _beat(self, *, cause: str | None = None, now: bool = False) -> None:
        """Says in the store that this controller is there, every few seconds."""
        if not now and self._clock.monotonic() < self._beat_at:
            return
        self._beat_at = self._clock.monotonic() + HEARTBEAT_S
        values = {
            "role": self._role,
            "is_connected": self._client.connected,
            "cause": cause,
            "since_s": self._since_s,
            "heartbeat_s": self._clock.wall(),
        }

        def write(tx: Tx) -> None:
            if not tx.run(CONTROLLERS.update().where(_C.name == self._options.name).values(values)):
                tx.insert(CONTROLLERS, [{"name": self._options.name, **values}])
            tx.run(CONTROLLERS.delete().where(_C.heartbeat_s < self._clock.wall() - FORGOTTEN_S))

        self._store.write(write)

    def _forget_myself(self) -> None:
        with suppress(StoreBusy, CommitUnknown):
            self._store.write(lambda tx: tx.run(CONTROLLERS.delete().where(_C.name == self._options.name)))


def _nb_client(options: Options, clock: Clock) -> Client:
    return Client(options.nb, database=NORTHBOUND, clock=clock, tls=options.nb_tls, timing=options.timing)
