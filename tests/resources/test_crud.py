"""The generic verbs on a resource that is nobody's."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.clock import SystemClock
from wovenet.resources import crud
from wovenet.resources.base import Resource, wire
from wovenet.store import schema
from wovenet.store.engine import make_engine
from wovenet.store.faults import StoreBusy
from wovenet.store.tx import Store

THINGS = sa.Table(
    "new_things",
    sa.MetaData(),
    *schema.standard_columns(),
    schema.bool_col("propagates", default=True),
    schema.int_col("weight", default=7),
    wire("own:profile", schema.text_type(64), nullable=True),
    schema.bool_col("stands", default=True),
)
RESOURCE = Resource(
    collection="things",
    member="thing",
    table=THINGS,
    not_found=lambda _: problems.HTTPNotFound(),
    defaults={"stands": False, "name": "", "description": ""},
)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    engine = make_engine(sqlite_url)
    THINGS.create(engine)
    yield Store(engine, SystemClock())
    engine.dispose()


def test_columns_say_what_nobody_says(store: Store) -> None:
    given = {"project_id": "p", "weight": 8}
    [made] = store.write(lambda tx: [crud.new_object(tx, RESOURCE, given)])
    shown = {name: made[name] for name in ("propagates", "weight", "own:profile", "stands")}
    assert shown == {"propagates": True, "weight": 8, "own:profile": None, "stands": False}
    store.write(lambda tx: crud.insert(tx, RESOURCE, [made]))
    with store.read() as tx:
        row = tx.row(sa.select(THINGS))
    assert row is not None
    assert (row.propagates, row.weight, row.own_profile, row.stands) == (True, 8, None, False)


def test_what_another_request_has_removed_is_not_removed_again(store: Store) -> None:
    first, second = store.write(
        lambda tx: [crud.new_object(tx, RESOURCE, {"project_id": "p", "name": name}) for name in ("first", "second")]
    )
    store.write(lambda tx: crud.insert(tx, RESOURCE, [first, second]))
    store.write(lambda tx: crud.remove(tx, RESOURCE, [first]))
    with pytest.raises(StoreBusy) as failure:
        store.write(lambda tx: crud.remove(tx, RESOURCE, [first, second]), attempts=1)
    assert isinstance(failure.value.__cause__, problems.LostRace)
    with store.read() as tx:
        assert [row.id for row in tx.rows(sa.select(THINGS.c.id))] == [second["id"]]


def test_what_another_request_has_changed_is_not_removed_as_it_was(store: Store) -> None:
    """What it holds is given back with it: so it has to be known what that is."""
    [seen] = store.write(lambda tx: [crud.new_object(tx, RESOURCE, {"project_id": "p", "name": "seen"})])
    store.write(lambda tx: crud.insert(tx, RESOURCE, [seen]))
    changed = store.write(lambda tx: crud.save(tx, RESOURCE, seen, {"name": "changed"}))
    with pytest.raises(StoreBusy) as failure:
        store.write(lambda tx: crud.remove(tx, RESOURCE, [seen]), attempts=1)
    assert isinstance(failure.value.__cause__, problems.LostRace)
    store.write(lambda tx: crud.remove(tx, RESOURCE, [changed]))
