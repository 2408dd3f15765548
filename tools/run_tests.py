"""Everything that `make test` runs, ending in one line. Arguments name the suites to run instead of all.

Two lanes run side by side, one for each of two processors: what computes, and what starts whole deployments and mostly
waits for them. A suite that fails does not keep the others from running: one run tells all that is wrong.
"""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CHECKS = {
    "ruff": [BIN / "ruff", "check", "--quiet", "."],
    "format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "mypy": [BIN / "mypy"],
    "contracts": [BIN / "lint-imports", "--no-cache"],
    "tidy": [BIN / "python", "tools/tidy.py"],
}
TESTS = (
    "unit", "property", "meta", "golden", "store", "resources", "ovsdb", "api", "openapi", "sequence", "reconcile",
    "takeover", "peer", "sim",
)  # fmt: skip
DEPLOYMENTS = ("embedded", "keystone", "lab", "e2e", "faults", "deployments")
"""Suites that start daemons, namespaces and whole deployments. They run beside `TESTS`, not beside each other."""
LONG = {
    f"sim-{database}": [BIN / "python", "-m", "tests.sim", "--database", database, "--seeds", seeds, "--requests", "25"]
    for database, seeds in (("sqlite", "1000:2000"), ("postgresql", "1000:1400"), ("mariadb", "1000:1400"))
} | {
    "openapi-long": ["env", "WOVENET_ROUNDS=100", BIN / "python", "-m", "pytest", "tests/openapi"],
    "property-long": ["env", "WOVENET_EXAMPLES=3000", BIN / "python", "-m", "pytest", "tests/property"],
}
"""What `make test-all` runs besides."""
INSTALLS = (
    [BIN / "python", "-m", "wovenet.embedded.install", "lab"],
    [ROOT / "tools" / "install_databases.sh"],
)


def suites(names: list[str]) -> dict[str, list[str]]:
    """Name → command of what is to run."""
    tests = {
        name: [str(BIN / "python"), "-m", "pytest", f"tests/{name}"]
        for name in (*TESTS, *DEPLOYMENTS)
        if (ROOT / "tests" / name).is_dir()
    }
    known = {**{name: [str(part) for part in command] for name, command in CHECKS.items()}, **tests}
    long = {name: [str(part) for part in command] for name, command in LONG.items()}
    if names == ["check"]:
        names = list(CHECKS)
    if names == ["long"]:
        return long
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such suite: {', '.join(unknown)}; there are {', '.join(known)}")
    return {name: known[name] for name in names or known}


class Results:
    """What has run; says of each suite how it went as soon as it has ended."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []
        self._speaking = threading.Lock()

    def run(self, lane: dict[str, list[str]]) -> None:
        """Runs the suites of one lane, one after the other."""
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ.get('PATH', '')}"}
        for name, command in lane.items():
            began = time.monotonic()
            done = subprocess.run(
                command, cwd=ROOT, env=environment, check=False, text=True, errors="replace",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            took = time.monotonic() - began
            with self._speaking:
                (self.failed if done.returncode else self.passed).append(name)
                print(f"── {name}: {'FAILED' if done.returncode else 'passed'} in {took:.1f} s", flush=True)
                print(done.stdout, end="", flush=True)


def main() -> int:
    """Runs the suites; the status says whether all of them passed."""
    started = time.monotonic()
    chosen = suites(sys.argv[1:])
    if any(name not in CHECKS for name in chosen):
        for command in INSTALLS:
            subprocess.run(command, cwd=ROOT, check=True)
    lanes = [
        {name: command for name, command in chosen.items() if (name in DEPLOYMENTS) == is_waiting}
        for is_waiting in (True, False)
    ]
    results = Results()
    with ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(results.run, lanes))
    print(f"after {time.monotonic() - started:.0f} s{''.join(f', {name} failed' for name in results.failed)}")
    print(f"suites: {len(results.passed)} passed, {len(results.failed)} failed")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
