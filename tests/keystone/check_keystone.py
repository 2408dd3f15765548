"""Identities from a real Keystone. Not part of `make test`: installing and starting it takes a minute.

.venv/bin/python -m pytest tests/keystone/check_keystone.py
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.keystone import server
from wovenet.api import auth
from wovenet.api.policy import Policy
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
"""


class Cloud:
    """A Keystone with a service user, a member and their projects."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.admin = self.token("admin", project="admin")
        self.roles = {role["name"]: role["id"] for role in self._get("/v3/roles")["roles"]}
        self.projects = {name: self._make("project", name) for name in ("service", "blue")}
        self.users = {name: self._make("user", name, password=server.PASSWORD) for name in ("neutron", "nova", "ada")}
        for user, project, roles in (
            ("neutron", "service", ("admin", "service")),
            ("nova", "service", ("service",)),
            ("ada", "blue", ("member",)),
        ):
            for role in roles:
                self._put(f"/v3/projects/{self.projects[project]}/users/{self.users[user]}/roles/{self.roles[role]}")
        self._put(f"/v3/domains/default/users/{self.users['ada']}/roles/{self.roles['admin']}")

    def token(self, user: str, **scope: Any) -> str:
        """A token of `user`, scoped to `project=NAME`, `domain=ID` or `system=True`."""
        if "project" in scope:
            wanted: Any = {"project": {"name": scope["project"], "domain": {"id": "default"}}}
        elif "domain" in scope:
            wanted = {"domain": {"id": scope["domain"]}}
        else:
            wanted = {"system": {"all": True}}
        who = {"user": {"name": user, "domain": {"id": "default"}, "password": server.PASSWORD}}
        body = {"auth": {"identity": {"methods": ["password"], "password": who}, "scope": wanted}}
        answer = requests.post(f"{self.url}/v3/auth/tokens", json=body, timeout=30)
        answer.raise_for_status()
        return answer.headers["X-Subject-Token"]

    def _get(self, path: str) -> Any:
        answer = requests.get(self.url + path, headers={"X-Auth-Token": self.admin}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _put(self, path: str) -> None:
        requests.put(self.url + path, headers={"X-Auth-Token": self.admin}, timeout=30).raise_for_status()

    def _make(self, kind: str, name: str, **fields: str) -> str:
        body = {kind: {"name": name, "domain_id": "default", **fields}}
        answer = requests.post(f"{self.url}/v3/{kind}s", json=body, headers={"X-Auth-Token": self.admin}, timeout=30)
        answer.raise_for_status()
        made: str = answer.json()[kind]["id"]
        return made


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with server.running(tmp_path_factory.mktemp("keystone")) as keystone:
        yield Cloud(keystone.url)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy()


def authenticator(url: str, directory: Path, policy: Policy) -> auth.Authenticate:
    conf = directory / "neutron.conf"
    conf.write_text(CONF.format(url=url, password=server.PASSWORD))
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
