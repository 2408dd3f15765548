"""Every collection of the registry answers lists, pages, filters, orders and revisions in the same way."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.api.test_statements import Cloud
from tests.client import Answer
from tests.deployment import REGISTRY, deployment
from wovenet.api.parse import TAG_FILTERS
from wovenet.resources import tagging
from wovenet.resources.base import Resource
from wovenet.surface.spec import Collection

Object = Mapping[str, Any]
EACH = 5
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
RESOURCES = [
    pytest.param(resource, id=name)
    for name, resource in sorted(REGISTRY.resources.items())
    if "id" in REGISTRY.surface.collections[name].attributes
]
SORTABLE = [one for one in RESOURCES if REGISTRY.surface.collections[str(one.id)].attributes["id"].is_sort_key]
TAGGED = [one for one in RESOURCES if tagging.resource_is_tagged(REGISTRY.resources[str(one.id)])]
REVISED = [
    one
    for one in RESOURCES
    if "revision_number" in REGISTRY.surface.collections[str(one.id)].attributes
    and not REGISTRY.resources[str(one.id)].is_view
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud in which every collection has several objects."""
    with deployment(tmp_path_factory.mktemp("verbs")) as running:
        made = Cloud(running)
        made.fill(0, EACH)
        yield made


def collection_of(resource: Resource) -> Collection:
    return REGISTRY.surface.collections[resource.collection]


def path_of(resource: Resource) -> str:
    return f"/v2.0/{collection_of(resource).path}"


def ask(cloud: Cloud, resource: Resource, query: str = "") -> Answer:
    return cloud.client.ask("GET", f"{path_of(resource)}{query}")


def found(cloud: Cloud, resource: Resource, query: str = "") -> list[Object]:
    answer = ask(cloud, resource, query)
    assert answer.status == 200, f"{query}: {answer.text}"
    objects: list[Object] = answer.body[resource.collection]
    return objects


def ids(objects: Sequence[Object]) -> list[str]:
    return [one["id"] for one in objects]


def comparable(resource: Resource, objects: Sequence[Object]) -> Iterator[tuple[str, str]]:
    """The attributes that lists are filtered by as text, each with a value of one of the objects."""
    for name, attribute in collection_of(resource).attributes.items():
        if attribute.is_filter and name not in resource.filters:
            values = [one[name] for one in objects if isinstance(one.get(name), str | int | bool)]
            for value in sorted({str(value) for value in values})[:2]:
                yield name, value


def is_value(one: Object, name: str, value: str) -> bool:
    return str(one.get(name)) == value


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_filter_finds_what_has_the_value_and_nothing_else(cloud: Cloud, resource: Resource) -> None:
    everything = found(cloud, resource)
    assert everything
    tried = list(comparable(resource, everything))
    assert tried
    for name, value in tried:
        expected = ids([one for one in everything if is_value(one, name, value)])
        assert ids(found(cloud, resource, f"?{name}={quote(value)}")) == expected, (name, value)
    for (name, value), (other, second) in itertools.pairwise(tried):
        both = ids(found(cloud, resource, f"?{name}={quote(value)}&{other}={quote(second)}"))
        if name == other:
            assert both == ids([one for one in everything if str(one.get(name)) in (value, second)]), name
        else:
            fits = [one for one in everything if is_value(one, name, value) and is_value(one, other, second)]
            assert both == ids(fits), (name, other)


@pytest.mark.parametrize("resource", RESOURCES)
def test_an_empty_value_finds_what_is_empty(cloud: Cloud, resource: Resource) -> None:
    everything = found(cloud, resource)
    for name, attribute in collection_of(resource).attributes.items():
        is_text = any(isinstance(one.get(name), str) for one in everything)
        is_number = attribute.is_integer or attribute.is_boolean
        if attribute.is_filter and is_text and not is_number and name not in resource.filters:
            assert ids(found(cloud, resource, f"?{name}=")) == ids([one for one in everything if one[name] == ""]), name


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_truth_value_is_said_in_many_ways(cloud: Cloud, resource: Resource) -> None:
    everything = found(cloud, resource)
    for name, attribute in collection_of(resource).attributes.items():
        if attribute.is_filter and attribute.is_boolean and attribute.is_visible:
            for words, truth in ((("true", "True", "1", "TRUE"), True), (("false", "False", "0"), False)):
                for word in words:
                    expected = [one for one in everything if bool(one.get(name)) is truth]
                    assert ids(found(cloud, resource, f"?{name}={word}")) == ids(expected), (name, word)
            refused = ask(cloud, resource, f"?{name}=foo")
            assert (refused.status, refused.error) == (400, "InvalidInput"), name


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_cannot_be_filtered_by_is_refused(cloud: Cloud, resource: Resource) -> None:
    attributes = collection_of(resource).attributes
    unknown = ["bogus", *(name for name, one in attributes.items() if not one.is_filter)]
    for name in unknown:
        if name not in resource.filters and name not in ("tenant_id", "project_id"):
            answer = ask(cloud, resource, f"?{name}=1")
            assert (answer.status, answer.error) == (400, "HTTPBadRequest"), name
            assert answer.body["NeutronError"]["message"] == f"['{name}'] is invalid attribute for filtering"


