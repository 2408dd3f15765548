"""A controller that kills itself right after its Nth transaction to NB: `python -m tests.reconcile.killed …`."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.ovsdb_servers import CLOCK
from tests.reconcile.world import RULES
from wovenet.model.ids import Unit
from wovenet.ovn import apply as applying
from wovenet.ovn.client import Client
from wovenet.reconcile import controller
from wovenet.reconcile.loop import LOCK
from wovenet.store.engine import make_engine
from wovenet.store.tx import Store


class Killing:
    def __init__(self, client: Client, left: int) -> None:
        self._applier = applying.Applier(client, lock=LOCK)
        self._left = left

    def apply(
        self, changes: Sequence[applying.Change], *, aliases: Mapping[Any, Any]
    ) -> Mapping[Unit, applying.Outcome]:
        outcomes = self._applier.apply(changes, aliases=aliases)
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcomes


def main(url: str, nb: str, sb: str, state_path: str, count: str) -> None:
    options = controller.Options(
        nb=nb, sb=sb, rules=replace(RULES, batch=3), state_path=Path(state_path), name="killed", poll_interval_s=0.1
    )
    store = Store(make_engine(url), CLOCK)
    controller.Controller(options, store, controller.Stop(), applier=lambda client: Killing(client, int(count))).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
