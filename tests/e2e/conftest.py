"""One deployment with two hypervisors for all end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.e2e import harness
from tests.e2e import tenant as tenants
from wovenet.lab.lab import Lab
from wovenet.lab.rest import Rest


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Deployment]:
    with harness.deployment(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def rest(deployment: harness.Deployment) -> Rest:
    return deployment.rest


@pytest.fixture
def lab(deployment: harness.Deployment) -> Lab:
    return deployment.lab


@pytest.fixture
def tenant(deployment: harness.Deployment) -> Iterator[tenants.Tenant]:
    with tenants.tenant(deployment) as somebody:
        yield somebody
