"""What always holds of the store, whoever did what, in whatever order, and whatever broke."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from tests.deployment import REGISTRY
from wovenet.model.ids import is_uuid
from wovenet.resources.agent.table import AGENTS
from wovenet.resources.deployment.table import CONTROLLERS, HEAD, LINKS, ROWS, SUSPECTS
from wovenet.resources.host.table import HOSTS
from wovenet.resources.ipam import claims
from wovenet.resources.port.table import PORT_FIXED_IPS
from wovenet.resources.rbac.table import RBAC_ENTRIES
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet.actions import QUIET
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool.table import SUBNETPOOL_PREFIXES, SUBNETPOOL_SPACE, SUBNETPOOLS
from wovenet.resources.tagging import TAGS
from wovenet.store.outbox import UNITS
from wovenet.store.quota_usage import QUOTA_USAGE
from wovenet.store.ranges import FREE_RANGES
from wovenet.store.schema import METADATA, number_of
from wovenet.store.tx import MARKS, ReadTx, Store

OPERATIONAL: Final = frozenset({MARKS, UNITS, CONTROLLERS, HEAD, LINKS, ROWS, SUSPECTS, AGENTS, HOSTS})
"""Tables that say nothing of what clients have made."""
_TIMES: Final = frozenset({"created_at", "updated_at"})
_SILENT: Final[Mapping[str, frozenset[str]]] = {
    "subnets": QUIET,
    "subnetpools": frozenset({"turn"}),
    "ports": frozenset({"is_up"}),
}
"""Columns whose change moves no revision."""

Rows = dict[str, dict[str, tuple[int, dict[str, Any]]]]
"""Table → id → revision and contents."""
Contents = dict[str, list[Any]]
"""Table → rows, sorted."""


def revisions(store: Store) -> Rows:
    """Every row that has a revision."""
    found: Rows = {}
    with store.read() as tx:
        for table in METADATA.sorted_tables:
            if "revision_number" in table.c:
                silent = {"revision_number", *_TIMES, *_SILENT.get(table.name, ())}
                found[table.name] = {
                    row.id: (
                        row.revision_number,
                        {name: value for name, value in row._mapping.items() if name not in silent},
                    )
                    for row in tx.rows(sa.select(table))
                }
    return found


def wrong_revisions(before: Rows, after: Rows) -> Iterator[str]:
    """Rows whose revision went back, or did not move when they changed."""
    for table, rows in after.items():
        for id_, (revision, contents) in rows.items():
            known = before[table].get(id_)
            if known is not None and (revision < known[0] or (revision == known[0] and contents != known[1])):
                yield f"{table} {id_}: revision {known[0]} → {revision}, {known[1]} → {contents}"


def contents(store: Store) -> Contents:
    """All that clients have made, and what there is left for them: comparable."""
    found: Contents = {}
    with store.read() as tx:
        for table in METADATA.sorted_tables:
            if table in OPERATIONAL:
                continue
            columns = [column for column in table.c if column.name not in _TIMES]
            found[table.name] = sorted((tuple(row) for row in tx.rows(sa.select(*columns))), key=repr)
        found[FREE_RANGES.name] = sorted((pool, free) for pool, free in _free(tx).items() if free)
        found[QUOTA_USAGE.name] = [row for row in found[QUOTA_USAGE.name] if row[2]]
    return found


def broken(store: Store) -> list[str]:
    """What does not hold."""
    with store.read() as tx:
        return [
            *_addresses(tx),
            *_segments(tx),
            *_pools_of_subnets(tx),
            *_quotas(tx),
            *_orphans(tx),
            *_outbox(tx),
        ]


def _free(tx: ReadTx) -> dict[str, list[tuple[int, int]]]:
    """The free ranges of each pool, joined where they touch."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in tx.rows(sa.select(FREE_RANGES).order_by(FREE_RANGES.c.pool, FREE_RANGES.c.first)):
        ranges = found.setdefault(row.pool, [])
        first, last = number_of(row.first), number_of(row.last)
        if ranges and first == ranges[-1][1] + 1:
            first = ranges.pop()[0]
        ranges.append((first, last))
    return found


