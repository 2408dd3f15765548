"""Stable names for what is chance: ids, times, random addresses.

The same scenario played against two services gives two sets of ids. Here both become the same words: a value that
the scenario saved becomes its name (`<net>`), any other the number of its first appearance (`<uuid-1>`, `<mac-2>`,
`<ip-1>`). First appearance is counted in an order that does not depend on the values themselves.
"""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

UUID = re.compile(
    r"\b[0-9a-f]{8}([-_])[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}(?![0-9a-f])|"
    r"(?<=[a-z]_)[0-9a-f]{8}(_)[0-9a-f]{4}_[0-9a-f]{4}_[0-9a-f]{4}_[0-9a-f]{12}(?![0-9a-f])"
)
MAC = re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])")
IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}[.-]){3}\d{1,3}(?![\d.])")
SOCKET = re.compile(r"(/vhu)([0-9a-f]{8}-[0-9a-f]{2})$")
TIMES = {"created_at", "updated_at", "heartbeat_timestamp"}
COUNTERS = {"standard_attr_id"}
SEGMENT = "provider:segmentation_id"
SEGMENTS = {SEGMENT, "segmentation_id"}


class Names:
    """The names given so far in one playing of one scenario."""

    def __init__(self, given: str, base: str) -> None:
        """In: `given`: all the scenario says; what stands there is kept as it is. `base`: the service's own URL."""
        self._given = given.lower()
        self._base = base.rstrip("/")
        self._words: dict[str, str] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self._counts: dict[str, int] = {}

    def copy(self) -> "Names":
        """The same names, free to go another way."""
        return copy.deepcopy(self)

    def call(self, value: str, name: str) -> None:
        """From now on `value` is called `<name>` (unless it has a name already)."""
        self._words.setdefault(value, f"<{name}>")

    @property
    def uuids(self) -> list[str]:
        """All ids that have a name."""
        return [value for value in self._words if UUID.fullmatch(value)]

    def call_address(self, address: str) -> None:
        """From now on this IP address is `<ip-n>`, also in host names made of it; unless the scenario gave it."""
        text = re.escape(address.lower())
        if re.search(rf"(?<![0-9a-f.:]){text}(?![0-9a-f.:])", self._given) or self._patterned(address) != address:
            return
        name = self._numbered("ip")
        for text in (address, re.sub(r"[.:]", "-", address)):
            self._patterns.append((re.compile(rf"(?<![0-9a-f.:]){re.escape(text)}(?![0-9a-f]|[.:][0-9a-f])"), name))

    def plain(self, value: Any, *, ordered: bool = False, unordered: bool = False) -> Any:
        """`value` with names for all chance in it.

        Lists of objects and of ids come in an order of their own unless `ordered`; `unordered` sorts all lists.
        """
        if isinstance(value, Mapping):
            keys = sorted(value, key=lambda key: (self._masked(str(key)), self._key(value[key])))
            return {self._text(str(key)): self._member(key, value[key], ordered, unordered) for key in keys}
        if isinstance(value, list):
            items = value if ordered else self._sorted(value, unordered)
            return [self.plain(item, ordered=ordered, unordered=unordered) for item in items]
        return self._text(value) if isinstance(value, str) else value

    def _member(self, key: str, value: Any, ordered: bool, unordered: bool) -> Any:
        if key in TIMES and isinstance(value, str):
            return "<time>"
        if key in COUNTERS and isinstance(value, int):
            return "<int>"
        if key in SEGMENTS and isinstance(value, int) and f"{key}\n{value}\n" not in f"{self._given}\n":
            return "<segment>"
        return self.plain(value, ordered=ordered, unordered=unordered)

    def _sorted(self, items: list[Any], unordered: bool) -> list[Any]:
        movable = unordered or all(isinstance(i, Mapping) or (isinstance(i, str) and UUID.fullmatch(i)) for i in items)
        return sorted(items, key=self._key) if movable else items

    def _key(self, value: Any) -> str:
        return json.dumps(self._shape(value), sort_keys=True)

    def _shape(self, value: Any) -> Any:
        """`value` with unnamed chance masked, so that comparing shapes does not compare chance."""
        if isinstance(value, Mapping):
            chance = TIMES | COUNTERS | SEGMENTS
            return {self._masked(str(k)): None if k in chance else self._shape(v) for k, v in value.items()}
        if isinstance(value, list):
            return sorted((self._shape(item) for item in value), key=json.dumps)
        return self._masked(value) if isinstance(value, str) else value

    def _masked(self, text: str) -> str:
        text = UUID.sub(lambda match: self._known(match[0]) or "<?>", self._project(text))
        text = MAC.sub(lambda match: match[0] if match[0] in self._given else self._words.get(match[0], "<?>"), text)
        return IPV4.sub(lambda match: match[0] if match[0] in self._given else "<?>", self._patterned(text))

    def _text(self, text: str) -> str:
        text = self._project(text.replace(self._base, "<base>"))
        text = UUID.sub(lambda match: self._known(match[0]) or self._new(match[0]), text)
        text = SOCKET.sub(lambda match: match[1] + self._begun(match[2]), text)
        text = MAC.sub(lambda match: self._mac(match[0]), text)
        return self._patterned(text)

    def _known(self, uuid: str) -> str | None:
        plain = uuid.replace("_", "-")
        return uuid if plain in self._given else self._words.get(plain)

    def _new(self, uuid: str) -> str:
        return self._words.setdefault(uuid.replace("_", "-"), self._numbered("uuid"))

    def _begun(self, start: str) -> str:
        """The name of the id that begins like this, if one does."""
        return next((name for value, name in self._words.items() if value.startswith(start)), start)

    def _mac(self, mac: str) -> str:
        if mac in self._given:
            return mac
        if mac not in self._words:
            self._words[mac] = self._numbered("mac")
            name = self._words[mac].replace("mac", "eui")
            for text in (_interface_id(mac), _interface_id(mac).replace(":", "-")):
                self._patterns.append((re.compile(rf"{text}(?![0-9a-f:])"), name))
        return self._words[mac]

    def _project(self, text: str) -> str:
        """`text` with ids that are not UUIDs (projects) replaced."""
        for value, name in self._words.items():
            if "-" not in value and ":" not in value:
                text = text.replace(value, name)
        return text

    def _patterned(self, text: str) -> str:
        for pattern, name in self._patterns:
            text = pattern.sub(name, text)
        return text

    def _numbered(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"<{kind}-{self._counts[kind]}>"


def _interface_id(mac: str) -> str:
    """The last 64 bits of the address that a MAC makes (EUI-64), as IPv6 writes them."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets = [octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]
    return ":".join(f"{octets[i] << 8 | octets[i + 1]:x}" for i in range(0, 8, 2))
