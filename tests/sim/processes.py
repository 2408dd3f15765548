"""The processes of a simulated deployment, each with connections to the database of its own, and its settings."""

import functools
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from tests.client import Client
from tests.deployment import LIKE_THE_PEER, REGISTRY
from tests.sim.faults import Database, Weather
from tests.sim.history import History
from tests.sim.schedule import Killed, Schedule
from wovenet.api import app, auth, policy
from wovenet.api.service import Service
from wovenet.model.clock import Clock
from wovenet.reconcile import ledger  # noqa: F401 - its tables are part of the schema
from wovenet.resources import host
from wovenet.resources.host.facts import of_chassis
from wovenet.resources.segment import pools
from wovenet.settings import Settings, load
from wovenet.store.engine import make_engine
from wovenet.store.schema import METADATA
from wovenet.store.tx import Store, Tx

FLAGS: Final = {
    "quotas.quota_network": 12,
    "quotas.quota_port": 25,
    "quotas.quota_security_group_rule": 30,
    "ml2_type_vlan.network_vlan_ranges": "physnet1:100:103",
    "ml2_type_geneve.vni_ranges": "1:40",
}
"""Little of everything, so that it runs out."""


def settings_of(state_dir: Path, url: str) -> Settings:
    """The deployment's settings."""
    given = {"state_dir": state_dir, "db": url, "auth": "noauth", "ovn": "none", **FLAGS}
    return load(given, [LIKE_THE_PEER])[0]


@functools.cache
def _policy() -> policy.Policy:
    return policy.load(policy.Source())


def application(store: Store, settings: Settings) -> Client:
    """Asks an application on `store`."""
    service = Service(REGISTRY, store, _policy(), settings)
    return Client(app.make(service, auth.authenticator(settings, service.policy)))


def prepare(store: Store, settings: Settings) -> None:
    """An empty deployment: the schema is there, the pools are full, two hosts are known."""
    METADATA.create_all(store.engine)

    def write(tx: Tx) -> None:
        for table in reversed(METADATA.sorted_tables):
            tx.run(sa.delete(table))
        pools.refresh(tx, settings)
        for name, config in (("hv1", {"ovn-bridge-mappings": "physnet1:br-ex"}), ("hv2", {})):
            facts = of_chassis(name, name, config=config, encaps=[("geneve", "127.0.0.1")])
            assert facts is not None
            host.report(tx, facts)
            host.heard(tx, name, nb_cfg=1)

    store.write(write)


def plain_store(url: str, clock: Clock) -> Store:
    """A store of the simulation's own, to which nothing happens."""
    return Store(make_engine(url, pool_size=2), clock, turn=nullcontext)


class Processes:
    """Makes stores as each process has its own, in which things break."""

    def __init__(self, url: str, *, schedule: Schedule, weather: Weather, history: History) -> None:
        self._url = url
        self._schedule = schedule
        self._weather = weather
        self._history = history
        self._engines: list[sa.Engine] = []

    def store(self, poke: Callable[[], None] | None = None) -> Store:
        """The store of a new process. `poke` is called after commits that left marks."""
        engine = make_engine(self._url, pool_size=20)
        self._engines.append(engine)
        Database(engine, self._schedule, self._weather, self._history)
        turn: Any = self._schedule.turn if engine.dialect.name == "sqlite" else None
        heard = self._poke(poke) if poke else None
        return Store(engine, self._schedule.clock, poke=heard, sleep=self._schedule.sleep, turn=turn)

    def close(self) -> None:
        """All connections are closed."""
        for engine in self._engines:
            engine.dispose()

    def _poke(self, poke: Callable[[], None]) -> Callable[[], None]:
        def heard() -> None:
            match self._weather.strikes(self._schedule.task, "poke", ("lost", "lost", "killed")):
                case "killed":
                    raise Killed
                case "lost":
                    return
            poke()

        return heard
