"""What users write never changes the shape of what OVN parses."""

import ipaddress
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wovenet.ovn import dhcp, match

TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[0-9A-Fa-f.:/]+|[{},]| +')
"""Literals, constants, sets and the commas between them: what may stand where a value is expected."""

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet='"\\{},;&|()\n\r\t $@=1.:é', max_size=40),
    st.sampled_from(
        [
            '"',
            '""',
            '\\"',
            'a", next = "b',
            "1.1.1.1); drop;",
            "{1.1.1.1}",
            "::1 || 1",
            "fe80::1%a) || (1",
            "fe80::%x y/64",
            "\x00",
            "١",
        ]
    ),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){3}([,; ]+[0-9]{1,3}(\.[0-9]{1,3}){3}){0,3}", fullmatch=True),
    st.integers(-(2**40), 2**40).map(str),
)
NAMES = st.sampled_from(sorted(dhcp.OPTIONS[4] | dhcp.OPTIONS[6])) | HOSTILE


@given(text=HOSTILE)
def test_quoted_text_is_one_literal(text: str) -> None:
    inner = text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text

    assert json.loads(dhcp.quoted(text)) == inner
    assert "\n" not in dhcp.quoted(text)


@given(version=st.sampled_from([4, 6]), options=st.lists(st.tuples(NAMES, HOSTILE), max_size=5))
def test_every_value_is_a_constant(version: int, options: list[tuple[str, str]]) -> None:
    known = {option.name for option in dhcp.OPTIONS[version].values()}

    for name, value in dhcp.overrides(version, options).items():
        assert name in known
        rest = value
        depth = 0
        while rest:
            token = TOKENS.match(rest)
            assert token is not None, value
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            assert depth in (0, 1)
            # A comma outside of a set would begin the next option.
            assert not (token[0] == "," and depth == 0), value
            rest = rest[token.end() :]
        assert depth == 0


@pytest.mark.parametrize(
    ("version", "name", "value", "expected"),
    [
        (4, "router", "10.0.0.1", {"router": "10.0.0.1"}),
        (4, "router", "{10.0.0.1}", {"router": "10.0.0.1"}),
        (4, "router", "fd00::1", {}),
        (4, "dns-server", "1.1.1.1,2.2.2.2", {"dns_server": "{1.1.1.1, 2.2.2.2}"}),
        (4, "6", "{1.1.1.1, 2.2.2.2}", {"dns_server": "{1.1.1.1, 2.2.2.2}"}),
        (4, "mtu", "65536", {}),
        (4, "mtu", "065", {"mtu": "65"}),
        (4, "ip-forward-enable", "True", {"ip_forward_enable": "1"}),
        (4, "classless-static-route", "10.0.0.0/8,1.1.1.1", {"classless_static_route": "{10.0.0.0/8,1.1.1.1}"}),
        (4, "classless-static-route", "10.0.0.0/8", {}),
        (4, "bootfile-name", '"pxe.0"', {"bootfile_name": '"pxe.0"'}),
        (6, "domain-search", "a.b", {"domain_search": '"a.b"'}),
        (6, "mtu", "1400", {}),
    ],
)
def test_overrides(version: int, name: str, value: str, expected: dict[str, str]) -> None:
    assert dhcp.overrides(version, [(name, value)]) == expected


@given(text=HOSTILE)
def test_group_names_are_identifiers(text: str) -> None:
    try:
        name = match.group_name(text)
    except ValueError:
        return
    assert re.fullmatch(r"pg_[0-9a-f_]{36}", name)


@given(cidr=HOSTILE, version=st.sampled_from([4, 6]))
def test_prefixes_are_written_anew(cidr: str, version: int) -> None:
    try:
        term = match.address_in("src", version, cidr)
    except ValueError:
        return
    assert term == f"ip{version}.src == {ipaddress.ip_network(cidr)}"


@pytest.mark.parametrize("value", [-1, 65536, True])
def test_numbers_out_of_range_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        match.equal("tcp.dst", value)
