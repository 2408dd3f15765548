"""A deployment inside the test's own process: the real application on a real database, without a socket.

    with deployment(tmp_path, nb=server) as cloud:
        network = cloud.client.make("/v2.0/networks", {"network": {}})
        assert not cloud.complaints()                       # OVN is what the stored state says

With `nb`, a real Northbound database, the controller follows every request that writes.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.client import Client
from tests.follower import Follower, forget_everything
from tests.ovsdb_servers import Server
from wovenet import registry
from wovenet.api import app, auth, policy
from wovenet.api.service import Service
from wovenet.model.clock import Clock, SystemClock
from wovenet.reconcile import ledger  # noqa: F401 - its tables are part of the schema
from wovenet.resources.segment import pools
from wovenet.settings import load
from wovenet.store.engine import make_engine
from wovenet.store.schema import METADATA
from wovenet.store.tx import Store

REGISTRY = registry.build()
LIKE_THE_PEER = Path(__file__).with_name("peer") / "neutron.conf"
"""The options of the Neutron whose answers the tests expect."""


class Deployment:
    """Store, service and WSGI application on the empty database at `url`."""

    def __init__(
        self, url: str, state_dir: Path, *, nb: Server | None = None, clock: Clock | None = None, **flags: Any
    ) -> None:
        given = {"state_dir": state_dir, "db": url, "auth": "noauth", "ovn": "none", **flags}
        self.settings = load(given, [LIKE_THE_PEER])[0]
        self.engine = make_engine(url, pool_size=20)
        METADATA.create_all(self.engine)
        self.store = Store(self.engine, clock or SystemClock())
        self.store.write(lambda tx: pools.refresh(tx, self.settings))
        self.service = Service(REGISTRY, self.store, _policy(), self.settings)
        self._app = app.make(self.service, auth.authenticator(self.settings, self.service.policy))
        self._follower = Follower(self.store, self.settings, nb) if nb else None
        self.client = Client(self.app)

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The application. What a request has written is in OVN when it is answered, if there is an OVN."""
        answer = self._app(environ, start_response)
        if self._follower:  # after a GET as well: it may have to make a project's default group first
            self._follower.drain()
        return answer

    def complaints(self) -> list[str]:
        """What is not in OVN as the stored state says. In: the deployment has an OVN."""
        assert self._follower is not None
        return self._follower.complaints()

    def close(self) -> None:
        """Connections are closed."""
        if self._follower:
            self._follower.close()
        self.engine.dispose()


@functools.cache
def _policy() -> policy.Policy:
    return policy.load(policy.Source())


@contextmanager
def deployment(
    state_dir: Path, *, url: str | None = None, nb: Server | None = None, **flags: Any
) -> Iterator[Deployment]:
    """A running one, on a SQLite database of its own unless `url` names another; `nb` is emptied before."""
    if nb:
        forget_everything(nb)
    made = Deployment(url or f"sqlite:///{state_dir / 'db'}", state_dir, nb=nb, **flags)
    try:
        yield made
    finally:
        made.close()
