"""A notifier that kills itself right after compute has heard it: `python -m tests.reconcile.killed_telling …`."""

import os
import signal
import sys
import threading
from collections.abc import Sequence

from tests.ovsdb_servers import CLOCK
from wovenet.reconcile.compute import Compute
from wovenet.reconcile.notify import Notifier, Rules
from wovenet.resources.port.events import Event
from wovenet.store.engine import make_engine
from wovenet.store.tx import Store


class Killing:
    def __init__(self, endpoint: str) -> None:
        self._compute = Compute({"nova": {"endpoint_override": endpoint}})

    def tell(self, batch: Sequence[Event]) -> list[int]:
        self._compute.tell(batch)
        os.kill(os.getpid(), signal.SIGKILL)
        return []


def main(url: str, endpoint: str) -> None:
    notifier = Notifier(Store(make_engine(url), CLOCK), Killing(endpoint), Rules(), hold=lambda _tx: None)
    notifier.run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
