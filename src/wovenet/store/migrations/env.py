"""What Alembic runs to run migrations: on the connection that `migrations` hands over, in its transaction."""

from alembic import context

from wovenet.store.migrations import generate
from wovenet.store.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, **generate.options(connection.dialect.name))
context.run_migrations()
