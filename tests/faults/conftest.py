"""One deployment for most faults: each leaves it as it should be, or fails."""

from collections.abc import Iterator

import pytest

from tests.running import Running, running


@pytest.fixture(scope="session")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("faults")) as cloud:
        yield cloud


@pytest.fixture
def cloud(shared_cloud: Running) -> Iterator[Running]:
    """A deployment in which all is well, and is again after the test."""
    shared_cloud.check()
    yield shared_cloud
    shared_cloud.check()
