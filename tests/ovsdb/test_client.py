"""The client against real servers: remotes, leaders, locks, probes, loss."""

from pathlib import Path

import msgspec
import pytest

from tests import ovsdb_servers
from wovenet.ovn.client import MAX_IN_FLIGHT, Client, Timing, Updates
from wovenet.ovn.errors import ConnectionLost, NotLeader, RequestRefused, TransactionRefused
from wovenet.ovn.remote import Tls

CLOCK = ovsdb_servers.CLOCK
QUICK = Timing(connect_s=2, call_s=2, probe_s=0.1, backoff_min_s=0.01, backoff_max_s=0.05)


def _insert(name: str) -> dict[str, object]:
    return {"op": "insert", "table": "Logical_Switch", "row": {"name": name}}


def _names(client: Client) -> list[str]:
    select = {"op": "select", "table": "Logical_Switch", "where": [], "columns": ["name"]}
    [result] = client.transact([select])
    return sorted(row["name"] for row in result["rows"])


def test_a_transaction_is_committed_and_answered_op_by_op(client: Client) -> None:
    results = client.transact([_insert("a"), {"op": "comment", "comment": "why"}])
    assert results[0]["uuid"][0] == "uuid"
    assert results[1] == {}
    assert _names(client) == ["a"]


def test_a_refusal_names_the_op(client: Client) -> None:
    bad = {"op": "insert", "table": "Logical_Switch", "row": {"no_such": 1}}
    with pytest.raises(TransactionRefused) as refused:
        client.transact([_insert("a"), bad])
    assert (refused.value.index, refused.value.error) == (1, "unknown column")
    assert _names(client) == []


def test_a_refusal_of_the_commit_names_no_op(client: Client) -> None:
    group = {"op": "insert", "table": "Port_Group", "row": {"name": "same"}}
    with pytest.raises(TransactionRefused) as refused:
        client.transact([group, group])
    assert (refused.value.index, refused.value.error) == (None, "constraint violation")


def test_a_request_that_the_server_does_not_understand_is_refused(client: Client) -> None:
    with pytest.raises(RequestRefused) as unknown:
        client.call("no_such_method", [])
    assert unknown.value.error == "unknown method"
    with pytest.raises(RequestRefused) as database:
        client.transact([], database="No_Such")
    assert database.value.error == "unknown database"
    assert client.call("echo", ["still", "there"]) == ["still", "there"]


def test_transactions_sent_ahead_are_answered_in_order(client: Client) -> None:
    refused = [{"op": "abort"}]
    count = 3 * MAX_IN_FLIGHT
    transactions = [refused if number == 5 else [_insert(f"{number:03}")] for number in range(count)]
    answers = client.transact_many(transactions)
    assert [number for number, answer in enumerate(answers) if isinstance(answer, TransactionRefused)] == [5]
    assert _names(client) == [f"{number:03}" for number in range(count) if number != 5]


def test_a_large_transaction_and_a_large_answer_pass(client: Client) -> None:
    name = "x" * 10_000
    client.transact([_insert(f"{name}{number}") for number in range(500)])
    assert len(_names(client)) == 500


def test_the_schema_of_the_server_is_known(client: Client) -> None:
    assert "ports" in client.columns()["Logical_Switch"]


def test_every_remote_is_tried(northbound: ovsdb_servers.Server, tmp_path: Path) -> None:
    client = northbound.client(remote=f"unix:{tmp_path / 'nobody'},tcp:127.0.0.1:1,{northbound.remote}", timing=QUICK)
    assert client.call("echo", [1]) == [1]
    client.close()


def test_nobody_there_is_said_in_time(tmp_path: Path) -> None:
    client = Client(f"unix:{tmp_path / 'nobody'}", database="OVN_Northbound", clock=CLOCK, timing=QUICK)
    started = CLOCK.monotonic()
    with pytest.raises(ConnectionLost):
        client.connect(0.3)
    assert 0.1 < CLOCK.monotonic() - started < 1.5
    with pytest.raises(ConnectionLost):
        client.transact([])


def test_an_impatient_caller_is_slowed_down_too(tmp_path: Path) -> None:
    """`connect` in a loop makes no more attempts than the pauses allow."""
    timing = Timing(backoff_min_s=0.2, backoff_max_s=0.2)
    client = Client(f"unix:{tmp_path / 'nobody'}", database="OVN_Northbound", clock=CLOCK, timing=timing)
    started = CLOCK.monotonic()
    for _ in range(3):
        with pytest.raises(ConnectionLost):
            client.connect(0.15)
    assert CLOCK.monotonic() - started > 0.19  # two pauses of at least half of 0.2 s


