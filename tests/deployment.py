"""A deployment inside the test's own process: the real application on a real database, without a socket."""

from pathlib import Path
from typing import Any

from wovenet import registry
from wovenet.api import app, auth, policy
from wovenet.api.service import Service
from wovenet.model.clock import SystemClock
from wovenet.resources.segment import pools
from wovenet.settings import Settings, load
from wovenet.store.engine import make_engine
from wovenet.store.schema import METADATA
from wovenet.store.tx import Store

REGISTRY = registry.build()


class Deployment:
    """Store, service and WSGI application on the database at `url`, which is empty."""

    def __init__(self, url: str, state_dir: Path, **flags: Any) -> None:
        self.settings: Settings = load({"state_dir": state_dir, "db": url, "auth": "noauth", **flags})[0]
        self.engine = make_engine(url, pool_size=20)
        METADATA.create_all(self.engine)
        self.store = Store(self.engine, SystemClock())
        self.store.write(lambda tx: pools.refresh(tx, self.settings))
        self.service = Service(REGISTRY, self.store, policy.load(policy.source(self.settings)), self.settings)
        self.app = app.make(self.service, auth.authenticator(self.settings, self.service.policy))

    def close(self) -> None:
        """Connections are closed."""
        self.engine.dispose()
