"""What `/openapi.json` says: a valid document, about everything that is served."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis

from tests.deployment import REGISTRY, Deployment, deployment
from wovenet.api import openapi, routes
from wovenet.api.service import Service, endpoints


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture(scope="module")
def service(cloud: Deployment) -> Service:
    return cloud.service


@pytest.fixture(scope="module")
def document(cloud: Deployment) -> Any:
    answer = cloud.client.ask("GET", "/openapi.json", who=None)
    assert answer.status == 200
    return answer.body


def test_it_is_a_valid_document(document: Any) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_every_route_is_in_it(service: Service, document: Any) -> None:
    served = {
        (route.template, method.lower())
        for route in routes.table(service)
        for method in route.verbs
        if route.template != "/openapi"
    }
    told = {(path, method) for path, item in document["paths"].items() for method in item if method != "parameters"}
    assert told == served


def test_every_function_behind_a_route_is_described(service: Service) -> None:
    silent = {
        (method, route.template)
        for route in routes.table(service)
        for method, verb in route.verbs.items()
        if openapi.describe(verb) is None and route.template != "/openapi"
    }
    assert silent == set(), "add its function to wovenet.api.openapi.operations.DESCRIBED"


def test_operations_have_names_of_their_own(document: Any) -> None:
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(names) == len(set(names))


def test_every_visible_attribute_is_in_the_schema_of_its_member(service: Service, document: Any) -> None:
    for endpoint in endpoints(service):
        schema = document["components"]["schemas"][openapi.operations.title(endpoint.member)]
        assert set(endpoint.visible) == set(schema["properties"])


def test_every_reference_leads_somewhere(document: Any) -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    for reference in set(references(document)):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_filter_and_sort_key_is_offered(document: Any) -> None:
    for collection in REGISTRY.surface.collections.values():
        path = f"/v2.0/{collection.path}"
        asked = {one.get("name"): one for one in document["paths"][path]["get"]["parameters"]}
        filters = {attribute.name for attribute in collection.attributes.values() if attribute.is_filter}
        assert filters <= set(asked)
        sortable = {attribute.name for attribute in collection.attributes.values() if attribute.is_sort_key}
        assert sortable <= set(asked["sort_key"]["schema"]["items"]["enum"])


def test_errors_are_told_with_their_types(document: Any) -> None:
    conflict = document["components"]["schemas"]["Error409"]["allOf"][1]["properties"]["NeutronError"]
    assert {"IpAddressInUse", "OverQuota", "NetworkInUse"} <= set(conflict["properties"]["type"]["enum"])
    responses = document["paths"]["/v2.0/networks"]["post"]["responses"]
    assert {"201", "400", "401", "403", "409", "413", "503"} <= set(responses)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("id", {"type": "string", "format": "uuid", "readOnly": True}),
        ("admin_state_up", {"type": "boolean"}),
        ("tags", {"type": "array", "items": {"type": "string"}, "readOnly": True, "x-extension": "standard-attr-tag"}),
        ("mtu", {"type": "integer", "minimum": 0, "x-extension": "net-mtu-writable"}),
        ("status", {"type": "string", "readOnly": True}),
        ("vlan_transparent", {"type": "boolean", "x-create-only": True, "x-extension": "vlan-transparent"}),
    ],
)  # fmt: skip
def test_an_attribute_is_what_its_column_and_its_definition_say(
    document: Any, attribute: str, expected: dict[str, Any]
) -> None:
    assert document["components"]["schemas"]["Network"]["properties"][attribute] == expected


def test_a_request_names_what_it_must_and_what_it_gets_otherwise(document: Any) -> None:
    schema = document["components"]["schemas"]["SubnetCreate"]
    assert schema["required"] == ["ip_version", "network_id"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["enable_dhcp"] == {"type": "boolean", "default": True}
    assert "id" not in schema["properties"]
    assert "cidr" not in document["components"]["schemas"]["SubnetUpdate"]["properties"]


@pytest.mark.parametrize(("strategy", "schemes"), [("noauth", set()), ("basic", {"basic"}), ("keystone", {"keystone"})])
def test_who_asks_is_told_apart_as_the_deployment_does(service: Service, strategy: str, schemes: set[str]) -> None:
    settings = replace(service.settings, default=replace(service.settings.default, auth_strategy=strategy))
    other = replace(service, settings=settings)
    document = openapi.document(other, routes.table(other))
    assert set(document["components"]["securitySchemes"]) == schemes
    assert document["security"] == [{name: []} for name in schemes]
    assert document["paths"]["/"]["get"]["security"] == []
