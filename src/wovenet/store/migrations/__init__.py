"""The schema's history: brings a database to the schema of this program, in one direction.

An empty database gets all tables at once; one that has a schema is taken through the steps that it lacks. A test proves
that both ends are the same. Revisions are the numbers of the files in `versions`.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from wovenet.store import schema
from wovenet.store.engine import make_engine, writer_turns

VERSION_TABLE: Final = "wovenet_schema"
"""Not Alembic's default: a database of another program must not be taken for ours."""
_HERE: Final = Path(__file__).resolve().parent
_FILE: Final = re.compile(r"(\d{4})_\w+\.py")
_CREATING: Final = "creating"
"""What `current` says while the tables of an empty database are made: MariaDB commits each of them."""
_LOCK_NAME: Final = "wovenet_schema"
_LOCK_NUMBER: Final = 0x776F76656E6574
_LOCK_TIMEOUT_S: Final = 600
_MYSQL_TABLE_EXISTS: Final = 1050

_VERSION = sa.Table(
    VERSION_TABLE,
    sa.MetaData(),
    sa.Column("version_num", schema.text_type(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)


class SchemaError(Exception):
    """The database has a schema that this program cannot work on."""


def head() -> str:
    """The revision that this program wants."""
    return max(_revisions(), default="0000")


def current(engine: sa.Engine) -> str | None:
    """The revision that the database has; None if it has none."""
    with engine.connect() as connection:
        return _found(connection)


def upgrade(engine: sa.Engine, *, step_by_step: bool = False) -> None:
    """Brings the database to `head()`. Others that try it meanwhile wait, and then find nothing to do.

    Galera's nodes do not know each other's locks: upgrade through one of them before the others are started.

    `step_by_step` also takes an empty database through its whole history.

    Raises: SchemaError if the database belongs to another program, or to a later version of this one.
    Guarantees: on SQLite and PostgreSQL all or nothing. On MariaDB, which commits every change of a table by itself,
    an empty database that was interrupted is completed by the next call; an interrupted step has to be looked at.
    """
    # An engine of its own: no limit of time, and no session of the pool is changed.
    own = make_engine(engine.url.render_as_string(hide_password=False), pool_size=1, statement_timeout_s=0)
    try:
        with own.connect() as connection, writer_turns(own)(), _alone(connection):
            _upgrade(connection, step_by_step=step_by_step)
            connection.commit()
    except sa.exc.OperationalError as error:
        if error.orig is not None and error.orig.args[0] == _MYSQL_TABLE_EXISTS:
            raise SchemaError("the schema is being made through another node: try again when it is done") from error
        raise
    finally:
        own.dispose()


def _upgrade(connection: sa.Connection, *, step_by_step: bool) -> None:
    found = _found(connection)
    if found is None:
        _refuse_strangers(connection)
        _VERSION.create(connection)
    if found == _CREATING or (found is None and not step_by_step):
        _create(connection, resumed=found is not None)
    elif found != head():
        _step(connection, found)


def _revisions() -> list[str]:
    return [match.group(1) for path in (_HERE / "versions").iterdir() if (match := _FILE.fullmatch(path.name))]


def _found(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(sa.select(_VERSION.c.version_num)).scalar() or _CREATING


def _refuse_strangers(connection: sa.Connection) -> None:
    if names := sa.inspect(connection).get_table_names():
        raise SchemaError(
            f"the database is not ours: it has {len(names)} tables, {names[0]!r} for one, but no revision"
        )


def _create(connection: sa.Connection, *, resumed: bool) -> None:
    """Makes all tables at once."""
    from wovenet.store.migrations import tables  # imports everything that defines one: only an empty database needs it

    tables.load().create_all(connection, checkfirst=resumed)
    connection.execute(_VERSION.insert(), {"version_num": head()})


def _step(connection: sa.Connection, found: str | None) -> None:
    """Runs the steps after `found`."""
    if found is not None and found not in _revisions():
        raise SchemaError(f"the database is at revision {found}, this program knows up to {head()}")
    from alembic import command  # 0.2 s, for those who migrate

    command.upgrade(config(connection), "head")
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise SchemaError(
                f"{len(broken)} rows refer to missing ones after the migration, in {broken[0][0]!r} for one"
            )


def config(connection: sa.Connection) -> Any:
    """Alembic's settings, to work on `connection`."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(_HERE))
    settings.set_main_option("path_separator", "os")
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    settings.attributes["connection"] = connection
    return settings


@contextlib.contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Only one connection at a time is inside, of all that bring this database up."""
    if connection.dialect.name == "sqlite":
        # Tables are changed by copying them, which must not count as deleting what others refer to. This cannot be
        # switched inside a transaction.
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        yield
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        yield
    else:
        name = f"{_LOCK_NAME}:{connection.engine.url.database}"
        got = connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (name, _LOCK_TIMEOUT_S)).scalar()
        if got != 1:
            raise SchemaError("another process has been changing the schema for too long")
        # It ends with the session, which ends with the engine.
        yield
