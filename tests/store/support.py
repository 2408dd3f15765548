"""What the store's tests share: a table that stands for a resource, and ways to do many things at once."""

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from wovenet.store import outbox, quota_usage, ranges, schema

T = TypeVar("T")
TIMEOUT_S = 50
TOPICS = (outbox.OVN, "placement", "notify")
"""What somebody serves in these tests."""

THINGS = sa.Table(
    "things",
    sa.MetaData(naming_convention=schema.METADATA.naming_convention),
    *schema.standard_columns(),
    schema.text_col("network_id", nullable=True),
    schema.text_col("mac_address", nullable=True),
    schema.uuid_col("parent_id", sa.ForeignKey("things.id"), nullable=True),
    sa.UniqueConstraint("network_id", "mac_address"),
    sa.Index("ix_things_one_name", "name", unique=True),
)
"""A resource, as the resource folders define theirs."""

CLAIMS = sa.Table("claims", sa.MetaData(), sa.Column("value", sa.Integer, primary_key=True, autoincrement=False))
"""Who has which number of a pool, under a unique constraint."""

OWN_TABLES = [outbox.MARKS, outbox.UNITS, ranges.FREE_RANGES, quota_usage.QUOTA_USAGE, quota_usage.QUOTAS]
TABLES = [*OWN_TABLES, THINGS, CLAIMS]


def make_tables(engine: sa.Engine) -> None:
    """Creates the store's own tables, and those that stand for resources."""
    with engine.begin() as connection:
        for table in TABLES:
            table.create(connection, checkfirst=False)


def empty_tables(engine: sa.Engine) -> None:
    """Deletes all rows, and closes the connections with whatever a test did to their sessions."""
    engine.dispose()
    with engine.begin() as connection:
        connection.execute(THINGS.update(), {"parent_id": None})
        for table in TABLES:
            connection.execute(table.delete())
    engine.dispose()


def thing(number: int, **changes: Any) -> dict[str, Any]:
    """A row of THINGS."""
    return {
        "id": f"{number:08d}-0000-4000-8000-000000000000",
        "project_id": "demo",
        "name": None,
        "description": "",
        "revision_number": 0,
        "created_at": "2026-11-21T07:31:00Z",
        "updated_at": "2026-11-21T07:31:00Z",
        "network_id": None,
        "mac_address": None,
        "parent_id": None,
    } | changes


def in_threads(functions: Sequence[Callable[[], T]]) -> list[T]:
    """Runs all at once. Out: what they return, in order.

    Raises: the first of their errors; TimeoutError if one does not end.
    """
    results: dict[int, T] = {}
    errors: list[BaseException] = []
    together = threading.Barrier(len(functions))

    def work(number: int, function: Callable[[], T]) -> None:
        try:
            together.wait(TIMEOUT_S)
            results[number] = function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=item, daemon=True) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    if errors:
        raise errors[0]
    if len(results) != len(functions):
        raise TimeoutError(f"{len(functions) - len(results)} threads did not end")
    return [results[number] for number in range(len(functions))]


def forked(function: Callable[[], None]) -> int:
    """The pid of a child that runs `function`, and then ends at once: 0 if it returned, 1 if it raised."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        function()
        status = 0
    finally:
        os._exit(status)


def exit_code(pid: int) -> int:
    """The exit status of a child, once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