def test_a_server_without_our_database_is_not_used(northbound: ovsdb_servers.Server) -> None:
    client = Client(northbound.remote, database="OVN_Southbound", clock=CLOCK, timing=QUICK)
    with pytest.raises(ConnectionLost, match="does not serve OVN_Southbound"):
        client.connect(0.1)


def test_tcp_and_a_restart_of_the_server(tmp_path: Path) -> None:
    with ovsdb_servers.serving(tmp_path, port=True) as server:
        client = server.client(remote=server.port_remote)
        client.transact([_insert("before")])
        server.restart()
        with pytest.raises(ConnectionLost):
            client.transact([_insert("lost")])
        assert not client.connected
        client.connect(ovsdb_servers.TIMEOUT_S)
        assert client.generation == 2
        assert _names(client) == ["before"]
        client.close()


def test_a_restart_is_noticed_while_idle(server: ovsdb_servers.Server) -> None:
    client = server.client()
    server.stop()
    with pytest.raises(ConnectionLost):
        client.poll(ovsdb_servers.TIMEOUT_S)
    with pytest.raises(ConnectionLost):
        client.poll(0)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return ovsdb_servers.certificates(tmp_path_factory.mktemp("pki"))


def test_tls(tmp_path: Path, tls: Tls) -> None:
    with ovsdb_servers.serving(tmp_path, tls=tls) as server:
        client = Client(server.port_remote, database="OVN_Northbound", clock=CLOCK, tls=tls)
        client.connect(ovsdb_servers.TIMEOUT_S)
        client.transact([_insert("x" * 10_000 + str(number)) for number in range(200)])
        assert len(_names(client)) == 200
        client.close()


def test_tls_wants_a_server_of_our_authority(tmp_path: Path, tls: Tls) -> None:
    other = ovsdb_servers.certificates(tmp_path, "other")
    with ovsdb_servers.serving(tmp_path, tls=tls) as server:
        stranger = Tls(tls.key_file, tls.certificate_file, other.ca_file)
        client = Client(server.port_remote, database="OVN_Northbound", clock=CLOCK, tls=stranger, timing=QUICK)
        with pytest.raises(ConnectionLost, match="certificate verify failed"):
            client.connect(0.1)


def test_tls_without_usable_files_names_no_path(tmp_path: Path, northbound: ovsdb_servers.Server) -> None:
    missing = Tls(*[str(tmp_path / "none.pem")] * 3)
    client = Client("ssl:127.0.0.1:1", database="OVN_Northbound", clock=CLOCK, tls=missing, timing=QUICK)
    with pytest.raises(ConnectionLost, match="TLS files") as lost:
        client.connect(0.1)
    assert str(tmp_path) not in str(lost.value)
    bare = Client("ssl:127.0.0.1:1", database="OVN_Northbound", clock=CLOCK, timing=QUICK)
    with pytest.raises(ConnectionLost):
        bare.connect(0.1)


def test_a_cluster_of_one_leads_itself(tmp_path: Path) -> None:
    with ovsdb_servers.serving(tmp_path, clustered=True) as server:
        client = server.client()
        client.transact([_insert("a")])
        assert _names(client) == ["a"]
        client.close()


def test_a_follower_is_left_alone(tmp_path: Path) -> None:
    """Two members, of which one is stopped: no leader can be elected, and the client says so."""
    directories = [tmp_path / "one", tmp_path / "two"]
    for directory in directories:
        directory.mkdir()
    one, two = (ovsdb_servers.Server(directory, ovsdb_servers.NB) for directory in directories)
    one.create(clustered=True)
    one.start()
    first = one.client()
    ovsdb_servers.join(two, one)
    two.start()
    second = two.client(remote=f"{two.remote},{one.remote}", timing=QUICK)
    second.transact([_insert("by way of the leader")])
    assert _names(first) == ["by way of the leader"]
    follower = two.client(connect=False, timing=QUICK)
    with pytest.raises(NotLeader):
        follower.connect(0.3)
    reader = Client(two.remote, database="OVN_Northbound", clock=CLOCK, leader_only=False)
    reader.connect(ovsdb_servers.TIMEOUT_S)
    reader.close()
    two.stop()
    # The leader without a majority steps down: the client is told by `_Server`, without asking anything.
    deadline = CLOCK.monotonic() + ovsdb_servers.TIMEOUT_S
    with pytest.raises(ConnectionLost, match=r"does not (lead|serve)"):
        while CLOCK.monotonic() < deadline:
            second.poll(1)
    one.stop()
    first.close()


