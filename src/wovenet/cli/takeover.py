"""`wovenet import neutron`: a Neutron deployment becomes this one."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from wovenet.cli import options

REMARKS_SHOWN = 50


@click.group(name="import")
def import_() -> None:
    """Take over what another service keeps."""


@import_.command()
@click.option(
    "--db", "neutron_url", metavar="URL", envvar="NEUTRON_DATABASE", required=True,
    help="Neutron's database: mysql or postgresql. Also from NEUTRON_DATABASE: everybody sees command lines.",
)  # fmt: skip
@click.option("--to", "own_url", metavar="URL", help="Our database, empty. Default: that of the deployment.")
@options.STATE_DIR
@options.CONFIG_FILES
@click.option("--ovn-nb", metavar="REMOTE", help="The Northbound database: its rows are found and remembered.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def neutron(neutron_url: str, config_files: tuple[Path, ...], **given: Any) -> None:
    """Fills our empty database with what Neutron's has, under the same ids; says what has no place here.

    Neutron's database is read in one transaction that cannot write. Ours gets everything or nothing.
    """
    from wovenet import serve

    named = {"state_dir": given["state_dir"], "db": given["own_url"], "ovn_nb": given["ovn_nb"]}
    settings = options.recall({name: value for name, value in named.items() if value is not None}, config_files)
    try:
        report = serve.import_neutron(settings, neutron_url, dry_run=given["dry_run"])
    except serve.Unusable as error:
        raise click.ClickException(str(error)) from error
    if given["as_json"]:
        click.echo(json.dumps(dataclasses.asdict(report), indent=2))
    else:
        _tell(report, dry_run=given["dry_run"])


def _tell(report: Any, *, dry_run: bool) -> None:
    click.echo(f"Neutron's schema is at {', '.join(report.revisions) or 'an unknown revision'}")
    for kind, count in report.taken.items():
        click.echo(f"{count:8} {kind}")
    if report.left:
        click.echo("stay behind:")
    for left in report.left:
        named = f": {', '.join(left.ids)}" if left.ids else ""
        click.echo(f"{left.count:8} {left.kind} ({left.reason}){named}{' …' if left.count > len(left.ids) > 0 else ''}")
    if report.remarks:
        click.echo("are not quite the same:")
    for remark in report.remarks[:REMARKS_SHOWN]:
        click.echo(f"  {remark.object}: {remark.reason}")
    if hidden := max(0, len(report.remarks) - REMARKS_SHOWN) + report.further:
        click.echo(f"  … and {hidden} more")
    if report.adopted is not None:
        click.echo(f"{report.adopted} rows of the Northbound database are known")
    click.echo("nothing was written" if dry_run else "taken over: `wovenet audit` says what will change in OVN")
