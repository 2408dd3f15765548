"""Which strategy a deployment has, noauth's headers, the headers of keystonemiddleware, and clouds.yaml."""

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from wovenet.api import auth, clouds, faults, keystone
from wovenet.api.policy import Policy
from wovenet.api.users import Credential
from wovenet.model import problems
from wovenet.model.clock import SystemClock
from wovenet.settings import BadSettings, Secret, Settings, load

URL = "http://127.0.0.1:9696"


def settings_for(tmp_path: Path, strategy: str, bind: str = "127.0.0.1:9696") -> Settings:
    return load({"auth": strategy, "bind": bind, "state_dir": tmp_path})[0]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy()


@pytest.mark.parametrize(
    ("environ", "user", "project", "roles", "is_admin"),
    [
        ({}, "", "fake_project_id", {"admin", "member", "reader"}, True),
        ({"HTTP_X_AUTH_TOKEN": "anything"}, "", "fake_project_id", {"admin", "member", "reader"}, True),
        ({"HTTP_X_PROJECT_ID": "p"}, "", "p", {"admin", "member", "reader"}, True),
        ({"HTTP_X_TENANT_ID": "p", "HTTP_X_USER_ID": "u"}, "u", "p", {"admin", "member", "reader"}, True),
        ({"HTTP_X_PROJECT_ID": "p", "HTTP_X_ROLES": "member,reader"}, "", "p", {"member", "reader"}, False),
        ({"HTTP_X_PROJECT_ID": "p", "HTTP_X_ROLES": ""}, "", "p", set(), False),
        ({"HTTP_X_PROJECT_ID": "p", "HTTP_X_ROLES": "admin"}, "", "p", {"admin"}, True),
    ],
)
def test_without_authentication_headers_say_who_asks(
    tmp_path: Path, policy: Policy, environ: Mapping[str, str], user: str, project: str, roles: set[str], is_admin: bool
) -> None:
    actor = auth.authenticator(settings_for(tmp_path, "noauth"), policy)(environ)
    assert (actor.user_id, actor.project_id, actor.roles, actor.is_admin) == (user, project, roles, is_admin)


@pytest.mark.parametrize(
    ("bind", "allowed"),
    [
        ("127.0.0.1:9696", True),
        ("127.9.9.9:9696", True),
        ("[::1]:9696", True),
        ("localhost:9696", True),
        (":9696", False),
        ("10.0.0.1:9696", False),
        ("[::]:9696", False),
        ("example.org:9696", False),
    ],
)
def test_only_a_loopback_address_may_be_open_to_everybody(
    tmp_path: Path, policy: Policy, bind: str, allowed: bool
) -> None:
    settings = settings_for(tmp_path, "noauth", bind)
    if allowed:
        auth.authenticator(settings, policy)
    else:
        with pytest.raises(BadSettings, match="loopback"):
            auth.authenticator(settings, policy)
        with pytest.raises(BadSettings, match="loopback"):
            auth.prepare(settings, URL)


def test_basic_works_from_the_first_start_on(tmp_path: Path, policy: Policy) -> None:
    settings = settings_for(tmp_path, "basic")
    auth.prepare(settings, URL)
    file = tmp_path / clouds.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    cloud = yaml.safe_load(file.read_text())["clouds"]["wovenet"]
    assert cloud["auth_type"] == "http_basic"
    assert cloud["auth"]["endpoint"] == URL
    pair = f"{cloud['auth']['username']}:{cloud['auth']['password']}"
    header = {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    assert auth.authenticator(settings, policy, SystemClock())(header).is_admin
    with pytest.raises(problems.Unauthenticated) as refused:
        auth.authenticator(settings, policy)({})
    fault = faults.of(refused.value)
    assert (fault.status, dict(fault.headers)) == (401, {"WWW-Authenticate": 'Basic realm="wovenet", charset="UTF-8"'})
    assert fault.body() == (
        b'{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires '
        b'authentication."}}'
    )


def test_clouds_keep_passwords_and_foreign_entries(tmp_path: Path) -> None:
    file = tmp_path / clouds.FILE
    file.write_text("clouds:\n  elsewhere: {region_name: r}\n")
    made = [Credential("admin", Secret("one")), Credential("demo", Secret("two"))]
    clouds.publish_basic(file, URL, made)
    clouds.publish_basic(file, "http://127.0.0.1:1234", [])
    assert yaml.safe_load(file.read_text())["clouds"] == {
        "elsewhere": {"region_name": "r"},
        "wovenet": {
            "auth_type": "http_basic",
            "auth": {"username": "admin", "password": "one", "endpoint": "http://127.0.0.1:1234"},
        },
        "wovenet-demo": {
            "auth_type": "http_basic",
            "auth": {"username": "demo", "password": "two", "endpoint": "http://127.0.0.1:1234"},
        },
    }
    clouds.publish_noauth(file, URL)
    document = yaml.safe_load(file.read_text())["clouds"]
    assert document["wovenet"] == {"auth_type": "none", "auth": {"endpoint": URL}}


@pytest.mark.parametrize("content", ["not: [yaml", "- list", ""])
def test_an_unreadable_clouds_file_is_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / clouds.FILE
    file.write_text(content)
    clouds.publish_noauth(file, URL)
    assert "wovenet" in yaml.safe_load(file.read_text())["clouds"]


def test_a_keystone_that_is_away_lets_nobody_in() -> None:
    away = {"auth_url": "http://127.0.0.1:1", "auth_type": "password", "username": "u", "http_request_max_retries": "0"}
    authenticate = keystone.KeystoneAuthenticator(
        {**away, "password": Secret("p"), "www_authenticate_uri": "http://ks"}
    )
    environ = {"REQUEST_METHOD": "GET", "SERVER_NAME": "x", "SERVER_PORT": "1", "wsgi.url_scheme": "http"}
    with pytest.raises(problems.Unauthenticated) as refused:
        authenticate(environ)
    assert refused.value.fields == {"challenge": 'Keystone uri="http://ks"'}
    with pytest.raises(problems.HTTPServiceUnavailable):
        authenticate({**environ, "HTTP_X_AUTH_TOKEN": "some-token"})


def test_the_headers_of_keystonemiddleware_make_an_actor() -> None:
    actor = keystone.actor_of(
        keystone.headers_of(
            {
                "HTTP_X_USER_ID": "u",
                "HTTP_X_PROJECT_ID": "p",
                "HTTP_X_ROLES": "member,reader",
                "HTTP_X_SERVICE_ROLES": "service",
                "HTTP_OPENSTACK_SYSTEM_SCOPE": "all",
                "HTTP_X_DOMAIN_ID": "d",
                "REQUEST_METHOD": "GET",
            }
        )
    )
    assert (actor.user_id, actor.project_id, actor.roles) == ("u", "p", {"member", "reader"})
    assert (actor.service_roles, actor.system_scope, actor.domain_id) == ({"service"}, "all", "d")
    bare = keystone.actor_of(keystone.headers_of({"HTTP_X_USER_ID": "u", "HTTP_OPENSTACK_SYSTEM_SCOPE": None}))
    assert (bare.project_id, bare.roles, bare.system_scope, bare.domain_id) == ("", frozenset(), None, None)
