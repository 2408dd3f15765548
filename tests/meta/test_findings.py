"""The page of findings names tests that exist."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "findings.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[^`:]+)::([^`]+)`", PAGE)))


def _tests(file: Path) -> set[str]:
    if file.suffix == ".yaml":
        return {case.get("name", "") for case in yaml.safe_load(file.read_text())["tests"]}
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in _tests(ROOT / file)


def test_every_finding_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [FW]-\d+ ", line)]
    assert rows
    assert [row for row in rows if "`tests/" not in row] == []
