"""Everything that `make test` runs, in order, ending in one line. Arguments name the suites to run instead of all.

A suite that fails does not keep the others from running: one run tells all that is wrong.
"""

import os
import subprocess
import sys
import time
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
TESTS = ("unit", "meta", "golden", "store", "resources", "ovsdb", "api", "sequence", "reconcile", "peer", "lab", "e2e")
SHARED = ("embedded",)
INSTALLS = (
    [BIN / "python", "-m", "wovenet.embedded.install", "lab"],
    [ROOT / "tools" / "install_databases.sh"],
)


def suites(names: list[str]) -> dict[str, list[str]]:
    """Name → command of what is to run."""
    tests = {
        name: [str(BIN / "python"), "-m", "pytest", f"tests/{name}"]
        for name in (*TESTS, *SHARED)
        if (ROOT / "tests" / name).is_dir()
    }
    known = {**{name: [str(part) for part in command] for name, command in CHECKS.items()}, **tests}
    if names == ["check"]:
        names = list(CHECKS)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such suite: {', '.join(unknown)}; there are {', '.join(known)}")
    return {name: known[name] for name in names or known}


def main() -> int:
    """Runs the suites; the status says whether all of them passed."""
    started = time.monotonic()
    chosen = suites(sys.argv[1:])
    if any(name not in CHECKS for name in chosen):
        for command in INSTALLS:
            subprocess.run(command, cwd=ROOT, check=True)
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ.get('PATH', '')}", "PYTHONDONTWRITEBYTECODE": "1"}
    failed = []
    for name, command in chosen.items():
        began = time.monotonic()
        print(f"── {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
            failed.append(name)
        print(f"   {time.monotonic() - began:.1f} s", flush=True)
    took = time.monotonic() - started
    if failed:
        print(f"FAILED: {', '.join(failed)} ({len(chosen) - len(failed)} of {len(chosen)} suites passed, {took:.0f} s)")
        return 1
    print(f"OK: {len(chosen)} suites passed in {took:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
