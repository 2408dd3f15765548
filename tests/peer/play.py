"""Playing a scenario against a service: every step asked, its answer and what it changed in OVN written down."""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.peer import northbound, scenario
from tests.peer.endpoint import Answer, Endpoint
from tests.peer.names import Names
from tests.peer.scenario import Scenario, Step

OWNED = {
    "networks", "subnets", "ports", "security-groups", "security-group-rules", "subnetpools", "address-groups", "logs",
}  # fmt: skip
"""Collections where admin creates for the scenario's own project."""
QUIET_S = 0.15
SETTLE_S = 5.0

Told = dict[str, Any]
"""A step as a record holds it: request, answer, and the rows it changed (`nb`, None for a row that is gone)."""


class StoppedError(Exception):
    """The scenario cannot go on, because an answer lacks what later steps need."""


@dataclass
class Stage:
    """What one playing of a scenario knows: the service, values by name, names by value, what it made."""

    endpoint: Endpoint
    nb: northbound.Northbound | None
    names: Names
    saved: dict[str, Any]
    made: list[tuple[str, str]] = field(default_factory=list)
    rows: dict[str, Any] = field(default_factory=dict)


def play(script: Scenario, endpoint: Endpoint, expected: Sequence[Told] = ()) -> list[Told]:
    """What every step answered and changed, in stable names. What the scenario made is deleted at the end.

    In: `expected`: an earlier record; rows are then awaited until they are as recorded, for at most `SETTLE_S`
    (a service may write them after it answered).
    Raises: StoppedError, OSError.
    """
    project = uuid.uuid4().hex
    stage = Stage(
        endpoint,
        northbound.Northbound(endpoint.nb) if endpoint.nb else None,
        Names(scenario.given(script), endpoint.url),
        {"project": project},
    )
    stage.names.call(project, "project")
    for who, identity in endpoint.identities.items():
        if identity.project:
            stage.saved[f"{who}_project"] = identity.project
            stage.names.call(identity.project, f"{who}_project")
    try:
        _prepare(stage)
        told: list[Told] = []
        for number, step in enumerate(script.steps):
            told.append(_played(stage, step, expected[number] if number < len(expected) else None))
        return told
    finally:
        _clean(stage)


def _prepare(stage: Stage) -> None:
    """The project has its default security group, and the stage knows it as `default_sg`."""
    path = f"/v2.0/security-groups?name=default&project_id={stage.saved['project']}"
    answer = stage.endpoint.ask("GET", path)
    for group in answer.body["security_groups"] if answer.status == 200 else ():
        stage.saved["default_sg"] = group["id"]
        stage.names.call(group["id"], "default_sg")
        stage.made.append(("/v2.0/security-groups", group["id"]))
        for rule in group["security_group_rules"]:
            stage.names.call(rule["id"], f"default_{rule['direction']}_{rule['ethertype'].lower()}")
    stage.rows = _rows(stage, stage.names) if stage.nb else {}


def _played(stage: Stage, step: Step, expected: Told | None) -> Told:
    answer = _asked(stage, step)
    told: Told = {"request": step.described()}
    for name, path in step.save.items():
        try:
            stage.saved[name] = scenario.picked(answer.body, path)
        except KeyError:
            raise StoppedError(f"{step.method} {step.path}: no {path} in {answer.status} {answer.body}") from None
        stage.names.call(str(stage.saved[name]), name)
    if step.writes and answer.status < 300 and "/ports" in step.path:
        for address in _addresses(answer.body):
            stage.names.call_address(address)
    body = stage.names.plain(answer.body, ordered=step.ordered)
    told["answer"] = {"status": answer.status, "type": answer.content_type, "body": body}
    if stage.nb is not None and step.nb and step.writes:
        rows = _settled(stage, None if expected is None else expected.get("nb", {}))
        if change := _change(stage.rows, rows):
            told["nb"] = change
        stage.rows = rows
    return told


def _asked(stage: Stage, step: Step) -> Answer:
    path = scenario.filled(step.path, stage.saved)
    body = scenario.filled(step.body, stage.saved)
    text = scenario.filled(step.text, stage.saved) if step.text is not None else None
    if text is None and body is not None:
        text = json.dumps(_owned(step, body, stage.saved["project"]))
    answer = stage.endpoint.ask(
        step.method, path, who=step.who, text=text, headers=scenario.filled(dict(step.headers), stage.saved)
    )
    collection = path.split("?")[0].removesuffix(".json")
    if step.method == "POST" and answer.status == 201 and collection.count("/") == 2:
        stage.made += [(collection, item["id"]) for item in _created(answer.body)]
    return answer


def _owned(step: Step, body: Any, project: str) -> Any:
    """`body` with the scenario's project in what admin creates, where the scenario leaves it out."""
    if step.plain or step.who != "admin" or step.method != "POST" or step.path.split("/")[-1] not in OWNED:
        return body

    def owned(item: Any) -> Any:
        if isinstance(item, dict) and not {"project_id", "tenant_id"} & set(item):
            return {"project_id": project, **item}
        return [owned(one) for one in item] if isinstance(item, list) else item

    return {key: owned(item) for key, item in body.items()} if isinstance(body, dict) else body


def _created(body: Any) -> Iterator[dict[str, Any]]:
    for value in body.values() if isinstance(body, dict) else ():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and "id" in item:
                yield item


def _addresses(body: Any) -> Iterator[str]:
    """The addresses of ports in the answer that the service may have chosen."""
    for port in _created(body):
        for fixed in port.get("fixed_ips", ()):
            if "ff:fe" not in fixed["ip_address"]:
                yield fixed["ip_address"]


def _rows(stage: Stage, names: Names) -> dict[str, Any]:
    assert stage.nb is not None
    found = names.plain(northbound.about(stage.nb.rows(), names.uuids), unordered=True)
    return dict(found)


def _change(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Rows that are new or different, and None for those that are gone."""
    gone = {identity: None for identity in before if identity not in after}
    return gone | {identity: row for identity, row in after.items() if before.get(identity) != row}


def _settled(stage: Stage, expected: dict[str, Any] | None) -> dict[str, Any]:
    """The rows once they are as expected, or once they stand still if nothing is expected."""
    deadline = time.monotonic() + SETTLE_S
    last: dict[str, Any] | None = None
    while True:
        names = stage.names.copy()
        rows = _rows(stage, names)
        as_expected = expected is not None and _change(stage.rows, rows) == expected
        if as_expected or (expected is None and rows == last) or time.monotonic() > deadline:
            stage.names = names
            return rows
        last = rows
        time.sleep(QUIET_S)


def _clean(stage: Stage) -> None:
    """What the scenario made is gone, as far as the service lets it go."""

    def delete(path: str) -> bool:
        return stage.endpoint.ask("DELETE", path).status in (204, 404)

    project = stage.saved["project"]
    left = list(reversed(stage.made))
    for _ in range(3):
        left = [(collection, one) for collection, one in left if not delete(f"{collection}/{one}")]
    # A scenario may have caused a new default group, whose id no answer told.
    answer = stage.endpoint.ask("GET", f"/v2.0/security-groups?name=default&project_id={project}")
    for group in _created(answer.body) if answer.status == 200 else ():
        delete(f"/v2.0/security-groups/{group['id']}")
    delete(f"/v2.0/quotas/{project}")
