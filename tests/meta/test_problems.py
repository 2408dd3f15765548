"""Problems are raised with the fields that their sentences name, and with no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import wovenet
from wovenet.api import faults
from wovenet.model import problems

SOURCE = Path(wovenet.__file__).parent
PLACES = re.compile(r"%\((\w+)\)")
EVERYWHERE = {"internal"}


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Where a problem is made, its name, and the fields that it is given; not where fields come as a dictionary."""
    for file in sorted(SOURCE.glob("**/*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and (name := _problem_of(node.func)):
                given = {keyword.arg for keyword in node.keywords}
                if None not in given:
                    yield f"{file.relative_to(SOURCE)}:{node.lineno}", name, {arg for arg in given if arg is not None}


def _problem_of(called: ast.expr) -> str | None:
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    found = getattr(problems, name, None)
    return name if isinstance(found, type) and issubclass(found, problems.Problem) else None


CALLS = [pytest.param(name, given, id=f"{where}-{name}") for where, name, given in raised()]


@pytest.mark.parametrize(("name", "given"), CALLS)
def test_a_problem_has_the_fields_that_are_told(name: str, given: set[str]) -> None:
    entry = faults.template(name)
    if entry is not None:
        assert set(PLACES.findall(entry[1])) <= given


def test_problems_are_found_at_all() -> None:
    assert len(CALLS) > 100
