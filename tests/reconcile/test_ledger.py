"""The ledger on all three databases, and the whole loop on each of them."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests import ovsdb_servers
from tests.ovsdb_servers import CLOCK
from tests.reconcile.test_faults import CLOUD, LATER, check
from tests.reconcile.world import World
from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn.rows import Known, Link
from wovenet.reconcile import ledger
from wovenet.store.engine import make_engine
from wovenet.store.schema import METADATA
from wovenet.store.tx import MARKS, Store

PORT, GROUP = Unit("port", "p"), Unit("security_group", "g")
A, B, C = (RowUuid(f"{letter * 8}-0000-4000-8000-000000000000") for letter in "abc")
FIRST = Known({("Logical_Switch_Port", A): b"1" * 16}, frozenset({Link("Port_Group", B, "ports", A)}))
SECOND = Known(
    {("Logical_Switch_Port", A): b"2" * 16, ("DHCP_Options", C): b"3" * 16},
    frozenset({Link("Logical_Switch", C, "ports", A)}),
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    engine = make_engine(database_url)
    METADATA.create_all(engine)
    yield Store(engine, CLOCK)
    engine.dispose()


def test_what_is_stored_is_loaded(store: Store) -> None:
    group = Known({("Port_Group", B): b""})
    store.write(lambda tx: ledger.store(tx, {PORT: (Known(), FIRST), GROUP: (Known(), group)}))
    with store.read() as tx:
        assert ledger.load(tx, [PORT, Unit("port", "q")]) == {PORT: ledger.Entry(FIRST)}
        found = ledger.find(tx, [A, B, C])
        assert found == ledger.Found(frozenset({("Logical_Switch_Port", A), ("Port_Group", B)}), {})
        assert ledger.concerned(tx, [B]) == [PORT, GROUP]
        assert [*ledger.units(store.read, "port")] == [[PORT]]

    store.write(lambda tx: ledger.store(tx, {PORT: (FIRST, SECOND)}))
    with store.read() as tx:
        assert ledger.load(tx, [PORT]) == {PORT: ledger.Entry(SECOND)}

    store.write(lambda tx: ledger.store(tx, {PORT: (SECOND, Known())}))
    with store.read() as tx:
        assert ledger.load(tx, [PORT]) == {}


def test_adopted_rows_keep_their_uuid(store: Store) -> None:
    key = ("Logical_Switch_Port", A)
    store.write(lambda tx: ledger.adopt(tx, PORT, {key: C}))

    with store.read() as tx:
        assert ledger.load(tx, [PORT])[PORT] == ledger.Entry(Known({key: b""}), {A: C})
        assert ledger.find(tx, [A]).aliases == {A: C}
        assert ledger.remembered(tx, "Logical_Switch_Port", [A, C]) == {C}
    assert [*ledger.pages(store.read, "Logical_Switch_Port")] == [[C]]


def test_who_takes_over_shuts_out_who_led(store: Store) -> None:
    first = store.write(ledger.take_over)
    assert (first.stamp, first.is_clean) == ("", True)
    store.write(lambda tx: ledger.hold(tx, first.epoch))
    store.write(lambda tx: ledger.release(tx, first.epoch))
    assert store.write(ledger.take_over).is_clean

    for late in (ledger.hold, ledger.release):
        with pytest.raises(ledger.Superseded):
            store.write(lambda tx, late=late: late(tx, first.epoch))
    assert not store.write(ledger.take_over).is_clean


def test_suspects(store: Store) -> None:
    store.write(lambda tx: tx.mark(PORT))
    store.write(ledger.suspect_marked)
    store.write(lambda tx: ledger.suspect(tx, [PORT, GROUP]))

    with store.read() as tx:
        assert ledger.suspects(tx, [PORT, GROUP, Unit("port", "g")]) == {PORT, GROUP}
        assert len(tx.rows(sa.select(MARKS))) == 3

    store.write(lambda tx: ledger.trust(tx, [GROUP]))
    with store.read() as tx:
        assert ledger.suspects(tx, [PORT, GROUP]) == {PORT}


def test_a_reset_forgets_everything(store: Store) -> None:
    store.write(ledger.take_over)
    store.write(lambda tx: ledger.store(tx, {PORT: (Known(), FIRST)}))

    store.write(lambda tx: ledger.reset(tx, "stamp"))

    with store.read() as tx:
        head = ledger.head(tx)
        assert head is not None
        assert head.stamp == "stamp"
        assert ledger.load(tx, [PORT]) == {}


def test_the_loop_on_each_database(store: Store, server: ovsdb_servers.Server) -> None:
    world = World(store, server)
    world.lead()
    for state in (CLOUD, LATER, CLOUD):
        world.become(state)
        world.settle()
    world.server.empty()
    world.reconnect()
    world.settle()

    check(world, CLOUD)

    world.client.close()
