"""Checks of habit that no linter has: sizes, doors to time and chance, left-over markers. Prints what is wrong."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
POSITIONAL_MAX = 4
MARKERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
DOORS = {"time", "random", "uuid", "secrets"}
"""Modules that only the clock may ask (`uuid` also where a name is hashed into a UUID, see ALLOWED)."""
ALLOWED = {
    "src/wovenet/model/clock.py": DOORS,
    "src/wovenet/ovn/rows.py": {"uuid"},
    "src/wovenet/ovn/nb.py": set(),
}
GENERATED = {"src/wovenet/ovn/nb.py"}
MIGRATIONS = "src/wovenet/store/migrations/versions/"
"""As long as what they change: written by a tool, and never touched again."""
SPEAKS = re.compile(r"\.sleep\(|datetime\.now\(|utcnow\(")


def complaints() -> Iterator[str]:
    """Everything that is wrong, one line each."""
    for path in sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("tools/*.py")]):
        name = str(path.relative_to(ROOT))
        text = path.read_text()
        lines = text.splitlines()
        written = name in GENERATED or name.startswith(MIGRATIONS)
        if not written and len(lines) > FILE_LINES_MAX:
            yield f"{name}: {len(lines)} lines, more than {FILE_LINES_MAX}"
        for number, line in enumerate(lines, 1):
            if name != "tools/tidy.py" and MARKERS.search(line):
                yield f"{name}:{number}: left-over marker"
        tree = ast.parse(text)
        if not written:
            yield from _functions(name, tree)
        if name.startswith("src/"):
            yield from _doors(name, tree, lines)


def _functions(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > FUNCTION_LINES_MAX:
            yield f"{name}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES_MAX}"
        positional = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args) if arg.arg not in ("self", "cls")]
        if name.startswith("src/") and len(positional) > POSITIONAL_MAX:
            yield f"{name}:{node.lineno}: {node.name} has {len(positional)} positional parameters"


def _doors(name: str, tree: ast.Module, lines: list[str]) -> Iterator[str]:
    allowed = ALLOWED.get(name, set())
    for node in ast.walk(tree):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found = [node.module]
        for module in found:
            if module in DOORS and module not in allowed:
                yield f"{name}:{node.lineno}: {module} outside model/clock.py"
    if name != "src/wovenet/model/clock.py":
        for number, line in enumerate(lines, 1):
            if SPEAKS.search(line):
                yield f"{name}:{number}: time outside model/clock.py"


def main() -> int:
    """Prints every complaint; the status says whether there was one."""
    found = list(complaints())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
