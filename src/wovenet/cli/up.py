"""`wovenet up` and `wovenet down`."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from wovenet import supervise
from wovenet.cli import options
from wovenet.embedded import process
from wovenet.model.clock import SystemClock
from wovenet.settings import Settings

STOP_TIMEOUT_S = 30.0
DEMO_HYPERVISORS = 2
READY = "ready"


@dataclass(frozen=True, slots=True)
class Wish:
    """What `up` is to bring up."""

    settings: Settings
    plan: supervise.Plan
    has_demo: bool


@click.command()
@options.deployment
@click.option("--lab", "hypervisors", type=click.IntRange(min=0), default=0, help="Hypervisors in network namespaces.")
@click.option("--demo", is_flag=True, help="Make a network with three instances and try it (needs --lab 2).")
@click.option("--detach", is_flag=True, help="Return when everything runs.")
def up(flags: dict[str, Any], config_files: tuple[Path, ...], *, hypervisors: int, demo: bool, detach: bool) -> None:
    """Runs API, controller, embedded OVN and, if asked for, a lab of hypervisors."""
    if demo and hypervisors < DEMO_HYPERVISORS:
        raise click.UsageError(f"--demo needs --lab {DEMO_HYPERVISORS}")
    found = options.load(flags, config_files)
    wish = Wish(found, _plan(found, flags, config_files, hypervisors), demo)
    wish.plan.log_dir.mkdir(parents=True, exist_ok=True)
    wish.plan.state_dir.chmod(0o700)
    wish.plan.log_dir.chmod(0o700)
    if detach:
        _detached(wish)
        return
    supervisor = _started(wish, click.echo)
    supervisor.watch()
    click.echo("stopping")
    supervisor.stop()


def _started(wish: Wish, say: Callable[[str], None]) -> supervise.Supervisor:
    """The deployment, running and healthy. Raises: click.ClickException, with nothing left running."""
    plan = wish.plan
    supervisor = supervise.Supervisor(plan, SystemClock(), say)
    began_s = supervisor.clock.monotonic()
    say(f"starting on {plan.url}, state in {plan.state_dir}")
    try:
        supervisor.start()
        say(f"ready after {supervisor.clock.monotonic() - began_s:.1f} s")
        if wish.has_demo:
            _demo(supervisor, plan)
    except supervise.StartFailed as error:
        raise click.ClickException(str(error)) from error
    except BaseException:
        supervisor.stop()
        raise
    if not wish.has_demo:
        say(f"try: export OS_CLIENT_CONFIG_FILE={plan.clouds_file}")
        say("     openstack --os-cloud wovenet network list")
    return supervisor


def _demo(supervisor: supervise.Supervisor, plan: supervise.Plan) -> None:
    # Only for a demo: rich, and the client of the API.
    from rich.console import Console

    from wovenet.lab import demo, rest
    from wovenet.lab.lab import LabError

    try:
        demo.run(supervisor.lab, rest.Rest(rest.read_cloud(plan.clouds_file)), Console(), clouds_file=plan.clouds_file)
    except (LabError, rest.RestFailed) as error:
        supervisor.stop()
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--state-dir", type=click.Path(file_okay=False, path_type=Path), required=True)
def down(state_dir: Path) -> None:
    """Stops what `up` runs on the state directory, and waits until it has ended."""
    state = supervise.read_state(state_dir)
    if state is None:
        supervise.sweep(state_dir)
        click.echo(f"nothing runs on {state_dir}")
        return
    os.kill(state["supervisor"], signal.SIGTERM)
    if not process.holds_within(lambda: supervise.read_state(state_dir) is None, STOP_TIMEOUT_S, interval_s=0.05):
        raise click.ClickException(f"process {state['supervisor']} did not end within {STOP_TIMEOUT_S:g} s")
    click.echo("stopped")


def _detached(wish: Wish) -> None:
    """Starts in a process of its own; returns when that says that everything runs, or fails with what it says."""
    reader, writer = os.pipe()
    if os.fork() > 0:
        os.close(writer)
        with os.fdopen(reader) as answers:
            *lines, verdict = answers.read().splitlines() or ["failed: the supervisor ended without a word"]
        for line in lines:
            click.echo(line)
        if verdict != READY:
            raise click.ClickException(verdict.removeprefix("failed: "))
        return
    os.close(reader)
    os.setsid()
    with (wish.plan.log_dir / "supervisor.log").open("a", buffering=1) as log:
        with os.fdopen(writer, "w", buffering=1) as answers:
            _leave_terminal(log.fileno())

            def say(text: str) -> None:
                for out in (answers, log):
                    if not out.closed:
                        print(text, file=out)

            try:
                supervisor = _started(wish, say)
            except click.ClickException as error:
                say(f"failed: {error.message}")
                raise SystemExit(1) from error
            say(READY)
        supervisor.watch()
        supervisor.stop()


def _leave_terminal(log: int) -> None:
    """Standard input is empty, and both outputs go to `log`."""
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, sys.stdin), (log, sys.stdout), (log, sys.stderr)):
        os.dup2(source, target.fileno())


def _plan(
    found: Settings, flags: Mapping[str, Any], config_files: tuple[Path, ...], hypervisors: int
) -> supervise.Plan:
    return supervise.Plan(
        state_dir=found.default.state_path.absolute(),
        url=found.default.url,
        listen=(found.default.bind_host, found.default.bind_port),
        is_ovn_embedded=found.ovn.connection == "embedded",
        has_controller=found.ovn.connection != "none",
        hypervisors=hypervisors,
        options=options.arguments(flags, config_files),
        environment=options.environment(flags),
        given=options.to_recall(flags, config_files),
    )
