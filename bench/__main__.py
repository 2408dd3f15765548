"""`python -m bench`: starts deployments, measures, writes the report, stops them."""

import argparse
import os
import platform
import signal
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from bench import audit, floor, follow, operations, report
from bench.client import Call, Target, Timing
from bench.deployment import Deployment
from bench.operations import Bed
from bench.report import BASIC, PEER, Fill, Restart, Results

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "benchmark.md"
PEER_COUNT = 10
"""Samples of each operation on a peer, which is slow and not ours alone."""
WITH_PASSWORD = ("port create", "port show")
LIMIT_S = 1800
"""A run that takes longer is stuck, or on a machine that measures nothing: it ends, and so do its deployments."""


def main() -> None:
    arguments = _arguments()
    sizes = sorted({int(size) for size in arguments.sizes.split(",")})
    results = Results(sizes, arguments.count, _machine(), is_peer_live="PEER_URL" in os.environ)
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _stuck)
    signal.alarm(LIMIT_S)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wovenet-bench-")))
        beds, deployments = _lay(stack, directory, results)
        _measure(stack, directory, results, beds, deployments)
    report.write(results, arguments.page)
    print(arguments.page.read_text())
    print(f"{arguments.page} written after {time.monotonic() - began:.0f} s")


def _stuck(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"the run has taken {LIMIT_S} s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures Wovenet. PEER_URL (and PEER_TOKEN): a running Neutron to compare with.",
    )
    parser.add_argument("--sizes", default="", help="Numbers of ports, with commas. Default: 0,2000,10000.")
    parser.add_argument("--count", type=int, default=0, help="Calls of each operation. Default: 200.")
    parser.add_argument("--quick", action="store_true", help="A look: 0,1000 ports, 40 calls.")
    parser.add_argument("--page", type=Path, default=PAGE, help=f"Where the report goes. Default: {PAGE.name}.")
    found = parser.parse_args()
    found.sizes = found.sizes or ("0,1000" if found.quick else "0,2000,10000")
    found.count = found.count or (40 if found.quick else 200)
    return found


def _lay(stack: ExitStack, directory: Path, results: Results) -> tuple[list[Bed], dict[str, Deployment]]:
    """A deployment for each size, with its ports."""
    beds: list[Bed] = []
    deployments: dict[str, Deployment] = {}
    for size in results.sizes:
        deployment = _start(stack, directory / str(size), results)
        bed = Bed(str(size), deployment.target(), size, deployment.rest)
        _say(f"{size} ports")
        operations.lay(bed)
        began = time.perf_counter()
        operations.fill(bed)
        api_s = time.perf_counter() - began
        deployment.settle()
        if size:
            results.fills[bed.name] = Fill(size, api_s, time.perf_counter() - began)
        deployment.rest()
        beds.append(bed)
        deployments[bed.name] = deployment
    return beds, deployments


def _measure(
    stack: ExitStack, directory: Path, results: Results, beds: Sequence[Bed], deployments: dict[str, Deployment]
) -> None:
    for bed in beds:
        _say(f"following, {bed.name} ports")
        server = deployments[bed.name].northbound
        results.behind[bed.name], results.through[bed.name] = follow.delays(bed, server, count=results.count)
        bed.rest()
    counts = {bed.name: results.count for bed in beds}
    everywhere = list(beds)
    if results.is_peer_live:
        everywhere.append(_peer(stack))
        counts[PEER] = PEER_COUNT
    for name, timings in operations.measure(everywhere, counts):
        _say(name)
        results.operations[name] = timings
    for bed in beds:
        deployment = deployments[bed.name]
        results.floor_sql[bed.name] = _floor_sql(deployment, directory / f"{bed.name}.db", results.count)
        results.floor_ovsdb[bed.name] = floor.ovsdb(deployment.northbound, count=results.count)
        results.memory[bed.name] = deployment.memory()
        _say(f"audit, {bed.name} ports")
        results.audits[bed.name] = audit.take(deployment)
    _say("passwords")
    plain, basic = deployments[beds[0].name], _start(stack, directory / BASIC, results, auth="basic")
    pair = [Bed(name, each.target(), 0, each.rest) for name, each in ((beds[0].name, plain), (BASIC, basic))]
    for bed in pair:
        operations.lay(bed, rules=0)
    counts = {each.name: results.count for each in pair}
    for name, timings in operations.measure(pair, counts, WITH_PASSWORD):
        results.with_password[name] = timings
    _say(f"starting again, {beds[-1].name} ports")
    results.restart = _restart(deployments[beds[-1].name], beds[-1])


def _restart(deployment: Deployment, bed: Bed) -> Restart:
    """Everything is started anew, and a port is asked for once the API answers."""
    deployment.rest()
    deployment.stop()
    began = time.perf_counter()
    started = deployment.start()
    bed.create("ports", "port", network_id=bed.network_id)
    deployment.settle()
    return Restart(bed.ports, started, time.perf_counter() - began)


def _start(stack: ExitStack, directory: Path, results: Results, auth: str = "noauth") -> Deployment:
    _say(f"starting a deployment ({auth})")
    deployment = Deployment(directory, auth)
    stack.callback(deployment.stop)
    started = deployment.start()
    if auth == "noauth":
        results.starts.append(started)
        results.memory.setdefault("idle", deployment.memory())
    return deployment


def _peer(stack: ExitStack) -> Bed:
    """A bed on the peer, in a project of its own that has no quotas; removed afterwards."""
    token = os.environ.get("PEER_TOKEN")
    headers = {"X-Auth-Token": token} if token else {"X-Project-Id": uuid.uuid4().hex}
    bed = Bed(PEER, Target(os.environ["PEER_URL"].rstrip("/"), headers), 0)
    probe = bed.create("networks", "network", name="bench")
    bed.client.call(Call("DELETE", f"/v2.0/networks/{probe['id']}"))
    quotas = f"/v2.0/quotas/{probe['project_id']}"
    names = ("network", "subnet", "port", "security_group", "security_group_rule")
    bed.client.call(Call("PUT", quotas, {"quota": dict.fromkeys(names, -1)}))
    stack.callback(lambda: bed.client.call(Call("DELETE", quotas)))
    stack.callback(lambda: operations.clear(bed))
    operations.lay(bed)
    return bed


def _floor_sql(deployment: Deployment, copy: Path, count: int) -> Timing:
    with sqlite3.connect(deployment.database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return floor.sql(copy, count=count)


def _machine() -> str:
    model = next(
        (line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.machine(),
    )
    return f"{os.cpu_count()} × {model.rpartition(': ')[2]}, Python {platform.python_version()}"


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    main()
