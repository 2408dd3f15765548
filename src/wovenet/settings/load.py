"""Reading settings: flags over environment over files over defaults."""

import json
import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from oslo_config import iniparser

from wovenet.settings.options import Option, Secret, declared
from wovenet.settings.tree import GROUPS, LIBRARY_GROUPS, Settings

ENVIRONMENT: Final = "environment"
FLAG: Final = "command line"

FLAGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "state_dir": ("DEFAULT", "state_path"),
        "workers": ("DEFAULT", "api_workers"),
        "auth": ("DEFAULT", "auth_strategy"),
        "debug": ("DEFAULT", "debug"),
        "db": ("database", "connection"),
        "ovn": ("ovn", "connection"),
        "ovn_nb": ("ovn", "ovn_nb_connection"),
        "ovn_sb": ("ovn", "ovn_sb_connection"),
    }
)
"""Flags of the command line → options. `bind` is two options; any option is also "group.name"."""

_VARIABLE: Final = re.compile(r"OS_(.+?)__(.+)")
_REFERENCE: Final = re.compile(r"\\\$|\$\$|\$\{([\w.]+)\}|\$(\w+)")
_BIND: Final = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]*)):(\d+)")
_SECRET_NAME: Final = re.compile(r"password|secret|token$|transport_url|^auth_key")
_DEPTH: Final = 16
"""How far options may refer to options."""


class Key(NamedTuple):
    """An option's group and name."""

    group: str
    name: str


class Given(NamedTuple):
    """A value as it was given, and where."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Report:
    """Something in a file or in the environment that has no effect, or only under a former name."""

    source: str
    group: str
    name: str
    kind: Literal["unused", "unknown", "former"]

    def __str__(self) -> str:
        reason = {
            "unused": "is an option of Neutron that has no effect here",
            "unknown": "is not an option",
            "former": "is a former name",
        }[self.kind]
        return f"{self.source}: [{self.group}] {self.name} {reason}"


@dataclass(frozen=True, slots=True)
class BadValue:
    """A value that cannot be used."""

    source: str
    group: str
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: [{self.group}] {self.name}: {self.reason}"


class BadSettings(Exception):  # noqa: N818 - not an error of the program
    """Settings that cannot be used; all of them, so that they can be put right at once."""

    def __init__(self, values: Iterable[BadValue]) -> None:
        self.values = tuple(values)
        super().__init__("\n".join(map(str, self.values)))


def load(
    flags: Mapping[str, Any] = MappingProxyType({}),
    config_files: Sequence[str | Path] = (),
    environ: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Settings, list[Report]]:
    """The settings, and what in files and environment has no effect. Later files win over earlier ones.

    Raises: BadSettings, naming file, group and option of every value that cannot be used.
    """
    files = tuple(Path(file) for file in config_files)
    given: dict[Key, Given] = {}
    for file in files:
        given.update(_from_file(file))
    given.update(_from_environment(environ))
    given, former = _with_present_names(given)
    given.update(_from_flags(flags))
    reader = _Reader(given, environ)
    settings = reader.settings(files)
    if reader.bad:
        raise BadSettings(reader.bad)
    return settings, [*former, *_without_effect(given)]


class _Parser(iniparser.BaseParser):
    """oslo.config's own reading of a file."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._group = ""
        self.given: dict[Key, Given] = {}

    def new_section(self, section: str) -> None:
        self._group = section

    def assignment(self, key: str, value: list[str]) -> None:
        if not self._group:
            raise self.error_no_section()
        self.given[Key(self._group, key.replace("-", "_"))] = Given("\n".join(value), str(self._file))

    def error_no_section(self) -> iniparser.ParseError:
        return iniparser.ParseError("an option outside of any [group]", self.lineno, "")


