"""One lab for all tests that only use it."""

from collections.abc import Iterator

import pytest

from tests.e2e import harness


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Site]:
    with harness.site(tmp_path_factory.mktemp("site")) as running:
        yield running
