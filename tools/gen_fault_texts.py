#!/usr/bin/env python3
"""Write src/wovenet/api/fault_texts.json: status and text of every fault that neutron-lib defines for the wire.

The file stands in for `import neutron_lib.exceptions` (0.5 s), which would otherwise happen at the first fault of every
process. `tests/unit/faults` fails when the file and the installed neutron-lib differ.
"""

import importlib
import inspect
import json
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

TARGET = Path(__file__).resolve().parent.parent / "src" / "wovenet" / "api" / "fault_texts.json"
ELSEWHERE = {"firewall_v2", "placement", "taas", "vpn"}
"""Modules whose exceptions belong to services of their own, or never reach a client."""


def _modules() -> list[ModuleType]:
    root = importlib.import_module("neutron_lib.exceptions")
    names = sorted(m.name for m in pkgutil.iter_modules(root.__path__) if m.name not in ELSEWHERE)
    return [root, *(importlib.import_module(f"neutron_lib.exceptions.{name}") for name in names)]


def _status(cls: type, families: dict[type, type]) -> int | None:
    return next((families[base].code for base in cls.__mro__ if base in families), None)  # type: ignore[attr-defined]


def texts() -> dict[str, tuple[int, str]]:
    """Every exception that maps to an HTTP status: name → (status, text with %(field)s places)."""
    families = importlib.import_module("neutron_lib.api.faults").FAULT_MAP
    base = importlib.import_module("neutron_lib.exceptions").NeutronException
    found: dict[str, tuple[int, str]] = {}
    for module in _modules():
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and issubclass(cls, base):
                status = _status(cls, families)
                if status is not None:
                    found.setdefault(name, (status, str(cls.message)))
    return dict(sorted(found.items()))


def main(arguments: list[str]) -> int:
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in texts().items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if arguments == ["--check"]:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
