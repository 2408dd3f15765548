"""The Northbound database of the API tests."""

from tests.api.conftest import northbound  # noqa: F401 - a fixture
