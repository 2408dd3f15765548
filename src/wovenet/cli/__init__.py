"""The command line. Sub-commands are imported when they are called, so that `wovenet --help` answers at once."""

import importlib

import click

from wovenet import __version__

COMMANDS = {
    "up": ("wovenet.cli.up", "up", "Run everything on this machine, in the foreground."),
    "down": ("wovenet.cli.up", "down", "Stop what `up` runs."),
    "status": ("wovenet.cli.status", "status", "Processes, database, OVN, and what is not settled."),
    "audit": ("wovenet.cli.audit", "audit", "Compare OVN with the stored state; repair it."),
    "import": ("wovenet.cli.takeover", "import_", "Take over a Neutron deployment."),
    "db": ("wovenet.cli.db", "db", "Upgrade the database, or say where it stands."),
    "user": ("wovenet.cli.user", "user", "The users of HTTP basic authentication; give one a new password."),
    "config": ("wovenet.cli.config", "config", "Check configuration files."),
    "lab": ("wovenet.lab.commands", "lab", "Instances on the lab's hypervisors."),
    "api": ("wovenet.cli.serve", "api", "Run the API alone."),
    "controller": ("wovenet.cli.serve", "controller", "Run the controller alone."),
}
"""Name → module, attribute, and what the list of commands says."""


class _Lazy(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Wovenet: the OpenStack Networking API on OVN."""
