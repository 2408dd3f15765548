"""Whole controllers, with threads, on real servers."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import compute_api, ovsdb_servers
from tests.ovsdb_servers import CLOCK, TIMEOUT_S
from tests.reconcile.southbound import Southbound
from tests.reconcile.test_faults import CLOUD, LATER
from tests.reconcile.world import DEPLOYMENT, RULES, Net, Port, State, World, id_of
from wovenet.embedded.process import wait_until
from wovenet.model.ids import Unit
from wovenet.ovn.client import Timing
from wovenet.reconcile import audit, controller, poke
from wovenet.reconcile.compute import Compute
from wovenet.reconcile.notify import Rules as NotifyRules
from wovenet.resources.port.table import PORTS
from wovenet.settings import load
from wovenet.store import outbox
from wovenet.store.tx import NOTIFY, OVN, Store

TIMING = Timing(backoff_min_s=0.01, backoff_max_s=0.1)


class Site:
    """Both databases of OVN, a store, and controllers."""

    def __init__(self, store: Store, nb: ovsdb_servers.Server, sb: Southbound, directory: Path) -> None:
        self.store = store
        self.nb = nb
        self.sb = sb
        self.directory = directory
        self.world = World(store, nb)
        self.compute: Compute | None = None

    def options(self, name: str, **changes: object) -> controller.Options:
        given = {
            "nb": self.nb.remote, "sb": self.sb.server.remote, "timing": TIMING, "rules": RULES,
            "state_path": self.directory, "name": name, "poll_interval_s": 0.1, "down_time_s": 4.0, **changes,
        }  # fmt: skip
        return controller.Options(**given)  # type: ignore[arg-type]

    @contextmanager
    def running(self, name: str = "c", **changes: object) -> Iterator[controller.Controller]:
        stop = controller.Stop()
        own = controller.Controller(self.options(name, **changes), self.store, stop, compute=self.compute)
        thread = threading.Thread(target=own.run)
        thread.start()
        try:
            yield own
        finally:
            stop.set()
            thread.join(TIMEOUT_S)
            stop.close()
            assert not thread.is_alive()

    def is_settled(self) -> bool:
        with self.store.read() as tx:
            return not outbox.pending(tx) and not outbox.failing(tx)

    def wait_settled(self) -> None:
        wait_until(self.is_settled, timeout_s=TIMEOUT_S, what="all units")

    def wait_pending(self, topic: str) -> None:
        def is_pending() -> bool:
            with self.store.read() as tx:
                return any(each.topic == topic for each in outbox.pending(tx))

        wait_until(is_pending, timeout_s=TIMEOUT_S, what=f"something for {topic}")

    def check(self) -> None:
        self.wait_settled()
        report = audit.run(self.store, self.world.client, DEPLOYMENT)
        assert report.is_clean, report
        assert report.unsettled == 0


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Iterator[Site]:
    for name in ("nb", "sb"):
        (tmp_path / name).mkdir()
    with (
        ovsdb_servers.serving(tmp_path / "nb") as nb,
        ovsdb_servers.serving(tmp_path / "sb", ovsdb_servers.SB) as sb,
    ):
        southbound = Southbound(sb)
        own = Site(store, nb, southbound, tmp_path)
        yield own
        own.world.client.close()
        southbound.close()


def role(own: controller.Controller) -> object:
    return own.status()["role"]


def leads(own: controller.Controller) -> Callable[[], bool]:
    return lambda: role(own) == controller.LEADER


def test_from_mark_to_status(site: Site) -> None:
    with site.running() as own:
        wait_until(leads(own), timeout_s=TIMEOUT_S, what="the leader")
        site.world.become(State(nets=(Net("n"),), ports=(Port("p", "n", host="hv1.test", vif="ovs"),)))
        state = controller.wait_applied(site.store, Unit("port", id_of("p")), revision=1, timeout_s=TIMEOUT_S)
        assert state is not None
        assert state.revision == 1

        site.sb.host("hv1")
        site.sb.bind(id_of("p"), "hv1", up=True)

        def active() -> bool:
            with site.store.read() as tx:
                return bool(tx.value(PORTS.select().with_only_columns(PORTS.c.status)) == "ACTIVE")

        wait_until(active, timeout_s=TIMEOUT_S, what="the port's status")
        site.check()
        [port] = site.world.nb()["Logical_Switch_Port"]
        assert port["external_ids"]["neutron:host_id"] == "hv1.test"


def test_a_poke_wakes_at_once(site: Site) -> None:
    with site.running(poll_interval_s=3600.0) as own:
        wait_until(leads(own), timeout_s=TIMEOUT_S, what="the leader")
        poker = poke.Poker(site.directory)
        site.world.become(State(nets=(Net("n"),)))

        def poked() -> bool:
            poker()
            return site.is_settled()

        wait_until(poked, timeout_s=TIMEOUT_S, what="the network")


def test_a_poke_that_nobody_hears(tmp_path: Path) -> None:
    poke.Poker(tmp_path)()
    poke.Poker(tmp_path / ("x" * 200))()


def test_one_leads_and_the_other_takes_over(site: Site) -> None:
    with site.running("b") as second, site.running("a") as first:
        wait_until(lambda: leads(first)() or leads(second)(), timeout_s=TIMEOUT_S, what="a leader")
        assert {role(first), role(second)} == {controller.LEADER, controller.STANDBY}
        site.world.become(CLOUD)
        site.wait_settled()

        def both_told() -> bool:
            with site.store.read() as tx:
                found = controller.report(tx)
            return found is not None and found["role"] == controller.LEADER and found["standbys"] == 1

        wait_until(both_told, timeout_s=TIMEOUT_S, what="the report")
    with site.running("c") as third:
        wait_until(leads(third), timeout_s=TIMEOUT_S, what="the heir")
        site.world.become(LATER)
        site.check()


def test_servers_come_and_go(site: Site) -> None:
    with site.running() as own:
        wait_until(leads(own), timeout_s=TIMEOUT_S, what="the leader")
        site.nb.stop()
        site.world.become(CLOUD)
        site.sb.server.restart()
        wait_until(lambda: role(own) == controller.STANDBY, timeout_s=TIMEOUT_S, what="the loss")
        site.nb.start()
        site.wait_settled()
        site.nb.empty()
        site.world.client.connect(TIMEOUT_S)

        wait_until(lambda: len(site.world.nb()["Logical_Switch_Port"]) == 11, timeout_s=TIMEOUT_S, what="the rows")
        site.check()


def test_hosts_are_asked_whether_they_live(site: Site) -> None:
    with site.running(down_time_s=0.2):

        def asked() -> bool:
            select = {"op": "select", "table": "NB_Global", "where": [], "columns": ["nb_cfg"]}
            [result] = site.world.client.transact([select])
            return bool(result["rows"]) and result["rows"][0]["nb_cfg"] >= 3

        wait_until(asked, timeout_s=TIMEOUT_S, what="three liveness bumps")


@pytest.mark.parametrize("count", [1, 4, 7])
def test_killed_between_applying_and_settling(site: Site, count: int) -> None:
    site.world.become(CLOUD)
    arguments = [str(site.store.engine.url), site.nb.remote, site.sb.server.remote, str(site.directory), str(count)]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.reconcile.killed", *arguments],
        timeout=60, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    site.world.become(LATER)

    with site.running():
        site.check()


def test_wait_applied_gives_up(store: Store, tmp_path: Path) -> None:
    store.write(lambda tx: tx.mark(Unit("port", "p")))
    began = CLOCK.monotonic()

    with pytest.raises(TimeoutError, match="pending"):
        controller.wait_applied(store, Unit("port", "p"), timeout_s=0.05)

    assert CLOCK.monotonic() - began < TIMEOUT_S
    assert controller.wait_applied(store, Unit("port", "gone"), timeout_s=0.05) is None


def test_an_audit_without_a_controller_repairs_by_itself(site: Site) -> None:
    settings, _ = load({"state_dir": site.directory, "ovn_nb": site.nb.remote, "ovn_sb": site.sb.server.remote})
    site.world.become(CLOUD)
    assert not controller.audit(settings, site.store, repair=False).is_bound

    assert not controller.audit(settings, site.store, repair=True).is_clean

    assert controller.audit(settings, site.store, repair=True).is_clean
    assert site.is_settled()
    assert len(site.world.nb()["Logical_Switch_Port"]) == 11


def test_an_audit_beside_a_controller_leaves_the_work_to_it(site: Site) -> None:
    settings, _ = load({"state_dir": site.directory, "ovn_nb": site.nb.remote, "ovn_sb": site.sb.server.remote})
    rules = controller.options_of(settings).rules
    with site.running(rules=rules) as own:
        wait_until(leads(own), timeout_s=TIMEOUT_S, what="the leader")
        site.world.become(CLOUD)
        site.wait_settled()
        site.world.client.transact([
            {"op": "update", "table": "Logical_Switch_Port", "where": [["name", "==", id_of("p3")]],
             "row": {"enabled": False}}
        ])  # fmt: skip

        report = controller.audit(settings, site.store, repair=True)

        assert [finding.unit for finding in report.findings] == [Unit("port", id_of("p3"))]
        site.wait_settled()
        assert controller.audit(settings, site.store, repair=False).is_clean


def test_what_is_edited_by_hand_is_put_right_by_itself(site: Site) -> None:
    """MT-01 and the like: contents, not only presence, without anybody asking for an audit."""
    with site.running(audit_whole_s=0.5) as own:
        wait_until(leads(own), timeout_s=TIMEOUT_S, what="the leader")
        site.world.become(CLOUD)
        site.wait_settled()
        before = site.world.nb()
        name = ["name", "==", id_of("p3")]
        [found] = site.world.client.transact(
            [{"op": "select", "table": "Logical_Switch_Port", "where": [name], "columns": ["_uuid"]}]
        )
        port = found["rows"][0]["_uuid"]
        site.world.client.transact([
            {"op": "update", "table": "Logical_Switch_Port", "where": [name], "row": {"port_security": ["set", []]}},
            {"op": "mutate", "table": "Port_Group", "where": [], "mutations": [["ports", "delete", port]]},
            {"op": "update", "table": "ACL", "where": [], "row": {"action": "allow"}},
        ])  # fmt: skip
        assert site.world.nb() != before
        wait_until(lambda: site.world.nb() == before, timeout_s=TIMEOUT_S, what="everything as it was")
        site.check()


def test_a_sweep_takes_everything_a_slice_at_a_time(site: Site) -> None:
    with site.running() as own:
        wait_until(leads(own), timeout_s=TIMEOUT_S, what="the leader")
        site.world.become(CLOUD)
        site.wait_settled()
    seen: list[Unit] = []
    largest = 0
    auditor = audit.Auditor(site.store, site.world.client, DEPLOYMENT, is_bound=True)
    for units in auditor.slices():
        largest = max(largest, len(units))
        seen += units
    assert {Unit("port", id_of(port.name)) for port in CLOUD.ports} <= set(seen)
    assert largest <= audit.SLICE


SERVER = "6d7e1c28-6b57-4b3b-a3f4-1c1f6e0d1a01"


def test_compute_is_told_what_the_southbound_says(site: Site) -> None:
    """ML-076, ML-077, OV-037 to OV-039; compute is away for a while, and a controller is followed by another."""
    site.store = site.world.store = Store(site.store.engine, CLOCK, topics=(OVN, NOTIFY))
    site.world.become(State(nets=(Net("n"),), ports=(Port("p", "n", host="hv1.test", vif="ovs", device=SERVER),)))
    for name in ("hv1", "hv2"):
        site.sb.host(name)
    rules = NotifyRules(interval_s=0.0, backoff=RULES.backoff, poll_s=0.1)
    with compute_api.serving() as nova:
        site.compute = Compute(nova.options())

        def told(*names: str) -> None:
            wait_until(lambda: nova.names == list(names), timeout_s=TIMEOUT_S, what=f"{names}")

        with site.running(notifying=rules):
            site.sb.bind(id_of("p"), "hv1", up=True)
            told("vif-plugged")
            nova.stop()
            site.sb.move(id_of("p"), "hv1", "hv2")
            site.wait_pending(NOTIFY)
        nova.start()
        with site.running(notifying=rules):
            told("vif-plugged", "vif-plugged")
            site.sb.unbind(id_of("p"))
            told("vif-plugged", "vif-plugged", "vif-unplugged")
            site.check()
    assert {(port, server) for _, port, server in nova.events} == {(id_of("p"), SERVER)}
