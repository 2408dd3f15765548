"""The taking over: everything is read and written in one transaction on either side, so that it happens or does not.

What Neutron keeps in tables of its own and we derive (free addresses, free segment ids, what quotas count) is derived
anew. Afterwards no ledger describes any Northbound database: the next controller that leads finds its rows by name,
compares all of them and writes what differs.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from wovenet import registry
from wovenet.reconcile import kinds, ledger
from wovenet.resources.default_security_group_rule.table import DEFAULT_RULES, RULES_KEPT
from wovenet.resources.ipam import claims
from wovenet.resources.rbac import entries
from wovenet.resources.rbac.table import RBAC_ENTRIES
from wovenet.resources.segment import pools
from wovenet.resources.segment.table import SEGMENT_POOLS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import blocks, space
from wovenet.resources.subnetpool.table import SUBNETPOOL_PREFIXES, SUBNETPOOLS
from wovenet.store.quota_usage import QUOTA_USAGE, QUOTAS
from wovenet.store.tx import Store, Tx
from wovenet.takeover.neutron import LEFT, TAKEN, Taken, named_tables
from wovenet.takeover.report import NAMED_MAX, Left, Report
from wovenet.takeover.source import Item, Source

if TYPE_CHECKING:
    from wovenet.settings import Settings

_UNNAMED: Final = "this release does not know the table"
_FIRST_ID: Final = ""
_PAGE: Final = 500
_ONE_EACH: Final = ("default_claim", "default_of")
"""Unique columns that Neutron has no constraint for: of several objects with the same, the first has it."""

Rows = dict[sa.Table, list[dict[str, Any]]]


class NotEmpty(Exception):  # noqa: N818
    """There is something in our database already; it is left as it is."""


def look(source: Source) -> Report:
    """What `take_over` would do. Writes nothing anywhere."""
    report = Report(source.revisions())
    seen: set[tuple[str, str, Any]] = set()
    for taken in TAKEN:
        for items in source.pages(taken.wanted):
            _rows(taken, items, report, seen)
    _leave(source, report)
    return report


def take_over(source: Source, store: Store, settings: "Settings") -> tuple[Report, int]:
    """Our database has what Neutron's has; and the ledger's epoch from which on it holds.

    Raises: NotEmpty; StoreBusy; what SQLAlchemy raises. Then nothing was written.
    """
    return store.write(lambda tx: _take_over(tx, source, settings), attempts=1)


def _take_over(tx: Tx, source: Source, settings: "Settings") -> tuple[Report, int]:
    _refuse_unless_empty(tx)
    report = Report(source.revisions())
    seen: set[tuple[str, str, Any]] = set()
    for taken in TAKEN:
        for items in source.pages(taken.wanted):
            for table, rows in _rows(taken, items, report, seen).items():
                tx.insert(table, rows)
    _leave(source, report)
    if "securitygroupdefaultrules" in source.tables:
        tx.insert(RULES_KEPT, [{"id": 1}])
    _free_addresses(tx)
    _free_prefixes(tx)
    tx.run(sa.delete(SEGMENT_POOLS))
    pools.refresh(tx, settings)
    _count(tx)
    epoch = ledger.take_over(tx).epoch
    ledger.reset(tx, "")
    kinds.mark_all(tx)
    return report, epoch


def _refuse_unless_empty(tx: Tx) -> None:
    tables = [resource.table for resource in registry.RESOURCES if resource.collection != "agents"]
    for table in dict.fromkeys([*tables, RBAC_ENTRIES, QUOTAS, DEFAULT_RULES]):
        if tx.row(sa.select(sa.literal(1)).select_from(table).limit(1)) is not None:
            raise NotEmpty(f"there are {table.name.replace('_', ' ')} already: take over into an empty database")


def _rows(taken: Taken, items: Iterable[Item], report: Report, seen: set[tuple[str, str, Any]]) -> Rows:
    """The rows of a page, by table, in an order in which nothing refers to what comes later."""
    found: Rows = {}
    for item in items:
        number = len(item[taken.counted]) if taken.counted else 1
        report.taken[taken.kind] = report.taken.get(taken.kind, 0) + number
        for table, row in taken.rows(item, report):
            for name in _ONE_EACH:
                if row.get(name) is None:
                    continue
                key = (table.name, name, row[name])
                if key in seen:
                    report.remark(taken.kind, item["id"], "it is a default, as another is already: it is none here")
                    row[name] = None
                seen.add(key)
            found.setdefault(table, []).append(row)
    return found


def _leave(source: Source, report: Report) -> None:
    """What stays behind is in the report."""
    for left in LEFT:
        count, ids = source.some(left.table, left.id, left.columns, left.where, limit=NAMED_MAX)
        if count:
            report.left.append(Left(left.kind, count, left.reason, tuple(ids)))
    for table in sorted(source.tables.keys() - named_tables()):
        if count := source.count(table):
            report.left.append(Left(f"rows of {table}", count, _UNNAMED))


def _free_addresses(tx: Tx) -> None:
    """Every subnet's pool has the addresses that no port has."""
    page = sa.select(*claims.COLUMNS).where(SUBNETS.c.id > sa.bindparam("last")).order_by(SUBNETS.c.id).limit(_PAGE)
    last = _FIRST_ID
    while rows := tx.rows(page, {"last": last}):
        for row in rows:
            claims.open_pool(tx, claims.subnet_of(row))
        last = rows[-1].id


def _free_prefixes(tx: Tx) -> None:
    """Every subnet pool has the prefixes that no subnet has."""
    prefixes = sa.select(SUBNETPOOL_PREFIXES.c.cidr).where(
        SUBNETPOOL_PREFIXES.c.subnetpool_id == sa.bindparam("of_pool")
    )
    for pool in tx.rows(sa.select(SUBNETPOOLS.c.id)):
        cidrs = [row.cidr for row in tx.rows(prefixes, {"of_pool": pool.id})]
        space.lock(tx, pool.id)
        space.open_up(tx, pool.id, blocks.collapsed(cidrs))


def _count(tx: Tx) -> None:
    """What each project uses is known to its quotas."""
    counted: Mapping[str, sa.Table] = {
        **{resource.quota: resource.table for resource in registry.RESOURCES if resource.quota},
        entries.QUOTA: RBAC_ENTRIES,
    }
    for quota, table in counted.items():
        owner = table.c.project_id
        used = (
            sa.select(owner, sa.literal(quota), sa.func.count()).where(owner.is_not(None), owner != "").group_by(owner)
        )
        tx.run(sa.delete(QUOTA_USAGE).where(QUOTA_USAGE.c.resource == quota))
        tx.run(QUOTA_USAGE.insert().from_select(["project_id", "resource", "used"], used))