@pytest.mark.parametrize("resource", RESOURCES)
def test_fields_are_what_is_shown(cloud: Cloud, resource: Resource) -> None:
    first = found(cloud, resource)[0]
    for name in first:
        shown = cloud.client.ask("GET", f"{path_of(resource)}/{quote(first['id'])}?fields={name}&fields=bogus")
        assert shown.body == {resource.member: {name: first[name]}}, name
    assert all(set(one) == {"id"} for one in found(cloud, resource, "?fields=id"))


def sort_keys(resource: Resource) -> list[str]:
    return [name for name, one in collection_of(resource).attributes.items() if one.is_sort_key]


def key_of(value: Any) -> Any:
    """As the lists sort: what is not there comes first."""
    return (value is not None, value)


@pytest.mark.parametrize("resource", SORTABLE)
def test_a_list_is_sorted_by_each_key_and_by_several(cloud: Cloud, resource: Resource) -> None:
    everything = {one["id"]: one for one in found(cloud, resource)}
    for name in sort_keys(resource):
        if name not in next(iter(everything.values())):
            continue
        ordered = sorted(everything, key=lambda one: (key_of(everything[one][name]), one))
        assert ids(found(cloud, resource, f"?sort_key={name}&sort_dir=asc")) == ordered, name
        down = found(cloud, resource, f"?sort_key={name}&sort_dir=desc&sort_key=id&sort_dir=asc")
        values = [key_of(one[name]) for one in down]
        assert values == sorted(values, reverse=True), name
        for _, alike in itertools.groupby(down, key=lambda one: key_of(one[name])):
            group = ids(list(alike))
            assert group == sorted(group), name


@pytest.mark.parametrize("resource", RESOURCES)
def test_an_order_that_is_none_is_refused(cloud: Cloud, resource: Resource) -> None:
    key = next(iter(sort_keys(resource)), "id")
    for query in (
        "?sort_key=bogus&sort_dir=asc",
        f"?sort_key={key}",
        "?sort_dir=asc",
        f"?sort_key={key}&sort_dir=up",
        f"?sort_key={key}&sort_dir=ASC",
        f"?sort_key={key}&sort_key={key}&sort_dir=asc",
    ):
        assert (ask(cloud, resource, query).status, ask(cloud, resource, query).error) == (400, "HTTPBadRequest"), query


def follow(cloud: Cloud, resource: Resource, query: str, rel: str) -> Iterator[list[str]]:
    """The pages from `query` on, by their links."""
    target: str | None = f"{path_of(resource)}{query}"
    while target is not None:
        body = cloud.client.ask("GET", target).body
        page = ids(body[resource.collection])
        if page:
            yield page
        links = {one["rel"]: one["href"] for one in body.get(f"{resource.collection}_links", ())}
        parts = urlsplit(links[rel]) if rel in links and page else None
        target = f"{parts.path}?{parts.query}" if parts else None


def chained(pages: Iterable[list[str]]) -> list[str]:
    return list(itertools.chain.from_iterable(pages))


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_lead_through_the_list_and_back(cloud: Cloud, resource: Resource, limit: int) -> None:
    everything = ids(found(cloud, resource))
    onward = list(follow(cloud, resource, f"?limit={limit}", "next"))
    assert chained(onward) == everything
    assert all(len(page) == limit for page in onward[:-1])
    back = list(follow(cloud, resource, f"?limit={limit}&page_reverse=True", "previous"))
    assert chained(reversed(back)) == everything
    assert all(len(page) == limit for page in back[:-1])


@pytest.mark.parametrize("resource", SORTABLE)
def test_pages_of_a_sorted_list(cloud: Cloud, resource: Resource) -> None:
    for name in sort_keys(resource)[:4]:
        query = f"?sort_key={name}&sort_dir=desc"
        everything = ids(found(cloud, resource, query))
        assert chained(follow(cloud, resource, f"{query}&limit=2", "next")) == everything, name


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_page_that_is_none_is_refused(cloud: Cloud, resource: Resource) -> None:
    for limit in ("-1", "x", "", "1.5"):
        answer = ask(cloud, resource, f"?limit={limit}")
        assert (answer.status, answer.error) == (400, "BadRequest"), limit
    lost = ask(cloud, resource, f"?limit=1&marker={NOBODYS_ID}")
    assert (lost.status, lost.error) == (404, resource.not_found(NOBODYS_ID).name)
    assert ids(found(cloud, resource, "?limit=0")) == ids(found(cloud, resource))


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_is_not_there_is_told_by_the_collections_own_name(cloud: Cloud, resource: Resource) -> None:
    where = f"{path_of(resource)}/{NOBODYS_ID}"
    methods = ("GET",) if resource.is_view else ("GET", "PUT", "DELETE")
    for method in methods:
        answer = cloud.client.ask(method, where, {resource.member: {}} if method == "PUT" else None)
        assert (answer.status, answer.error) == (404, resource.not_found(NOBODYS_ID).name), method


