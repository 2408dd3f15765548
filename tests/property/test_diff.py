"""What a difference says, done to what was there, gives what is wanted; and then there is no difference (OV-rows)."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wovenet.model.ids import Unit
from wovenet.ovn import diff
from wovenet.ovn.rows import NOTHING, Desired, Known, Link, Row, row_uuid

TABLES = ("Logical_Switch_Port", "ACL", "DHCP_Options", "Address_Set")
HOLDERS = ("one", "two")
UNIT = Unit("port", "p")


def a_row(table: str, role: str, name: str) -> Row:
    return Row(table, row_uuid(table, UNIT, role), {"external_ids": {"name": name}})


ROWS = st.dictionaries(
    st.tuples(st.sampled_from(TABLES), st.sampled_from(("a", "b", "c"))), st.text(max_size=3), max_size=6
).map(lambda found: tuple(a_row(table, role, name) for (table, role), name in found.items()))
LINKS = st.sets(st.tuples(st.sampled_from(HOLDERS), st.sampled_from(("a", "b"))), max_size=4).map(
    lambda found: tuple(
        Link("Port_Group", row_uuid("Port_Group", Unit("g", holder)), "ports", row_uuid(TABLES[0], UNIT, role))
        for holder, role in sorted(found)
    )
)
DESIRED = st.builds(Desired, ROWS, LINKS) | st.just(NOTHING)


@dataclass
class Model:
    """A database that does what it is told, and minds being told twice."""

    rows: dict[tuple[str, str], Any] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)

    def apply(self, op: diff.Op) -> None:
        match op:
            case diff.Insert(row):
                assert (row.table, row.uuid) not in self.rows
                self.rows[row.table, row.uuid] = row.columns
            case diff.Update(row):
                assert (row.table, row.uuid) in self.rows
                self.rows[row.table, row.uuid] = row.columns
            case diff.Delete(table, uuid):
                del self.rows[table, uuid]
            case diff.AddLink(link):
                assert link not in self.links
                self.links.add(link)
            case diff.RemoveLink(link):
                self.links.remove(link)

    def holds(self, desired: Desired) -> bool:
        rows = {(row.table, row.uuid): row.columns for row in desired.rows}
        return self.rows == rows and self.links == set(desired.links)


@given(states=st.lists(DESIRED, min_size=1, max_size=5))
def test_differences_lead_from_each_state_to_the_next(states: list[Desired]) -> None:
    model, known = Model(), Known()
    for desired in states:
        for op in diff.diff(desired, known):
            model.apply(op)
        known = diff.known_of(desired)
        assert model.holds(desired)
        assert diff.diff(desired, known) == []


@given(desired=DESIRED)
def test_a_lost_memory_costs_writes_and_nothing_else(desired: Desired) -> None:
    model = Model()
    for op in diff.diff(desired, Known()):
        model.apply(op)
    forgotten = Known(dict.fromkeys(diff.known_of(desired).rows, diff.UNKNOWN_CONTENT), frozenset(desired.links))
    for op in diff.diff(desired, forgotten):
        assert isinstance(op, diff.Update)
        model.apply(op)
    assert model.holds(desired)


@given(rows=ROWS, links=LINKS, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_links_says_nothing(rows: tuple[Row, ...], links: tuple[Link, ...], seed: Any) -> None:
    one, other = list(rows), list(links)
    seed.shuffle(one)
    seed.shuffle(other)
    assert diff.diff(Desired(tuple(one), tuple(other)), diff.known_of(Desired(rows, links))) == []
