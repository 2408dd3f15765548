"""Real databases, and a real Northbound."""

from tests.databases import (  # noqa: F401 - fixtures
    database_url,
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
    sqlite_url,
)
