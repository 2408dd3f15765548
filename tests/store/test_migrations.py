"""An empty database and one that has lived through every step end with the same schema, on all three databases."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from tests.databases import counting
from tests.store.support import exit_code, forked
from wovenet.model.clock import SystemClock
from wovenet.store import migrations
from wovenet.store.engine import make_engine
from wovenet.store.migrations import generate, tables
from wovenet.store.tx import Store

LONGEST_NAME = 63
"""PostgreSQL's limit; MariaDB's is one more."""
NewDatabase = Callable[[], str]


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


class PowerCutError(Exception):
    """The end of a process in the middle of its work."""


def described(engine: sa.Engine) -> dict[str, Any]:
    """All that the database says about its tables, in an order of our own."""
    inspector = sa.inspect(engine)
    return {
        name: {
            # A step adds columns at the end, wherever the program names them.
            "columns": sorted(
                (column["name"], repr(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(name)
            ),
            "primary key": inspector.get_pk_constraint(name),
            "foreign keys": sorted(inspector.get_foreign_keys(name), key=repr),
            "unique": sorted(inspector.get_unique_constraints(name), key=repr),
            "indexes": sorted(inspector.get_indexes(name), key=repr),
            "options": inspector.get_table_options(name),
        }
        for name in inspector.get_table_names()
    }


def test_fresh_is_migrated(new_database: NewDatabase) -> None:
    found = []
    for step_by_step in (False, True):
        engine = make_engine(new_database())
        migrations.upgrade(engine, step_by_step=step_by_step)
        assert migrations.current(engine) == migrations.head()
        found.append(described(engine))
        engine.dispose()
    fresh, migrated = found
    assert fresh.keys() == migrated.keys(), "a table came or went: make migration m=…"
    for name, description in fresh.items():
        assert description == migrated[name], f"{name} has changed: make migration m=…"


def test_the_migrations_make_the_tables_of_the_program(engine: sa.Engine) -> None:
    migrations.upgrade(engine, step_by_step=True)
    with engine.connect() as connection:
        assert generate.differences(connection) == [], "make migration m=…"


def test_alembic_sees_one_line_of_steps(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(migrations.config(connection))
    assert scripts.get_heads() == [migrations.head()]
    steps = [step.revision for step in scripts.walk_revisions()]
    assert steps == [f"{number:04d}" for number in range(len(steps), 0, -1)]
    engine.dispose()


def test_an_upgraded_database_is_left_alone(engine: sa.Engine) -> None:
    assert migrations.current(engine) is None
    migrations.upgrade(engine)
    before = described(engine)
    migrations.upgrade(engine)
    assert migrations.current(engine) == migrations.head()
    assert described(engine) == before


def test_many_that_upgrade_at_once_make_one_schema(database_url: str, engine: sa.Engine) -> None:
    def child() -> None:
        own = make_engine(database_url)
        migrations.upgrade(own)
        assert migrations.current(own) == migrations.head()

    children = [forked(child) for _ in range(4)]
    assert [exit_code(pid) for pid in children] == [0] * 4
    assert set(tables.load().tables) < set(described(engine))


STEPS = {
    "0001_first": """
        op.create_table("parents", schema.uuid_pk())
        parent = sa.ForeignKey("parents.id", name="fk_children_parent_id", ondelete="CASCADE")
        op.create_table("children", schema.uuid_pk(), schema.uuid_col("parent_id", parent))
        for table in ("parents", "children"):
            op.execute(f"INSERT INTO {table} VALUES ({', '.join(['1'] if table == 'parents' else ['2', '1'])})")
    """,
    "0002_second": """
        with op.batch_alter_table("parents") as batch:
            batch.alter_column("id", existing_type=schema.fixed_type(36), type_=schema.fixed_type(36))
            batch.add_column(sa.Column("mtu", sa.Integer(), nullable=False, server_default="1500"))
            batch.create_check_constraint("ck_parents_mtu", "mtu > 0")
    """,
}


def test_a_step_keeps_the_rows_and_those_that_refer_to_them(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite changes a table by copying it and dropping the old one, which must not take the children along."""
    here = Path(migrations.__file__).parent
    shutil.copy(here / "env.py", tmp_path)
    (tmp_path / "versions").mkdir()
    monkeypatch.setattr(migrations, "_HERE", tmp_path)
    before = None
    for name, body in STEPS.items():
        number = name[:4]
        text = "import sqlalchemy as sa\nfrom alembic import op\nfrom wovenet.store import schema\n"
        text += f"revision = {number!r}\ndown_revision = {before!r}\n\n\n"
        text += f"def upgrade():\n{indent(dedent(body), '    ')}"
        (tmp_path / "versions" / f"{name}.py").write_text(text)
        migrations.upgrade(engine, step_by_step=True)
        assert migrations.current(engine) == number
        before = number
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.exec_driver_sql("SELECT mtu FROM parents")] == [(1500,)]
        assert [tuple(row) for row in connection.exec_driver_sql("SELECT id FROM children")] == [("2",)]


