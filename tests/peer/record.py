"""Writes down what a running Neutron answers to the scenarios: `python -m tests.peer.record [collection ...]`.

Where it runs is in the environment (see `endpoint`); what it said goes to `recorded/<collection>.json`. Scenarios that
need what it does not offer keep their old record.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.peer import endpoint, play, scenario
from tests.peer.scenario import Scenario

WIDTH = 150
RECORDED = Path(__file__).parent / "recorded"


def path_of(collection: str, folder: Path = RECORDED) -> Path:
    """Where the record of a collection is."""
    return folder / f"{collection}.json"


def read(collection: str, folder: Path = RECORDED) -> dict[str, list[play.Told]]:
    """The recorded steps of each scenario of a collection; empty if never recorded."""
    path = path_of(collection, folder)
    records: dict[str, list[play.Told]] = json.loads(path.read_text()) if path.exists() else {}
    return records


def record(scripts: Sequence[Scenario], service: endpoint.Endpoint, before: dict[str, Any]) -> dict[str, Any]:
    """The records of all scenarios: played where the service offers what they need, else as they were before."""
    records: dict[str, Any] = {}
    for script in scripts:
        if script.needs <= service.offers:
            records[script.name] = play.play(script, service)
        elif script.name in before:
            records[script.name] = before[script.name]
    return records


def pretty(value: Any, indent: int = 0) -> str:
    """`value` as JSON to be read by people: on one line what fits one, keys in order."""
    line = json.dumps(value, sort_keys=True, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {pretty(value[key], indent + 1)}" for key in sorted(value)]
    else:
        items = [pretty(item, indent + 1) for item in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return opening + "\n" + ",\n".join(pad + item for item in items) + "\n" + pad[1:] + closing


def main(arguments: Sequence[str]) -> int:
    """Records the named collections, or all."""
    service = endpoint.from_environment()
    for collection in arguments or scenario.collections():
        records = record(scenario.load(collection), service, read(collection))
        path_of(collection).write_text(pretty(records) + "\n")
        steps = sum(len(steps) for steps in records.values())
        sys.stdout.write(f"{collection}: {len(records)} scenarios, {steps} requests\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
