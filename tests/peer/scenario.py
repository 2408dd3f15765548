"""Scenarios: requests as data, each list starting from nothing and leaving nothing.

A file `scenarios/<collection>.yaml` is a list of scenarios; a scenario is a name, what it needs, and steps. A step is
one request, written as its request line with the body as value, plus options:

    - name: a network of a project
      needs: [roles]                       # hosts: chassis hv1 and hv2 exist; roles: identities besides admin exist
      steps:
      - POST /v2.0/networks: {network: {name: n1}}
        save: {net: network.id}            # `$net` is the value in paths, bodies and headers of later steps
      - GET /v2.0/networks/$net:
        as: member                         # who asks; admin if not said
      - PUT /v2.0/networks/$net:
        text: "{bad"                       # a body that is not JSON
        headers: {If-Match: revision_number=1}
        ordered: true                      # the order of lists is part of the answer
        plain: true                        # do not add the scenario's project to what admin creates
        nb: false                          # do not look at the Northbound database
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SCENARIOS = Path(__file__).parent / "scenarios"
REQUEST_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*)")
OPTIONS = {"save", "as", "text", "headers", "ordered", "plain", "nb"}
NEEDS = {"hosts", "roles"}
NAME = re.compile(r"\$(\w+)")
PICK = re.compile(r"(?P<key>[^\[\]]*)(?:\[(?P<terms>[^\]]*)\])?")


@dataclass(frozen=True)
class Step:
    """One request and what is to be done with its answer."""

    method: str
    path: str
    body: Any = None
    text: str | None = None
    who: str = "admin"
    headers: Mapping[str, str] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False
    plain: bool = False
    nb: bool = True

    @property
    def writes(self) -> bool:
        """Whether the request may change something."""
        return self.method not in ("GET", "HEAD")

    def described(self) -> dict[str, Any]:
        """The request as it stands in the file, for the record."""
        parts: dict[str, Any] = {"as": self.who, "method": self.method, "path": self.path}
        if self.headers:
            parts["headers"] = dict(self.headers)
        if self.text is not None:
            parts["text"] = self.text
        elif self.body is not None:
            parts["body"] = self.body
        return parts


@dataclass(frozen=True)
class Scenario:
    """A list of requests that makes sense from an empty project."""

    collection: str
    name: str
    needs: frozenset[str]
    steps: tuple[Step, ...]


def collections(folder: Path = SCENARIOS) -> list[str]:
    """The names of all scenario files."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load(collection: str, folder: Path = SCENARIOS) -> list[Scenario]:
    """The scenarios of one file.

    Raises: ValueError on anything that is not as described above.
    """
    found = [_scenario(collection, raw) for raw in yaml.safe_load((folder / f"{collection}.yaml").read_text())]
    names = [scenario.name for scenario in found]
    if len(set(names)) != len(names):
        raise ValueError(f"{collection}: two scenarios have the same name")
    return found


def _scenario(collection: str, raw: Mapping[str, Any]) -> Scenario:
    where = f"{collection}/{raw.get('name')}"
    if unknown := set(raw) - {"name", "needs", "steps"}:
        raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
    needs = frozenset(raw.get("needs", ()))
    if not needs <= NEEDS:
        raise ValueError(f"{where}: unknown needs {sorted(needs - NEEDS)}")
    return Scenario(collection, raw["name"], needs, tuple(_step(where, step) for step in raw["steps"]))


def _step(where: str, raw: Mapping[str, Any]) -> Step:
    lines = [key for key in raw if key not in OPTIONS]
    match = REQUEST_LINE.fullmatch(lines[0]) if len(lines) == 1 else None
    if match is None:
        raise ValueError(f"{where}: {lines} is not one request line")
    return Step(
        method=match["method"],
        path=match["path"],
        body=raw[lines[0]],
        text=raw.get("text"),
        who=raw.get("as", "admin"),
        headers=raw.get("headers", {}),
        save=raw.get("save", {}),
        ordered=raw.get("ordered", False),
        plain=raw.get("plain", False),
        nb=raw.get("nb", True),
    )


def filled(value: Any, saved: Mapping[str, Any]) -> Any:
    """`value` with every `$name` replaced by what was saved under it; a string that is only a name keeps its type.

    Raises: KeyError if a name was never saved.
    """
    if isinstance(value, str):
        if (match := NAME.fullmatch(value)) is not None:
            return saved[match[1]]
        return NAME.sub(lambda match: str(saved[match[1]]), value)
    if isinstance(value, Mapping):
        return {filled(key, saved): filled(item, saved) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    return value


def picked(body: Any, path: str) -> Any:
    """What stands at `path` in an answer: `network.id`, `ports.0.id`, `ports[device_owner=network:dhcp,name=a].id`.

    Raises: KeyError if nothing stands there.
    """
    for part in re.split(r"\.(?![^\[]*\])", path):
        match = PICK.fullmatch(part)
        if match is None:
            raise KeyError(path)
        body = _entered(body, match["key"], path)
        if match["terms"] is not None:
            body = _chosen(body, dict(term.split("=", 1) for term in match["terms"].split(",")), path)
    return body


def _entered(body: Any, key: str, path: str) -> Any:
    try:
        return body[int(key)] if isinstance(body, list) else body[key]
    except (IndexError, KeyError, TypeError, ValueError):
        raise KeyError(path) from None


def _chosen(items: Any, terms: Mapping[str, str], path: str) -> Any:
    for item in items if isinstance(items, list) else ():
        if all(str(item.get(key)) == value for key, value in terms.items()):
            return item
    raise KeyError(path)


def given(scenario: Scenario) -> str:
    """Everything the scenario says, as one text: what stands in it is not chance, wherever it turns up."""
    return "\n".join(_texts([step.described() for step in scenario.steps]))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)
