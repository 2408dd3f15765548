"""Reads another program's database: one transaction that cannot write, one state, a page in memory at a time.

Pages are cut by key, so nothing depends on cursors of the server, which differ, and of which MariaDB has one at a time.
A table or column that an earlier release does not have yet reads as empty.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from wovenet.store import engine as engines
from wovenet.store.engine import make_engine

PAGE: Final = 500
"""Objects in memory at once, with all that belongs to them."""
_BEGIN: Final = {
    "mysql": "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    # PostgreSQL's is READ ONLY and REPEATABLE READ already: the engine begins every transaction to read so.
}

Item = dict[str, Any]
"""One object: its columns, those of its companions, and lists of what it has several of."""


@dataclass(frozen=True, slots=True)
class One:
    """A table with at most one row for each object; its columns are joined to the object's."""

    table: str
    on: str
    """Its column that names the object."""
    columns: Mapping[str, str]
    """Its column → what the item calls it. None if there is no row."""
    by: str = "id"
    """The object's column that is named."""


@dataclass(frozen=True, slots=True)
class Many:
    """A table with any number of rows for each object."""

    name: str
    """What the item calls the list."""
    table: str
    on: str
    columns: Sequence[str]
    by: str = "id"
    ones: Sequence[One] = ()
    """Companions of the rows."""


STANDARD: Final = One(
    "standardattributes",
    "id",
    {name: name for name in ("created_at", "updated_at", "description", "revision_number")},
    by="standard_attr_id",
)
TAGS: Final = Many("tags", "tags", "standard_attr_id", ("tag",), by="standard_attr_id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects to read, and what of them."""

    table: str
    columns: Sequence[str]
    ones: Sequence[One] = ()
    manys: Sequence[Many] = ()
    key: str = "id"


class NotNeutron(Exception):  # noqa: N818
    """The database is not one that a Neutron has made."""


class Source:
    """The database, in one state."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        if not {"networks", "ports", "standardattributes"} <= self.tables.keys():
            raise NotNeutron("the database to read from has no tables of Neutron")

    @cached_property
    def tables(self) -> dict[str, frozenset[str]]:
        """The columns of every table."""
        found = sa.inspect(self._connection).get_multi_columns()
        return {name: frozenset(str(column["name"]) for column in columns) for (_, name), columns in found.items()}

    def revisions(self) -> list[str]:
        """The revisions of the schema, as Neutron names them."""
        if "alembic_version" not in self.tables:
            return []
        table = self._table("alembic_version", ("version_num",))
        return sorted(self._connection.execute(sa.select(table.c.version_num)).scalars())

    def pages(self, wanted: Wanted, size: int = PAGE) -> Iterator[list[Item]]:
        """All objects, by their keys, with companions and lists; none if there is no such table."""
        if wanted.table not in self.tables:
            return
        main = self._table(wanted.table, wanted.columns)
        columns, origin = self._joined(main, wanted.ones)
        key = main.c[wanted.key]
        # Keys first: ordered and cut together with companions, all of the table would be sorted for each page.
        keys = sa.select(key).order_by(key).limit(size)
        last: Any = None
        while found := list(self._connection.execute(keys if last is None else keys.where(key > last)).scalars()):
            first, last = found[0], found[-1]
            page = sa.select(*columns).select_from(origin).where(key.between(first, last))
            by_key = {row._mapping[key]: dict(row._mapping) for row in self._connection.execute(page)}
            items = [by_key[one] for one in found]
            for many in wanted.manys:
                self._add(items, wanted, many, bounds=(first, last))
            yield items

    def count(self, table: str) -> int:
        """How many rows `table` has."""
        found = sa.select(sa.func.count()).select_from(sa.table(table))
        return int(self._connection.execute(found).scalar_one())

    def some(
        self,
        table: str,
        column: str,
        columns: Sequence[str] = (),
        where: "Callable[..., sa.ColumnElement[Any]] | None" = None,
        *,
        limit: int,
    ) -> tuple[int, list[str]]:
        """How many rows of `table` fulfil `where`, and the lowest values of `column` in them.

        None if there is no such table, or not with these columns.
        """
        if not self.tables.get(table, frozenset()).issuperset((column, *columns)):
            return 0, []
        found = self._table(table, dict.fromkeys((column, *columns)))
        condition = sa.true() if where is None else where(*(found.c[name] for name in columns))
        count = sa.select(sa.func.count()).select_from(found).where(condition)
        named = sa.select(found.c[column]).where(condition).order_by(found.c[column]).limit(limit)
        number = int(self._connection.execute(count).scalar_one())
        return number, [str(one) for one in self._connection.execute(named).scalars()] if number else []

    def _table(self, name: str, columns: Collection[str]) -> "sa.TableClause":
        there = self.tables[name]
        return sa.table(name, *(sa.column(column) for column in columns if column in there))

    def _joined(
        self, main: "sa.TableClause", ones: Sequence[One]
    ) -> tuple[list["sa.ColumnElement[Any]"], "sa.FromClause"]:
        """`main` with its companions: all columns, and where they are from."""
        columns: list[sa.ColumnElement[Any]] = [*main.c]
        origin: sa.FromClause = main
        for one in ones:
            if one.table in self.tables:
                table = self._table(one.table, {one.on, *one.columns}).alias(f"{one.table}_{one.by}")
                origin = origin.outerjoin(table, table.c[one.on] == main.c[one.by])
                columns += [table.c[name].label(label) for name, label in one.columns.items() if name in table.c]
        return columns, origin

    def _add(self, items: Sequence[Item], wanted: Wanted, many: Many, *, bounds: tuple[Any, Any]) -> None:
        """Each item has the list `many`, in the order of all its columns."""
        for item in items:
            item[many.name] = []
        if many.table not in self.tables:
            return
        by_key = {item[wanted.key]: item for item in items}
        owner = self._table(wanted.table, {wanted.key, many.by}).alias("owner")
        child = self._table(many.table, dict.fromkeys((many.on, *many.columns, *(one.by for one in many.ones))))
        columns, origin = self._joined(child, many.ones)
        key = owner.c[wanted.key]
        select = (
            sa.select(key.label("of_key"), *columns)
            .select_from(origin.join(owner, owner.c[many.by] == child.c[many.on]))
            .where(key.between(*bounds))
        )
        for row in self._connection.execute(select):
            found = dict(row._mapping)
            by_key[found.pop("of_key")][many.name].append(found)
        # Not by the server, which would put all rows into a table of their own to do so.
        for item in items:
            item[many.name].sort(key=lambda one: [(one.get(name) is not None, one.get(name)) for name in many.columns])


@contextmanager
def opened(url: str) -> Iterator[Source]:
    """The database at `url` in the state of this moment, which nothing can be written to.

    Raises: NotNeutron; ValueError for an unknown kind of database; what SQLAlchemy raises.
    """
    engine = make_engine(url, pool_size=1, statement_timeout_s=0)
    try:
        with engines.connect(engine, engines.READ) as connection:
            if engine.dialect.name in _BEGIN:
                connection.exec_driver_sql(_BEGIN[engine.dialect.name])
            yield Source(connection)
    finally:
        engine.dispose()
