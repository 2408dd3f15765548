"""The generated schema is that of the installed package, and sound."""

import json
import subprocess
import sys
from pathlib import Path

from wovenet.ovn.nb import TABLES

ROOT = Path(__file__).resolve().parents[3]


def test_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "gen_nb.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_file_is_noticed(tmp_path: Path) -> None:
    schema = json.loads(Path("/usr/share/ovn/ovn-nb.ovsschema").read_text())
    schema["tables"]["Copp"]["columns"]["another"] = {"type": "string"}
    changed = tmp_path / "changed.ovsschema"
    changed.write_text(json.dumps(schema))
    command = [sys.executable, str(ROOT / "tools" / "gen_nb.py"), "--check", str(changed)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_references_name_tables_and_every_row_can_live() -> None:
    held = {column.ref for table in TABLES.values() for column in table.columns.values() if not column.weak}
    for name, table in TABLES.items():
        assert table.root or name in held, name
        assert all(column.ref is None or column.ref in TABLES for column in table.columns.values())
        assert all(column in table.columns for index in table.indexes for column in index)
