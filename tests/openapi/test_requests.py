"""Requests that nobody thought of, made from the document: no failure, and no answer but those that it promises.

Bodies and parameters are generated from the schemas by Schemathesis; then some of their values are replaced by such as
objects have, by words that the rules know, and by awkward ones. Afterwards OVN is what the stored state says.

`WOVENET_ROUNDS` times a few requests of each operation; the same ones every time.
"""

import copy
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import checks

from tests.client import identity
from tests.openapi.world import TEXTS, Known, fill, world
from tests.ovsdb_servers import Server

ROUNDS = int(os.environ.get("WOVENET_ROUNDS", "3"))
EXAMPLES = {"get": 2, "delete": 2, "post": 12, "put": 8}
"""Requests of each operation in a round, by its method."""
PEOPLE = ("admin", "admin", "admin", "member", "member", "other", "reader")
PROMISES = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
TOLD = frozenset({"SubnetAllocationError"})
"""Answered with 500 as the peer does, and yet about nothing but the request."""
VALID, INVALID = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
MODES = (VALID, VALID, VALID, INVALID)
OWNERS = ("tenant_id", "project_id")


def test_generated_requests_are_answered_as_the_document_says(
    state_dir: Path, northbound: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with world(state_dir, northbound) as cloud:
        schema = schemathesis.openapi.from_wsgi("/openapi.json", cloud.app)
        checks.load_all_checks()
        operations = [found.ok() for found in schema.get_all_operations()]
        strategies = {
            operation.label: st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES))
            for operation in operations
        }
        schemas = cloud.client.ask("GET", "/openapi.json").body["components"]["schemas"].values()
        needed = frozenset(name for schema in schemas for name in schema.get("required", ()))
        complaints: list[str] = []
        for number in range(ROUNDS):
            if number:
                fill(cloud)
            for operation in operations:
                # What is there changes with every operation, and most of all with those that remove.
                known = Known(cloud, needed)
                for case, chance in _cases(strategies[operation.label], number, EXAMPLES[operation.method]):
                    complaints += _complaints(case, random.Random(chance), known, caplog)
            complaints += cloud.complaints()
        assert not complaints, "\n\n".join(dict.fromkeys(complaints))


def _cases(
    strategy: st.SearchStrategy[schemathesis.Case], number: int, examples: int
) -> list[tuple[schemathesis.Case, int]]:
    """The requests of one operation in a round, each with a number that decides what becomes of it."""
    found: list[tuple[schemathesis.Case, int]] = []

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=strategy, chance=st.integers(0, 2**32))
    def collect(case: schemathesis.Case, chance: int) -> None:
        found.append((case, chance))

    collect()
    return found


def _complaints(
    case: schemathesis.Case, chance: random.Random, known: Known, caplog: pytest.LogCaptureFixture
) -> Iterator[str]:
    """What is wrong with the answer to `case`."""
    _place(case, chance, known)
    if isinstance(case.body, dict):
        case.body = _mutated(case.body, chance, known)
    who = chance.choice(PEOPLE)
    caplog.clear()
    answer = case.call(headers=identity(who))
    request = f"{who}: {case.method} {case.formatted_path} {case.query} {case.body!r}"
    if answer.status_code >= 500:
        kind = answer.json()["NeutronError"]["type"]
        if kind not in TOLD:
            yield f"{request}\n{answer.status_code} {caplog.text[-3000:]}"
        return
    try:
        case.validate_response(answer, checks=checks.CHECKS.get_by_names(PROMISES))
    except* schemathesis.checks.Failure as failures:
        yield f"{request}\n{answer.status_code} {answer.text[:500]}\n" + "\n".join(map(str, failures.exceptions))


def _place(case: schemathesis.Case, chance: random.Random, known: Known) -> None:
    """The places of the URL mostly name what is there."""
    path = case.operation.path
    for name in case.path_parameters:
        choices: list[Any] = {
            "object_id": known.ids.get(path.partition("/{")[0], []),
            "project_id": ["demo", "alt", "ops"],
            "alias": ["agent", "provider"],
            "key": ["hv1", "hv2"],
            "tag": ["red", "blue"],
        }.get(name, [])
        if choices and chance.random() < 0.9:
            case.path_parameters[name] = chance.choice(choices)
    if case.query and chance.random() < 0.7:
        case.query = {name: _value(name, value, chance, known) for name, value in case.query.items()}


def _mutated(value: Any, chance: random.Random, known: Known) -> Any:
    """`value` with other values in some of its places, at any depth."""
    if isinstance(value, dict):
        return {
            name: _mutated(one, chance, known)
            if isinstance(one, dict | list) and chance.random() < 0.95
            else _value(name, one, chance, known)
            for name, one in _fewer(value, chance, known).items()
        }
    if isinstance(value, list):
        return [_mutated(one, chance, known) for one in value]
    return value


def _fewer(item: dict[str, Any], chance: random.Random, known: Known) -> dict[str, Any]:
    """Most often an object with few attributes: each of many is one more reason to refuse all of them."""
    if chance.random() < 0.1:
        return item
    kept = chance.random()
    needed = {name for name in item if name in known.needed or name not in known.values}
    return {
        name: one
        for name, one in item.items()
        if (name in needed or chance.random() < kept) and (name not in OWNERS or chance.random() < 0.1)
    }


def _value(name: str, value: Any, chance: random.Random, known: Known) -> Any:
    found, roll = known.values.get(name, []), chance.random()
    if found and roll < 0.85:
        return copy.deepcopy(chance.choice(found))
    if roll < 0.88:
        return chance.choice(TEXTS)
    if roll < 0.9:
        return copy.deepcopy(chance.choice(known.anything))
    return value
