"""Tempest itself: its own virtual environment, its configuration for a cloud of nothing but networks, its results."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.keystone import server
from tests.tempest.cloud import Cloud

VENV: Final = Path(os.environ.get("WOVENET_TEMPEST_VENV", Path(__file__).resolve().parents[2] / "var" / "tempest-venv"))
PACKAGES: Final = ("tempest>=47",)
TESTS: Final = r"^tempest\.api\.network\."
ROUTERS: Final = "router"
_NO_ROUTERS: Final = """
from tempest.lib.services.network.routers_client import RoutersClient
RoutersClient.list_routers = lambda self, **_: {"routers": []}
"""
"""The tests of DHCPv6 list routers before they clean up. Where there are none at all, that is what they are told."""
LEFT_OUT: Final = Path(__file__).with_name("left_out.yaml")
"""Tests that need what is not served and that no extension's absence leaves out, by reason. May only shrink."""
_OF_CLASS: Final = re.compile(r"(?:setUpClass|tearDownClass) \((.+)\)")

_CONF: Final = """
[DEFAULT]
log_file = {directory}/tempest.log
[oslo_concurrency]
lock_path = {directory}/lock
[auth]
use_dynamic_credentials = true
admin_username = admin
admin_password = {password}
admin_project_name = admin
admin_domain_name = Default
tempest_roles = member
create_isolated_networks = false
[identity]
uri_v3 = {keystone}/v3
auth_version = v3
region = RegionOne
[service_available]
neutron = true
nova = false
glance = false
cinder = false
swift = false
horizon = false
[validation]
run_validation = false
[network]
public_network_id = {public}
floating_network_name = public
[network-feature-enabled]
api_extensions = {extensions}
ipv6_subnet_attributes = true
port_admin_state_change = true
provider_net_base_mtu = 1450
floating_ips = false
"""

_READ: Final = """
import json, subunit, sys, testtools
found = {}
class Results(testtools.StreamResult):
    def status(self, test_id=None, test_status=None, file_name=None, file_bytes=None, **_):
        if test_id is None:
            return
        one = found.setdefault(test_id, {"status": None, "said": {}})
        if file_name:
            one["said"][file_name] = one["said"].get(file_name, "") + bytes(file_bytes).decode("utf-8", "replace")
        if test_status and test_status not in ("exists", "inprogress"):
            one["status"] = test_status
case = subunit.ByteStreamToStreamResult(open(sys.argv[1], "rb"), non_subunit_name="stdout")
case.run(Results())
json.dump(found, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Result:
    """How one test went: `success`, `fail` or `skip`; why, if it did not pass."""

    test: str
    status: str
    reason: str = ""


def installed() -> Path:
    """The directory of tempest's commands; installs it the first time (about 40 s)."""
    commands = VENV / "bin"
    if not (VENV / ".complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        subprocess.run([str(commands / "python"), "-m", "pip", "install", "-q", *PACKAGES], check=True)
        (VENV / ".complete").touch()
    return commands


def left_out() -> dict[str, list[str]]:
    """Reason → the tests that are not run for it."""
    found: dict[str, list[str]] = yaml.safe_load(LEFT_OUT.read_text())
    return found


def version() -> str:
    """Tempest's."""
    code = "import importlib.metadata as found; print(found.version('tempest'))"
    done = subprocess.run([installed() / "python", "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def run(cloud: Cloud, directory: Path, extensions: Collection[str], *, chosen: str = TESTS) -> Sequence[Result]:
    """What became of the chosen tests against `cloud`."""
    commands = installed()
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(directory)}
    environment.pop("PYTHONPATH", None)
    if ROUTERS not in extensions:
        (directory / "site").mkdir()
        (directory / "site" / "sitecustomize.py").write_text(_NO_ROUTERS)
        environment["PYTHONPATH"] = str(directory / "site")
    workspace = directory / "workspace"
    subprocess.run(
        [commands / "tempest", "init", workspace], check=True, env=environment, cwd=directory, capture_output=True
    )
    (workspace / "etc" / "tempest.conf").write_text(
        _CONF.format(
            directory=directory,
            password=server.PASSWORD,
            keystone=cloud.keystone,
            public=cloud.public_network_id,
            extensions=",".join(extensions),
        )
    )
    excluded = directory / "left-out"
    excluded.write_text("".join(f"{re.escape(test)}\n" for tests in left_out().values() for test in tests))
    with (directory / "results").open("wb") as out:
        command = [commands / "tempest", "run", "--regex", chosen, "--serial", "--exclude-list", excluded, "--subunit"]
        subprocess.run(command, cwd=workspace, env=environment, stdout=out, check=False)
    read = subprocess.run(
        [commands / "python", "-c", _READ, directory / "results"], check=True, capture_output=True, text=True
    )
    return _results(json.loads(read.stdout))


def _results(found: dict[str, Any]) -> list[Result]:
    """The tests' results. What keeps all tests of a class from running is told of the class."""
    classes = {match[1]: one for test, one in found.items() if (match := _OF_CLASS.fullmatch(test))}
    results = []
    for test, one in sorted(found.items()):
        name = test.partition("[")[0]
        if not _OF_CLASS.fullmatch(test):
            cause = one if one["status"] else classes.get(name.rpartition(".")[0], one)
            results.append(Result(name, cause["status"] or "fail", _reason(cause["said"])))
        elif one["status"] == "fail" and not test.startswith("setUp"):
            results.append(Result(name, "fail", _reason(one["said"])))
    return results


def _reason(said: dict[str, str]) -> str:
    return (said.get("reason") or said.get("traceback", "")).strip()
