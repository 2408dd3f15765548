"""People, projects and roles in a Keystone, and the tokens that they have."""

from typing import Any

import requests

from tests.keystone import server
from wovenet.settings.options import Secret

PEOPLE = (
    ("neutron", "service", ("admin", "service")),
    ("nova", "service", ("service",)),
    ("cron", "service", ("member",)),
    ("ada", "blue", ("member",)),
    ("mia", "blue", ("manager",)),
    ("ray", "blue", ("reader",)),
    ("sam", "blue", ("service",)),
    ("ian", "blue", ("bystander",)),
    ("oto", "green", ("member",)),
)
"""User, project, roles."""


class Cloud:
    """See the module. `admin` is administrator of everything; `ada` of the domain too."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.admin = self.token("admin", project="admin")
        self.roles = {role["name"]: role["id"] for role in self.get("/v3/roles")["roles"]}
        self.roles["bystander"] = self.make("role", "bystander", domain_id=None)
        self.projects = {name: self.make("project", name) for name in ("service", "blue", "green")}
        self.users = {name: self.make("user", name, password=server.PASSWORD) for name, _, _ in PEOPLE}
        for user, project, roles in PEOPLE:
            for role in roles:
                self._put(f"/v3/projects/{self.projects[project]}/users/{self.users[user]}/roles/{self.roles[role]}")
        self._put(f"/v3/domains/default/users/{self.users['ada']}/roles/{self.roles['admin']}")

    def token(self, user: str, *, by: str | None = None, **scope: Any) -> str:
        """A token of `user`, for `project=NAME`, `domain=ID` or `system=True`. In: `by`, the URL that makes it."""
        if "project" in scope:
            wanted: Any = {"project": {"name": scope["project"], "domain": {"id": "default"}}}
        elif "domain" in scope:
            wanted = {"domain": {"id": scope["domain"]}}
        else:
            wanted = {"system": {"all": True}}
        who = {"user": {"name": user, "domain": {"id": "default"}, "password": server.PASSWORD}}
        body = {"auth": {"identity": {"methods": ["password"], "password": who}, "scope": wanted}}
        answer = requests.post(f"{by or self.url}/v3/auth/tokens", json=body, timeout=30)
        answer.raise_for_status()
        return answer.headers["X-Subject-Token"]

    def is_valid(self, token: str) -> bool:
        """What Keystone says of a token."""
        return self._ask("get", token).ok

    def revoke(self, token: str) -> None:
        """The token is good for nothing any more."""
        self._ask("delete", token).raise_for_status()

    def serve(self, kind: str, url: str, *, interface: str = "public", region: str = "RegionOne") -> None:
        """The catalogue has an endpoint for services of this kind."""
        found = self.get(f"/v3/services?type={kind}")["services"]
        service_id = found[0]["id"] if found else self.make("service", kind, type=kind, domain_id=None)
        self.make(
            "endpoint", None, service_id=service_id, interface=interface, region_id=region, url=url, domain_id=None
        )

    def options(self, **more: str) -> dict[str, str | Secret]:
        """How a service logs in, as an operator writes it."""
        return {
            "auth_url": self.url,
            "auth_type": "password",
            "username": "neutron",
            "password": Secret(server.PASSWORD),
            "project_name": "service",
            "user_domain_id": "default",
            "project_domain_id": "default",
            **more,
        }

    def get(self, path: str) -> Any:
        """What Keystone answers the administrator."""
        answer = requests.get(self.url + path, headers={"X-Auth-Token": self.admin}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def make(self, kind: str, name: str | None, **fields: Any) -> str:
        """The id of something new. What is None is not said."""
        body = {"name": name, "domain_id": "default", **fields}
        told = {kind: {key: value for key, value in body.items() if value is not None}}
        answer = requests.post(f"{self.url}/v3/{kind}s", json=told, headers={"X-Auth-Token": self.admin}, timeout=30)
        answer.raise_for_status()
        made: str = answer.json()[kind]["id"]
        return made

    def _ask(self, method: str, token: str) -> requests.Response:
        headers = {"X-Auth-Token": self.admin, "X-Subject-Token": token}
        return requests.request(method, f"{self.url}/v3/auth/tokens", headers=headers, timeout=30)

    def _put(self, path: str) -> None:
        requests.put(self.url + path, headers={"X-Auth-Token": self.admin}, timeout=30).raise_for_status()
