"""One Keystone for all, with people in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keystone import server
from tests.keystone.cloud import Cloud


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the Keystone keeps everything."""
    return tmp_path_factory.mktemp("keystone")


@pytest.fixture(scope="session")
def cloud(directory: Path) -> Iterator[Cloud]:
    with server.running(directory) as keystone:
        yield Cloud(keystone.url)


@pytest.fixture(scope="session")
def brief(cloud: Cloud, directory: Path) -> Iterator[str]:
    """The URL of the same Keystone, where tokens are made that live for a second."""
    with server.short_lived(directory) as keystone:
        yield keystone.url
