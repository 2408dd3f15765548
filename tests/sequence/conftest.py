"""A store and a real NB for each test, and a controller's loop between them."""

from tests.reconcile.conftest import make_world, server, store, world  # noqa: F401
