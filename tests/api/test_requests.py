"""Every YAML file below this directory: requests to the real application, and what they must be answered.

Each file starts with an empty deployment. After its last request, OVN must be what the stored state says: whatever
was written and not marked shows there.
"""

import unittest
from pathlib import Path

import pytest

from tests.api import cases, fixtures
from tests.deployment import deployment
from tests.ovsdb_servers import Server


@pytest.mark.parametrize("file", cases.files(), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_requests(file: Path, state_dir: Path, northbound: Server) -> None:
    with deployment(state_dir, nb=northbound, **cases.read(file).get("settings", {})) as cloud:
        with fixtures.using(cloud):
            told = run(cases.make(file, cloud.app, fixtures))
        assert not told, "\n\n".join(told)
        assert cloud.complaints() == []


def run(suite: unittest.TestSuite) -> list[str]:
    """What is wrong, up to the first request that is not answered as expected."""
    result = unittest.TestResult()
    result.failfast = True
    suite.run(result)
    assert result.testsRun > 0
    assert not result.skipped
    return [f"{case.test_data['name']}\n{_last(text)}" for case, text in (*result.errors, *result.failures)]


def _last(text: str) -> str:
    """The end of a traceback: what was expected, not how gabbi came to look."""
    return text[text.rfind("\n  File ") :]
