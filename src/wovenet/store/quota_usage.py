"""How much of each resource a project uses, counted in the transaction that makes or removes it, and its limits."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from wovenet.model.problems import OverQuota
from wovenet.store import schema
from wovenet.store.schema import METADATA
from wovenet.store.tx import ReadTx, Tx

LOG = logging.getLogger(__name__)

UNLIMITED: Final = -1

QUOTA_USAGE = sa.Table(
    "quota_usage",
    METADATA,
    schema.text_col("project_id"),
    schema.text_col("resource", 64),
    schema.bigint("used"),
    sa.PrimaryKeyConstraint("project_id", "resource"),
    sqlite_with_rowid=False,
)

QUOTAS = sa.Table(
    "quotas",
    METADATA,
    schema.text_col("project_id"),
    schema.text_col("resource", 64),
    schema.bigint("limit"),
    sa.PrimaryKeyConstraint("project_id", "resource"),
    sqlite_with_rowid=False,
)
"""The limits that differ from the configured ones. A limit of -1 is none."""

_U = QUOTA_USAGE.c
_THIS = (_U.project_id == sa.bindparam("of_project"), _U.resource == sa.bindparam("of_resource"))
_COUNT = sa.bindparam("count", type_=sa.BigInteger)
_OWN_LIMIT = (
    sa.select(QUOTAS.c.limit)
    .where(QUOTAS.c.project_id == sa.bindparam("of_project"), QUOTAS.c.resource == sa.bindparam("of_resource"))
    .scalar_subquery()
)
_CEILING = sa.func.coalesce(_OWN_LIMIT, sa.bindparam("default", type_=sa.BigInteger))
_ADD = QUOTA_USAGE.update().where(*_THIS).values(used=_U.used + _COUNT)
_CLAIM = _ADD.where(sa.or_(_CEILING < 0, _U.used + _COUNT <= _CEILING))
_RELEASE = QUOTA_USAGE.update().where(*_THIS, _U.used >= _COUNT).values(used=_U.used - _COUNT)
_SET = QUOTA_USAGE.update().where(*_THIS).values(used=_COUNT)
_USED = sa.select(_U.used).where(*_THIS)
_USED_BY_PROJECT = sa.select(_U.resource, _U.used).where(_U.project_id == sa.bindparam("of_project"))


def claim(tx: Tx, project_id: str, resource: str, count: int, *, default: int) -> None:
    """Counts `count` more, if that stays within the project's own limit, or within `default` if it has none.

    A limit of -1 is none. One statement, three on first use. The row of the counter stays locked until the transaction
    ends.

    Raises: OverQuota.
    """
    parameters = {"of_project": project_id, "of_resource": resource, "count": count, "default": default}
    if not _counted(tx, _CLAIM, parameters):
        raise OverQuota(overs=[resource])


def add(tx: Tx, project_id: str, resource: str, count: int) -> None:
    """Counts `count` more, whatever the limit: for what the service itself makes. Statements as for a claim."""
    _counted(tx, _ADD, {"of_project": project_id, "of_resource": resource, "count": count})


def _counted(tx: Tx, statement: sa.Update, parameters: Mapping[str, Any]) -> bool:
    """Whether the project's counter could be changed."""
    if parameters["count"] < 0:
        raise ValueError(f"cannot count {parameters['count']}")
    if tx.run(statement, parameters) == 1:
        return True
    # Either the counter is missing, or the limit would be passed: the second try, with a counter, tells.
    project_id, resource = parameters["of_project"], parameters["of_resource"]
    tx.run(_begin(tx.connection.dialect.name), {"project_id": project_id, "resource": resource, "used": 0})
    return tx.run(statement, parameters) == 1


def release(tx: Tx, project_id: str, resource: str, count: int) -> None:
    """Counts `count` less.

    Guarantees: never below zero. A counter that says less than what is released was wrong before; that is logged, and
    it becomes zero, so that a wrong counter keeps nobody from deleting.
    """
    if count < 0:
        raise ValueError(f"cannot release {count}")
    parameters: dict[str, Any] = {"of_project": project_id, "of_resource": resource, "count": count}
    if count and tx.run(_RELEASE, parameters) != 1:
        LOG.error("quota usage of %s is less than the %d that are released: set to 0", resource, count)
        tx.run(_SET, parameters | {"count": 0})


def used(read_tx: ReadTx, project_id: str, resource: str) -> int:
    """How much the project uses."""
    return int(read_tx.value(_USED, {"of_project": project_id, "of_resource": resource}) or 0)


def used_by(read_tx: ReadTx, project_id: str) -> dict[str, int]:
    """How much the project uses, by resource; a resource that it never used may be missing."""
    return {row.resource: row.used for row in read_tx.rows(_USED_BY_PROJECT, {"of_project": project_id})}


@cache
def _begin(dialect: str) -> sa.Insert:
    """Inserts a counter unless there is one, waiting for those who are about to."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # 3 MB and 30 ms, and only who uses it pays

        return postgresql.insert(QUOTA_USAGE).on_conflict_do_nothing()
    if dialect == "sqlite":
        return sqlite.insert(QUOTA_USAGE).on_conflict_do_nothing()
    # Not IGNORE: that would hide other errors, and its shared lock makes two first users deadlock.
    return mysql.insert(QUOTA_USAGE).on_duplicate_key_update(used=QUOTA_USAGE.c.used)
