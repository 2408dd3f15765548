"""`python -m tests.takeover.check`: takes over a running Neutron, on a copy of its Northbound database.

In the environment: as for `tests.takeover.record`. The scene is made and unmade; the service's own databases are only
read. Ends with status 1 if anything was changed that is not meant to be.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from tests import ovsdb_servers
from tests.deployment import LIKE_THE_PEER
from tests.peer import endpoint
from tests.takeover import dump, judge
from tests.takeover.scene import Scene
from wovenet import serve
from wovenet.settings import load


def main() -> int:
    service = endpoint.from_environment()
    scene = Scene(service, os.environ.get("PEER_SB"))
    with contextlib.ExitStack() as stack:
        stack.callback(scene.unmake)
        scene.make()
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(ovsdb_servers.serving(directory))
        before = dump.northbound(os.environ["PEER_NB"])
        client = server.client()
        dump.load_northbound(client, before)
        client.close()
        return _judged(directory, server.remote, before)


def _judged(directory: Path, remote: str, before: dump.Dump) -> int:
    """0 if everything is as it should be; says what is not."""
    flags = {"state_dir": directory, "ovn_nb": remote, "ovn.dns_servers": ",".join(dump.resolvers(remote))}
    settings, _ = load(flags, [LIKE_THE_PEER])
    report = serve.import_neutron(settings, os.environ["PEER_DB"], dry_run=False)
    _say(f"taken over: {report.taken}; {report.adopted} rows known; {len(report.remarks)} remarks")
    found = serve.audit(settings, repair=True)
    _say(f"{found.units} units compared, {len(found.findings)} differ")
    after = serve.audit(settings, repair=False)
    made = judge.changes(before, dump.northbound(remote))
    for reason in sorted({judge.MEANT[change.table, change.what] for change in made if judge.is_meant(change)}):
        _say(f"meant: {reason}")
    unmeant = judge.unmeant(made)
    for change in unmeant:
        _say(f"not meant: {change}")
    _say("everything is as it should be" if after.is_clean else f"after the repair differ: {after.findings}")
    return 0 if after.is_clean and not unmeant else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
