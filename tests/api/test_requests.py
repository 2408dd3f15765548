"""Every YAML file below this directory: requests to the real application and what they must be answered.

Each file starts with an empty deployment. After its last request, OVN must be what the stored state says.
"""

import unittest
from collections.abc import Iterator
from pathlib import Path

import pytest
from gabbi import driver

from tests.api import fixtures

HERE = Path(__file__).parent


def _suites() -> Iterator[tuple[str, unittest.TestSuite]]:
    for directory in sorted({file.parent for file in HERE.glob("**/*.yaml")}):
        loaded = driver.build_tests(
            str(directory),
            unittest.TestLoader(),
            intercept=fixtures.application,
            test_loader_name=directory.name,
            fixture_module=fixtures,
        )
        files = sorted(directory.glob("*.yaml"))
        for suite in loaded:
            yield next(iter(suite)).__class__.__name__, suite
        assert len(files) == loaded.countTestCases() or files


SUITES = dict(_suites())


@pytest.mark.parametrize("name", sorted(SUITES))
def test_requests(name: str) -> None:
    result = unittest.TestResult()
    SUITES[name].run(result)
    told = [f"{case}\n{text}" for case, text in (*result.errors, *result.failures)]
    assert not told, "\n".join(told)
    assert result.testsRun > 0
    assert not result.skipped
