"""Plays the recorded scenarios against another service and compares: `python -m tests.peer.replay [collection ...]`.

The service is named by the environment (see `endpoint`). Prints every difference that `allowed.yaml` does not agree to.
"""

import sys
from collections.abc import Iterator, Sequence

from tests.peer import compare, endpoint, play, record, scenario
from tests.peer.compare import Difference


def replay(script: scenario.Scenario, service: endpoint.Endpoint, expected: Sequence[play.Told]) -> list[Difference]:
    """All differences between the record of a scenario and what the service does now, allowed or not."""
    where = f"{script.collection}/{script.name}"
    try:
        got = play.play(script, service, expected)
    except play.StoppedError as stopped:
        return [Difference(f"{where}/stopped", "all steps", str(stopped))]
    if service.nb is None:
        expected = [{part: step[part] for part in step if part != "nb"} for step in expected]
    return compare.of_steps(where, expected, got)


def recorded(names: Sequence[str], offers: frozenset[str]) -> Iterator[tuple[scenario.Scenario, list[play.Told]]]:
    """The scenarios of these collections (of all, if none is named) that can be played and have a record."""
    for collection in names or scenario.collections():
        records = record.read(collection)
        for script in scenario.load(collection):
            if script.needs <= offers and script.name in records:
                yield script, records[script.name]


def main(arguments: Sequence[str]) -> int:
    """Prints the differences; the status says whether there are any that nobody agreed to."""
    service = endpoint.from_environment()
    found: list[Difference] = []
    played = 0
    for script, expected in recorded(arguments, service.offers):
        found += replay(script, service, expected)
        played += len(expected)
    left, unused = compare.split(found, compare.allowances())
    for difference in left:
        sys.stdout.write(f"{difference}\n")
    if not arguments:
        for allowance in unused:
            sys.stdout.write(f"allowed, but it did not occur: {allowance.where}\n")
    sys.stdout.write(f"{played} requests, {len(found)} differences, {len(left)} not allowed\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
