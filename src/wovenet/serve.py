"""The composition root: settings become engine, registry, application and loops. Nothing else wires.

Each function imports what it needs: the controller must not pay for neutron-lib, nor a migration for an API.
"""

import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from wovenet.model.clock import Clock, SystemClock
from wovenet.settings import BadSettings, Settings

if TYPE_CHECKING:
    from wovenet.api.service import Service
    from wovenet.reconcile.audit import Report
    from wovenet.store import outbox
    from wovenet.store.tx import Store
    from wovenet.takeover.report import Report as TakeoverReport

_STATE_NAMES = {"waiting": "waiting", "retry": "retrying", "terminal": "failed"}
POOL_TIMEOUT_S = 30.0
"""Nobody waits for a connection for ever, whatever the settings."""
SCHEMA_TIMEOUT_S = 60.0
SCHEMA_POLL_S = 0.05
LOG = logging.getLogger(__name__)


class Unusable(Exception):  # noqa: N818
    """Something that the deployment stands on cannot be used; the text says what, for the operator."""


@contextmanager
def _told() -> Iterator[None]:
    """Raises: Unusable for what an operator can mend: an address, a file, a server that is away."""
    from sqlalchemy.exc import SQLAlchemyError

    from wovenet.ovn.errors import ConnectionLost
    from wovenet.store.faults import StoreBusy
    from wovenet.store.migrations import SchemaError

    try:
        yield
    except SchemaError as error:
        raise Unusable(str(error)) from error
    except (SQLAlchemyError, StoreBusy) as error:
        cause = error.__cause__ if isinstance(error, StoreBusy) else error
        reason = str(getattr(cause, "orig", None) or cause or error).strip().splitlines()[0]
        raise Unusable(f"the database cannot be used: {reason}") from error
    except ConnectionLost as error:
        raise Unusable(f"no connection to the Northbound database: {error}") from error


def store(settings: Settings) -> "Store":
    """The store of the deployment; every commit that leaves marks pokes the controller."""
    from wovenet.reconcile import poke
    from wovenet.store.engine import make_engine
    from wovenet.store.tx import NOTIFY, OVN, SOUTHBOUND, Store

    database = settings.database
    engine = make_engine(
        database.connection.reveal(),
        pool_size=database.max_pool_size,
        overflow=database.max_overflow,
        pool_timeout_s=database.pool_timeout or POOL_TIMEOUT_S,
        recycle_s=database.connection_recycle_time,
    )
    poker = poke.Poker(settings.default.state_path)
    topics = (OVN, SOUTHBOUND, NOTIFY) if settings.tells_compute else (OVN, SOUTHBOUND)
    return Store(engine, SystemClock(), poke=poker, topics=topics, attempts=database.db_max_retries)


@contextmanager
def opened(settings: Settings) -> Iterator["Store"]:
    """The store, for one command; its connections are closed after the block."""
    kept = store(settings)
    try:
        yield kept
    finally:
        kept.engine.dispose()


def upgrade_database(settings: Settings) -> str:
    """Brings the database to this program's schema; answers with its revision. Raises: Unusable."""
    from wovenet.store import migrations

    with _told(), opened(settings) as kept:
        migrations.upgrade(kept.engine)
        return migrations.head()


def database_revisions(settings: Settings) -> tuple[str | None, str]:
    """The revision that the database has, None for an empty one, and the one that this program wants.

    Raises: Unusable.
    """
    from wovenet.store import migrations

    with _told(), opened(settings) as kept:
        return migrations.current(kept.engine), migrations.head()


def service(settings: Settings) -> "Service":
    """The application without HTTP."""
    from wovenet import registry
    from wovenet.api import policy
    from wovenet.api.service import Service

    return Service(registry.build(), store(settings), policy.load(policy.source(settings)), settings)


def route_lines(settings: Settings) -> Iterator[str]:
    """The table of routes, a line each."""
    from wovenet.api import routes

    for route in routes.table(service(settings)):
        yield f"{','.join(route.verbs):24} {route.template}"


def status(settings: Settings, clock: Clock) -> dict[str, Any]:
    """What the database says of itself, of the controller and of units that are not settled; plain values."""
    from sqlalchemy.exc import SQLAlchemyError

    from wovenet.reconcile import controller as reconcile
    from wovenet.reconcile import notify
    from wovenet.store import migrations, outbox
    from wovenet.store.tx import StoreBusy

    database: dict[str, Any] = {"backend": None, "ok": False, "revision": None}
    units: dict[str, Any] = {}
    leader = compute = None
    try:
        with opened(settings) as kept:
            database["backend"] = kept.engine.dialect.name
            database["revision"] = migrations.current(kept.engine)
            with kept.read() as tx:
                leader = reconcile.report(tx)
                compute = notify.report(tx) if settings.tells_compute else None
                units["pending"] = [
                    {"topic": each.topic, "kind": each.kind, "count": each.count, "oldest_age_s": each.oldest_age_s}
                    for each in outbox.pending(tx)
                ]
                for each in outbox.failing(tx):
                    units.setdefault(_STATE_NAMES[each.state], []).append(_shown(each, clock))
        database["ok"] = True
    except (SQLAlchemyError, StoreBusy) as error:
        LOG.debug("the database cannot be read", exc_info=error)
    return {"database": database, "controller": leader, "compute": compute, "units": units}


