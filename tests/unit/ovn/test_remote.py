"""Remotes as an operator writes them."""

import pytest

from wovenet.ovn.remote import Remote, Tls, parse_remotes


@pytest.mark.parametrize(
    ("text", "remotes"),
    [
        ("unix:/run/ovn/nb.sock", [Remote("unix", "/run/ovn/nb.sock")]),
        ("tcp:127.0.0.1:6641", [Remote("tcp", "127.0.0.1", 6641)]),
        ("tcp:[fd00::1]:6641", [Remote("tcp", "fd00::1", 6641)]),
        ("ssl:nb.example.org:6641, ssl:[::1]:1,", [Remote("ssl", "nb.example.org", 6641), Remote("ssl", "::1", 1)]),
    ],
)
def test_good(text: str, remotes: list[Remote]) -> None:
    assert parse_remotes(text) == tuple(remotes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "unix:",
        "ssl:host:",
        "tcp:1.2.3.4",
        "tcp:1.2.3.4:0",
        "tcp:1.2.3.4:65536",
        "tcp:::1:6641",
        "udp:1.2.3.4:1",
        "tcp:[x y]:1",
    ],
)
def test_bad(text: str) -> None:
    with pytest.raises(ValueError, match="OVSDB remote"):
        parse_remotes(text)


def test_paths_of_keys_are_not_printed() -> None:
    assert "secret" not in repr(Tls("/secret/key", "/secret/cert", "/secret/ca"))
