"""The controller of a deployment, in the test's own process and only when it is told to work."""

import logging

from tests.ovsdb_servers import Server
from wovenet.ovn.apply import Applier
from wovenet.reconcile import audit, kinds
from wovenet.reconcile.loop import LOCK, Loop, Rules
from wovenet.resources.deployment import view
from wovenet.settings import Settings
from wovenet.store import outbox
from wovenet.store.tx import OVN, Store

STEPS_MAX = 1000


class Follower:
    """Brings what was written to a real Northbound database, and says whether it is there."""

    def __init__(self, store: Store, settings: Settings, server: Server) -> None:
        self._store = store
        self._client = server.client()
        self._deployment = view.view(settings, resolvers=("10.255.255.53",))
        assert self._client.lock(LOCK)
        self._loop = Loop(store, self._client, Applier(self._client, lock=LOCK), Rules(self._deployment))
        quiet = logging.getLogger("wovenet.reconcile.loop")
        level, quiet.level = quiet.level, logging.ERROR  # an empty NB is no news to a test
        self._loop.lead()
        quiet.setLevel(level)
        self.drain()

    def drain(self) -> None:
        """Every unit that was marked has been tried."""
        for _ in range(STEPS_MAX):
            if not self._loop.step():
                return
        raise AssertionError("it does not come to rest")

    def complaints(self) -> list[str]:
        """What is not in OVN as the stored state says, and every unit that is not settled."""
        self.drain()
        report = audit.run(self._store, self._client, self._deployment)
        found = [str(finding) for finding in report.findings]
        found += [f"orphan: {table} {uuid}" for table, uuid in report.orphans]
        with self._store.read() as tx:
            found += [f"{one.unit} is {one.state}: {one.reason or one.waiting_on}" for one in outbox.failing(tx)]
            found += [f"{one.count} marks of {one.kind} are left" for one in outbox.pending(tx) if one.topic == OVN]
        if not report.is_bound:
            found.append("the ledger does not describe this NB")
        return found

    def close(self) -> None:
        self._client.close()


def forget_everything(server: Server) -> None:
    """The Northbound database of `server` is as new, without a restart."""
    client = server.client()
    tables = (*kinds.TABLES, "NB_Global")
    client.transact([{"op": "delete", "table": table, "where": []} for table in tables])
    client.close()
