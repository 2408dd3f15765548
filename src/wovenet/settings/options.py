"""What an option is: declared once as a dataclass field, with type, default, unit and sentence."""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from oslo_config import types

OPTION: Final = "wovenet.option"
"""Key of an option in its field's metadata."""


class Secret:
    """A value that no log, traceback or terminal shows. Code that needs it says `reveal()`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, to be handed to whatever authenticates with it and to nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __deepcopy__(self, _: object) -> "Secret":
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialized")


Converter: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What is known of an option besides its name and default."""

    convert: Converter
    """Text of a file, an environment variable or a flag → value. Raises: ValueError with a reason."""
    doc: str
    unit: str | None = None
    former: tuple[str, ...] = ()
    """Former names in the same group, still understood."""
    differs: str | None = None
    """Why the default is not the one that Neutron's operators know."""
    is_secret: bool = False


def option(default: Any, doc: str, convert: Converter | None = None, **more: Any) -> Any:
    """A dataclass field that is an option. The type follows from the default unless `convert` is given."""
    chosen = convert or _by_default(default)
    described = Option(convert=chosen, doc=doc, is_secret=chosen is secret, **more)
    if isinstance(default, dict):
        frozen = MappingProxyType(default)
        return field(default_factory=lambda: frozen, metadata={OPTION: described})
    return field(default=default, metadata={OPTION: described})


def text(value: Any) -> str:
    """Any text."""
    return str(types.String()(value))


def secret(value: Any) -> Secret:
    """Text that is never shown."""
    return value if isinstance(value, Secret) else Secret(text(value))


def path(value: Any) -> Path:
    """A path; `~` is the user's home."""
    return Path(text(value)).expanduser()


def optional(convert: Converter) -> Converter:
    """`convert`, or None for an empty text."""
    return lambda value: None if value in ("", None) else convert(value)


def among(*choices: str) -> Converter:
    """One of `choices`."""
    return types.String(choices=list(choices))


def number(least: int | None = None, most: int | None = None) -> Converter:
    """An integer within bounds."""
    kind = types.Integer(min=least, max=most)
    return lambda value: _whole(kind, value)


boolean: Final[Converter] = types.Boolean()
"""true, yes, on, 1 and their opposites."""


def seconds(value: Any) -> float:
    """A duration that is not negative."""
    found = types.Float(min=0)(value)
    if found is None:
        raise ValueError("is empty")
    return float(found)


def port(value: Any) -> int:
    """A TCP port."""
    return _whole(types.Port(), value)


def host(value: Any) -> str:
    """A host name or address."""
    return str(types.HostAddress()(value))


def ip_version(value: Any) -> int:
    """4 or 6."""
    return _whole(types.Integer(choices=[4, 6]), value)


def host_if_any(value: Any) -> str:
    """A host name or address, or nothing."""
    return host(value) if value else ""


def words(convert: Converter = text) -> Converter:
    """A comma-separated list."""
    parse = types.List()

    def items(value: Any) -> tuple[Any, ...]:
        return tuple(convert(item) for item in parse(value) if item != "")

    return items


def pairs(convert: Converter = text) -> Converter:
    """A comma-separated list of `key:value`."""
    parse = types.Dict()
    return lambda value: MappingProxyType({key: convert(item) for key, item in parse(value).items()})


def mac_prefix(value: Any) -> str:
    """Six octets, of which the first three (or four) are kept. Source: `base_mac`."""
    given = text(value)
    octets = given.split(":")
    if len(octets) != 6 or not all(
        len(octet) == 2 and set(octet.lower()) <= set("0123456789abcdef") for octet in octets
    ):
        raise ValueError(f"{given!r} is not six octets in hexadecimal, as fa:16:3e:00:00:00")
    if int(octets[0], 16) & 1:
        raise ValueError(f"{given!r} is a multicast address")
    return given.lower()


def page_limit(value: Any) -> int:
    """The largest page; 0 for no limit, which files may also call -1 or "infinite"."""
    given = text(value).strip().lower()
    if given in ("infinite", "-1"):
        return 0
    return _whole(types.Integer(min=0), given)


def processors(value: Any) -> int:
    """A number of processes; 0 for one per processor."""
    return _whole(types.Integer(min=0), value) or os.cpu_count() or 1


def _whole(kind: types.Integer, value: Any) -> int:
    found = kind(value)
    if found is None:
        raise ValueError("is empty")
    return int(found)


def _by_default(default: Any) -> Converter:
    match default:
        case bool():
            return boolean
        case int():
            return number()
        case float():
            return seconds
        case tuple():
            return words()
        case dict():
            return pairs()
        case Path():
            return path
        case Secret():
            return secret
        case str():
            return text
    raise TypeError(f"the type of an option does not follow from {default!r}")


@functools.cache
def declared(group: type) -> Mapping[str, Option]:
    """The options of a group by name."""
    fields = group.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: entry.metadata[OPTION] for name, entry in fields.items() if OPTION in entry.metadata}
