"""Knows all tables of the program, wherever they are defined."""

import importlib
import re
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from wovenet.store.schema import METADATA

_PACKAGE = Path(__file__).resolve().parents[2]
_DEFINES_A_TABLE = re.compile(r"^\w+(?:: [^=]+)? = sa\.Table\(\s*\"\w+\",\s*(?:schema\.)?METADATA\b", re.MULTILINE)


@cache
def load() -> sa.MetaData:
    """METADATA with every table of the program, after importing each module that defines one.

    A database has all of them, whatever is enabled: what a deployment enables may change any day.
    """
    for path in sorted(_PACKAGE.rglob("*.py")):
        if _DEFINES_A_TABLE.search(path.read_text(encoding="utf-8")):
            importlib.import_module(".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts))
    return METADATA
