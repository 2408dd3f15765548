"""The application asked with real tokens: who may do what is what Neutron answers to the same people."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.client import Answer
from tests.deployment import Deployment, deployment
from tests.keystone.cloud import Cloud
from wovenet.settings.options import Secret

CASES = yaml.safe_load(Path(__file__).with_name("rights.yaml").read_text())
WHO = {
    "admin": ("admin", {"project": "admin"}),
    "manager": ("mia", {"project": "blue"}),
    "member": ("ada", {"project": "blue"}),
    "reader": ("ray", {"project": "blue"}),
    "service": ("sam", {"project": "blue"}),
    "nobody": ("ian", {"project": "blue"}),
    "other": ("oto", {"project": "green"}),
    "domain admin": ("ada", {"domain": "default"}),
    "system admin": ("admin", {"system": True}),
}
"""Who is meant → user and scope."""
REFUSED = {
    "error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}
}
"""Source: the answer of Neutron 29."""


class Asking:
    """An application, and tokens for those who ask."""

    def __init__(self, made: Deployment, cloud: Cloud) -> None:
        self.made = made
        self.tokens = {who: cloud.token(user, **scope) for who, (user, scope) in WHO.items()}
        self.names = {"project": cloud.projects["blue"]}
        self.names["net"] = self.make("networks", {"network": {"name": "m"}}, who="member")
        self.names["sh"] = self.make("networks", {"network": {"name": "s", "shared": True}}, who="admin")
        port = {"network_id": self.names["net"], "device_owner": "compute:x", "device_id": "d"}
        self.names["port"] = self.make("ports", {"port": port}, who="member")

    def ask(self, method: str, path: str, body: Any = None, *, who: str | None) -> Answer:
        headers = {"X-Auth-Token": self.tokens[who]} if who else {}
        return self.made.client.ask(method, f"/v2.0/{path}", body, who=None, headers=headers)

    def make(self, collection: str, body: Any, *, who: str) -> str:
        answer = self.ask("POST", collection, body, who=who)
        assert answer.status == 201, answer.text
        [made] = answer.body.values()
        found: str = made["id"]
        return found

    def filled(self, value: Any) -> Any:
        """`value` with ids for $names."""
        match value:
            case str():
                for name in sorted(self.names, key=len, reverse=True):
                    value = value.replace(f"${name}", self.names[name])
            case dict():
                return {key: self.filled(inner) for key, inner in value.items()}
        return value


@pytest.fixture(scope="module")
def asking(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    options = {
        f"keystone_authtoken.{name}": value.reveal() if isinstance(value, Secret) else value
        for name, value in cloud.options(www_authenticate_uri=cloud.url, service_token_roles_required="true").items()
    }
    with deployment(tmp_path_factory.mktemp("rights"), auth="keystone", **options) as made:
        yield Asking(made, cloud)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['ask']} {case.get('body', '')}" for case in CASES])
def test_who_may_do_what(asking: Asking, case: Mapping[str, Any]) -> None:
    method, _, path = case["ask"].partition(" /")
    found = {who: _outcome(asking, method, path, asking.filled(case.get("body")), who=who) for who in WHO}
    expected = {who: outcome for outcome, people in case["answers"].items() for who in people}
    short = {
        who: found[who] if len(outcome.split()) > 1 else found[who].split()[0] for who, outcome in expected.items()
    }
    assert short == expected


def _outcome(asking: Asking, method: str, path: str, body: Any, *, who: str) -> str:
    """Status, and what else is told of an answer. What was made is removed."""
    answer = asking.ask(method, asking.filled(path), body, who=who)
    if answer.status == 201:
        [made] = answer.body.values()
        inside = made.get("id") or made["host"]
        gone = asking.ask("DELETE", f"{asking.filled(path)}/{inside}", who="service" if "host" in made else "admin")
        assert gone.status == 204, gone.text
    [inner] = answer.body.values() if isinstance(answer.body, dict) and len(answer.body) == 1 else [None]
    words = [str(answer.status), answer.error or "", f"[{len(inner)}]" if isinstance(inner, list) else ""]
    return " ".join(filter(None, words))


@pytest.mark.parametrize("headers", [{}, {"X-Auth-Token": ""}, {"X-Auth-Token": "nonsense"}, {"X-Roles": "admin"}])
@pytest.mark.parametrize("path", ["/v2.0/networks", "/v2.0/", "/v2.0/nothing"])
def test_strangers_are_told_nothing(asking: Asking, cloud: Cloud, path: str, headers: Mapping[str, str]) -> None:
    answer = asking.made.client.ask("GET", path, who=None, headers=headers)
    assert (answer.status, answer.body) == (401, REFUSED)
    assert answer.headers["www-authenticate"] == f'Keystone uri="{cloud.url}"'


def test_services_act_for_every_project(asking: Asking, cloud: Cloud) -> None:
    """Nova, with the role `service` and nothing else, handles the ports of all projects; what it may, policies say."""
    headers = {"X-Auth-Token": cloud.token("nova", project="service")}

    def ask(method: str, target: str, body: Any = None) -> Answer:
        return asking.made.client.ask(method, f"/v2.0/{target}", body, who=None, headers=headers)

    port = {"network_id": asking.names["net"], "project_id": cloud.projects["blue"], "device_owner": "compute:x"}
    made = ask("POST", "ports", {"port": port})
    assert (made.status, made.body["port"]["project_id"]) == (201, cloud.projects["blue"])
    path = f"ports/{made.body['port']['id']}"
    assert ask("GET", path).body["port"]["binding:host_id"] == ""
    assert ask("PUT", path, {"port": {"binding:host_id": "hv1", "binding:profile": {"a": "b"}}}).status == 200
    assert {path.partition("/")[2], asking.names["port"]} <= {each["id"] for each in ask("GET", "ports").body["ports"]}
    assert ask("DELETE", path).status == 204
    assert ask("PUT", f"networks/{asking.names['net']}", {"network": {"name": "x"}}).status == 403
    assert ask("GET", "security-groups").body["security_groups"] == []


def test_versions_are_for_everybody(asking: Asking) -> None:
    assert asking.made.client.ask("GET", "/", who=None).status == 200


def test_a_keystone_that_is_away_is_told_without_detail(tmp_path: Path) -> None:
    options = {
        "keystone_authtoken.auth_url": "http://127.0.0.1:1/v3",
        "keystone_authtoken.http_request_max_retries": "0",
    }
    with deployment(tmp_path, auth="keystone", **options) as made:
        answer = made.client.ask("GET", "/v2.0/networks", who=None, headers={"X-Auth-Token": "some-token"})
    assert answer.status == 503
    assert "127.0.0.1" not in answer.text
    assert "some-token" not in answer.text
    assert answer.error == "HTTPServiceUnavailable"
