"""What is really in NB: the rows of a unit for recovery, whole tables for the audit.

The server is one thread, and everyone waits while it builds an answer. Rows are therefore selected by `_uuid` (the only
column it can find a row by without scanning), `SLICE` at a time: 10 k full port rows take 0.7 s, in which another
client never waited longer than 12 ms. The exception is `versions`, one pass over a whole table: 0.3 s at 50 k rows, and
OVSDB has no way to ask for a part of it.

`_version` changes with every write of a row, also one by northd, and is made anew when the server starts: it says
"unchanged since" within the life of one server process and is never equal by chance. It cannot be had from the
transaction that writes: there an update shows the version of before, and a clustered server makes another one at
commit (tests/ovsdb/test_actual.py). So the only moment to learn the version of known contents is to `fetch` both.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wovenet.model.ids import RowUuid
from wovenet.ovn.client import Client, JsonOp, Results
from wovenet.ovn.diff import Actual, RowKey, is_shared, references
from wovenet.ovn.errors import TransactionRefused
from wovenet.ovn.nb import TABLES
from wovenet.ovn.rows import Desired, Known, Link
from wovenet.ovn.wire import NO_ALIASES, Aliases, Normal, decode, uuid_json, where_uuid

SLICE = 100
"""Rows selected in one transaction."""

WEAK_LINKS = (("Port_Group", "ports"), ("Logical_Switch", "dns_records"))
"""Weak set columns that hold links. In the other weak columns the reference belongs to the row that has it."""

_UUID_VERSION = 14
"""Where the text of a uuid says its version. Source: RFC 9562, 4."""

_GROUP_NAME = re.compile(r"pg_[0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12}|neutron_pg_drop")
"""Groups that filter ports for us. A port may also be in groups of others, which is not ours to say."""


def versions(client: Client, table: str) -> dict[RowUuid, str]:
    """{`_uuid`: `_version`} of every row of `table`. Uuids are actual ones."""
    select = {"op": "select", "table": table, "where": [], "columns": ["_uuid", "_version"]}
    [result] = client.transact([select])
    return {RowUuid(row["_uuid"][1]): row["_version"][1] for row in result["rows"]}


def fetch(
    client: Client, table: str, uuids: Iterable[RowUuid], columns: Sequence[str]
) -> dict[RowUuid, dict[str, Normal]]:
    """These columns of the rows that exist among `uuids` (actual ones), in normal form. `_version` may be asked for."""
    wanted = list(uuids)
    selects = [_select(table, where_uuid(uuid), columns) for uuid in wanted]
    found = _select_all(client, selects)
    return {
        uuid: {name: decode(value) for name, value in rows[0].items()}
        for uuid, rows in zip(wanted, found, strict=True)
        if rows
    }


def orphans(present: Mapping[RowUuid, str], known: Iterable[RowUuid]) -> frozenset[RowUuid]:
    """Rows with a uuid that Wovenet chose and that the ledger does not know.

    In: `versions` of a table, and the actual uuids of the ledger's rows in it.
    The uuid is the owner mark: ours are computed (version 5), ovsdb-server and every other client make random ones
    (version 4). So finding candidates costs nothing beyond the pass over versions, and an adopted row, whose uuid is
    random, can never be taken for an orphan.
    """
    return frozenset(uuid for uuid in present.keys() - frozenset(known) if uuid[_UUID_VERSION] == "5")


def read(
    client: Client, units: Sequence[tuple[Desired, Known]], aliases: Aliases = NO_ALIASES, *, strays: bool = True
) -> list[Actual]:
    """What NB has of each unit: the rows and links that it shall have or is known to have, and rows it refers to.

    With `strays` also links of its rows that neither the ledger nor the rendering knows, left by a crash between
    applying and settling; not what groups of others hold. That scans the tables of holders: 0.13 ms of server time for
    one port at 2000 groups and 200 switches.
    Raises: InvalidValue, ConnectionLost.
    """
    originals = {actual: computed for computed, actual in aliases.items()}
    questions = [_Questions(desired, known, aliases, originals, strays) for desired, known in units]
    answers = iter(_select_all(client, [select for one in questions for select in one.selects]))
    return [one.answer([next(answers) for _ in one.selects]) for one in questions]


@dataclass(slots=True)
class _Questions:
    """The selects that tell all about one unit, and what their answers mean."""

    desired: Desired
    known: Known
    aliases: Aliases
    originals: Mapping[RowUuid, RowUuid]
    strays: bool
    selects: list[JsonOp] = field(default_factory=list)
    rows: list[RowKey] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    others: list[RowKey] = field(default_factory=list)
    holders: list[tuple[str, str, RowUuid]] = field(default_factory=list)

    def __post_init__(self) -> None:
        columns = {(row.table, row.uuid): list(row.columns) for row in self.desired.rows}
        self.rows = [*columns, *sorted(self.known.rows.keys() - columns.keys())]
        self.links = sorted({*self.desired.links, *self.known.links})
        self.others = sorted(references(self.desired))
        if self.strays:
            self.holders = [
                (table, column, uuid)
                for member, uuid in self.rows
                if not is_shared(member)
                for table, column in _HOLDERS.get(member, ())
            ]
        self.selects += [_select(key[0], self._where(key[1]), columns.get(key) or ["_uuid"]) for key in self.rows]
        self.selects += [_select(link.table, self._where(link.uuid, link), ["_uuid"]) for link in self.links]
        self.selects += [_select(table, self._where(uuid), ["_uuid"]) for table, uuid in self.others]
        self.selects += [
            _select(table, [self._includes(column, uuid)], ["_uuid", *_NAME.get(table, ())])
            for table, column, uuid in self.holders
        ]

    def _where(self, uuid: RowUuid, link: Link | None = None) -> list[Any]:
        where = where_uuid(uuid, self.aliases)
        return where if link is None else [*where, self._includes(link.column, link.member)]

    def _includes(self, column: str, member: RowUuid) -> list[Any]:
        return [column, "includes", uuid_json(self.aliases.get(member, member))]

    def answer(self, answers: Sequence[list[dict[str, Any]]]) -> Actual:
        found = iter(answers)
        rows = {
            key: {name: decode(value) for name, value in present[0].items()}
            for key in self.rows
            if (present := next(found))
        }
        links = {link for link in self.links if next(found)}
        others = frozenset(key for key in self.others if next(found))
        for table, column, member in self.holders:
            ours = [row for row in next(found) if self._is_ours(row)]
            links |= {self._link(table, row["_uuid"][1], column, member) for row in ours}
        return Actual(rows, frozenset(links - self._own_columns()), others)

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        """Whether a holder of links is ours, as far as it matters: it is no group of somebody else."""
        uuid = RowUuid(row["_uuid"][1])
        is_known = uuid in self.originals or uuid[_UUID_VERSION] == "5"
        return is_known or "name" not in row or _GROUP_NAME.fullmatch(row["name"]) is not None

    def _link(self, table: str, actual: str, column: str, member: RowUuid) -> Link:
        return Link(table, self.originals.get(RowUuid(actual), RowUuid(actual)), column, member)

    def _own_columns(self) -> set[Link]:
        """Memberships that are contents of our own rows and not links."""
        return {
            Link(row.table, row.uuid, name, RowUuid(str(member)))
            for row in self.desired.rows
            for name, value in row.columns.items()
            if isinstance(value, frozenset)
            for member in value
        } - set(self.desired.links)


_NAME = {"Port_Group": ("name",)}
"""What is asked of holders besides their uuids."""


def _holders() -> dict[str, tuple[tuple[str, str], ...]]:
    """Of each table, the set columns elsewhere that can hold links to its rows."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, table in sorted(TABLES.items()):
        for column, shape in sorted(table.columns.items()):
            if shape.ref is None or not shape.is_set:
                continue
            if (name, column) in WEAK_LINKS or (not shape.weak and not TABLES[shape.ref].root):
                found.setdefault(shape.ref, []).append((name, column))
    return {member: tuple(columns) for member, columns in found.items()}


_HOLDERS = _holders()


def holders_of(client: Client, table: str, uuid: RowUuid) -> list[Link]:
    """Every link that holds the row `uuid` (an actual one): to remove an orphan that is not of a root table."""
    places = _HOLDERS.get(table, ())
    selects = [_select(name, [[column, "includes", uuid_json(uuid)]], ["_uuid"]) for name, column in places]
    found = _select_all(client, selects)
    return [
        Link(name, RowUuid(row["_uuid"][1]), column, uuid)
        for (name, column), rows in zip(places, found, strict=True)
        for row in rows
    ]


def _select(table: str, where: list[Any], columns: Sequence[str]) -> JsonOp:
    return {"op": "select", "table": table, "where": where, "columns": list(columns)}


def _select_all(client: Client, selects: Sequence[JsonOp]) -> list[list[dict[str, Any]]]:
    slices = [selects[at : at + SLICE] for at in range(0, len(selects), SLICE)]
    found: list[list[dict[str, Any]]] = []
    for results in client.transact_many(slices):
        found += [result["rows"] for result in _granted(results)]
    return found


def _granted(results: Results | TransactionRefused) -> Results:
    if isinstance(results, TransactionRefused):
        raise results
    return results
