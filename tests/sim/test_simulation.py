"""Seeds in two processes, on SQLite; longer runs, and the other databases, are `make test-all`.

A seed that fails prints the command that runs it again, by itself and in the same course of events.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.__main__ import HASH_SEED

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 200
PROCESSES = 2
TIMEOUT_S = 3600


def started(seeds: str, *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.sim", "--seeds", seeds, *flags]
    environment = {**os.environ, "PYTHONHASHSEED": HASH_SEED}
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=sys.stderr)


def test_whatever_breaks_all_is_right_in_the_end() -> None:
    share = SEEDS // PROCESSES
    running = [started(f"{number * share}:{(number + 1) * share}") for number in range(PROCESSES)]
    said = [process.communicate(timeout=TIMEOUT_S)[0] for process in running]
    failed = [text for process, text in zip(running, said, strict=True) if process.returncode]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("seed", [7])
def test_a_seed_is_one_course_of_events(seed: int) -> None:
    alone, first = (
        started(seeds, "--verbose").communicate(timeout=TIMEOUT_S)[0] for seeds in (f"{seed}", f"{seed - 2}:{seed + 1}")
    )
    [line] = [line for line in alone.splitlines() if line.startswith(f"{seed}: ")]
    assert line in first.splitlines()
