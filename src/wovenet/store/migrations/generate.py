"""Writes migrations: what separates the tables of the program from those that the existing migrations make."""

import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from wovenet.store import migrations
from wovenet.store.engine import make_engine
from wovenet.store.migrations import tables


def options(dialect: str) -> dict[str, Any]:
    """How Alembic is to look at, and write about, a database of this kind."""
    return {
        "version_table": migrations.VERSION_TABLE,
        "compare_type": _is_other_type,
        "compare_server_default": True,
        # What SQLite can only do by copying a table, the others do in place.
        "render_as_batch": dialect == "sqlite",
        "render_item": _render_item,
    }


def new(message: str) -> Path | None:
    """Writes the next migration. Out: its file; None if the migrations already make all tables as they are."""
    with _migrated() as connection:
        if not differences(connection):
            return None
        settings = migrations.config(connection)
        number = f"{int(ScriptDirectory.from_config(settings).get_current_head() or '0') + 1:04d}"
        command.revision(settings, message=message, rev_id=number, autogenerate=True)
        written = Path(ScriptDirectory.from_config(settings).get_revision(number).path)
    _tidy(written)
    return written


def unfilled(path: Path) -> list[str]:
    """The columns that a migration adds without a value for the rows that exist, which must have one."""
    added = re.findall(r"add_column\(\s*sa\.Column\(\"(\w+)\",(.*)", path.read_text(encoding="utf-8"))
    return [name for name, rest in added if "nullable=False" in rest and "server_default" not in rest]


def differences(connection: sa.Connection) -> list[Any]:
    """What separates the tables of a database from those of the program, as Alembic puts it."""
    context = MigrationContext.configure(connection, opts=options(connection.dialect.name))
    return list(compare_metadata(context, tables.load()))


def _tidy(path: Path) -> None:
    """Makes what Alembic wrote look like the rest of the program."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.strip().startswith("# ### ")]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    for task in (["check", "--fix-only", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *task, str(path)], check=True)


@contextlib.contextmanager
def _migrated() -> Iterator[sa.Connection]:
    """A scratch database that all existing migrations made."""
    with tempfile.TemporaryDirectory() as directory:
        engine = make_engine(f"sqlite:///{directory}/scratch.db")
        migrations.upgrade(engine, step_by_step=True)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def _is_other_type(*arguments: Any) -> bool | None:
    """Whether a column has another type than it should; None: as Alembic thinks. In: as Alembic's `compare_type`."""
    found, wanted = arguments[-2:]
    # MariaDB chooses among its binary types by length.
    return False if isinstance(wanted, sa.LargeBinary) and found.python_type is bytes else None


def _render_item(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Our own kinds of columns by their names."""
    variants = getattr(item, "_variant_mapping", {})
    if kind != "type" or not variants:
        return False
    match item:
        case sa.CHAR():
            return f"schema.fixed_type({item.length})"
        case sa.Text():
            return "schema.long_text_type()"
        case sa.String():
            return f"schema.text_type({item.length})"
        case sa.BigInteger():
            return "schema.bigint_type()"
    return False
