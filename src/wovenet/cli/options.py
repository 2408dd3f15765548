"""Options that several commands share, and the settings that they come to."""

import functools
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from wovenet import settings, supervise

F = TypeVar("F", bound=Callable[..., Any])

STATE_DIR = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of everything that is kept. Default: [DEFAULT] state_path.",
)
CONFIG_FILES = click.option(
    "--config-file",
    "config_files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A neutron.conf-style file; several are read in order.",
)
FLAGS = ("state_dir", "bind", "workers", "db", "ovn", "ovn_nb", "ovn_sb", "auth")
_VARIABLE = re.compile(r"OS_.+?__.+")
_DEPLOYMENT = (
    STATE_DIR,
    CONFIG_FILES,
    click.option("--bind", metavar="HOST:PORT", help="Where the API listens."),
    click.option("--workers", type=click.IntRange(min=1), help="API processes."),
    click.option("--db", metavar="URL", help="SQLAlchemy URL: sqlite, postgresql or mysql. Default: SQLite."),
    click.option("--ovn", type=click.Choice(["embedded", "none"]), help="A private OVN, or none at all."),
    click.option("--ovn-nb", metavar="REMOTE", help="Northbound database: unix:, tcp:, ssl:, several with commas."),
    click.option("--ovn-sb", metavar="REMOTE", help="Southbound database, likewise."),
    click.option("--auth", type=click.Choice(["basic", "noauth", "keystone"]), help="How callers prove who they are."),
)


def deployment(command: F) -> F:
    """`command` with the options that say what a deployment is made of; it gets them as `flags` and `config_files`."""

    @functools.wraps(command)
    def wrapped(config_files: tuple[Path, ...], **options: Any) -> Any:
        flags = {name: options.pop(name) for name in FLAGS}
        given = {name: value for name, value in flags.items() if value is not None}
        return command(flags=given, config_files=config_files, **options)

    result: Any = wrapped
    for option in reversed(_DEPLOYMENT):
        result = option(result)
    decorated: F = result
    return decorated


def load(flags: Mapping[str, Any], config_files: tuple[Path, ...]) -> settings.Settings:
    """The settings of flags, files and environment; what the files say that nobody understands is shown as a warning.

    Raises: click.ClickException for a value that cannot be.
    """
    return _load(flags, config_files, os.environ)


def recall(flags: Mapping[str, Any], config_files: tuple[Path, ...]) -> settings.Settings:
    """The settings of the deployment in the state directory: what `up` was told there, unless said otherwise now.

    Raises: click.ClickException for a value that cannot be.
    """
    state_dir = flags.get("state_dir") or _load(flags, config_files, os.environ).default.state_path
    given = supervise.read_given(state_dir)
    if given is None:
        return load(flags, config_files)
    files = config_files or tuple(Path(file) for file in given["config_files"])
    return _load({**given["flags"], **flags}, files, {**given["environment"], **os.environ})


def to_recall(flags: Mapping[str, Any], config_files: tuple[Path, ...]) -> dict[str, Any]:
    """What `recall` needs, as JSON has it."""
    return {
        "flags": {name: str(value) for name, value in flags.items() if name != "state_dir"},
        "config_files": [str(file.absolute()) for file in config_files],
        "environment": {name: value for name, value in os.environ.items() if _VARIABLE.fullmatch(name)},
    }


def arguments(flags: Mapping[str, Any], config_files: tuple[Path, ...]) -> list[str]:
    """The command line that, with `environment`, gives another command of ours the same deployment."""
    shown = {name: value for name, value in flags.items() if name != "db"}
    given = [part for name, value in shown.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    return [*given, *(part for file in config_files for part in ("--config-file", str(file.absolute())))]


def environment(flags: Mapping[str, Any]) -> dict[str, str]:
    """What goes with `arguments`: the database's URL may hold a password, and everybody sees command lines."""
    return {"OS_DATABASE__CONNECTION": str(flags["db"])} if "db" in flags else {}


def _load(flags: Mapping[str, Any], config_files: tuple[Path, ...], environ: Mapping[str, str]) -> settings.Settings:
    try:
        found, reports = settings.load(flags, config_files, environ)
    except settings.BadSettings as error:
        raise click.ClickException(str(error)) from error
    for report in reports:
        click.echo(f"warning: {report}", err=True)
    return found
