"""`wovenet api` and `wovenet controller`: the two parts, each by itself."""

from pathlib import Path
from typing import Any

import click

from wovenet import supervise
from wovenet.cli import options


@click.command()
@options.deployment
@click.option("--upgrade-db/--no-upgrade-db", default=True, help="Bring the database to this program's schema first.")
@click.option("--routes", "is_listing", is_flag=True, help="Print the table of routes and stop.")
def api(flags: dict[str, Any], config_files: tuple[Path, ...], upgrade_db: bool, is_listing: bool) -> None:
    """Runs the API in the foreground."""
    from wovenet import serve  # the whole application: not for `--help`

    found = options.load(flags, config_files)
    if is_listing:
        for line in serve.route_lines(found):
            click.echo(line)
        return
    # A further API beside a deployment that runs is not what its clouds.yaml should point to.
    running = supervise.read_state(found.default.state_path)
    try:
        serve.api(found, upgrade=upgrade_db, url=running["url"] if running else found.default.url)
    except serve.Unusable as error:
        raise click.ClickException(str(error)) from error


@click.command()
@options.deployment
def controller(flags: dict[str, Any], config_files: tuple[Path, ...]) -> None:
    """Runs the controller in the foreground: the one that brings what is stored to OVN."""
    from wovenet import serve

    try:
        serve.controller(options.load(flags, config_files))
    except serve.Unusable as error:
        raise click.ClickException(str(error)) from error
