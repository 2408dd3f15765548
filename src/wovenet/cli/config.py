"""`wovenet config check`."""

import os
from pathlib import Path

import click

from wovenet import settings
from wovenet.cli import options


@click.group()
def config() -> None:
    """Configuration files."""


@config.command()
@options.CONFIG_FILES
def check(config_files: tuple[Path, ...]) -> None:
    """Says what the files have that is unknown or unused; fails if a value cannot be."""
    try:
        _, reports = settings.load({}, config_files, os.environ)
    except settings.BadSettings as error:
        raise click.ClickException(str(error)) from error
    for report in reports:
        click.echo(str(report))
    click.echo(f"{len(config_files)} files read, {len(reports)} remarks")
