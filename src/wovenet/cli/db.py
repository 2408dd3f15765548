"""`wovenet db upgrade|current`."""

from pathlib import Path
from typing import Any

import click

from wovenet.cli import options


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
@options.deployment
def upgrade(flags: dict[str, Any], config_files: tuple[Path, ...]) -> None:
    """Brings the database to the schema of this program."""
    from wovenet import serve  # SQLAlchemy: not for `wovenet db --help`

    try:
        click.echo(serve.upgrade_database(options.recall(flags, config_files)))
    except serve.Unusable as error:
        raise click.ClickException(str(error)) from error


@db.command()
@options.deployment
def current(flags: dict[str, Any], config_files: tuple[Path, ...]) -> None:
    """Says which schema the database has, and which one this program wants."""
    from wovenet import serve

    try:
        found, wanted = serve.database_revisions(options.recall(flags, config_files))
    except serve.Unusable as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{found or 'empty'} ({'up to date' if found == wanted else f'this program wants {wanted}'})")
    raise SystemExit(0 if found == wanted else 1)
