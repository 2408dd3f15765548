"""Events for compute, from the outbox to a real HTTP server: in order, at least once, bounded. ML-076, W-01, F-03."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import compute_api
from wovenet.embedded.process import wait_until
from wovenet.model.clock import SystemClock
from wovenet.model.ids import Unit
from wovenet.reconcile import notify
from wovenet.reconcile.backoff import Backoff
from wovenet.reconcile.compute import Away, Compute
from wovenet.reconcile.ledger import Superseded
from wovenet.reconcile.notify import Notifier, Rules
from wovenet.resources.port import events
from wovenet.settings import BadSettings
from wovenet.settings.options import Secret
from wovenet.store import counters, outbox
from wovenet.store.tx import NOTIFY, OVN, Store, Tx

PORT = "9f0e7f3c-4e4a-4d0b-8a27-2f64f7a80001"
OTHER = "9f0e7f3c-4e4a-4d0b-8a27-2f64f7a80002"
SERVER = "6d7e1c28-6b57-4b3b-a3f4-1c1f6e0d1a01"


class MovedClock(SystemClock):
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = super().wall()

    def monotonic(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def store(store: Store, clock: MovedClock) -> Store:
    return Store(store.engine, clock, topics=(OVN, NOTIFY))


@pytest.fixture
def nova() -> Iterator[compute_api.Server]:
    with compute_api.serving() as server:
        yield server


@pytest.fixture
def notifier(store: Store, nova: compute_api.Server) -> Notifier:
    return made(store, nova)


def made(store: Store, nova: compute_api.Server, **rules: object) -> Notifier:
    given = Rules(backoff=Backoff(1.0, 8.0), **rules)  # type: ignore[arg-type]
    return Notifier(store, Compute(nova.options()), given, hold=lambda _tx: None)


def happen(store: Store, *names: str, port: str = PORT) -> None:
    """Each in a transaction of its own."""
    for name in names:
        store.write(lambda tx, name=name: tx.mark(Unit(name, f"{port}/{SERVER}"), NOTIFY))


def waiting(store: Store) -> int:
    with store.read() as tx:
        return int(notify.report(tx)["pending"])


def counts(store: Store) -> dict[str, int]:
    with store.read() as tx:
        return counters.values(tx, events.COUNTED)


def retrying(store: Store) -> list[str | None]:
    with store.read() as tx:
        return [each.reason for each in outbox.failing(tx)]


def drain(notifier: Notifier, clock: MovedClock, store: Store) -> None:
    """Steps, whatever time it takes, until nothing waits."""
    for _ in range(100):
        clock.now_s += notifier.step()
        if not waiting(store):
            return
    raise AssertionError("it does not come to rest")


def test_what_compute_is_told(store: Store, nova: compute_api.Server, notifier: Notifier) -> None:
    happen(store, *notify.KINDS)
    notifier.step()
    common = {"server_uuid": SERVER, "tag": PORT}
    assert nova.requests == [
        {
            "events": [
                {**common, "name": "network-vif-plugged", "status": "completed"},
                {**common, "name": "network-vif-unplugged", "status": "completed"},
                {**common, "name": "network-changed"},
                {**common, "name": "network-vif-deleted"},
            ]
        }
    ]
    assert nova.headers[0]["X-OpenStack-Nova-API-Version"] == "2.1"
    assert waiting(store) == 0
    assert counts(store) == {"told": 4}


def test_the_first_is_told_at_once_and_what_follows_is_collected(
    store: Store, nova: compute_api.Server, notifier: Notifier, clock: MovedClock
) -> None:
    happen(store, events.PLUGGED)
    assert notifier.step() == 2.0
    happen(store, events.CHANGED)
    happen(store, events.CHANGED, port=OTHER)
    clock.now_s += 0.5
    assert notifier.step() == 1.5
    assert len(nova.requests) == 1
    clock.now_s += 1.5
    notifier.step()
    assert [len(request["events"]) for request in nova.requests] == [1, 2]


def test_what_happened_to_a_port_is_told_in_order_and_once(
    store: Store, nova: compute_api.Server, notifier: Notifier
) -> None:
    happen(store, events.PLUGGED, events.UNPLUGGED, events.CHANGED, events.CHANGED, events.PLUGGED)
    notifier.step()
    assert nova.names == ["vif-unplugged", "changed", "vif-plugged"]


def test_a_backlog_is_told_in_bounded_requests_one_after_the_other(
    store: Store, nova: compute_api.Server, notifier: Notifier
) -> None:
    for number in range(250):
        happen(store, events.CHANGED, port=f"{number:04}")
    while not notifier.step():
        pass
    assert [len(request["events"]) for request in nova.requests] == [100, 100, 50]
    assert [port for _, port, _ in nova.events] == [f"{number:04}" for number in range(250)]


@pytest.mark.parametrize("status", [500, 503, 401, 403, 429])
def test_what_time_or_an_operator_can_mend_is_tried_again(
    store: Store, nova: compute_api.Server, notifier: Notifier, clock: MovedClock, *, status: int
) -> None:
    nova.answers(*[status] * 5)
    happen(store, events.PLUGGED)
    delays = []
    for _ in range(5):
        delays.append(notifier.step())
        assert retrying(store) == [f"the compute API answers {status}"]
        clock.now_s += delays[-1]
    assert all(bound / 2 <= delay <= bound for delay, bound in zip(delays, (1, 2, 4, 8, 8), strict=True))
    happen(store, events.UNPLUGGED)
    drain(notifier, clock, store)
    assert nova.names == ["vif-plugged", "vif-unplugged"]
    assert retrying(store) == []


def test_compute_that_is_down(store: Store, nova: compute_api.Server, notifier: Notifier, clock: MovedClock) -> None:
    nova.stop()
    happen(store, events.PLUGGED)
    notifier.step()
    assert retrying(store) == ["the compute API cannot be asked: ConnectFailure"]
    happen(store, events.UNPLUGGED, events.PLUGGED)
    nova.start()
    clock.now_s += 60
    drain(notifier, clock, store)
    assert nova.names == ["vif-unplugged", "vif-plugged"]


def test_compute_that_is_silent(store: Store, nova: compute_api.Server, clock: MovedClock) -> None:
    """It has heard, but we do not know: it hears again."""
    notifier = Notifier(store, Compute(nova.options(timeout="0.5")), Rules(), hold=lambda _tx: None)
    nova.silence.clear()
    happen(store, events.PLUGGED)
    notifier.step()
    assert retrying(store) == ["the compute API cannot be asked: ConnectTimeout"]
    nova.silence.set()
    clock.now_s += 60
    drain(notifier, clock, store)
    assert len(nova.names) > 1
    assert set(nova.names) == {"vif-plugged"}


def test_servers_that_compute_does_not_know(
    store: Store, nova: compute_api.Server, notifier: Notifier, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """ML-076: 404 for all of them, or 207 with a code for each. Neither is told again, as the peer."""
    nova.answers(404)
    happen(store, events.CHANGED)
    drain(notifier, clock, store)
    nova.code_of = lambda event: 404 if event["tag"] == OTHER else 200
    happen(store, events.DELETED, port=OTHER)
    happen(store, events.PLUGGED)
    drain(notifier, clock, store)
    assert len(nova.requests) == 2
    assert counts(store) == {"told": 1, "unknown": 2}
    nova.code_of = lambda _event: 422
    happen(store, events.PLUGGED)
    drain(notifier, clock, store)
    assert counts(store) == {"refused": 1, "told": 1, "unknown": 2}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.records[0].__dict__["cause"] == "422: 1"


def test_an_event_that_is_refused_takes_no_other_with_it(
    store: Store, nova: compute_api.Server, notifier: Notifier, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    nova.code_of = lambda event: 400 if event["tag"] == "poison" else 200
    ports = [f"{number:02}" for number in range(20)]
    ports[7] = "poison"
    for port in ports:
        happen(store, events.CHANGED, port=port)
    drain(notifier, clock, store)
    assert [port for _, port, _ in nova.events] == [port for port in ports if port != "poison"]
    assert counts(store) == {"refused": 1, "told": 19}
    assert "compute refuses an event, which is dropped" in caplog.text


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"events": 1}', b'{"events": [1]}', b'{"events": [{"code": "x"}]}']
)
def test_answers_that_nova_would_not_give(
    store: Store, nova: compute_api.Server, notifier: Notifier, clock: MovedClock, body: bytes
) -> None:
    nova.body = body
    happen(store, events.PLUGGED)
    drain(notifier, clock, store)
    assert nova.names == ["vif-plugged"]


def test_what_has_waited_too_long_is_dropped(
    store: Store, nova: compute_api.Server, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = made(store, nova, age_max_s=600.0, count_max=3)
    happen(store, events.PLUGGED)
    clock.now_s += 601
    for number in range(5):
        happen(store, events.CHANGED, port=str(number))
    drain(notifier, clock, store)
    assert [port for _, port, _ in nova.events] == ["2", "3", "4"]
    assert counts(store) == {"outdated": 1, "surplus": 2, "told": 3}
    assert [record.__dict__["count"] for record in caplog.records] == [3]


def test_events_that_the_operator_does_not_want(store: Store, nova: compute_api.Server, clock: MovedClock) -> None:
    notifier = made(store, nova, names=frozenset(events.STATUS_EVENTS))
    happen(store, events.CHANGED)
    drain(notifier, clock, store)
    happen(store, events.DELETED, events.PLUGGED)
    drain(notifier, clock, store)
    assert nova.names == ["vif-plugged"]


def test_nothing_is_lost_when_the_controller_is_killed_between_telling_and_settling(
    store: Store, nova: compute_api.Server, clock: MovedClock
) -> None:
    happen(store, events.PLUGGED, events.CHANGED)
    url = store.engine.url.render_as_string(hide_password=False)
    argv = [sys.executable, "-m", "tests.reconcile.killed_telling", url, nova.url]
    assert subprocess.run(argv, cwd=Path(__file__).parents[2], check=False, timeout=100).returncode == -signal.SIGKILL
    assert nova.names == ["vif-plugged", "changed"]
    assert waiting(store) == 2
    happen(store, events.UNPLUGGED)
    drain(made(store, nova), clock, store)
    assert nova.names == ["vif-plugged", "changed", "vif-plugged", "changed", "vif-unplugged"]


def test_a_controller_that_was_superseded_settles_nothing(store: Store, nova: compute_api.Server) -> None:
    def hold(_tx: Tx) -> None:
        raise Superseded

    happen(store, events.PLUGGED)
    notifier = Notifier(store, Compute(nova.options()), Rules(), hold=hold)
    with pytest.raises(Superseded):
        notifier.step()
    notifier.run(threading.Event())  # returns
    assert waiting(store) == 1


def test_what_waits_where_nobody_is_told_is_forgotten(store: Store) -> None:
    happen(store, events.PLUGGED, events.CHANGED)
    store.write(lambda tx: tx.mark(Unit("port", PORT)))
    store.write(notify.discard)
    assert waiting(store) == 0
    with store.read() as tx:
        assert outbox.is_pending(tx, OVN, Unit("port", PORT))


def test_many_writers_and_one_that_tells(store: Store, nova: compute_api.Server) -> None:
    """W-01: whoever marks while a batch is being settled is heard of within a bound, though nobody looks by itself."""
    own = Store(store.engine, SystemClock(), topics=(OVN, NOTIFY), poke=lambda: notifier.wake())
    notifier = made(own, nova, interval_s=0.0, poll_s=3600.0)
    done = threading.Event()
    with ThreadPoolExecutor(5) as pool:
        telling = pool.submit(notifier.run, done)
        try:
            names = [events.PLUGGED, events.UNPLUGGED] * 10
            for writing in [pool.submit(happen, own, *names, port=str(port)) for port in range(4)]:
                writing.result()
            wait_until(lambda: not waiting(own), timeout_s=30.0, what="all events")
        finally:
            done.set()
            notifier.wake()
        telling.result()
    for port in range(4):
        assert [name for name, of, _ in nova.events if of == str(port)][-1] == events.UNPLUGGED


def test_no_secret_and_no_body_is_logged(
    store: Store, nova: compute_api.Server, notifier: Notifier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    nova.answers(500)
    happen(store, events.PLUGGED)
    notifier.step()
    assert SERVER not in caplog.text
    assert "error" not in " ".join(record.getMessage() for record in caplog.records if record.name[:7] == "wovenet")


@pytest.mark.parametrize(
    "options",
    [{"auth_type": "nonsense"}, {"endpoint_override": "http://x", "timeout": "soon"}],
)
def test_options_that_cannot_be_used_are_named(options: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="nova"):
        Compute({"nova": options})


def test_who_we_are_may_be_said_elsewhere(nova: compute_api.Server) -> None:
    groups = {
        "nova": {"auth_section": "keystone_authtoken", "endpoint_override": nova.url},
        "keystone_authtoken": {"auth_type": "http_basic", "username": "u", "password": Secret("p")},
    }
    assert Compute(groups).tell([events.Event(events.PLUGGED, PORT, SERVER)]) == []
    assert nova.headers[0]["Authorization"] == "Basic dTpw"


def test_a_keystone_that_is_away_is_waited_for() -> None:
    options = {"auth_url": "http://127.0.0.1:1", "username": "u", "password": Secret("p"), "tenant_name": "service"}
    with pytest.raises(Away) as away:
        Compute({"nova": options}).tell([events.Event(events.PLUGGED, PORT, SERVER)])
    assert "127.0.0.1" not in str(away.value)