def _shown(failing: "outbox.UnitState", clock: Clock) -> dict[str, Any]:
    """A unit that is not settled, and why."""
    return {
        "unit": str(failing.unit),
        "topic": failing.topic,
        "reason": failing.reason or failing.waiting_on,
        "age_s": max(0.0, clock.wall() - failing.since),
        "attempts": failing.attempts,
    }


def audit(settings: Settings, *, repair: bool) -> "Report":
    """What an audit of OVN finds; with `repair`, what differs is put right. Raises: Unusable."""
    from wovenet.reconcile import controller as reconcile

    with _told(), opened(settings) as kept:
        return reconcile.audit(settings, kept, repair=repair)


def import_neutron(settings: Settings, url: str, *, dry_run: bool) -> "TakeoverReport":
    """What a Neutron database at `url` has is ours; or, with `dry_run`, what of it could be. Raises: Unusable.

    If the Northbound database is named, which of its rows are ours is remembered; nothing is written to it.
    """
    from wovenet.reconcile import controller as reconcile
    from wovenet.store import migrations
    from wovenet.takeover import run, source

    with _told():
        try:
            with source.opened(url) as found:
                if dry_run:
                    return run.look(found)
                with opened(settings) as kept:
                    migrations.upgrade(kept.engine)
                    report, epoch = run.take_over(found, kept, settings)
                    if settings.ovn.connection == "remote":
                        report.adopted = reconcile.adopt_rows(settings, kept, epoch)
                    return report
        except (source.NotNeutron, run.NotEmpty, ValueError) as error:
            raise Unusable(str(error)) from error


def api(settings: Settings, *, upgrade: bool, url: str) -> None:
    """Serves the API until it is told to stop. Workers are forked after everything is imported and made.

    In: the `url` that clients of this machine are told.
    Raises: Unusable.
    """
    gc.disable()  # until workers are forked: all that is made before is there to stay
    from wovenet import logs, memory
    from wovenet.embedded import process

    memory.give_back()
    logs.setup(settings)
    host, port = settings.default.bind_host, settings.default.bind_port
    if not process.is_free(host, port):
        raise Unusable(f"port {port} of {host} is in use by another program")
    with _told():
        application = _application(settings, upgrade=upgrade, url=url)
    _serve(settings, application)


def _application(settings: Settings, *, upgrade: bool, url: str) -> Callable[..., Any]:
    """The WSGI application, on a database of its schema, for users that exist; without an open connection."""
    from wovenet.api import app, auth
    from wovenet.api.users import BadUsersFile
    from wovenet.resources.segment import pools

    try:
        auth.check(settings)
        made = service(settings)
        if upgrade:
            upgrade_database(settings)
        made.store.write(lambda tx: pools.refresh(tx, settings))
        auth.prepare(settings, url)
        application = app.make(made, auth.authenticator(settings, made.policy))
    except (BadSettings, BadUsersFile) as error:
        raise Unusable(str(error)) from error
    made.store.engine.dispose()
    return application


def _serve(settings: Settings, application: Callable[..., Any]) -> None:
    """Runs the workers until the process is told to stop; one that ends is replaced."""
    import multiprocessing

    from granian.constants import Interfaces
    from granian.server import MPServer

    from wovenet.embedded import process

    multiprocessing.set_start_method("fork", force=True)  # from Python 3.14 on, workers would import everything anew

    main = os.getpid()

    def load() -> Callable[..., Any]:
        process.die_with_parent(main)  # a worker without its parent would hold the port
        return application

    server = MPServer(
        "wovenet",
        address=settings.default.bind_host,
        port=settings.default.bind_port,
        interface=Interfaces.WSGI,
        workers=settings.default.api_workers or 2,
        blocking_threads=settings.wovenet.worker_threads,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        log_enabled=False,
    )
    gc.collect()
    gc.freeze()  # the workers share these pages for as long as nobody writes to them
    gc.enable()
    server.serve(target_loader=load, wrap_loader=False)


def controller(settings: Settings) -> None:
    """Runs the controller until it is told to stop. Waits first for a database with this program's schema.

    Raises: Unusable.
    """
    from wovenet import logs, memory
    from wovenet.reconcile import controller as reconcile

    memory.give_back()
    logs.setup(settings)
    kept = store(settings)
    _await_schema(kept)
    try:
        reconcile.run(settings, kept)
    except BadSettings as error:
        raise Unusable(str(error)) from error


def _await_schema(kept: "Store") -> None:
    """The database answers and has this program's schema, which somebody may be about to make. Raises: Unusable."""
    from wovenet.embedded import process
    from wovenet.store import migrations

    wanted = migrations.head()

    def is_there() -> bool:
        with suppress(Unusable), _told():
            return migrations.current(kept.engine) == wanted
        return False

    if not process.holds_within(is_there, SCHEMA_TIMEOUT_S, interval_s=SCHEMA_POLL_S):
        with _told():
            found = migrations.current(kept.engine)
        raise Unusable(f"the database has schema {found or 'none'}, not {wanted}: run `wovenet db upgrade`")
