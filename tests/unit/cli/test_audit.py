"""What `wovenet audit` says of a difference."""

import pytest

from wovenet.cli.audit import told
from wovenet.model.ids import RowUuid
from wovenet.ovn.diff import Difference
from wovenet.ovn.rows import Ref


@pytest.mark.parametrize(
    ("column", "expected", "found", "lines"),
    [
        (None, {"name": "a"}, None, ["ACL u: is missing"]),
        (None, None, {"name": "a"}, ["ACL u: should not be there"]),
        ("priority", 1002, 502, ["ACL u: priority is 502, not 1002"]),
        ("match", "ip4", 'a "b"', ['ACL u: match is "a \\"b\\"", not "ip4"']),
        ("label", frozenset(), 7, ["ACL u: label is 7, not empty"]),
        (
            "external_ids",
            {"a": "1", "b": "2", "c": "3"},
            {"a": "1", "b": "9", "d": "4"},
            [
                'ACL u: external_ids:b is "9", not "2"',
                'ACL u: external_ids:c is unset, not "3"',
                'ACL u: external_ids:d is "4", not unset',
            ],
        ),
        (
            "acls",
            frozenset({Ref(RowUuid("x")), Ref(RowUuid("y"))}),
            frozenset({Ref(RowUuid("y")), Ref(RowUuid("z"))}),
            ['ACL u: acls lacks "x"', 'ACL u: acls has "z"'],
        ),
    ],
)
def test_a_difference_in_words(column: str | None, expected: object, found: object, lines: list[str]) -> None:
    assert list(told(Difference("ACL", RowUuid("u"), column, expected, found))) == lines
