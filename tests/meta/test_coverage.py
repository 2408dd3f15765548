"""Whatever is served is tested: routes, rights, extensions. The lists of exceptions may only shrink."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api import cases
from tests.deployment import REGISTRY, deployment
from wovenet.api import routes
from wovenet.api.routes import Route
from wovenet.api.service import Service, endpoints

Verb = tuple[str, str]
"""Method and URL template."""

UNTESTED: frozenset[Verb] = frozenset()
"""Routes that no file below tests/api uses."""
REFUSING: frozenset[Verb] = frozenset(
    {
        ("GET", "/v2.0/agents/{object_id}/dhcp-networks"),
        ("POST", "/v2.0/agents/{object_id}/dhcp-networks"),
        ("DELETE", "/v2.0/agents/{object_id}/dhcp-networks/{network_id}"),
    }
)
"""Routes that refuse whatever they are asked: with OVN, no agent is one for DHCP."""
UNGUARDED: frozenset[Verb] = frozenset()
"""Routes that no rbac.yaml tries as somebody who is not an administrator."""
ADMINISTRATORS = {"admin", "service"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with deployment(tmp_path_factory.mktemp("service")) as made:
        yield made.service


@pytest.fixture(scope="module")
def table(service: Service) -> list[Route]:
    return routes.table(service)


def used(table: list[Route], files: list[Path], counts: Callable[[str, str], bool]) -> set[Verb]:
    """The routes that requests in `files` use. `counts` is told who asks and which status is expected."""
    patterns = sorted(
        ((_pattern(route.template), route.template) for route in table), key=lambda one: one[1].count("{")
    )
    found = set()
    for file in files:
        for who, method, url, status in cases.requests(file):
            if counts(who, status):
                path = urlsplit(url).path.rstrip("/").removesuffix(".json") or "/"
                template = next((template for pattern, template in patterns if pattern.fullmatch(path)), None)
                found.add((method, template or path))
    return found


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(template)))


def test_every_route_has_a_request_that_succeeds(table: list[Route]) -> None:
    tested = used(table, cases.files(), lambda _, status: status < "400")
    assert tested & REFUSING == set(), "does not refuse everything: take it off the list"
    missing = {(method, route.template) for route in table for method in route.verbs} - tested - REFUSING
    assert missing - UNTESTED == set(), "add a file below tests/api"
    assert UNTESTED - missing == set(), "is tested now: take it off the list"


def test_every_route_is_tried_by_somebody_who_is_no_administrator(table: list[Route]) -> None:
    files = [file for file in cases.files() if file.stem == "rbac"]
    tried = used(table, files, lambda who, _: who not in ADMINISTRATORS)
    asking = {
        (method, route.template) for route in table for method, verb in route.verbs.items() if verb.needs_identity
    }
    missing = asking - tried
    assert missing - UNGUARDED == set(), "add requests `as: member`, `reader` and `other` to an rbac.yaml"
    assert UNGUARDED - missing == set(), "is tried now: take it off the list"


def test_every_verb_of_a_collection_has_a_policy(table: list[Route], service: Service) -> None:
    words = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete"}
    rules = set()
    for endpoint in endpoints(service):
        path = f"/v2.0/{endpoint.collection.path}"
        of = {route.template.removeprefix(path): route for route in table if route.template.startswith(path)}
        for end in ("", "/{object_id}"):
            verbs = set(of[end].verbs) - (set() if endpoint.is_updatable else {"PUT"})
            rules |= {f"{words[method]}_{endpoint.member}" for method in verbs}
        if "/{object_id}/tags" in of:
            rules |= {f"{word}_{endpoint.member}:tags" for word in words.values()}
    assert {rule for rule in rules if not service.policy.knows(rule)} == set(), "the default rule lets every owner in"


def test_every_extension_is_named_by_a_test() -> None:
    named = {alias for file in cases.files() for alias in (file.stem, *cases.read(file).get("aliases", ()))}
    assert set(REGISTRY.surface.extensions) - named == set(), "name it: `aliases: [...]` in the file that proves it"


def test_no_test_names_an_extension_that_is_not_served() -> None:
    claimed = {alias for file in cases.files() for alias in cases.read(file).get("aliases", ())}
    assert claimed - set(REGISTRY.surface.extensions) == set()


def test_every_collection_has_one_file_about_rights() -> None:
    paths = {collection.path.rpartition("/")[2] for collection in REGISTRY.surface.collections.values()}
    assert {path for path in paths if not (cases.HERE / path / "rbac.yaml").exists()} == set()
