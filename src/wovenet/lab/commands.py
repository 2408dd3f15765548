"""`wovenet lab …`: instances on the hypervisors of a running `wovenet up --lab N`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from wovenet.embedded import install as programs
from wovenet.embedded import process
from wovenet.lab import client, supervisor
from wovenet.lab.lab import LEASE_TIMEOUT_S, Lab, LabError
from wovenet.lab.rest import Rest, RestFailed, read_cloud

LAB_FOLDER = "lab"
"""Where, in the state directory of `wovenet up`, its lab lives."""

ROOT_STATE_DIR = Path("/var/lib/wovenet")
"""Where `wovenet up` keeps its state when root runs it; nobody else runs a lab."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _state_dir(command: _Command) -> _Command:
    return click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=ROOT_STATE_DIR,
        show_default=True,
        help="The state directory of the running `wovenet up`.",
    )(command)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the user can mend is said in one line, without a traceback."""
    try:
        yield
    except (LabError, RestFailed, process.ProgramFailed, process.DirectoryInUse, programs.CannotInstall) as failed:
        raise click.ClickException(str(failed)) from failed


def _open(state_dir: Path) -> tuple[Lab, Rest]:
    return Lab.open(state_dir / LAB_FOLDER), Rest(read_cloud(state_dir / "clouds.yaml"))


@click.group()
def lab() -> None:
    """Instances with real packets, on the hypervisors of `wovenet up --lab N`."""


@lab.command()
@click.argument("name")
@click.option("--network", help="Boot on a new port of this network (name or id).")
@click.option("--port", help="Boot on this port (name or id).")
@click.option("--host", help="The hypervisor; else the one with the fewest instances.")
@click.option("--security-group", "security_groups", multiple=True, help="For the port; may be given several times.")
@click.option("--timeout", "timeout_s", type=float, default=LEASE_TIMEOUT_S, show_default=True, help="Seconds to wait.")
@_state_dir
def boot(name: str, state_dir: Path, timeout_s: float, **wish: Any) -> None:
    """Boot instance NAME and wait until it has its addresses."""
    with _plain_errors():
        handle, rest = _open(state_dir)
        instance, leases = client.boot(handle, rest, client.Wish(name, **wish), timeout_s=timeout_s)
    addresses = ", ".join(f"{each.address} ({each.method})" for each in instance.port.fixed_ips) or "no addresses"
    click.echo(f"{name} runs on {instance.hypervisor}: {addresses}")
    for lease in leases.values():
        routes = ", ".join(f"{route.destination} via {route.via or 'link'}" for route in lease.routes)
        click.echo(
            f"  lease {lease.address}: dns {', '.join(lease.dns) or '-'}, mtu {lease.mtu}, routes {routes or '-'}"
        )


@lab.command("list")
@_state_dir
def list_instances(state_dir: Path) -> None:
    """List the instances."""
    with _plain_errors():
        handle = Lab.open(state_dir / LAB_FOLDER)
        lines = [("NAME", "HYPERVISOR", "ADDRESSES", "MAC", "PORT")]
        for each in handle.instances():
            addresses = ",".join(sorted(handle.addresses(each.name))) or "-"
            lines.append((each.name, each.hypervisor, addresses, each.port.mac, each.port.id))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip())


@lab.command("exec", context_settings={"ignore_unknown_options": True})
@_state_dir
@click.argument("name")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_in(name: str, command: tuple[str, ...], state_dir: Path) -> None:
    """Run COMMAND in instance NAME ("outside": on the provider network), in place of this process."""
    with _plain_errors():
        argv = Lab.open(state_dir / LAB_FOLDER).command(name, command)
    os.execvpe(argv[0], argv, process.user_environment())  # noqa: S606 - an argument list, no shell


@lab.command("rm")
@click.argument("names", nargs=-1, required=True)
@_state_dir
def remove(names: tuple[str, ...], state_dir: Path) -> None:
    """Remove the instances NAMES, and the ports that were made for them."""
    with _plain_errors():
        handle, rest = _open(state_dir)
        for name in names:
            client.remove(handle, rest, name)


@lab.command()
@click.argument("host")
@_state_dir
def freeze(host: str, state_dir: Path) -> None:
    """Make hypervisor HOST stand still, as if it had died."""
    with _plain_errors():
        Lab.open(state_dir / LAB_FOLDER).freeze(host)


@lab.command()
@click.argument("host")
@_state_dir
def thaw(host: str, state_dir: Path) -> None:
    """Let a frozen hypervisor HOST go on."""
    with _plain_errors():
        Lab.open(state_dir / LAB_FOLDER).thaw(host)


@lab.command()
@_state_dir
def clean(state_dir: Path) -> None:
    """Remove what a killed `wovenet up --lab` left on this machine."""
    with _plain_errors():
        supervisor.sweep(state_dir / LAB_FOLDER)


@lab.command()
@click.argument("part", type=click.Choice(list(programs.PROGRAMS)), default="lab")
def install(part: programs.Part) -> None:
    """Install the programs of Open vSwitch and OVN that are missing, from the distribution's packages."""
    with _plain_errors():
        added = programs.ensure(part)
    click.echo(f"installed: {', '.join(added)}" if added else "nothing is missing")
