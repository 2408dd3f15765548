"""The fixtures of the API tests."""

from tests.api.conftest import northbound, state_dir  # noqa: F401 - fixtures
