"""The pages of docs/reference say what the program is."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("gen_reference", ROOT / "tools" / "gen_reference.py")
assert SPEC is not None and SPEC.loader is not None
gen_reference = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(gen_reference)
PAGES = gen_reference.pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_fresh(name: str) -> None:
    assert (gen_reference.TARGET / name).read_text() == PAGES[name], "make docs"


def test_there_are_no_other_pages_that_say_they_are_written_by_the_tool() -> None:
    pages = gen_reference.TARGET.glob("*.md")
    assert {path.name for path in pages if gen_reference.NOTICE in path.read_text()} == set(PAGES)
