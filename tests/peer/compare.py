"""What two records of one scenario say differently, and which differences are agreed on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

ALLOWED = Path(__file__).parent / "allowed.yaml"
ABSENT = "(absent)"


@dataclass(frozen=True)
class Difference:
    """At `where` the record says `expected` and the service said `got`.

    `where` is collection/scenario/step number/place, for example `networks/mtu/3/answer.body.network.mtu`.
    """

    where: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.where}\n    recorded {self.expected!r}\n    got      {self.got!r}"


@dataclass(frozen=True)
class Allowance:
    """Differences that are right as they are: a pattern of places (`*` is anything), and why."""

    where: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        """Whether the difference is one of these."""
        return fnmatchcase(difference.where, self.where)


def allowances(path: Path = ALLOWED) -> list[Allowance]:
    """What is agreed on.

    Raises: ValueError for an entry without a place or a reason.
    """
    found = []
    for raw in yaml.safe_load(path.read_text()) or ():
        if set(raw) != {"where", "reason"} or not raw["reason"]:
            raise ValueError(f"{path.name}: {raw} is not a where and a reason")
        found.append(Allowance(raw["where"], raw["reason"]))
    return found


def differences(where: str, expected: Any, got: Any) -> Iterator[Difference]:
    """Every smallest place where two values differ."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        for key in sorted(set(expected) | set(got), key=str):
            yield from differences(f"{where}.{key}", expected.get(key, ABSENT), got.get(key, ABSENT))
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for number, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from differences(f"{where}.{number}", one, other)
    elif expected != got or type(expected) is not type(got):
        yield Difference(where, expected, got)


def of_steps(where: str, expected: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """The differences between two records of the same steps. Where the status differs, the rest of the step is moot."""
    found: list[Difference] = []
    for number, one in enumerate(expected):
        place = f"{where}/{number + 1}"
        if number >= len(got):
            found.append(Difference(place, one["answer"]["status"], ABSENT))
            break
        other = got[number]
        if one["answer"]["status"] != other["answer"]["status"]:
            found.append(Difference(f"{place}/status", _brief(one), _brief(other)))
            continue
        for part in ("answer", "nb"):
            found += differences(f"{place}/{part}", one.get(part, {}), other.get(part, {}))
    return found


def _brief(step: Mapping[str, Any]) -> str:
    answer = step["answer"]
    error = answer["body"].get("NeutronError", {}) if isinstance(answer["body"], dict) else {}
    return " ".join(str(part) for part in (answer["status"], error.get("type"), error.get("message")) if part)


def split(found: Iterable[Difference], allowed: Sequence[Allowance]) -> tuple[list[Difference], list[Allowance]]:
    """The differences nobody agreed to, and the allowances that covered none."""
    used: set[Allowance] = set()
    open_: list[Difference] = []
    for difference in found:
        covering = [allowance for allowance in allowed if allowance.covers(difference)]
        used.update(covering)
        if not covering:
            open_.append(difference)
    return open_, [allowance for allowance in allowed if allowance not in used]
