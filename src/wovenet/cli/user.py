"""`wovenet user list|reset`: the users of HTTP basic authentication."""

from pathlib import Path
from typing import Any

import click

from wovenet.cli import options


@click.group()
def user() -> None:
    """The users of HTTP basic authentication."""


@user.command("list")
@options.deployment
def list_(flags: dict[str, Any], config_files: tuple[Path, ...]) -> None:
    """Says who the users are, what project each is in, and which roles they have."""
    from wovenet.api import users  # bcrypt: not for `wovenet user --help`

    state_dir = options.recall(flags, config_files).default.state_path
    try:
        found = users.read(state_dir / users.FILE)
    except users.BadUsersFile as error:
        raise click.ClickException(str(error)) from error
    for one in sorted(found.values(), key=lambda one: one.name):
        click.echo(f"{one.name} {one.project_id} {','.join(sorted(one.roles))}")


@user.command()
@click.argument("name")
@options.deployment
def reset(name: str, flags: dict[str, Any], config_files: tuple[Path, ...]) -> None:
    """Gives NAME a new password, says it once, and puts it into clouds.yaml if NAME is there.

    Processes that run notice it at once.
    """
    from wovenet.api import clouds, users
    from wovenet.model.clock import SystemClock

    state_dir = options.recall(flags, config_files).default.state_path
    try:
        made = users.reset(state_dir / users.FILE, name, SystemClock())
    except users.BadUsersFile as error:
        raise click.ClickException(str(error)) from error
    clouds.change_password(state_dir / clouds.FILE, made)
    click.echo(made.password.reveal())
