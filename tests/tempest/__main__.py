"""`make tempest`: tempest's own tests of the network API, and what became of them in docs/reference/tempest.md."""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.tempest import cloud, suite
from tests.tempest.suite import Result

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "tempest.md"


def main(arguments: Sequence[str]) -> int:
    """Runs tests, all of them unless `arguments` names a pattern; the status says whether none failed."""
    extensions = cloud.extensions()
    with tempfile.TemporaryDirectory(prefix="tempest-") as name, cloud.cloud(Path(name)) as made:
        results = suite.run(made, Path(name), extensions, chosen=arguments[0] if arguments else suite.TESTS)
    for result in results:
        if result.status == "fail":
            print(f"── {result.test}\n{result.reason}")  # noqa: T201
    counts = Counter(result.status for result in results)
    print(f"tempest: {counts['success']} passed, {counts['fail']} failed, {counts['skip']} skipped")  # noqa: T201
    if not arguments:
        PAGE.write_text("\n".join(page(results, suite.version())) + "\n")
    return 1 if counts["fail"] or not counts["success"] else 0


def page(results: Sequence[Result], version: str) -> Iterator[str]:
    """The page of the reference."""
    counts = Counter(result.status for result in results)
    yield "# Tempest"
    yield ""
    yield "<!-- Written by tests/tempest: `make tempest`. -->"
    yield ""
    left_out = suite.left_out()
    number = sum(map(len, left_out.values()))
    yield f"Tempest {version}, `tempest.api.network`: {counts['success']} passed, {counts['fail']} failed,"
    yield f"{counts['skip']} skipped, {number} left out. Against a real Keystone and `wovenet up --auth keystone`"
    yield "with its own OVN. Tempest is told which extensions are served, and skips by itself what needs others; what"
    yield "it does not know to need them is left out by name. Afterwards an audit of OVN finds nothing."
    if suite.ROUTERS not in cloud.extensions():
        yield "Tests of DHCPv6 that list routers before they clean up are told by Tempest's client that there are none."
    for status, heading in (("fail", "Failed"), ("skip", "Skipped"), ("success", "Passed")):
        found = [result for result in results if result.status == status]
        if found:
            yield ""
            yield f"## {heading}"
            yield from _by_reason(found) if status == "skip" else _by_class(found)
    yield ""
    yield "## Left out"
    for reason, tests in left_out.items():
        yield from _listed(reason, tests)


def _by_reason(results: Sequence[Result]) -> Iterator[str]:
    for reason in sorted({result.reason for result in results}):
        yield from _listed(reason, [result.test for result in results if result.reason == reason])


def _listed(reason: str, tests: Sequence[str]) -> Iterator[str]:
    yield ""
    yield f"{reason} ({len(tests)}):"
    yield ""
    yield from (f"- `{_short(test)}`" for test in tests)


def _by_class(results: Sequence[Result]) -> Iterator[str]:
    counts = Counter(_short(result.test).rpartition(".")[0] for result in results)
    yield ""
    yield "| tests | |"
    yield "|---|---|"
    yield from (f"| `{name}` | {count} |" for name, count in sorted(counts.items()))


def _short(test: str) -> str:
    return test.removeprefix("tempest.api.network.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