def test_a_lock_has_one_owner_and_passes_on(northbound: ovsdb_servers.Server) -> None:
    leader, standby = northbound.client(), northbound.client()
    assert leader.lock("one")
    assert leader.lock("one")  # asked again: no second request
    assert not standby.lock("one")
    standby.poll(0)
    assert not standby.holds("one")
    leader.close()
    deadline = CLOCK.monotonic() + ovsdb_servers.TIMEOUT_S
    while not standby.holds("one") and CLOCK.monotonic() < deadline:
        standby.poll(0.1)
    assert standby.holds("one")
    standby.unlock("one")
    assert not standby.holds("one")
    standby.close()


def test_a_lock_that_another_steals_is_known_to_be_gone(northbound: ovsdb_servers.Server) -> None:
    leader, thief = northbound.client(), northbound.client()
    assert leader.lock("two")
    thief.call("steal", ["two"])
    deadline = CLOCK.monotonic() + ovsdb_servers.TIMEOUT_S
    while leader.holds("two") and CLOCK.monotonic() < deadline:
        leader.poll(0.1)
    assert not leader.holds("two")
    with pytest.raises(TransactionRefused) as refused:
        leader.transact([{"op": "assert", "lock": "two"}, _insert("fenced")])
    assert refused.value.error == "not owner"
    leader.close()
    thief.close()


def test_locks_are_asked_for_again_after_a_reconnect(server: ovsdb_servers.Server) -> None:
    client = server.client()
    assert client.lock("three")
    server.restart()
    client.connect(ovsdb_servers.TIMEOUT_S)
    assert client.holds("three")
    client.transact([{"op": "assert", "lock": "three"}])
    client.close()


def test_a_silent_server_is_given_up_and_a_quiet_one_is_not(server: ovsdb_servers.Server) -> None:
    client = server.client(timing=QUICK)
    until = CLOCK.monotonic() + 5 * QUICK.probe_s
    while CLOCK.monotonic() < until:
        client.poll(QUICK.probe_s)  # our probes are answered
    assert client.connected
    server.pause("STOP")
    started = CLOCK.monotonic()
    with pytest.raises(ConnectionLost, match="silent"):
        while True:
            client.poll(1)
    assert CLOCK.monotonic() - started < 2
    server.pause("CONT")


def test_no_answer_in_time_loses_the_connection(server: ovsdb_servers.Server) -> None:
    client = server.client()
    server.pause("STOP")
    with pytest.raises(ConnectionLost, match="no answer in time"):
        client.transact([_insert("late")], timeout_s=0.2)
    assert not client.connected
    server.pause("CONT")


def test_the_probes_of_the_server_are_answered(server: ovsdb_servers.Server) -> None:
    """The server's inactivity probe is set to the shortest it takes; an unanswered one would end the connection."""
    client = server.client()
    target = {"target": f"punix:{server.directory / 'probed'}", "inactivity_probe": 1000}
    client.transact(
        [
            {"op": "insert", "table": "Connection", "uuid-name": "c", "row": target},
            {"op": "insert", "table": "NB_Global", "row": {"connections": ["named-uuid", "c"]}},
        ]
    )
    server.add_remote("db:OVN_Northbound,NB_Global,connections")
    probed = server.client(remote=f"unix:{server.directory / 'probed'}")
    until = CLOCK.monotonic() + 2.5
    while CLOCK.monotonic() < until:
        probed.poll(until - CLOCK.monotonic())
    assert probed.call("echo", ["alive"]) == ["alive"]
    probed.close()
    client.close()


def test_a_monitor_gives_all_there_is_and_then_every_change(client: Client, northbound: ovsdb_servers.Server) -> None:
    client.transact([_insert("first")])
    watcher = northbound.client()
    seen: list[tuple[str | None, str | None]] = []

    def sink(updates: Updates) -> None:
        for raw in updates["Logical_Switch"].values():
            change = msgspec.json.decode(raw)
            old, new = change.get("old"), change.get("new")
            seen.append((old and old.get("name"), new and new["name"]))

    watcher.monitor({"Logical_Switch": ["name", "external_ids"]}, sink)
    assert seen == [(None, "first")]
    ids = {"op": "update", "table": "Logical_Switch", "where": [], "row": {"external_ids": ["map", [["k", "v"]]]}}
    client.transact([ids])
    client.transact([{"op": "delete", "table": "Logical_Switch", "where": []}])
    deadline = CLOCK.monotonic() + ovsdb_servers.TIMEOUT_S
    while len(seen) < 3 and CLOCK.monotonic() < deadline:
        watcher.poll(0.1)
    # An update carries all monitored columns, also those that did not change; so does a deletion.
    assert seen == [(None, "first"), (None, "first"), ("first", None)]
    watcher.close()
