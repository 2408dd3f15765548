"""The composition root: settings become engine, registry, application and loops. Nothing else wires.

Each function imports what it needs: the controller must not pay for neutron-lib, nor a migration for an API.
"""

import gc
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wovenet.model.clock import SystemClock
from wovenet.settings import Settings

if TYPE_CHECKING:
    from wovenet.api.service import Service
    from wovenet.store.tx import Store

LOG = logging.getLogger(__name__)


def store(settings: Settings) -> "Store":
    """The store of the deployment; every commit that leaves marks pokes the controller."""
    from wovenet.reconcile import poke
    from wovenet.store.engine import make_engine
    from wovenet.store.tx import Store

    engine = make_engine(settings.database.connection.reveal(), pool_size=settings.database.max_pool_size)
    return Store(engine, SystemClock(), poke=poke.Poker(settings.default.state_path))


def upgrade_database(settings: Settings) -> str:
    """Brings the database to this program's schema; answers with its revision."""
    from wovenet import registry  # noqa: F401 - declares every table
    from wovenet.store import migrations

    migrations.upgrade(store(settings).engine)
    return migrations.head()


def database_revisions(settings: Settings) -> tuple[str | None, str]:
    """The revision that the database has, None for an empty one, and the one that this program wants."""
    from wovenet.store import migrations

    return migrations.current(store(settings).engine), migrations.head()


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


def api(settings: Settings, *, upgrade: bool) -> None:
    """Serves the API until it is told to stop. Workers are forked after everything is imported and made."""
    from granian.constants import Interfaces
    from granian.server import MPServer

    from wovenet import logs
    from wovenet.api import app, auth
    from wovenet.resources.segment import pools

    logs.setup(settings)
    made = service(settings)
    if upgrade:
        upgrade_database(settings)
    made.store.write(lambda tx: pools.refresh(tx, settings))
    auth.prepare(settings, settings.default.url)
    application = app.make(made, auth.authenticator(settings, made.policy))
    made.store.engine.dispose()
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
    server.serve(target_loader=lambda: application, wrap_loader=False)


def controller(settings: Settings) -> None:
    """Runs the controller until it is told to stop."""
    from wovenet import logs
    from wovenet.reconcile import controller as reconcile

    logs.setup(settings)
    reconcile.run(settings, store(settings))
