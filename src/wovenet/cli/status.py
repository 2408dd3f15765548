"""`wovenet status`: what runs, and what is not as it should be yet."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from wovenet import supervise
from wovenet.cli import options
from wovenet.model.clock import SystemClock
from wovenet.settings import Settings

UNITS_SHOWN = 20
_CONNECTED = {True: "connected", False: "not connected", None: ""}


@click.command()
@options.deployment
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(flags: dict[str, Any], config_files: tuple[Path, ...], *, as_json: bool) -> None:
    """Processes, database, OVN, leader, and units that are pending, waiting or failed.

    Ends with status 1 if the API does not answer, the database cannot be read, or a unit has failed.
    """
    settings = options.recall(flags, config_files)
    found = gather(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for line in lines(found):
            click.echo(line)
    is_well = found["api"]["healthy"] and found["database"]["ok"] and not found["units"].get("failed")
    raise SystemExit(0 if is_well else 1)


def gather(settings: Settings) -> dict[str, Any]:
    """Everything that is shown, as plain values."""
    state_dir = settings.default.state_path
    running = supervise.read_state(state_dir)
    url = running["url"] if running else settings.default.url
    stored = _stored(settings)
    return {
        "state_dir": str(state_dir),
        "api": {"url": url, "healthy": supervise.health(url)},
        "processes": [{"role": role, "pid": pid} for role, pid in (supervise.processes(running) if running else ())],
        "ovn": _ovn(settings, stored["controller"]),
        **stored,
    }


def _ovn(settings: Settings, controller: Mapping[str, Any] | None) -> dict[str, Any]:
    """Which OVN, and whether the controller that leads is connected to it; None if nobody leads."""
    is_led = controller is not None and controller["role"] == "leader"
    found: dict[str, Any] = {
        "connection": settings.ovn.connection,
        "connected": controller["connected"] if controller is not None and is_led else None,
    }
    if settings.ovn.connection == "remote":
        found |= {"nb": list(settings.ovn.ovn_nb_connection), "sb": list(settings.ovn.ovn_sb_connection)}
    return found


def _stored(settings: Settings) -> dict[str, Any]:
    """What the database says: its own state, the controller's, and the units'."""
    from wovenet import serve

    return serve.status(settings, SystemClock())


def lines(found: Mapping[str, Any]) -> list[str]:
    """The same for a person."""
    api, database, controller = found["api"], found["database"], found["controller"]
    result = [
        f"api         {api['url']}  {'healthy' if api['healthy'] else 'does not answer'}",
        f"database    {database['backend']}  {'ok' if database['ok'] else 'cannot be read'}  {database['revision']}",
        f"ovn         {found['ovn']['connection']}  {_CONNECTED[found['ovn']['connected']]}".rstrip(),
        f"controller  {_controller(controller)}",
        "processes   " + (", ".join(f"{each['role']} {each['pid']}" for each in found["processes"]) or "none here"),
    ]
    if found["compute"]:
        result.append(f"compute     {_compute(found['compute'])}")
    units = found["units"]
    counts = Counter({name: len(units.get(name, ())) for name in ("waiting", "retrying", "failed")})
    pending = sum(each["count"] for each in units.get("pending", ()) if each["topic"] != "notify")
    result.append(f"units       {pending} pending, " + ", ".join(f"{number} {name}" for name, number in counts.items()))
    for name in counts:
        result += [
            f"  {name:8}  {each['unit']}  for {each['age_s']:.0f} s: {each['reason']}"
            for each in units.get(name, ())[:UNITS_SHOWN]
        ]
    return result


def _compute(compute: Mapping[str, Any]) -> str:
    waiting = f"{compute['pending']} events pending"
    age = f" for up to {compute['oldest_age_s']:.0f} s" if compute["pending"] else ""
    dropped = compute["refused"] + compute["outdated"] + compute["surplus"]
    return f"{waiting}{age}, {compute['told']} told, {compute['unknown']} of unknown servers, {dropped} dropped"


def _controller(controller: Mapping[str, Any] | None) -> str:
    if not controller:
        return "none has led yet"
    words = [f"{controller['name']}  {controller['role']}, heard of {controller['age_s']:.0f} s ago"]
    words += [f"{controller['standbys']} standing by"] if controller["standbys"] else []
    words += [str(controller["cause"])] if controller["cause"] else []
    return ", ".join(words)
