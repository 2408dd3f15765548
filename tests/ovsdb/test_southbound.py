"""The watch over a real Southbound database, written to as northd and ovn-controller do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import ovsdb_servers
from tests.ovsdb.samples import Site, gone, network, port
from wovenet.embedded.central import Central
from wovenet.model.ids import Unit
from wovenet.ovn.client import Client
from wovenet.ovn.errors import ConnectionLost
from wovenet.ovn.southbound import (
    AgentChanged,
    AgentGone,
    ChassisChanged,
    ChassisGone,
    Event,
    PortChanged,
    PortGone,
    Snapshot,
    Southbound,
)

CLOCK = ovsdb_servers.CLOCK


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ovsdb_servers.Server]:
    with ovsdb_servers.serving(tmp_path, ovsdb_servers.SB) as running:
        yield running


@pytest.fixture
def writer(server: ovsdb_servers.Server) -> Iterator[Client]:
    with server.client() as client:
        client.transact([{"op": "insert", "table": "Datapath_Binding", "row": {"tunnel_key": 1}}])
        yield client


@pytest.fixture
def watch(server: ovsdb_servers.Server) -> Iterator[Southbound]:
    southbound = Southbound(server.client(connect=False))
    yield southbound
    southbound.client.close()


def _named(table: str, column: str, name: str) -> dict[str, Any]:
    return {"table": table, "where": [[column, "==", name]]}


def _host(client: Client, name: str, ip: str = "192.0.2.1", **config: str) -> None:
    encap = {"type": "geneve", "ip": ip, "chassis_name": name}
    chassis = {
        "name": name,
        "hostname": f"{name}.test",
        "encaps": ["named-uuid", "e"],
        "external_ids": ["map", [["ovn-cms-options", "old"], ["only", "here"]]],
        "other_config": ["map", sorted([key.replace("_", "-"), value] for key, value in config.items())],
    }
    private = {"name": name, "nb_cfg": 7, "nb_cfg_timestamp": 1000, "external_ids": ["map", [["k", "v"]]]}
    client.transact(
        [
            {"op": "insert", "table": "Encap", "uuid-name": "e", "row": encap},
            {"op": "insert", "table": "Chassis", "row": chassis},
            {"op": "insert", "table": "Chassis_Private", "row": private},
        ]
    )


def _port(client: Client, name: str, key: int) -> None:
    [found] = client.transact([{"op": "select", "table": "Datapath_Binding", "where": [], "columns": ["_uuid"]}])
    row = {"logical_port": name, "datapath": found["rows"][0]["_uuid"], "tunnel_key": key}
    client.transact([{"op": "insert", "table": "Port_Binding", "row": row}])


def _bind(client: Client, port: str, host: str, *, up: bool) -> None:
    [found] = client.transact([{"op": "select", **_named("Chassis", "name", host), "columns": ["_uuid"]}])
    row = {"chassis": found["rows"][0]["_uuid"], "up": up}
    client.transact([{"op": "update", **_named("Port_Binding", "logical_port", port), "row": row}])


def _events(watch: Southbound, count: int) -> list[Event]:
    """The next `count` events."""
    events: list[Event] = []
    deadline = CLOCK.monotonic() + ovsdb_servers.TIMEOUT_S
    while len(events) < count and CLOCK.monotonic() < deadline:
        events += watch.poll(0.1)
    return events


def _snapshot(watch: Southbound) -> Snapshot:
    watch.connect(ovsdb_servers.TIMEOUT_S)
    [snapshot] = watch.poll(0)
    assert isinstance(snapshot, Snapshot)
    return snapshot


HOST = ChassisChanged("hv1", "hv1.test", {"ovn-cms-options": "new", "only": "here"}, (("geneve", "192.0.2.1"),))


def test_an_empty_database_is_a_snapshot_too(watch: Southbound) -> None:
    assert _snapshot(watch) == Snapshot((), (), ())
    assert watch.poll(0.01) == []


def test_the_first_poll_tells_all_there_is(writer: Client, watch: Southbound) -> None:
    _host(writer, "hv1", ovn_cms_options="new")
    _port(writer, "p1", 1)
    _port(writer, "p2", 2)
    _bind(writer, "p1", "hv1", up=True)
    snapshot = _snapshot(watch)
    assert sorted(snapshot.ports, key=lambda port: port.logical_port) == [
        PortChanged("p1", "", "hv1", (), up=True),
        PortChanged("p2", "", None, (), up=False),
    ]
    assert snapshot.chassis == (HOST,)
    assert snapshot.agents == (AgentChanged("hv1", 7, 1000, {"k": "v"}),)
    assert watch.poll(0) == []


def test_changes_are_told_whole(writer: Client, watch: Southbound) -> None:
    _port(writer, "p", 1)
    _snapshot(watch)
    _host(writer, "hv1", ovn_cms_options="new")
    assert _events(watch, 2) == [HOST, AgentChanged("hv1", 7, 1000, {"k": "v"})]
    _bind(writer, "p", "hv1", up=False)
    assert _events(watch, 1) == [PortChanged("p", "", "hv1", (), up=False)]
    writer.transact([{"op": "update", **_named("Port_Binding", "logical_port", "p"), "row": {"up": True}}])
    # The update on the wire names only `up` as changed; the chassis is there all the same.
    assert _events(watch, 1) == [PortChanged("p", "", "hv1", (), up=True)]
    writer.transact([{"op": "update", **_named("Chassis_Private", "name", "hv1"), "row": {"nb_cfg": 8}}])
    assert _events(watch, 1) == [AgentChanged("hv1", 8, 1000, {"k": "v"})]
    writer.transact([{"op": "update", **_named("Encap", "chassis_name", "hv1"), "row": {"ip": "192.0.2.9"}}])
    [moved] = _events(watch, 1)
    assert isinstance(moved, ChassisChanged)
    assert moved.encaps == (("geneve", "192.0.2.9"),)
    writer.transact([{"op": "delete", **_named("Port_Binding", "logical_port", "p")}])
    assert _events(watch, 1) == [PortGone("p")]


def test_what_is_monitored_by_nobody_wakes_nobody(writer: Client, watch: Southbound) -> None:
    _port(writer, "p", 1)
    _snapshot(watch)
    writer.transact([{"op": "update", "table": "Port_Binding", "where": [], "row": {"mac": "unknown"}}])
    assert watch.poll(0.05) == []


def test_a_host_that_goes_unbinds_its_ports(writer: Client, watch: Southbound) -> None:
    _host(writer, "hv1")
    _port(writer, "p", 1)
    _bind(writer, "p", "hv1", up=True)
    _snapshot(watch)
    writer.transact(
        [
            {"op": "delete", **_named("Chassis", "name", "hv1")},
            {"op": "delete", **_named("Chassis_Private", "name", "hv1")},
        ]
    )
    assert _events(watch, 3) == [ChassisGone("hv1"), PortChanged("p", "", None, (), up=True), AgentGone("hv1")]


def test_a_row_made_anew_under_its_name_is_a_change(writer: Client, watch: Southbound) -> None:
    _host(writer, "hv1", ovn_cms_options="old")
    _port(writer, "p", 1)
    _snapshot(watch)
    [found] = writer.transact([{"op": "select", "table": "Datapath_Binding", "where": [], "columns": ["_uuid"]}])
    new = {"logical_port": "p", "type": "virtual", "datapath": found["rows"][0]["_uuid"], "tunnel_key": 2}
    encap = {"type": "geneve", "ip": "192.0.2.2", "chassis_name": "hv1"}
    writer.transact(
        [
            {"op": "delete", **_named("Port_Binding", "logical_port", "p")},
            {"op": "insert", "table": "Port_Binding", "row": new},
            {"op": "delete", **_named("Chassis", "name", "hv1")},
            {"op": "insert", "table": "Encap", "uuid-name": "e", "row": encap},
            {
                "op": "insert",
                "table": "Chassis",
                "row": {"name": "hv1", "hostname": "x", "encaps": ["named-uuid", "e"]},
            },
        ]
    )
    assert _events(watch, 2) == [
        ChassisChanged("hv1", "x", {}, (("geneve", "192.0.2.2"),)),
        PortChanged("p", "virtual", None, (), up=False),
    ]


def test_one_poll_tells_the_latest_of_each(writer: Client, watch: Southbound) -> None:
    _host(writer, "hv1")
    for key in range(1, 6):
        _port(writer, f"p{key}", key)
    _snapshot(watch)
    for turn in range(20):
        for key in range(1, 6):
            _bind(writer, f"p{key}", "hv1", up=bool(turn % 2))
    writer.transact([{"op": "delete", **_named("Port_Binding", "logical_port", "p3")}])
    latest: dict[str, Event] = {}
    deadline = CLOCK.monotonic() + ovsdb_servers.TIMEOUT_S
    while PortGone("p3") not in latest.values() and CLOCK.monotonic() < deadline:
        events = watch.poll(0.1)
        assert len(events) <= 5
        latest |= {one.logical_port: one for one in events if isinstance(one, PortChanged | PortGone)}
    assert latest == {
        **{f"p{key}": PortChanged(f"p{key}", "", "hv1", (), up=True) for key in (1, 2, 4, 5)},
        "p3": PortGone("p3"),
    }


def test_a_lost_connection_is_made_good_by_a_snapshot(
    writer: Client, watch: Southbound, server: ovsdb_servers.Server
) -> None:
    _host(writer, "hv1")
    _port(writer, "stays", 1)
    _port(writer, "goes", 2)
    before = _snapshot(watch)
    assert {port.logical_port for port in before.ports} == {"stays", "goes"}
    server.restart()
    with pytest.raises(ConnectionLost):
        watch.poll(ovsdb_servers.TIMEOUT_S)
    with server.client() as another:
        another.transact([{"op": "delete", **_named("Port_Binding", "logical_port", "goes")}])
        _bind(another, "stays", "hv1", up=True)
    after = _snapshot(watch)
    assert after.ports == (PortChanged("stays", "", "hv1", (), up=True),)
    assert after.chassis == before.chassis


def test_a_port_written_north_is_seen_south(tmp_path: Path) -> None:
    """With ovn-northd between: what we apply to NB comes back as a binding that is not up, and goes again."""
    central = Central.start(tmp_path / "central")
    try:
        north = Client(f"unix:{central.nb_socket}", database="OVN_Northbound", clock=CLOCK)
        watch = Southbound(Client(f"unix:{central.sb_socket}", database="OVN_Southbound", clock=CLOCK))
        with north, watch.client:
            north.connect(ovsdb_servers.TIMEOUT_S)
            assert _snapshot(watch).ports == ()
            site = Site(north)
            site.settle(network("n"), port("p", "n"))
            assert _events(watch, 1) == [PortChanged("p", "", None, (), up=False)]
            site.settle(gone(Unit("port", "p")))
            assert _events(watch, 1) == [PortGone("p")]
    finally:
        central.stop()


def test_no_port_is_remembered(writer: Client, watch: Southbound) -> None:
    for key in range(1, 50):
        _port(writer, f"p{key}", key)
    _host(writer, "hv1")
    _snapshot(watch)
    kept = {name: len(value) for name, value in vars(watch).items() if isinstance(value, dict)}
    assert kept == {"_chassis": 1, "_encaps": 1, "_pending": 0}
