"""API and controller start no program (F-11): the kernel kills them if they try, and they serve all the same."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ovsdb_servers import NB, SB, serving
from tests.running import ROOT, command, free_port, until
from wovenet import supervise
from wovenet.lab.rest import Cloud, Rest


@pytest.fixture
def flags(tmp_path: Path) -> Iterator[list[str]]:
    """A database and an OVN for API and controller."""
    with ExitStack() as stack:
        found = ["--state-dir", str(tmp_path / "state"), "--db", f"sqlite:///{tmp_path}/wovenet.db", "--auth", "noauth"]
        for name, schema in (("--ovn-nb", NB), ("--ovn-sb", SB)):
            directory = tmp_path / schema.name
            directory.mkdir()
            found += [name, stack.enter_context(serving(directory, schema)).remote]
        upgraded = command("db", "upgrade", *found)
        assert upgraded.returncode == 0, upgraded.stderr
        yield found


def _is_all_well(flags: list[str]) -> bool:
    return "everything is as it should be" in command("audit", *flags).stdout


def test_api_and_controller_start_no_program(flags: list[str]) -> None:
    url = f"127.0.0.1:{free_port()}"
    forbidden = [sys.executable, "-m", "tests.without_exec"]
    running = [
        subprocess.Popen([*forbidden, "controller", *flags], cwd=ROOT),
        subprocess.Popen([*forbidden, "api", *flags, "--bind", url, "--workers", "1"], cwd=ROOT),
    ]
    try:
        until(lambda: supervise.health(f"http://{url}"), "the API")
        rest = Rest(Cloud(f"http://{url}"))
        network = rest.create("networks", {"name": "plain"})
        rest.create("subnets", {"network_id": network["id"], "cidr": "10.5.0.0/24", "ip_version": 4})
        group = rest.create("security-groups", {"name": "plain"})
        rest.create("security-group-rules", {"security_group_id": group["id"], "direction": "ingress"})
        port = rest.create("ports", {"network_id": network["id"], "security_groups": [group["id"]]})
        until(lambda: _is_all_well(flags), "an empty audit")
        rest.delete("ports", port["id"])
        rest.delete("networks", network["id"])
        until(lambda: _is_all_well(flags), "an empty audit")
        assert [each.poll() for each in running] == [None, None]
    finally:
        for each in running:
            each.terminate()
    assert [each.wait(20) for each in running] == [0, 0]
