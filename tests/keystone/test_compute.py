"""ML-076: compute is found in Keystone's catalogue, and is told with the service's own token."""

from collections.abc import Iterator

import pytest

from tests import compute_api
from tests.keystone.cloud import Cloud
from wovenet.reconcile.compute import Away, Compute
from wovenet.resources.port import events

EVENT = events.Event(events.CHANGED, "p", "6d7e1c28-6b57-4b3b-a3f4-1c1f6e0d1a01")


@pytest.fixture(scope="module")
def near(cloud: Cloud) -> Iterator[compute_api.Server]:
    with compute_api.serving() as server:
        cloud.serve("compute", server.url)
        yield server


@pytest.fixture(scope="module")
def inside(cloud: Cloud, near: compute_api.Server) -> Iterator[compute_api.Server]:
    with compute_api.serving() as server:
        cloud.serve("compute", server.url, interface="internal")
        yield server


def test_the_catalogue_says_where_compute_is(cloud: Cloud, near: compute_api.Server) -> None:
    Compute({"nova": cloud.options(region_name="RegionOne")}).tell([EVENT])
    assert near.names == ["changed"]
    assert cloud.is_valid(near.headers[-1]["X-Auth-Token"])


@pytest.mark.parametrize("options", [{"endpoint_type": "internal"}, {"valid_interfaces": "internal,public"}])
def test_one_of_several_endpoints(cloud: Cloud, inside: compute_api.Server, options: dict[str, str]) -> None:
    before = len(inside.events)
    Compute({"nova": cloud.options(**options)}).tell([EVENT])
    assert len(inside.events) == before + 1


def test_the_identity_of_the_service_will_do(cloud: Cloud, near: compute_api.Server) -> None:
    before = len(near.events)
    Compute({"nova": {"auth_section": "keystone_authtoken"}, "keystone_authtoken": cloud.options()}).tell([EVENT])
    assert len(near.events) == before + 1


def test_a_token_that_compute_refuses_is_replaced(cloud: Cloud, near: compute_api.Server) -> None:
    compute = Compute({"nova": cloud.options()})
    compute.tell([EVENT])
    near.answers(401)
    compute.tell([EVENT])
    assert len({headers["X-Auth-Token"] for headers in near.headers[-2:]}) == 2


@pytest.mark.parametrize("options", [{"region_name": "elsewhere"}, {"username": "nobody"}, {"service_type": "network"}])
def test_compute_that_is_not_found_is_waited_for(cloud: Cloud, options: dict[str, str]) -> None:
    """An operator may put it right: nothing is dropped."""
    with pytest.raises(Away) as away:
        Compute({"nova": cloud.options(**options)}).tell([EVENT])
    assert "password" not in str(away.value)