@pytest.mark.parametrize("resource", RESOURCES)
def test_methods_that_are_none(cloud: Cloud, resource: Resource) -> None:
    first = quote(found(cloud, resource)[0]["id"])
    for where in (path_of(resource), f"{path_of(resource)}/{first}"):
        assert cloud.client.ask("HEAD", where).status == 405
        assert cloud.client.ask("PATCH", where, {}).error == "HTTPMethodNotAllowed"
        assert cloud.client.ask("OPTIONS", where).status == 200
    assert cloud.client.ask("DELETE", path_of(resource)).error == "HTTPMethodNotAllowed"
    assert cloud.client.ask("POST", f"{path_of(resource)}/{first}", {}).error == "HTTPMethodNotAllowed"


@pytest.mark.parametrize("resource", REVISED)
def test_who_changes_another_revision_is_refused(cloud: Cloud, resource: Resource) -> None:
    first = found(cloud, resource)[0]
    where, revision = f"{path_of(resource)}/{first['id']}", first["revision_number"]
    body = {resource.member: {}}
    for method in ("PUT", "DELETE"):
        sent = body if method == "PUT" else None
        stale = cloud.client.ask(method, where, sent, headers={"if-match": f"revision_number={revision + 7}"})
        assert (stale.status, stale.error) == (412, "RevisionNumberConstraintFailed")
        bad = cloud.client.ask(method, where, sent, headers={"if-match": "revision_number=x"})
        assert (bad.status, bad.error) == (400, "BadRequest")
    fresh = cloud.client.ask("PUT", where, body, headers={"if-match": f"revision_number={revision}"})
    assert (fresh.status, fresh.body[resource.member]["revision_number"]) == (200, revision)


@pytest.mark.parametrize("resource", TAGGED)
def test_tags_are_put_and_found(cloud: Cloud, resource: Resource) -> None:
    everything = found(cloud, resource)
    one, other = everything[:2]

    def tags(which: Object, method: str, end: str = "", body: Any = None) -> Answer:
        return cloud.client.ask(method, f"{path_of(resource)}/{which['id']}/tags{end}", body)

    assert tags(one, "PUT", body={"tags": ["red", "blue"]}).body == {"tags": ["red", "blue"]}
    assert tags(other, "PUT", "/red").status == 201
    assert tags(one, "GET").body == {"tags": ["blue", "red"]}
    assert (tags(one, "GET", "/red").status, tags(other, "GET", "/blue").error) == (204, "TagNotFound")
    expected = {
        "tags=red,blue": {one["id"]},
        "tags-any=red,blue": {one["id"], other["id"]},
        "not-tags=red,blue": set(ids(everything)) - {one["id"]},
        "not-tags-any=red,blue": set(ids(everything)) - {one["id"], other["id"]},
        "tags=red&tags-any=blue": {one["id"]},
    }
    assert {query.partition("=")[0] for query in expected} == set(TAG_FILTERS)
    for query, wanted in expected.items():
        assert set(ids(found(cloud, resource, f"?{query}"))) == wanted, query
    before = cloud.client.ask("GET", f"{path_of(resource)}/{one['id']}").body[resource.member]["revision_number"]
    assert tags(one, "DELETE", "/red").status == 204
    assert tags(one, "DELETE", "/red").error == "TagNotFound"
    assert tags(one, "DELETE").status == 204
    after = cloud.client.ask("GET", f"{path_of(resource)}/{one['id']}").body[resource.member]
    assert (after["tags"], after["revision_number"]) == ([], before + 2)


def test_several_are_made_or_none(tmp_path: Path) -> None:
    with deployment(tmp_path) as running:
        made = running.client.make("/v2.0/networks", {"networks": [{"name": "a"}, {"name": "b"}]})
        assert [one["name"] for one in made] == ["a", "b"]
        network = made[0]["id"]
        bulk: dict[str, list[dict[str, Any]]] = {
            "networks": [{}, {"mtu": -1}],
            "subnets": [{"network_id": network, "ip_version": 4, "cidr": cidr} for cidr in ("10.0.0.0/24",) * 2],
            "ports": [{"network_id": network}, {"network_id": NOBODYS_ID}],
            "security_groups": [{"name": "one"}, {"name": "default"}],
        }
        for collection, items in bulk.items():
            path = f"/v2.0/{collection.replace('_', '-')}"
            before = running.client.ask("GET", path).body
            assert running.client.ask("POST", path, {collection: items}).status >= 400
            assert running.client.ask("GET", path).body == before, collection