def test_a_database_of_another_program_is_refused_and_left_alone(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    before = described(engine)
    with pytest.raises(migrations.SchemaError, match="not ours"):
        migrations.upgrade(engine)
    assert described(engine) == before


def test_the_database_of_a_later_program_is_refused(engine: sa.Engine) -> None:
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.table(migrations.VERSION_TABLE, sa.column("version_num")).update(), {"version_num": "9999"}
        )
    with pytest.raises(migrations.SchemaError, match="9999"):
        migrations.upgrade(engine)


@pytest.mark.parametrize("at", [0, -1])
def test_an_interrupted_creation_is_completed(mariadb_url: str, at: int) -> None:
    """MariaDB commits each table by itself."""
    engine = make_engine(mariadb_url)
    victim = tables.load().sorted_tables[at]

    def interrupt(*_arguments: object, **_options: object) -> None:
        raise PowerCutError

    sa.event.listen(victim, "before_create", interrupt)
    try:
        with pytest.raises(PowerCutError):
            migrations.upgrade(engine)
    finally:
        sa.event.remove(victim, "before_create", interrupt)
    assert victim.name not in described(engine)
    assert migrations.current(engine) not in (None, migrations.head())
    migrations.upgrade(engine)
    assert migrations.current(engine) == migrations.head()
    assert set(tables.load().tables) < set(described(engine))
    engine.dispose()


def test_a_fresh_database_and_a_check_do_without_alembic(sqlite_url: str) -> None:
    """It costs 0.2 s and some megabytes."""
    program = (
        "import sys; from wovenet.store import engine, migrations; "
        f"own = engine.make_engine({sqlite_url!r}); migrations.upgrade(own); "
        "assert migrations.current(own) == migrations.head(); "
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_all_tables_work_with_a_store(engine: sa.Engine) -> None:
    migrations.upgrade(engine)
    store = Store(engine, SystemClock())
    with counting(engine) as statements, store.read() as tx:
        for table in tables.load().tables.values():
            assert tx.rows(sa.select(table).limit(1)) is not None
    assert len(statements) == len(tables.load().tables)


def test_names_fit_all_databases() -> None:
    names = [str(name) for table in tables.load().tables.values() for name in _names(table)]
    assert [name for name in names if len(name) > LONGEST_NAME] == []
    assert len(names) == len(set(names))


def _names(table: sa.Table) -> Iterator[Any]:
    yield table.name
    yield from (index.name for index in table.indexes)
    yield from (constraint.name for constraint in table.constraints if constraint.name is not None)


@pytest.mark.parametrize(
    ("url", "collation"), [("mysql://h/d", "COLLATE utf8mb4_nopad_bin"), ("postgresql://h/d", 'COLLATE "C"')]
)
def test_all_text_is_compared_by_code_point(url: str, collation: str) -> None:
    """A column of plain `sa.String` would follow the collation of the site."""
    dialect = make_engine(url).dialect
    for column in _columns():
        if isinstance(column.type, sa.String):
            made = str(sa.schema.CreateColumn(column).compile(dialect=dialect))
            assert collation in made, f"{column}: use the column kinds of store.schema"


def test_references_are_indexed() -> None:
    """Otherwise removing what is referred to reads the whole table."""
    for column in _columns():
        if column.foreign_keys:
            leading = [next(iter(index.columns)) for index in column.table.indexes]
            leading += [next(iter(constraint.columns)) for constraint in _keys(column.table)]
            assert any(column is first for first in leading), f"{column} needs an index"


def _columns() -> Iterator[sa.Column[Any]]:
    for table in tables.load().tables.values():
        yield from table.columns


def _keys(table: sa.Table) -> Iterator[sa.PrimaryKeyConstraint | sa.UniqueConstraint]:
    for constraint in table.constraints:
        if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint) and constraint.columns:
            yield constraint
