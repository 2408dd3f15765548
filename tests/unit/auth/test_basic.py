"""HTTP basic authentication: the users file, what is remembered, and what nobody learns."""

import base64
import os
import random
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from wovenet.api import basic, users
from wovenet.api.basic import BasicAuthenticator
from wovenet.model import problems
from wovenet.settings import Secret

MINE = "a" * 32


class FakeClock:
    """A clock that stands still until it is set, with repeatable randomness."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self._random = random.Random(1)
        self._count = 0

    def monotonic(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.now_s

    def new_id(self) -> str:
        self._count += 1
        return f"00000000-0000-4000-8000-{self._count:012}"

    def randrange(self, start: int, stop: int) -> int:
        return self._random.randrange(start, stop)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / users.FILE


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes that passwords were checked against."""
    checked: list[bytes] = []
    check = basic.bcrypt.checkpw

    def checkpw(password: bytes, expected: bytes) -> bool:
        checked.append(expected)
        return check(password, expected)

    monkeypatch.setattr(basic, "bcrypt", SimpleNamespace(checkpw=checkpw))
    return checked


def header(name: str, password: str, scheme: str = "Basic") -> Mapping[str, str]:
    return {"HTTP_AUTHORIZATION": f"{scheme} {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def line(name: str, password: str, rest: str) -> str:
    return f"{name}:{users.hashed(Secret(password), 4).reveal()}:{rest}\n"


def authenticator(file: Path, clock: FakeClock, *, entries_max: int = 8) -> BasicAuthenticator:
    return BasicAuthenticator(file, clock, remember_s=60.0, entries_max=entries_max)


def write(file: Path, text: str) -> None:
    users.write_private(file, text)


def test_the_first_start_makes_an_administrator_and_a_demo_user(file: Path, clock: FakeClock) -> None:
    admin, demo = users.ensure(file, clock)
    assert file.stat().st_mode & 0o777 == 0o600
    assert admin.password.reveal() not in file.read_text()
    assert len(admin.password.reveal()) == 24
    authenticate = authenticator(file, clock)
    found = authenticate(header("admin", admin.password.reveal()))
    assert found.roles == {"admin", "member", "reader"}
    other = authenticate(header("demo", demo.password.reveal()))
    assert other.roles == {"member", "reader"}
    assert len({found.project_id, other.project_id, found.user_id, other.user_id}) == 4


def test_later_starts_leave_the_file_alone(file: Path, clock: FakeClock) -> None:
    users.ensure(file, clock)
    before = file.read_text()
    assert users.ensure(file, clock) == []
    assert file.read_text() == before


def test_two_first_starts_at_once_make_one_file(file: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    users.ensure(file, clock)
    before = file.read_text()
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert users.ensure(file, clock) == []
    assert file.read_text() == before
    assert [entry.name for entry in file.parent.iterdir()] == [users.FILE]


def test_comments_empty_lines_and_missing_user_ids(file: Path) -> None:
    write(file, "# a comment\n\n" + line("ada", "x", f"{MINE}:member, reader"))
    user = users.read(file)["ada"]
    assert (user.project_id, user.roles, user.user_id) == (MINE, {"member", "reader"}, "ada")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ada\n", "line 1: is not name:hash"),
        ("ada:plaintext:p:member\n", "line 1: the second part is not a bcrypt hash"),
        (f"#\nada:$2b$04${'x' * 53}:p:\n", "line 2: is not name:hash"),
        (f"ada:$2b$04${'x' * 53}:p:r\nada:$2b$04${'x' * 53}:p:r\n", "line 2: a second user of that name"),
    ],
)
def test_a_bad_line_is_named_but_not_quoted(file: Path, text: str, reason: str) -> None:
    write(file, text)
    with pytest.raises(users.BadUsersFile) as refused:
        users.read(file)
    assert reason in str(refused.value)
    assert "plaintext" not in str(refused.value)
    assert "xxx" not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_read_is_refused(file: Path, clock: FakeClock, mode: int) -> None:
    users.ensure(file, clock)
    file.chmod(mode)
    with pytest.raises(users.BadUsersFile, match="others than its owner"):
        authenticator(file, clock)


def test_a_file_of_somebody_else_is_refused(file: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    users.ensure(file, clock)
    found = os.stat_result((0o100600, 0, 0, 0, 12345, 0, 0, 0, 0, 0))
    monkeypatch.setattr(users.os, "fstat", lambda _: found)
    with pytest.raises(users.BadUsersFile, match="belongs to another user"):
        authenticator(file, clock)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        header("ada", "wrong"),
        header("nobody", "right"),
        header("ada", "right", scheme="Bearer"),
        {"HTTP_AUTHORIZATION": "Basic"},
        {"HTTP_AUTHORIZATION": "Basic !!!"},
        {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(b'no-colon').decode()}"},
        {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(b'ada:ri' + bytes(1) + b'ght').decode()}"},
        header("ada", "right" + "x" * 100),
        header("ada", "x" * 2000),
    ],
)
def test_strangers_are_sent_away(file: Path, clock: FakeClock, environ: Mapping[str, str]) -> None:
    write(file, line("ada", "right", f"{MINE}:member"))
    with pytest.raises(problems.Unauthenticated) as refused:
        authenticator(file, clock)(environ)
    assert refused.value.fields == {"challenge": 'Basic realm="wovenet", charset="UTF-8"'}


