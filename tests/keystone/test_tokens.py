"""Identities from a real Keystone: what tokens say, how long they are good for, and who may vouch for whom."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.keystone import server
from tests.keystone.cloud import Cloud
from wovenet.api import auth
from wovenet.api.policy import Policy
from wovenet.embedded.process import wait_until
from wovenet.model import problems
from wovenet.settings import load

CONF = """
[keystone_authtoken]
www_authenticate_uri = {url}
auth_url = {url}
auth_type = password
username = neutron
password = {password}
project_name = service
user_domain_id = default
project_domain_id = default
service_token_roles_required = true
http_request_max_retries = 0
{more}
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy()


def authenticator(url: str, directory: Path, policy: Policy, more: str = "") -> auth.Authenticate:
    conf = directory / "neutron.conf"
    conf.write_text(CONF.format(url=url, password=server.PASSWORD, more=more))
    settings, reports = load({"state_dir": directory}, [conf])
    assert settings.default.auth_strategy == "keystone"
    assert reports == []
    return auth.authenticator(settings, policy)


@pytest.fixture(scope="module")
def authenticate(cloud: Cloud, policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> auth.Authenticate:
    return authenticator(cloud.url, tmp_path_factory.mktemp("conf"), policy)


def request(token: str | None = None, **headers: str) -> Mapping[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/v2.0/networks",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "9696",
        "wsgi.url_scheme": "http",
    }
    if token is not None:
        environ["HTTP_X_AUTH_TOKEN"] = token
    return {**environ, **headers}


def test_an_administrator(cloud: Cloud, authenticate: auth.Authenticate) -> None:
    actor = authenticate(request(cloud.admin))
    assert actor.is_admin
    assert (actor.domain_id, actor.system_scope) == (None, None)


def test_a_member(cloud: Cloud, authenticate: auth.Authenticate) -> None:
    actor = authenticate(request(cloud.token("ada", project="blue")))
    assert (actor.user_id, actor.project_id) == (cloud.users["ada"], cloud.projects["blue"])
    assert actor.roles == {"member", "reader"}
    assert (actor.is_admin, actor.service_roles) == (False, frozenset())


def test_a_service_on_behalf_of_a_member(cloud: Cloud, authenticate: auth.Authenticate, policy: Policy) -> None:
    own, service = cloud.token("ada", project="blue"), cloud.token("nova", project="service")
    port = {"project_id": cloud.projects["blue"], "device_owner": "compute:nova"}
    assert not policy.allows(authenticate(request(own)), "delete_port", port)
    actor = authenticate(request(own, HTTP_X_SERVICE_TOKEN=service))
    assert "service" in actor.service_roles
    assert policy.allows(actor, "delete_port", port)


@pytest.mark.parametrize("scope", [{"system": True}, {"domain": "default"}])
def test_tokens_of_other_scopes_are_nobody_to_project_rules(
    cloud: Cloud, authenticate: auth.Authenticate, policy: Policy, scope: Mapping[str, Any]
) -> None:
    actor = authenticate(request(cloud.token("admin" if "system" in scope else "ada", **scope)))
    assert actor.project_id == ""
    with pytest.raises(problems.InvalidScope):
        policy.require(actor, "get_quota", {"project_id": "p"})


def test_what_a_caller_says_of_itself_does_not_count(cloud: Cloud, authenticate: auth.Authenticate) -> None:
    own = cloud.token("ada", project="blue")
    actor = authenticate(
        request(own, HTTP_X_ROLES="admin", HTTP_X_USER_ID="root", HTTP_X_SERVICE_ROLES="service", HTTP_X_DOMAIN_ID="x")
    )
    assert (actor.user_id, actor.roles) == (cloud.users["ada"], {"member", "reader"})
    assert (actor.service_roles, actor.domain_id) == (frozenset(), None)


@pytest.mark.parametrize("token", [None, "", "nonsense"])
def test_strangers_are_sent_to_keystone(cloud: Cloud, authenticate: auth.Authenticate, token: str | None) -> None:
    with pytest.raises(problems.Unauthenticated) as refused:
        authenticate(request(token, HTTP_X_ROLES="admin"))
    assert refused.value.fields["challenge"] == f'Keystone uri="{cloud.url}"'


def test_a_keystone_that_is_away_is_no_reason_to_let_anybody_in(tmp_path: Path, policy: Policy) -> None:
    with pytest.raises(problems.HTTPServiceUnavailable):
        authenticator("http://127.0.0.1:1", tmp_path, policy)(request("some-token"))


@pytest.fixture
def expired(cloud: Cloud, brief: str) -> str:
    """A token of a member whose time is over."""
    token = cloud.token("ada", project="blue", by=brief)
    wait_until(lambda: not cloud.is_valid(token), timeout_s=60.0, what="the end of the token")
    return token


def test_a_token_whose_time_is_over_is_refused(authenticate: auth.Authenticate, expired: str) -> None:
    with pytest.raises(problems.Unauthenticated):
        authenticate(request(expired))


def test_a_service_may_finish_what_it_began_with_a_token_that_is_over(
    cloud: Cloud, authenticate: auth.Authenticate, expired: str
) -> None:
    """Nova works longer than its users' tokens live: its own token vouches for theirs."""
    actor = authenticate(request(expired, HTTP_X_SERVICE_TOKEN=cloud.token("nova", project="service")))
    assert (actor.user_id, actor.service_roles) == (cloud.users["ada"], {"service"})


@pytest.mark.parametrize("service", ["cron", "nonsense", "expired"])
def test_nobody_else_can_vouch_for_it(
    cloud: Cloud, authenticate: auth.Authenticate, expired: str, *, service: str
) -> None:
    """Neither a service without the role, nor a token that is none, nor one that is over itself."""
    tokens = {"nonsense": "nonsense", "expired": expired}
    token = tokens.get(service) or cloud.token(service, project="service")
    with pytest.raises(problems.Unauthenticated):
        authenticate(request(expired, HTTP_X_SERVICE_TOKEN=token))


def test_a_bad_service_token_spoils_a_good_one(cloud: Cloud, authenticate: auth.Authenticate) -> None:
    own = cloud.token("ada", project="blue")
    with pytest.raises(problems.Unauthenticated):
        authenticate(request(own, HTTP_X_SERVICE_TOKEN="nonsense"))
    assert authenticate(request(own)).service_roles == frozenset()


def test_the_service_role_may_have_another_name(cloud: Cloud, policy: Policy, tmp_path: Path, expired: str) -> None:
    authenticate = authenticator(cloud.url, tmp_path, policy, "service_token_roles = member")
    assert authenticate(request(expired, HTTP_X_SERVICE_TOKEN=cloud.token("cron", project="service"))).user_id
    with pytest.raises(problems.Unauthenticated):
        authenticate(request(expired, HTTP_X_SERVICE_TOKEN=cloud.token("nova", project="service")))


@pytest.mark.parametrize("cache_time_s", [-1, 1])
def test_a_token_that_is_revoked_is_refused_within_the_time_that_it_is_remembered(
    cloud: Cloud, policy: Policy, tmp_path: Path, *, cache_time_s: int
) -> None:
    """`token_cache_time` bounds it; -1 remembers nothing."""
    authenticate = authenticator(cloud.url, tmp_path, policy, f"token_cache_time = {cache_time_s}")
    token = cloud.token("ada", project="blue")
    authenticate(request(token))
    cloud.revoke(token)
    assert cache_time_s > 0 or _is_refused(authenticate, token)
    wait_until(lambda: _is_refused(authenticate, token), timeout_s=60.0, what="the end of what is remembered")


def _is_refused(authenticate: auth.Authenticate, token: str) -> bool:
    try:
        authenticate(request(token))
    except problems.Unauthenticated:
        return True
    return False
