"""Every problem has a status and a sentence; nothing else is ever told."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wovenet.api import faults
from wovenet.model import problems

ROOT = Path(__file__).resolve().parents[3]
PLACES = re.compile(r"%\((\w+)\)")


def every_problem() -> list[type[problems.Problem]]:
    found: list[type[problems.Problem]] = []
    pending = [problems.Problem]
    while pending:
        subclasses = pending.pop().__subclasses__()
        pending += subclasses
        found += [cls for cls in subclasses if cls.__module__.startswith(problems.__name__)]
    return sorted(found, key=lambda cls: cls.__name__)


def documented_fields(cls: type[problems.Problem]) -> set[str]:
    match = re.search(r"Fields: (.*)\.", cls.__doc__ or "")
    return set(re.findall(r"\w+", re.sub(r"\([^)]*\)|Source:.*", "", match[1]))) if match else set()


@pytest.mark.parametrize("cls", every_problem(), ids=lambda cls: cls.__name__)
def test_every_problem_has_a_text_that_its_fields_fill(cls: type[problems.Problem]) -> None:
    entry = faults.template(cls.__name__)
    assert entry is not None, f"add {cls.__name__} to wovenet.api.faults.OURS: neutron-lib has no such exception"
    status, text = entry
    assert 400 <= status <= 503
    assert set(PLACES.findall(text)) <= documented_fields(cls), f"{text!r} against {cls.__doc__!r}"
    fault = faults.of(cls(**dict.fromkeys(documented_fields(cls), "x")))
    assert "<" not in fault.message or "<=" in fault.message


def test_the_texts_are_those_of_the_installed_neutron_lib() -> None:
    generator = [sys.executable, str(ROOT / "tools" / "gen_fault_texts.py"), "--check"]
    assert subprocess.run(generator, check=False).returncode == 0, "run tools/gen_fault_texts.py"


def test_no_name_stands_in_both_tables() -> None:
    kept = json.loads((ROOT / "src" / "wovenet" / "api" / "fault_texts.json").read_bytes())
    assert not set(faults.OURS) & set(kept)


def test_the_body_is_what_neutron_answers() -> None:
    fault = faults.of(problems.NetworkNotFound(net_id="00000000-0000-0000-0000-000000000000"))
    assert fault.status == 404
    assert fault.body() == (
        b'{"NeutronError": {"type": "NetworkNotFound", "message": "Network 00000000-0000-0000-0000-000000000000 could '
        b'not be found.", "detail": ""}}'
    )


@pytest.mark.parametrize(
    ("problem", "status", "message"),
    [
        (problems.HTTPNotFound(), 404, "The resource could not be found."),
        (problems.HTTPBadRequest(message="Body contains invalid data"), 400, "Body contains invalid data"),
        (
            problems.RevisionNumberConstraintFailed(expected=99, current=2),
            412,
            "Constrained to 99, but current revision is 2",
        ),
        (problems.OverQuota(overs=["network"]), 409, "Quota exceeded for resources: ['network']."),
        (
            problems.PolicyNotAuthorized(action="rule:get_quota"),
            403,
            "rule:get_quota is disallowed by policy",
        ),
        (
            problems.InvalidScope(rule="rule:get_quota", operation_scopes=["project"], token_scope="system"),
            403,
            "rule:get_quota requires a scope of ['project'], request was made with system scope.",
        ),
    ],
)
def test_texts_that_a_running_neutron_gave(problem: problems.Problem, status: int, message: str) -> None:
    fault = faults.of(problem)
    assert (fault.status, fault.type, fault.message) == (status, problem.name, message)


def test_an_unknown_error_tells_nothing() -> None:
    fault = faults.of(RuntimeError("SELECT secret FROM users"))
    assert (fault.status, fault.type) == (500, "HTTPInternalServerError")
    assert "secret" not in fault.body().decode()


def test_internal_context_is_not_sent() -> None:
    fault = faults.of(problems.NetworkNotFound(net_id="n", internal="10.0.0.1 refused"))
    assert b"refused" not in fault.body()


def test_a_missing_field_does_not_prevent_the_answer() -> None:
    assert faults.of(problems.NetworkNotFound()).message == "Network <net_id> could not be found."


def test_text_of_users_stays_json() -> None:
    fault = faults.of(problems.InvalidInput(error_message='"}\r\n%(x)s\x1b[31m'))
    assert json.loads(fault.body())["NeutronError"]["message"].startswith('Invalid input for operation: "}\r\n%(x)s')


def test_telling_a_fault_does_not_import_neutron_lib() -> None:
    program = (
        "import sys; from wovenet.api import faults; from wovenet.model import problems;"
        "faults.of(problems.PortNotFound(port_id='p')); sys.exit('neutron_lib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
