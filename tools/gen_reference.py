"""Writes docs/reference/{aliases,errors,peer,routes,settings}.md from what the program and its tests are.

Usage: python tools/gen_reference.py [--check]. `tests/meta` fails when a page is stale.
"""

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from wovenet import registry
from wovenet.api import faults, policy, routes
from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.model.clock import SystemClock
from wovenet.settings import Settings
from wovenet.settings.options import Secret, declared
from wovenet.settings.tree import GROUPS
from wovenet.store.engine import make_engine
from wovenet.store.tx import Store

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "wovenet"
TARGET = ROOT / "docs" / "reference"
PEER = ROOT / "tests" / "peer"
PEER_ALIASES = PEER / "aliases.txt"
NOTICE = "<!-- Written by tools/gen_reference.py: `make docs`. -->"


def pages() -> Mapping[str, str]:
    """File name → text of every page."""
    served = registry.build()
    return {
        "aliases.md": _page("Extensions", aliases(served)),
        "errors.md": _page("Errors", errors()),
        "peer.md": _page("Comparison with the peer", peer()),
        "routes.md": _page("Routes", urls(served)),
        "settings.md": _page("Settings", settings()),
    }


def aliases(served: registry.Registry) -> Iterator[str]:
    """The aliases that Neutron 29 has with every plugin loaded, and which of them are served."""
    peer = PEER_ALIASES.read_text().split()
    ours = served.surface.extensions
    yield f"Of the {len(peer)} extensions of Neutron 29 with all its plugins, {len(set(peer) & set(ours))} are served."
    yield ""
    brought = _brought(served)
    rows = ((f"`{alias}`", "yes" if alias in ours else "", _cell(brought.get(alias, ()))) for alias in peer)
    yield from _table(("alias", "served", "brings"), rows)
    own = sorted(set(ours) - set(peer))
    if own:
        yield ""
        yield f"Served here besides: {', '.join(f'`{alias}`' for alias in own)}."


def _brought(served: registry.Registry) -> Mapping[str, list[str]]:
    """Alias → the attributes that it brings, by collection."""
    found: dict[str, list[str]] = {}
    for collection in served.surface.collections.values():
        for attribute in collection.attributes.values():
            if attribute.alias and attribute.is_visible:
                found.setdefault(attribute.alias, []).append(f"`{collection.name}.{attribute.name}`")
    return found


def errors() -> Iterator[str]:
    """Every type of error with its status, its sentence, and the part of the program that finds it."""
    yield "What a client finds in `NeutronError.type`, with the status and the sentence that come with it. Names in"
    yield "`%(…)s` are filled in. The last column says who finds it: a collection's rules and actions (`port`), or"
    yield "a part of the API (`api.quotas`)."
    yield ""
    finders = _finders()
    names = sorted(name for name, cls in vars(problems).items() if _is_problem(cls))
    told = [(name, entry) for name in names if (entry := faults.told(name))]
    rows = (
        (f"`{name}`", str(status), _cell([(faults.template(name) or (0, ""))[1]]), _cell(finders[name]))
        for name, (status, _) in told
        if name in finders
    )
    yield from _table(("type", "status", "sentence", "found by"), rows)
    silent = [f"`{name}`" for name, _ in told if name not in finders]
    if silent:
        yield ""
        yield f"Neutron has these as well; nothing here leads to them: {', '.join(silent)}."


def _finders() -> Mapping[str, list[str]]:
    """Problem → the parts of the program that name it."""
    found: dict[str, set[str]] = {}
    for file in SOURCE.glob("**/*.py"):
        place = file.relative_to(SOURCE).parts
        if place[:2] == ("model", "problems"):
            continue
        part = place[1].removesuffix(".py") if place[0] == "resources" else ".".join(place[:2]).removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text())):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if _is_problem(getattr(problems, name, None)):
                found.setdefault(name, set()).add(f"`{part}`")
    return {name: sorted(parts) for name, parts in found.items()}


