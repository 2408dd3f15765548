"""Whatever a unit desires, one after the other: NB has exactly that, and the ledger knows it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import ovsdb_servers
from tests.ovsdb.samples import LOCK, Site, group, group_uuid, network, options, options_uuid, switch_uuid
from wovenet.model.ids import Unit
from wovenet.ovn import actual
from wovenet.ovn.apply import Applied
from wovenet.ovn.diff import diff, differences, known_from, known_of
from wovenet.ovn.nb import TABLES
from wovenet.ovn.rows import NOTHING, Desired, Keys, Known, Link, Ref, Row, Scalar, Value, row_uuid
from wovenet.ovn.schema import Column, Kind

UNITS = (Unit("thing", "one"), Unit("thing", "two"))
ROUTER = row_uuid("Logical_Router", Unit("base", "base"), "router")

BASE = (
    network("n1"),
    network("n2"),
    group("g1"),
    group("g2"),
    options("s1"),
    options("s2"),
    (Unit("base", "base"), Desired((Row("Logical_Router", ROUTER, {"name": "r"}),))),
)

HOLDERS = {
    "Logical_Switch_Port": [
        [("Logical_Switch", switch_uuid(name), "ports") for name in ("n1", "n2")],
        [("Port_Group", group_uuid(name), "ports") for name in ("g1", "g2")],
    ],
    "QoS": [[("Logical_Switch", switch_uuid("n1"), "qos_rules")]],
    "ACL": [[("Logical_Switch", switch_uuid("n2"), "acls")]],
    "NAT": [[("Logical_Router", ROUTER, "nat")]],
    "Logical_Router_Static_Route": [[("Logical_Router", ROUTER, "static_routes")]],
    "Logical_Router_Port": [[("Logical_Router", ROUTER, "ports")]],
}
"""Where rows of these tables are linked: into one set of the first group, into any number of sets of the others."""

ROOTS = ("Logical_Switch", "DHCP_Options", "Address_Set", "DNS", "Load_Balancer", "HA_Chassis_Group", "BFD")

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
TEXT |= st.sampled_from(['"', "}{", "\\", '\\"}'])


def _atoms(column: Column, kind: Kind) -> st.SearchStrategy[Scalar]:
    if column.among and kind == "string":
        return st.sampled_from(column.among)
    if kind == "integer":
        return _integers(column)
    return st.booleans() if kind == "boolean" else TEXT


def _integers(column: Column) -> st.SearchStrategy[int]:
    low = -(2**40) if column.low is None else column.low
    return st.integers(low, 2**40 if column.high is None else column.high)


def _values(table: str, name: str) -> st.SearchStrategy[Value]:
    column = TABLES[table].columns[name]
    if column.value is not None:
        keys = st.sampled_from(column.among) if column.among else TEXT
        values = _integers(column).map(str) if column.value == "integer" else TEXT
        whole = st.dictionaries(keys, values, max_size=4)
        if name == "external_ids":
            return whole | st.dictionaries(keys, values | st.none(), max_size=4).map(Keys)
        return whole
    atoms = _atoms(column, column.key)
    if column.min == 1 and column.max == 1:
        return atoms
    return st.frozensets(atoms, min_size=column.min, max_size=4 if column.max is None else column.max)


@st.composite
def _rows(draw: st.DrawFn, table: str, unit: Unit, role: str) -> Row:
    shape = TABLES[table]
    unique = {name for index in shape.indexes for name in index}
    plain = sorted(name for name, column in shape.columns.items() if column.ref is None and name not in unique)
    names = draw(st.lists(st.sampled_from(plain), max_size=4, unique=True))
    # Without a default that the schema would accept.
    needed = [name for name in plain if shape.columns[name].among and shape.columns[name].min == 1]
    needed += [name for name in plain if (shape.columns[name].low or 0) > 0 and shape.columns[name].min == 1]
    columns = {name: draw(_values(table, name)) for name in dict.fromkeys([*needed, *names])}
    columns |= dict.fromkeys(unique, f"{unit.id}-{role}")
    if table == "Logical_Switch_Port":
        refs: list[Value] = [frozenset(), Ref(options_uuid("s1")), Ref(options_uuid("s2"))]
        columns["dhcpv4_options"] = draw(st.sampled_from(refs))
    return Row(table, row_uuid(table, unit, role), columns)


@st.composite
def _desired(draw: st.DrawFn, unit: Unit) -> Desired:
    if draw(st.integers(0, 5)) == 0:
        return NOTHING
    chosen = draw(st.lists(st.sampled_from([*ROOTS, *HOLDERS]), max_size=5))
    rows = [draw(_rows(table, unit, f"{table}{number}")) for number, table in enumerate(chosen)]
    links: list[Link] = []
    for row in rows:
        first, *more = HOLDERS.get(row.table, [[]])
        places = [draw(st.sampled_from(first))] if first else []
        places += [place for group in more for place in draw(st.lists(st.sampled_from(group), unique=True))]
        links += [Link(*place, row.uuid) for place in places]
    return Desired(tuple(rows), tuple(links))


STEPS = st.lists(
    st.tuples(*(_desired(unit) for unit in UNITS), st.sampled_from(["remember", "remember", "forget", "suspect"])),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def site(northbound: ovsdb_servers.Server) -> Iterator[Site]:
    with northbound.client() as client:
        site = Site(client)
        yield site
        client.unlock(LOCK)


def _reset(site: Site) -> None:
    tables = [*HOLDERS, *ROOTS, "Logical_Router", "Port_Group"]
    site.client.transact([{"op": "delete", "table": table, "where": []} for table in tables])
    site.ledger.clear()
    site.settle(*BASE)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_applied_is_there_and_known(site: Site, steps: list[tuple[Desired, Desired, str]]) -> None:
    _reset(site)
    for one, two, how in steps:
        wanted = list(zip(UNITS, (one, two), strict=True))
        if how == "forget":
            for unit in UNITS:
                site.ledger.pop(unit, None)
        outcomes = site.apply(*wanted, suspect=how == "suspect")
        assert all(isinstance(outcome, Applied) for outcome in outcomes.values()), outcomes
        read = actual.read(site.client, [(desired, Known()) for _, desired in wanted])
        for (unit, desired), found in zip(wanted, read, strict=True):
            deviating = differences(desired, found, {})
            if how == "forget":  # what was forgotten may still be linked; only a suspect unit looks for that
                assert all(one.expected is None for one in deviating)
            else:
                assert deviating == []
                assert known_from(desired, found, {}) == known_of(desired)
            assert site.ledger[unit] == known_of(desired)
            assert diff(desired, site.ledger[unit]) == []