def test_what_bcrypt_would_cut_off_is_not_a_password(file: Path, clock: FakeClock) -> None:
    long = "x" * users.PASSWORD_BYTES_MAX
    write(file, line("ada", long, f"{MINE}:member"))
    authenticate = authenticator(file, clock)
    assert authenticate(header("ada", long)).user_id == "ada"
    with pytest.raises(problems.Unauthenticated):
        authenticate(header("ada", long + "y"))
    with pytest.raises(ValueError, match="72 bytes"):
        users.hashed(Secret(long + "y"))


def test_a_verified_password_is_hashed_once_until_it_is_forgotten(
    file: Path, clock: FakeClock, calls: list[bytes]
) -> None:
    write(file, line("ada", "right", f"{MINE}:member"))
    authenticate = authenticator(file, clock)
    for _ in range(3):
        authenticate(header("ada", "right"))
    assert len(calls) == 1
    clock.now_s += 61
    authenticate(header("ada", "right"))
    assert len(calls) == 2


def test_a_wrong_password_is_never_remembered(file: Path, clock: FakeClock, calls: list[bytes]) -> None:
    write(file, line("ada", "right", f"{MINE}:member"))
    authenticate = authenticator(file, clock)
    authenticate(header("ada", "right"))
    for _ in range(2):
        with pytest.raises(problems.Unauthenticated):
            authenticate(header("ada", "wrong"))
    assert len(calls) == 3


def test_an_unknown_name_costs_as_much_as_a_wrong_password(file: Path, clock: FakeClock, calls: list[bytes]) -> None:
    write(file, line("ada", "right", f"{MINE}:member"))
    authenticate = authenticator(file, clock)
    with pytest.raises(problems.Unauthenticated):
        authenticate(header("nobody", "x"))
    assert len(calls) == 1
    assert calls[0].startswith(b"$2b$04$")


def test_what_is_remembered_is_bounded_and_holds_no_password(file: Path, clock: FakeClock, calls: list[bytes]) -> None:
    names = [f"user{number}" for number in range(5)]
    write(file, "".join(line(name, name, f"{MINE}:member") for name in names))
    authenticate = authenticator(file, clock, entries_max=2)
    for name in names:
        authenticate(header(name, name))
    assert len(authenticate._known) == 2
    authenticate(header("user4", "user4"))
    authenticate(header("user3", "user3"))
    assert len(calls) == 5
    assert all(len(key) == 32 for key in authenticate._known)


def test_a_changed_file_counts_at_once(file: Path, clock: FakeClock) -> None:
    write(file, line("ada", "right", f"{MINE}:member") + line("bob", "b", f"{MINE}:member"))
    authenticate = authenticator(file, clock)
    authenticate(header("ada", "right"))
    authenticate(header("bob", "b"))
    write(file, line("ada", "right", f"{MINE}:reader"))
    assert authenticate(header("ada", "right")).roles == {"reader"}
    with pytest.raises(problems.Unauthenticated):
        authenticate(header("bob", "b"))


def test_a_file_that_becomes_unusable_lets_nobody_in(file: Path, clock: FakeClock) -> None:
    write(file, line("ada", "right", f"{MINE}:member"))
    authenticate = authenticator(file, clock)
    authenticate(header("ada", "right"))
    file.unlink()
    for _ in range(2):
        with pytest.raises(problems.HTTPServiceUnavailable):
            authenticate(header("ada", "right"))
    write(file, line("ada", "right", f"{MINE}:member"))
    assert authenticate(header("ada", "right")).user_id == "ada"


def test_a_password_can_be_replaced(file: Path, clock: FakeClock) -> None:
    write(file, "# kept\n" + line("ada", "right", f"{MINE}:member:id-of-ada") + line("bob", "b", f"{MINE}:member"))
    authenticate = authenticator(file, clock)
    credential = users.reset(file, "ada", clock)
    assert authenticate(header("ada", credential.password.reveal())).user_id == "id-of-ada"
    assert authenticate(header("bob", "b")).user_id == "bob"
    assert file.read_text().startswith("# kept\n")
    with pytest.raises(problems.Unauthenticated):
        authenticate(header("ada", "right"))
    with pytest.raises(users.BadUsersFile, match="no user 'eve'"):
        users.reset(file, "eve", clock)


def test_nothing_shows_a_hash_or_a_password(file: Path, clock: FakeClock) -> None:
    credentials = users.ensure(file, clock)
    shown = repr(credentials) + repr(users.read(file))
    assert "$2b$" not in shown
    assert credentials[0].password.reveal() not in shown