def _from_file(file: Path) -> Mapping[Key, Given]:
    parser = _Parser(file)
    try:
        parser.parse(file.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise BadSettings([BadValue(str(file), "", "", error.strerror or "cannot be read")]) from None
    except UnicodeDecodeError:
        raise BadSettings([BadValue(str(file), "", "", "is not text in UTF-8")]) from None
    except iniparser.ParseError as error:
        # the line itself may hold a secret
        raise BadSettings([BadValue(str(file), "", "", f"line {error.lineno}: {error.msg}")]) from None
    return parser.given


def _from_environment(environ: Mapping[str, str]) -> Mapping[Key, Given]:
    """`OS_<GROUP>__<OPTION>`, oslo.config's own names."""
    groups = {group.upper(): group for group in (*GROUPS, *LIBRARY_GROUPS)}
    found = {}
    for variable, value in environ.items():
        match = _VARIABLE.fullmatch(variable)
        if match:
            found[Key(groups.get(match[1], match[1].lower()), match[2].lower())] = Given(value, ENVIRONMENT)
    return found


def _from_flags(flags: Mapping[str, Any]) -> Mapping[Key, Given]:
    found: dict[Key, Given] = {}
    for flag, value in flags.items():
        if value is None:
            continue
        if flag == "bind":
            match = _BIND.fullmatch(str(value))
            if match is None:
                raise BadSettings([BadValue(FLAG, "DEFAULT", "bind_host", f"{value!r} is not HOST:PORT")])
            found[Key("DEFAULT", "bind_host")] = Given(match[1] or match[2] or "0.0.0.0", FLAG)  # noqa: S104
            found[Key("DEFAULT", "bind_port")] = Given(match[3], FLAG)
        else:
            group, name = FLAGS.get(flag) or flag.split(".", 1)
            found[Key(group, name)] = Given(value, FLAG)
    if any(flags.get(flag) for flag in ("ovn_nb", "ovn_sb")):
        found.setdefault(Key("ovn", "connection"), Given("remote", FLAG))
    return found


def _with_present_names(given: Mapping[Key, Given]) -> tuple[dict[Key, Given], list[Report]]:
    """Former names are taken for the present ones, unless those are given too."""
    result = dict(given)
    reports = []
    for group, (_, cls) in GROUPS.items():
        for name, option in declared(cls).items():
            for former in option.former:
                if Key(group, former) in result:
                    value = result.pop(Key(group, former))
                    result.setdefault(Key(group, name), value)
                    reports.append(Report(value.source, group, former, "former"))
    return result, reports


class _Reader:
    """Turns what was given into values, and collects what cannot be turned."""

    def __init__(self, given: Mapping[Key, Given], environ: Mapping[str, str]) -> None:
        self._given = given
        self._environ = environ
        self.bad: list[BadValue] = []

    def settings(self, files: tuple[Path, ...]) -> Settings:
        """The tree. Worthless if something is `bad`."""
        groups = {field: self._group(group, cls) for group, (field, cls) in GROUPS.items()}
        raw = {group: self._raw(group) for group in LIBRARY_GROUPS}
        found = Settings(
            **groups,
            raw=MappingProxyType({name: MappingProxyType(value) for name, value in raw.items()}),
            config_files=files,
        )
        return self._resolved(found)

    def _group(self, group: str, cls: type) -> Any:
        values = {}
        for name, option in declared(cls).items():
            given = self._given.get(Key(group, name))
            if given is not None:
                try:
                    values[name] = option.convert(self._text(group, given))
                except (ValueError, TypeError) as error:
                    self._refuse(Key(group, name), given, option, error)
        if group == "quotas":
            values["others"] = self._other_quotas(cls)
        return cls(**values)

    def _refuse(self, key: Key, given: Given, option: Option, error: Exception) -> None:
        reason = "is not acceptable" if option.is_secret else str(error)
        self.bad.append(BadValue(given.source, key.group, key.name, reason))

    def _other_quotas(self, cls: type) -> Mapping[str, int]:
        """`quota_<resource>` for resources of whatever extension."""
        known = declared(cls)
        others = {}
        for (group, name), given in self._given.items():
            if group == "quotas" and name.startswith("quota_") and name not in known and name not in _NO_LIMITS:
                try:
                    others[name.removeprefix("quota_")] = int(given.value)
                except ValueError as error:
                    self.bad.append(BadValue(given.source, group, name, str(error)))
        return MappingProxyType(others)

    def _raw(self, group: str) -> dict[str, str | Secret]:
        found: dict[str, str | Secret] = {}
        for key, given in self._given.items():
            if key.group == group:
                text = str(self._text(group, given))
                found[key.name] = Secret(text) if _SECRET_NAME.search(key.name) else text
        return found

    def _text(self, group: str, given: Given, depth: int = 0) -> Any:
        """The value with `$name` and `${group.name}` filled in, if it comes from a file."""
        if given.source in (ENVIRONMENT, FLAG) or not isinstance(given.value, str) or "$" not in given.value:
            return given.value
        if depth > _DEPTH:
            raise ValueError("refers to itself")

        def fill(match: re.Match[str]) -> str:
            reference = match[1] or match[2]
            if not reference:
                return "$"
            other, _, name = reference.rpartition(".")
            for key in (Key(other, name),) if other else (Key(group, name), Key("DEFAULT", name)):
                if key in self._given:
                    return str(self._text(key.group, self._given[key], depth + 1))
                if key == ("DEFAULT", "state_path"):
                    return str(self._state_path())
                if key.group in GROUPS and key.name in declared(GROUPS[key.group][1]):
                    return str(getattr(GROUPS[key.group][1](), key.name))
            raise ValueError(f"refers to ${reference}, which is not an option")

        return _REFERENCE.sub(fill, given.value)

    def _state_path(self) -> Path:
        if os.geteuid() == 0:
            return Path("/var/lib/wovenet")
        base = self._environ.get("XDG_STATE_HOME") or str(
            Path(self._environ.get("HOME", "~")).expanduser() / ".local/state"
        )
        return Path(base) / "wovenet"

    def _resolved(self, found: Settings) -> Settings:
        """`found` with everything decided that depends on other settings or on the machine."""
        default, ovn, database = found.default, found.ovn, found.database
        if Key("DEFAULT", "state_path") not in self._given:
            default = replace(default, state_path=self._state_path())
        if not default.host:
            default = replace(default, host=socket.gethostname())
        if default.auth_strategy == "auto":
            keystone = found.raw["keystone_authtoken"]
            has_keystone = any(keystone.get(name) for name in ("auth_url", "www_authenticate_uri", "auth_section"))
            default = replace(default, auth_strategy="keystone" if has_keystone else "basic")
        if not database.connection:
            database = replace(database, connection=Secret(f"sqlite:///{default.state_path}/wovenet.db"))
        if ovn.connection == "auto":
            is_remote = Key("ovn", "ovn_nb_connection") in self._given
            ovn = replace(ovn, connection="remote" if is_remote else "embedded")
        return replace(found, default=default, ovn=ovn, database=database)


_NO_LIMITS: Final = frozenset({"quota_driver", "quota_items"})


def _without_effect(given: Mapping[Key, Given]) -> Iterator[Report]:
    peer: Mapping[str, Mapping[str, object]] | None = None
    for (group, name), (_, source) in given.items():
        if group in GROUPS and name in declared(GROUPS[group][1]):
            continue
        if group == "quotas" and name.startswith("quota_") and name not in _NO_LIMITS:
            continue
        if peer is None:
            peer = peer_options()
        if name in peer.get(group, ()):
            if group not in LIBRARY_GROUPS:
                yield Report(source, group, name, "unused")
        else:
            yield Report(source, group, name, "unknown")


def peer_options() -> Mapping[str, Mapping[str, object]]:
    """Every option that Neutron 29 and its libraries know, by group: name → default."""
    found: Mapping[str, Mapping[str, object]] = json.loads(Path(__file__).with_name("peer_options.json").read_bytes())
    return found
