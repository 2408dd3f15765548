"""Whatever a body says, it becomes values that can be stored, or a problem (F-10)."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.deployment import REGISTRY
from tests.property.values import ATOMS, JSON, TEXTS
from wovenet.api import parse
from wovenet.model.actor import Actor
from wovenet.model.problems import Problem
from wovenet.resources.base import columns_of
from wovenet.surface import merge
from wovenet.surface.spec import Collection

ACTOR = Actor(user_id="u", project_id="p", roles=frozenset({"admin"}), is_admin=True)
NETWORK_WORDS = (
    "start",
    "end",
    "destination",
    "nexthop",
    "subnet_id",
    "ip_address",
    "mac_address",
    "opt_name",
    "opt_value",
)
KEYED = st.dictionaries(st.sampled_from((*NETWORK_WORDS, "ip_version", "provider:network_type")), TEXTS, max_size=4)
VALUES = ATOMS | JSON | st.lists(KEYED, max_size=2) | st.lists(TEXTS, max_size=3)
"""Also in the forms that some attributes want."""
COLLECTIONS = sorted(REGISTRY.surface.collections)


def bodies(collection: Collection) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from([*collection.attributes, "project_id"])
    return st.dictionaries(names | TEXTS, VALUES, max_size=8)


def required(collection: Collection) -> dict[str, Any]:
    """What a request must say, likely right."""
    guesses = {"ip_version": 4, "direction": "ingress", "object_type": "network", "action": "access_as_shared"}
    needed = [name for name, one in collection.attributes.items() if one.spec.get("allow_post")]
    return {
        name: guesses.get(name, "5f0c1a52-8b2c-4f6b-9d2c-0c3a5d3f0a01")
        for name in needed
        if "default" not in collection.attributes[name].spec and name != "tenant_id"
    }


@pytest.mark.parametrize("name", COLLECTIONS)
@given(data=st.data())
def test_a_new_object_is_storable_or_a_problem(name: str, data: st.DataObject) -> None:
    collection = REGISTRY.surface.collections[name]
    item = {**required(collection), **data.draw(bodies(collection))}
    try:
        made = parse.creation(collection, merge.attribute_info(collection), {collection.member: item}, ACTOR)
    except Problem:
        return
    check_storable(name, made.requests[0])


@pytest.mark.parametrize("name", COLLECTIONS)
@given(data=st.data())
def test_changes_are_storable_or_a_problem(name: str, data: st.DataObject) -> None:
    collection = REGISTRY.surface.collections[name]
    item = data.draw(bodies(collection))
    try:
        changes = parse.changes(collection, merge.attribute_info(collection), {collection.member: item}, ACTOR)
    except Problem:
        return
    check_storable(name, changes)


def check_storable(name: str, values: dict[str, Any]) -> None:
    """Every text is one that every database takes, and short enough for its column."""
    columns = columns_of(REGISTRY.resources[name])
    for attribute, value in values.items():
        column = columns.get(attribute)
        if isinstance(value, str):
            value.encode()
            assert "\0" not in value
            if isinstance(column, sa.Column) and isinstance(column.type, sa.String) and column.type.length:
                assert len(value) <= column.type.length, f"{attribute}: {len(value)} > {column.type.length}"


@given(raw=st.binary(max_size=200) | JSON.map(str).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_a_body_is_an_object_or_a_problem(raw: bytes) -> None:
    try:
        body = parse.body_of(raw, size_max=1000)
    except Problem:
        return
    assert isinstance(body, dict)


@pytest.mark.parametrize("name", COLLECTIONS)
@given(data=st.data())
def test_a_query_is_a_listing_or_a_problem(name: str, data: st.DataObject) -> None:
    collection = REGISTRY.surface.collections[name]
    words = ("fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse", *parse.TAG_FILTERS)
    names = st.sampled_from([*collection.attributes, *words]) | TEXTS
    params = tuple(data.draw(st.lists(st.tuples(names, TEXTS), max_size=4)))
    try:
        found = parse.listing(collection, REGISTRY.resources[name], params, page_max=0)
    except Problem:
        return
    assert found.query.limit is None or found.query.limit > 0