def _partition(
    name: str, *, free: Sequence[tuple[int, int]], used: Sequence[int], whole: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """Complaints unless what is free and what is used make up the whole, each number once."""
    parts = sorted([*free, *((number, number) for number in used)])
    for one, other in itertools.pairwise(parts):
        if other[0] <= one[1]:
            yield f"{name}: {other} is had twice: {one}"
    if sum(last - first + 1 for first, last in parts) != sum(last - first + 1 for first, last in whole):
        yield f"{name}: {parts} do not make up {whole}"


def _addresses(tx: ReadTx) -> Iterator[str]:
    free = _free(tx)
    for row in tx.rows(sa.select(*claims.COLUMNS)):
        subnet = claims.subnet_of(row)
        taken = tx.rows(sa.select(PORT_FIXED_IPS.c.ip_key).where(PORT_FIXED_IPS.c.subnet_id == subnet.id))
        used = [number for number in (number_of(one.ip_key) for one in taken) if subnet.is_pooled(number)]
        yield from _partition(
            f"subnet {subnet.id}", free=free.pop(subnet.id, ()), used=used, whole=subnet.allocation_pools
        )
    yield from (f"free range of a subnet that is gone: {pool}" for pool in free if is_uuid(pool))


def _segments(tx: ReadTx) -> Iterator[str]:
    """No id is free and used. (That none is neither, the comparison with a serial run shows.)"""
    segments = tx.rows(sa.select(NETWORK_SEGMENTS).where(NETWORK_SEGMENTS.c.segmentation_id.is_not(None)))
    for pool, ranges in _free(tx).items():
        kind, physical = [*pool.split("/"), ""][:2]
        for row in segments:
            is_of_pool = row.network_type == kind and (kind != "vlan" or row.physical_network == physical)
            if is_of_pool and any(first <= row.segmentation_id <= last for first, last in ranges):
                yield f"pool {pool}: {row.segmentation_id} is free, and network {row.network_id} has it"


def _pools_of_subnets(tx: ReadTx) -> Iterator[str]:
    for pool in tx.rows(sa.select(SUBNETPOOLS)):
        bits = 32 if pool.ip_version == 4 else 128
        free = [
            (number_of(row.first_key), number_of(row.first_key) + (1 << (bits - row.prefixlen)) - 1)
            for row in tx.rows(sa.select(SUBNETPOOL_SPACE).where(SUBNETPOOL_SPACE.c.subnetpool_id == pool.id))
        ]
        used = [
            (number_of(row.first_key), number_of(row.last_key))
            for row in tx.rows(sa.select(SUBNETS).where(SUBNETS.c.subnetpool_id == pool.id))
        ]
        prefixes = tx.rows(sa.select(SUBNETPOOL_PREFIXES).where(SUBNETPOOL_PREFIXES.c.subnetpool_id == pool.id))
        whole = [(number_of(row.first_key), number_of(row.last_key)) for row in prefixes]
        yield from _partition(f"subnet pool {pool.id}", free=[*free, *used], used=(), whole=whole)


def _quotas(tx: ReadTx) -> Iterator[str]:
    counted: Counter[tuple[str, str]] = Counter()
    for resource in REGISTRY.resources.values():
        if resource.quota is not None:
            for row in tx.rows(sa.select(resource.table.c.project_id)):
                counted[row.project_id, resource.quota] += 1
    used = {(row.project_id, row.resource): row.used for row in tx.rows(sa.select(QUOTA_USAGE)) if row.used}
    for key in sorted(counted.keys() | used.keys()):
        if counted[key] != used.get(key, 0):
            yield f"quota usage of {key}: {used.get(key, 0)}, and there are {counted[key]}"


def _orphans(tx: ReadTx) -> Iterator[str]:
    """Rows that refer to what is gone, where the database does not see to it itself."""
    ids = {
        resource.member: {row.id for row in tx.rows(sa.select(resource.table.c.id))}
        for resource in REGISTRY.resources.values()
    }
    everything = set().union(*ids.values())
    for row in tx.rows(sa.select(TAGS.c.object_id)):
        if row.object_id not in everything:
            yield f"tag of nothing: {row.object_id}"
    for row in tx.rows(sa.select(RBAC_ENTRIES)):
        if row.object_id not in ids.get(row.object_type, everything):
            yield f"grant of no {row.object_type}: {row.object_id}"
    for member, column in (
        ("subnetpool", SUBNETS.c.subnetpool_id),
        ("address_scope", SUBNETPOOLS.c.address_scope_id),
        ("security_group", SECURITY_GROUP_RULES.c.remote_group_id),
        ("address_group", SECURITY_GROUP_RULES.c.remote_address_group_id),
    ):
        for row in tx.rows(sa.select(column).where(column.is_not(None)).distinct()):
            if row[0] not in ids[member]:
                yield f"{column} refers to {row[0]}, which is gone"
    for row in tx.rows(sa.select(SECURITY_GROUPS).where(SECURITY_GROUPS.c.default_of.is_not(None))):
        if row.default_of != row.project_id:
            yield f"default group {row.id} is of {row.default_of} and {row.project_id}"


def _outbox(tx: ReadTx) -> Iterator[str]:
    for row in tx.rows(sa.select(MARKS)):
        yield f"mark of {row.kind} {row.unit_id} is left"
    for row in tx.rows(sa.select(UNITS).where(UNITS.c.state != "settled")):
        yield f"{row.kind} {row.id} is {row.state}: {row.reason or row.waiting_on}"
    for row in tx.rows(sa.select(SUSPECTS)):
        yield f"{row.kind} {row.unit_id} is suspect still"
