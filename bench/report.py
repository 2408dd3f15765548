"""The report: what was measured, as a page to read and as JSON to compute with."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import recorded
from bench.audit import Audit
from bench.client import Timing
from bench.deployment import Started

PEER: Final = "peer"
BASIC: Final = "basic"

_LISTS: Final = 30.0
_WRITES: Final = 50.0
AIMS: Final[Mapping[str, float]] = {
    "port create": _WRITES,
    "port create with host": _WRITES,
    "port create, 8 at once": 60.0,
    "port create, bulk of 100": 100.0,
    "port show": 12.0,
    "port bind": _WRITES,
    "port update": _WRITES,
    "port delete": _WRITES,
    "port list, all (per 1 000 ports)": _LISTS,
    "port list, page of 100": _LISTS,
    "port list, by device": _LISTS,
    "network create": _WRITES,
    "subnet create": _WRITES,
    "security group rule create": _WRITES,
}
"""How many times faster than the peer an operation is to be."""

GROWTH_AIM: Final = 1.3
"""What an operation may cost at the largest size, as a multiple of what it costs with no ports."""
FILL_AIM_PER_S: Final = 500.0
START_AIM_S: Final = 1.5
MEMORY_AIM_MIB: Final = 200.0

_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Fill:
    """Ports made in bulk, until the last of them is in the Northbound database. Units: seconds."""

    ports: int
    api_s: float
    """Until the API had answered the last request."""
    all_s: float
    """Until nothing was marked any more."""


@dataclass(frozen=True, slots=True)
class Restart:
    """A start on what exists. Units: seconds from the start of the command."""

    ports: int
    started: Started
    caught_up_s: float
    """Until a port that was made when everything ran is in the Northbound database, and nothing is marked any more."""


@dataclass(slots=True)
class Results:
    """Everything of one run. Beds are named by their number of ports, the peer's and the one with passwords by name."""

    sizes: Sequence[int]
    count: int
    machine: str
    is_peer_live: bool
    operations: dict[str, dict[str, Timing]] = field(default_factory=dict)
    with_password: dict[str, dict[str, Timing]] = field(default_factory=dict)
    floor_sql: dict[str, Timing] = field(default_factory=dict)
    floor_ovsdb: dict[str, Timing] = field(default_factory=dict)
    behind: dict[str, Timing] = field(default_factory=dict)
    """From the answer until a port is in the Northbound database."""
    through: dict[str, Timing] = field(default_factory=dict)
    """From the request until a port is in the Northbound database."""
    fills: dict[str, Fill] = field(default_factory=dict)
    audits: dict[str, Audit] = field(default_factory=dict)
    starts: list[Started] = field(default_factory=list)
    """On empty directories."""
    restart: Restart | None = None
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    """When the deployment had just started ("idle"), and for each size after everything else was measured. Bytes."""


