"""Statements that are kept, compiled once for SQLite and handed to its driver as text and values.

SQLite answers most statements in a microsecond or two, and to ask by way of SQLAlchemy takes ten more: a quarter of
what it took to show a port. A server takes far longer to answer, so there SQLAlchemy does it all.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import itemgetter
from re import compile as pattern
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Parameters: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_FORMS_MAX: Final = 64
"""Sets of parameters for which one statement is kept, and numbers of values in its lists: clients choose some."""
_KINDS: Final = (sa.Select, sa.CompoundSelect, sa.Insert, sa.Update, sa.Delete)
_PLAIN: Final = (sa.String, sa.Integer, sa.Boolean, sa.Float, sa.types.NullType)
"""Types whose values the driver takes as they are."""
_LIST: Final = pattern(r"__\[POSTCOMPILE_(\w+)\]")


class Statements:
    """The statements that one engine was given twice: whoever keeps a statement gives it again.

    Safe to share between threads: what two of them make at once is equal.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._known: WeakKeyDictionary[Executable, dict[tuple[str, ...], Prepared | None]] = WeakKeyDictionary()

    def find(self, stmt: Executable, params: Parameters) -> "Prepared | None":
        """The statement as it is kept, or None if SQLAlchemy has to run it: always, if somebody listens to it."""
        forms = self._known.get(stmt)
        if forms is None:
            self._known[stmt] = {}
            return None
        names = tuple(params if isinstance(params, Mapping) else params[0])
        try:
            found = forms[names]
        except KeyError:
            if len(forms) >= _FORMS_MAX:
                return None
            found = forms[names] = _prepare(stmt, names, self._engine.dialect)
        return None if self._engine._has_events else found


class Prepared:
    """One statement with one set of parameters: its text, the places of its values, and what its rows are."""

    __slots__ = ("_constants", "_has_lists", "_is_list", "_pieces", "_places", "_row", "_texts")

    def __init__(self, compiled: SQLCompiler, row: Callable[[Any], "sa.Row[Any]"]) -> None:
        names = compiled.positiontup or []
        self._constants = {name: bind.value for name in names if not (bind := compiled.binds[name]).required}
        self._places = _tuple_of(names)
        self._pieces: list[str] = _LIST.split(compiled.string)[::2]
        lists = set(_LIST.findall(compiled.string))
        self._has_lists = bool(lists)
        self._is_list = [name in lists for name in names]
        self._texts: dict[tuple[int, ...], str] = {}
        self._row = row

    def rows(self, driver: sqlite3.Connection, params: Mapping[str, Any]) -> list["sa.Row[Any]"]:
        """All rows. Raises: as SQLAlchemy."""
        return list(map(self._row, self._execute(driver, params).fetchall()))

    def first(self, driver: sqlite3.Connection, params: Mapping[str, Any]) -> "sa.Row[Any] | None":
        """The first row, or None. Raises: as SQLAlchemy."""
        cursor = self._execute(driver, params)
        found = cursor.fetchone()
        cursor.close()
        return None if found is None else self._row(found)

    def count(self, driver: sqlite3.Connection, params: Parameters) -> int:
        """How many rows it met. Raises: as SQLAlchemy."""
        if isinstance(params, Mapping):
            return self._execute(driver, params).rowcount
        if self._has_lists:
            return sum(self._execute(driver, each).rowcount for each in params)
        text = self._pieces[0]
        try:
            return driver.executemany(text, [self._places({**self._constants, **each}) for each in params]).rowcount
        except sqlite3.Error as error:
            raise _told(error, text) from error

    def _execute(self, driver: sqlite3.Connection, params: Mapping[str, Any]) -> sqlite3.Cursor:
        values = self._places({**self._constants, **params} if self._constants else params)
        text = self._pieces[0]
        if self._has_lists:
            text, values = self._spread(values)
        try:
            return driver.execute(text, values)
        except sqlite3.Error as error:
            raise _told(error, text) from error

    def _spread(self, values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        """The text with a place for each value of each list, and all values one after the other."""
        pairs = list(zip(values, self._is_list, strict=True))
        lengths = tuple([len(value) for value, is_list in pairs if is_list])
        text = self._texts.get(lengths)
        if text is None:
            places = [",".join("?" * length) for length in lengths]
            text = "".join(chain.from_iterable(zip(self._pieces, [*places, ""], strict=True)))
            if len(self._texts) < _FORMS_MAX:
                self._texts[lengths] = text
        return text, tuple(chain.from_iterable(value if is_list else (value,) for value, is_list in pairs))


def _prepare(stmt: Executable, names: tuple[str, ...], dialect: sa.Dialect) -> Prepared | None:
    """The statement with parameters of these names; None for what is not as simple as that."""
    if not isinstance(stmt, _KINDS):
        return None
    compiled = stmt.compile(dialect=dialect, column_keys=list(names))
    binds = compiled.binds
    is_simple = (
        not (compiled.insert_prefetch or compiled.update_prefetch or compiled.effective_returning)
        and not compiled.literal_execute_params
        and all(isinstance(bind.type, _PLAIN) and bind.callable is None for bind in binds.values())
        and all(name in names for name in compiled.positiontup or () if binds[name].required)
    )
    return Prepared(compiled, _row_of(stmt, dialect)) if is_simple else None


def _row_of(stmt: Executable, dialect: sa.Dialect) -> Callable[[Any], "sa.Row[Any]"]:
    """Makes a row of the statement from the driver's tuple: numbers that are truth values become such."""
    columns = list(stmt.selected_columns.items()) if isinstance(stmt, sa.Select | sa.CompoundSelect) else []
    make: Any = result_tuple([name for name, _ in columns])
    parent, _, places = make.args
    of_driver = tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for _, column in columns)
    return partial(sa.Row, parent, of_driver if any(of_driver) else None, places)


def _tuple_of(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda params: tuple([params[name] for name in names])


def _told(error: sqlite3.Error, text: str) -> BaseException:
    """The driver's error as SQLAlchemy tells it."""
    return sa.exc.DBAPIError.instance(text, None, error, sqlite3.Error, hide_parameters=True)
