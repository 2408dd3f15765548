"""Network namespaces: made, entered, and removed with everything that runs in them."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from wovenet.embedded import process

_RUN = Path("/run/netns")


def prefix(directory: Path) -> str:
    """How the names of all namespaces of the lab in `directory` begin; no other lab of this machine has the same."""
    digest = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()
    return f"wl{digest[:8]}-"


def existing(name_prefix: str) -> list[str]:
    """The namespaces whose names begin so."""
    if not _RUN.exists():
        return []
    return sorted(path.name for path in _RUN.iterdir() if path.name.startswith(name_prefix))


def ip(*lines: str, namespace: str | None = None) -> None:
    """Every line is done by one run of `ip -batch`, in order; the first that fails ends it."""
    inside = ("-n", namespace) if namespace else ()
    process.run(["ip", *inside, "-batch", "-"], stdin="\n".join(lines) + "\n")


def command(namespace: str, argv: Sequence[str]) -> list[str]:
    """`argv`, run in `namespace`."""
    return ["ip", "netns", "exec", namespace, *argv]


def processes(namespaces: Iterable[str]) -> frozenset[int]:
    """The live processes in any of `namespaces`."""
    wanted = {identity for name in namespaces if (identity := _identity(_RUN / name)) is not None}
    if not wanted:
        return frozenset()
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return frozenset(pid for pid in pids if _identity(Path(f"/proc/{pid}/ns/net")) in wanted)


def remove(namespaces: Sequence[str]) -> None:
    """None of `namespaces` exists, nor any process or interface that was in one."""
    process.end_all(lambda: processes(namespaces), grace_s=0.5)
    there = [name for name in namespaces if (_RUN / name).exists()]
    if there:
        ip(*(f"netns del {name}" for name in there))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return (found.st_dev, found.st_ino)
