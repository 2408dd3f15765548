"""A statement that comes again gives what it gave the first time, on all three databases."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from tests.databases import counting
from tests.store.support import THINGS, thing
from wovenet.store.tx import Claimed, Store, Tx

TIMES = range(3)
"""The first time SQLAlchemy runs a statement; afterwards it may be known."""
NAMED = (
    sa.select(THINGS.c.id, (THINGS.c.revision_number > 0).label("is_old"), sa.null().label("none"))
    .where(THINGS.c.name.in_(sa.bindparam("names", expanding=True)), THINGS.c.project_id == "demo")
    .order_by(THINGS.c.id)
    .limit(sa.bindparam("count", type_=sa.Integer))
)
RENAME = THINGS.update().where(THINGS.c.id == sa.bindparam("thing_id")).values(name=sa.bindparam("new_name"))
DELETE = THINGS.delete().where(THINGS.c.name.in_(sa.bindparam("names", expanding=True)))


@pytest.fixture
def things(store: Store) -> Store:
    rows = [thing(number, name=f"n{number}", revision_number=number) for number in range(5)]
    store.write(lambda tx: tx.insert(THINGS, rows))
    return store


@pytest.mark.parametrize("names", [[], ["n0"], ["n0", "n1", "n2"], ["n4", "none"]])
def test_rows_are_the_same_however_often_they_are_read(things: Store, names: Sequence[str]) -> None:
    for _ in TIMES:
        with things.read() as tx:
            rows = tx.rows(NAMED, {"names": names, "count": 2})
            first = tx.row(NAMED, {"names": names, "count": 2})
            value = tx.value(NAMED, {"count": 2, "names": names})
        wanted = [number for number in range(5) if f"n{number}" in names][:2]
        assert [row.id for row in rows] == [thing(number)["id"] for number in wanted]
        # Truth values, not numbers; rows can be asked by name and by place.
        assert [row._mapping["is_old"] for row in rows] == [number > 0 for number in wanted]
        assert {type(row[1]) for row in rows} <= {bool}
        assert all(row.none is None for row in rows)
        assert (first, value) == ((rows[0], rows[0].id) if rows else (None, None))


def test_columns_may_share_a_name(things: Store) -> None:
    other = THINGS.alias()
    empty = sa.func.coalesce(THINGS.c.network_id, "")
    both = sa.select(THINGS.c.name, other.c.name, empty, empty, sa.true()).where(THINGS.c.id == other.c.id)
    both = both.order_by(THINGS.c.name).limit(1)
    for _ in TIMES:
        with things.read() as tx:
            assert tuple(tx.rows(both)[0]) == ("n0", "n0", "", "", True)


def test_writes_say_how_many_rows_they_met(things: Store) -> None:
    def write(tx: Tx) -> list[int]:
        ids = [thing(number)["id"] for number in range(5)]
        renames = [{"thing_id": thing_id, "new_name": f"new {thing_id}"} for thing_id in ids]
        return [
            tx.run(RENAME, {"thing_id": ids[0], "new_name": "one"}),
            tx.run(RENAME, {"thing_id": "none", "new_name": "nobody"}),
            tx.run(RENAME, renames),
            tx.run(DELETE, {"names": [row["new_name"] for row in renames[:2]]}),
            tx.run(DELETE, {"names": []}),
            tx.run(THINGS.delete().where(THINGS.c.id.in_(ids[2:]))),
            tx.run(THINGS.insert(), [thing(number, name=f"n{number}") for number in range(5)]),
        ]

    for _ in TIMES:
        assert things.write(write)[:6] == [1, 0, 5, 2, 0, 3]


def test_a_refused_row_is_refused_in_the_same_words_each_time(things: Store) -> None:
    for _ in TIMES:
        with pytest.raises(Claimed) as refused:
            things.write(lambda tx: tx.insert(THINGS, [thing(9, name="n1")]))
        assert refused.value.on(THINGS.c.name)


def test_what_is_wrong_with_a_statement_is_told_each_time(things: Store) -> None:
    missing = sa.select(sa.column("nothing")).select_from(sa.table("nowhere"))
    for _ in TIMES:
        with things.read() as tx, pytest.raises(sa.exc.DBAPIError):
            tx.rows(missing)
    for _ in TIMES:
        with things.read() as tx, pytest.raises(sa.exc.StatementError):
            tx.rows(NAMED, {"names": ["n1"]})


def test_who_listens_hears_of_every_statement(things: Store) -> None:
    for _ in TIMES:
        with things.read() as tx:
            tx.rows(NAMED, {"names": ["n1"], "count": 1})
    with counting(things.engine) as heard, things.read() as tx:
        tx.rows(NAMED, {"names": ["n1"], "count": 1})
    assert len(heard) == 1