def write(results: Results, page: Path) -> None:
    """The page at `page`, and the JSON beside it."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(_page(results)) + "\n")
    page.with_suffix(".json").write_text(json.dumps(dataclasses.asdict(results), indent=1) + "\n")


def _page(results: Results) -> Iterator[str]:
    yield "# Benchmark"
    yield ""
    yield "Written by `make bench`; the samples behind it are in [benchmark.json](benchmark.json)."
    yield "All of it comes from one run, in which the deployments that are compared took turns of a few calls. Read the"
    yield "ratios: milliseconds are those of the machine and of the moment."
    yield ""
    yield f"- Machine: {results.machine}."
    yield f"- Medians of {results.count} calls (bulk requests and long lists: fewer), one at a time unless it says so."
    yield "- Measured: `wovenet up` with 2 API workers, SQLite, the embedded OVN, noauth, no quotas. Each size is a"
    yield "  deployment of its own, with that many ports in one network before the measurement begins."
    yield ""
    yield from _against_peer(results)
    yield from _against_floor(results)
    yield from _against_size(results)
    yield from _following(results)
    yield from _audits(results)
    yield from _start_and_memory(results)
    yield from _passwords(results)


def _against_peer(results: Results) -> Iterator[str]:
    name = "peer" if results.is_peer_live else "peer, recorded"
    yield "## Against the peer"
    yield ""
    if results.is_peer_live:
        yield "The peer was measured in the same run, in turns with Wovenet, on the network that it had for it."
    else:
        yield "No peer was at hand (`PEER_URL`). The column *peer, recorded* is what Neutron 29 (ML2/OVN, MariaDB)"
        yield "took for the same calls on such a machine. A ratio to it is one of two runs, and no better than that."
    yield ""
    bed = _smallest(results)
    rows = []
    for operation, timings in results.operations.items():
        # A list of nothing is no list: what counts per port is taken where there are many.
        own = timings[_largest(results) if "per 1 000" in operation else bed].median_ms
        peer = timings[PEER].median_ms if results.is_peer_live else recorded.OPERATIONS_MS.get(operation)
        aim = AIMS.get(operation)
        rows.append([operation, _ms(own), _ms(peer), _times(peer, own), *_aim(aim, peer and peer / own)])
    yield from _table(["operation", "Wovenet, ms", f"{name}, ms", "times faster", "aim", ""], rows)
    yield ""


def _against_floor(results: Results) -> Iterator[str]:
    yield "## Against the floor"
    yield ""
    yield "The floor is what nothing can be faster than here: the same rows by bare SQL in one commit (of a copy of the"
    yield "database), and one raw OVSDB transaction that inserts a switch port. Wovenet's requests go through HTTP."
    yield ""
    rows = []
    for size in _sizes(results):
        create = results.operations["port create"][size].median_ms
        sql, ovsdb = results.floor_sql[size].median_ms, results.floor_ovsdb[size].median_ms
        through = results.through[size].median_ms
        rows.append(
            [size, _ms(sql), _ms(ovsdb), _ms(create), _times(create, sql), _ms(through), _times(through, sql + ovsdb)]
        )
    head = ["ports", "SQL, ms", "OVSDB, ms", "port create, ms", "× SQL", "create until in NB, ms", "× SQL + OVSDB"]
    yield from _table(head, rows)
    yield ""


def _against_size(results: Results) -> Iterator[str]:
    sizes = _sizes(results)
    if len(sizes) == 1:
        return
    yield "## Against the size of the cloud"
    yield ""
    yield f"Medians in milliseconds, and the last column's multiple of the first (aim: at most {GROWTH_AIM})."
    yield ""
    rows = []
    for operation, timings in results.operations.items():
        if "per 1 000" in operation:
            continue
        growth = timings[sizes[-1]].median_ms / timings[sizes[0]].median_ms
        medians = [_ms(timings[size].median_ms) for size in sizes]
        rows.append([operation, *medians, f"{growth:.2f}", "✓" if growth <= GROWTH_AIM else "✗"])
    yield from _table(["operation", *(f"{int(size):,} ports".replace(",", " ") for size in sizes), "growth", ""], rows)
    yield ""


def _following(results: Results) -> Iterator[str]:
    yield "## OVN follows"
    yield ""
    rows = [
        [size, _ms(results.behind[size].median_ms), _ms(results.behind[size].p95_ms)]
        for size in _sizes(results)
        if size in results.behind
    ]
    yield "From the API's answer until the port is in the Northbound database, one port at a time:"
    yield ""
    yield from _table(["ports", "median, ms", "p95, ms"], rows)
    yield ""
    yield "Ports made in bulk by one client, while the controller brings them out:"
    yield ""
    rows = []
    for fill in results.fills.values():
        per_s = fill.ports / fill.all_s
        took = [f"{fill.api_s:.1f}", f"{fill.all_s:.1f}", f"{per_s:.0f}"]
        rows.append([f"{fill.ports:,}".replace(",", " "), *took, *_aim(FILL_AIM_PER_S, per_s)])
    yield from _table(["ports", "API, s", "in NB, s", "ports a second", "aim", ""], rows)
    yield ""


def _audits(results: Results) -> Iterator[str]:
    yield "## Audit"
    yield ""
    yield "`wovenet audit` of everything, from the start of the process to its end, and what another client of the"
    yield "Northbound database waits at most meanwhile for a transaction that reads one row, one every 20 ms."
    yield ""
    rows = [
        [size, found.units, f"{found.took_s:.1f}", _ms(found.longest_ms), _ms(found.longest_idle_ms)]
        for size, found in results.audits.items()
    ]
    head = ["ports", "units", "audit, s", "longest wait, ms", "longest wait without an audit, ms"]
    yield from _table(head, rows)
    yield ""


def _start_and_memory(results: Results) -> Iterator[str]:
    yield "## Start and memory"
    yield ""
    first = min(start.first_answer_s for start in results.starts)
    firsts = ", ".join(f"{start.first_answer_s:.2f}" for start in results.starts)
    listed = min(start.first_list_s for start in results.starts)
    ready = min(start.ready_s for start in results.starts)
    yield "From `wovenet up --detach` on an empty directory, on the wall clock, best of the deployments of this run"
    yield f"(first answers: {firsts} s; the recorded peer: {recorded.START_S:g} s on a database that exists):"
    yield ""
    rows = [
        ["first 200 of /healthcheck", f"{first:.2f}", *_aim(START_AIM_S, first, at_most=True)],
        ["first 200 of /v2.0/networks", f"{listed:.2f}", "", ""],
        ["everything runs", f"{ready:.2f}", "", ""],
    ]
    yield from _table(["until", "s", "aim", ""], rows)
    yield ""
    again = results.restart
    if again is not None:
        anew = again.started
        yield f"With {again.ports} ports, stopped and started again: the first 200 of /healthcheck after"
        yield f"{anew.first_answer_s:.2f} s, of /v2.0/networks after {anew.first_list_s:.2f} s. A port that was made"
        yield f"once everything ran was in the Northbound database {again.caught_up_s:.2f} s after the command."
        yield ""
    yield "Proportional set size of our processes, MiB (OVN's daemons are not ours). The recorded peer:"
    yield ", ".join(f"{mib} MiB with {ports} ports" for ports, mib in recorded.MEMORY_MIB.items()) + " in 8 processes."
    yield ""
    rows = []
    for name, parts in results.memory.items():
        total = sum(parts.values()) / _MIB
        mib = [f"{parts[role] / _MIB:.0f}" for role in ("supervisor", "api", "controller")]
        rows.append([name, *mib, f"{total:.0f}", *_aim(MEMORY_AIM_MIB, total, at_most=True)])
    yield from _table(["ports", "supervisor", "api, 1 + 2 workers", "controller", "all", "aim", ""], rows)
    yield ""


def _passwords(results: Results) -> Iterator[str]:
    yield "## What passwords cost"
    yield ""
    yield "HTTP basic authentication, two deployments in turns:"
    yield ""
    rows = []
    for operation, timings in results.with_password.items():
        plain, basic = timings[_smallest(results)].median_ms, timings[BASIC].median_ms
        rows.append([operation, _ms(plain), _ms(basic), f"{basic / plain:.2f}"])
    yield from _table(["operation", "noauth, ms", "basic, ms", "ratio"], rows)


def _sizes(results: Results) -> list[str]:
    return [str(size) for size in results.sizes]


def _smallest(results: Results) -> str:
    return str(min(results.sizes))


def _largest(results: Results) -> str:
    return str(max(results.sizes))


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _times(large: float | None, small: float) -> str:
    return "–" if large is None else f"{large / small:.1f}" if large < 10 * small else f"{large / small:.0f}"


def _aim(aim: float | None, found: float | None, *, at_most: bool = False) -> list[str]:
    """The cells of an aim and of whether it is met."""
    if aim is None:
        return ["", ""]
    text = f"≤ {aim:g}" if at_most else f"≥ {aim:g}"
    if found is None:
        return [text, "–"]
    return [text, "✓" if (found <= aim if at_most else found >= aim) else "✗"]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|--:" * (len(head) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