def _is_problem(found: Any) -> bool:
    return inspect.isclass(found) and issubclass(found, problems.Problem) and found is not problems.Problem


def urls(served: registry.Registry) -> Iterator[str]:
    """Every URL with its methods."""
    store = Store(make_engine(f"sqlite:///{TARGET / 'never-opened'}"), SystemClock())
    service = Service(served, store, policy.load(policy.Source()), Settings())
    yield "Collections take the filters of the API reference, `fields`, `sort_key` with `sort_dir`, `limit`, `marker`"
    yield "and `page_reverse`. `.json` at the end of a URL is ignored."
    yield ""
    yield "`/openapi.json` describes all of them in OpenAPI 3.1: parameters, bodies, answers, types of errors. It is"
    yield "made from the same tables as the routes themselves, and answered to whoever asks, as the versions are."
    yield ""
    rows = ((f"`{route.template}`", ", ".join(route.verbs)) for route in routes.table(service))
    yield from _table(("URL", "methods"), rows)


def settings() -> Iterator[str]:
    """Every option by group."""
    yield "Read from `--config-file`s in the form of oslo.config, from `OS_<GROUP>__<OPTION>` in the environment and"
    yield "from the command line; the later of these wins. Names are those of Neutron where the meaning is the same."
    for group, (_, cls) in GROUPS.items():
        yield ""
        yield f"## [{group}]"
        yield ""
        yield f"{(cls.__doc__ or '').splitlines()[0]}"
        yield ""
        default = cls()
        rows = []
        for name, option in declared(cls).items():
            differs = f" *Not as Neutron: {option.differs}*" if option.differs else ""
            former = f" Formerly {', '.join(f'`{one}`' for one in option.former)}." if option.former else ""
            meaning = f"{_cell([option.doc])}{former}{differs}"
            rows.append((f"`{name}`", _default(getattr(default, name)), option.unit or "", meaning))
        yield from _table(("option", "default", "unit", "meaning"), rows)


def _default(value: Any) -> str:
    if isinstance(value, Secret) or value is None or value in ("", ()):
        return ""
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    if isinstance(value, Mapping):
        return f"`{','.join(f'{key}:{one}' for key, one in value.items())}`" if value else ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def peer() -> Iterator[str]:
    """How many answers of a running Neutron are compared with ours, and where they differ on purpose."""
    found = {file.stem: json.loads(file.read_text()) for file in sorted((PEER / "recorded").glob("*.json"))}
    counts = {
        name: (len(scenarios), sum(len(steps) for steps in scenarios.values())) for name, scenarios in found.items()
    }
    requests = sum(steps for _, steps in counts.values())
    yield f"{requests} requests were sent to a running Neutron 29 with ML2/OVN; its answers (status, body, error) and"
    yield "the Northbound rows that each of them changed are in `tests/peer/recorded`. Every test run sends the same to"
    yield "Wovenet and compares; `tests/peer/README.md` says how to ask a Neutron of your own."
    yield ""
    rows = [(name, str(scenarios), str(steps)) for name, (scenarios, steps) in counts.items()]
    total = ("all", str(sum(scenarios for scenarios, _ in counts.values())), str(requests))
    yield from _table(("collection", "scenarios", "requests"), [*rows, total])
    yield ""
    yield "These differences are meant; any other fails the test, and so does one of these that is none any more."
    yield ""
    allowed = yaml.safe_load((PEER / "allowed.yaml").read_text())
    yield from _table(("where", "why"), ((f"`{each['where']}`", each["reason"]) for each in allowed))


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", NOTICE, "", *lines, ""])


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield re.sub(" +", " ", f"| {' | '.join(row)} |")


def _cell(parts: Iterable[str]) -> str:
    return ", ".join(parts).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def main(arguments: list[str]) -> int:
    """Writes the pages, or says which of them are stale."""
    stale = [name for name, text in pages().items() if _present(TARGET / name) != text]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/reference/{name} is stale: make docs")
        return 1 if stale else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (TARGET / name).write_text(text)
    return 0


def _present(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
