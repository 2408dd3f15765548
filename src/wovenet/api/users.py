"""The users file of HTTP basic authentication.

One user per line: `name:hash:project_id:role,role[:user_id]`. The hash is bcrypt's, as `htpasswd -nbB` prints it. Lines
that start with `#` and empty lines say nothing. Only the file's owner may read it.
"""

import os
import stat
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bcrypt

from wovenet.model.clock import Clock
from wovenet.settings.options import Secret

FILE: Final = "users"
"""Name of the file in the state directory."""
PASSWORD_BYTES_MAX: Final = 72
"""bcrypt ignores what follows."""
CHOSEN_ROUNDS: Final = 12
"""Cost of hashing a password that a person chose."""
GENERATED_ROUNDS: Final = 8
"""Cost of hashing a generated password: its 142 bits cannot be guessed at any cost."""

_PASSWORD_LENGTH: Final = 24
_ALPHABET: Final = string.ascii_letters + string.digits
_HEADER: Final = """\
# name:bcrypt hash:project id:role,role[:user id]
# A line for a user comes from: htpasswd -nbB NAME PASSWORD. Changes are noticed at once.
"""


class BadUsersFile(Exception):  # noqa: N818 - not an error of the program
    """The users file cannot be used; the text names the file and the line, never what it holds."""


@dataclass(frozen=True, slots=True)
class User:
    """A line of the file."""

    name: str
    hash: Secret
    project_id: str
    roles: frozenset[str]
    user_id: str

    def line(self) -> str:
        """The user as the file has it."""
        roles = ",".join(sorted(self.roles))
        return f"{self.name}:{self.hash.reveal()}:{self.project_id}:{roles}:{self.user_id}\n"


@dataclass(frozen=True, slots=True)
class Credential:
    """A name and its password, known only when it is made."""

    name: str
    password: Secret


def read(file: Path) -> Mapping[str, User]:
    """The users by name. Raises: BadUsersFile, also if others than the owner may read the file."""
    try:
        with file.open(encoding="utf-8") as opened:
            _check_mode(file, os.fstat(opened.fileno()))
            lines = opened.read().splitlines()
    except OSError as error:
        raise BadUsersFile(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadUsersFile(f"{file}: is not text in UTF-8") from None
    users: dict[str, User] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            user = _parse(line.strip(), f"{file}: line {number}")
            if user.name in users:
                raise BadUsersFile(f"{file}: line {number}: a second user of that name")
            users[user.name] = user
    return users


def ensure(file: Path, clock: Clock) -> list[Credential]:
    """The file exists. If it had to be made, the credentials of its users `admin` and `demo`, otherwise nothing."""
    if file.exists():
        return []
    credentials = [Credential(name, _password(clock)) for name in ("admin", "demo")]
    roles = {"admin": {"admin", "member", "reader"}, "demo": {"member", "reader"}}
    made = [
        User(
            credential.name,
            hashed(credential.password, GENERATED_ROUNDS),
            project_id=clock.new_id().replace("-", ""),
            roles=frozenset(roles[credential.name]),
            user_id=clock.new_id().replace("-", ""),
        )
        for credential in credentials
    ]
    try:
        write_private(file, _HEADER + "".join(user.line() for user in made), replace=False)
    except FileExistsError:  # another process was first
        return []
    return credentials


def reset(file: Path, name: str, clock: Clock) -> Credential:
    """The user has a new, generated password. Raises: BadUsersFile if there is no such user."""
    users = dict(read(file))
    if name not in users:
        raise BadUsersFile(f"{file}: has no user {name!r}")
    credential = Credential(name, _password(clock))
    old = users[name]
    users[name] = User(name, hashed(credential.password, GENERATED_ROUNDS), old.project_id, old.roles, old.user_id)
    _replace_lines(file, users.values())
    return credential


def hashed(password: Secret, rounds: int = CHOSEN_ROUNDS) -> Secret:
    """The bcrypt hash of `password`. Raises: ValueError if it is longer than bcrypt can tell apart."""
    encoded = password.reveal().encode()
    if len(encoded) > PASSWORD_BYTES_MAX:
        raise ValueError(f"a password has at most {PASSWORD_BYTES_MAX} bytes")
    return Secret(bcrypt.hashpw(encoded, bcrypt.gensalt(rounds)).decode())


def write_private(file: Path, text: str, *, replace: bool = True) -> None:
    """`file` holds `text`, is readable by its owner only, and was never seen half written.

    Raises: FileExistsError without `replace`, if there is such a file.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if replace:
            draft.replace(file)
        else:
            file.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def _replace_lines(file: Path, users: Iterable[User]) -> None:
    """Every line of a user is its present one; comments stay."""
    by_name = {user.name: user for user in users}
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        user = None if line.startswith("#") else by_name.get(line.partition(":")[0].strip())
        lines.append(user.line() if user else line)
    write_private(file, "".join(lines))


def _parse(line: str, where: str) -> User:
    name, _, rest = line.partition(":")
    hash_, _, rest = rest.partition(":")
    project_id, _, rest = rest.partition(":")
    roles, _, user_id = rest.partition(":")
    names = frozenset(role.strip() for role in roles.split(",") if role.strip())
    if not (name and project_id and names):
        raise BadUsersFile(f"{where}: is not name:hash:project_id:role,role[:user_id]")
    if not hash_.startswith(("$2a$", "$2b$", "$2y$")) or len(hash_) != 60:
        raise BadUsersFile(f"{where}: the second part is not a bcrypt hash")
    return User(name, Secret(hash_), project_id, names, user_id or name)


def _check_mode(file: Path, found: os.stat_result) -> None:
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadUsersFile(f"{file}: others than its owner have access; it holds secrets (chmod 600)")
    if found.st_uid not in (os.geteuid(), 0):
        raise BadUsersFile(f"{file}: belongs to another user")


def _password(clock: Clock) -> Secret:
    return Secret("".join(_ALPHABET[clock.randrange(0, len(_ALPHABET))] for _ in range(_PASSWORD_LENGTH)))
