"""`wovenet audit`: what OVN has against what it should have."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wovenet.cli import options

if TYPE_CHECKING:
    from wovenet.ovn.diff import Difference

FINDINGS_SHOWN = 50


@click.command()
@options.deployment
@click.option("--repair", is_flag=True, help="Have the controller put right what differs.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def audit(flags: dict[str, Any], config_files: tuple[Path, ...], *, repair: bool, as_json: bool) -> None:
    """Compares OVN with the stored state, object by object. Writes nothing unless told to repair.

    Ends with status 1 if something differs.
    """
    from wovenet import serve

    settings = options.recall(flags, config_files)
    if settings.ovn.connection == "none":
        raise click.ClickException("this deployment has no OVN to compare with")
    try:
        report = serve.audit(settings, repair=repair)
    except serve.Unusable as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report), indent=2, default=str))
    else:
        _tell(report, repair=repair)
    raise SystemExit(0 if report.is_clean else 1)


def _tell(report: Any, *, repair: bool) -> None:
    if not report.is_bound:
        click.echo("this Northbound database is not the one that was written: the controller will change")
    for finding in report.findings[:FINDINGS_SHOWN]:
        click.echo(str(finding.unit))
        if finding.error:
            click.echo(f"  cannot be rendered: {finding.error}")
        for difference in finding.differences:
            for line in told(difference):
                click.echo(f"  {line}")
        if finding.ledger_differs and not finding.differences:
            click.echo("  the ledger remembers something else")
    for table, uuid in report.orphans[:FINDINGS_SHOWN]:
        click.echo(f"{table} {uuid}: a row of ours that nothing owns")
    hidden = (
        max(0, len(report.findings) - FINDINGS_SHOWN) + report.further + max(0, len(report.orphans) - FINDINGS_SHOWN)
    )
    if hidden:
        click.echo(f"… and {hidden} more")
    verdict = "everything is as it should be" if report.is_clean else "repair is under way" if repair else "differs"
    click.echo(f"{report.units} units compared, {report.unsettled} not settled: {verdict}")


def told(difference: "Difference") -> Iterator[str]:
    """A difference in a line, or one for each key where a map or a set differs in some."""
    where = f"{difference.table} {difference.uuid}"
    expected, found = difference.expected, difference.found
    if difference.column is None:
        yield f"{where}: {'should not be there' if expected is None else 'is missing'}"
    elif isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in sorted(expected.keys() | found.keys()):
            if expected.get(key) != found.get(key):
                yield f"{where}: {difference.column}:{key} is {_shown(found.get(key))}, not {_shown(expected.get(key))}"
    elif isinstance(expected, frozenset) and isinstance(found, frozenset):
        for value in sorted(map(_shown, expected - found)):
            yield f"{where}: {difference.column} lacks {value}"
        for value in sorted(map(_shown, found - expected)):
            yield f"{where}: {difference.column} has {value}"
    else:
        yield f"{where}: {difference.column} is {_shown(found)}, not {_shown(expected)}"


def _shown(value: object) -> str:
    match value:
        case None:
            return "unset"
        case str():
            return json.dumps(value)
        case frozenset():
            return ", ".join(sorted(map(_shown, value))) or "empty"
        case _:
            return str(value)
