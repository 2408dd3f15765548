"""A networking service to ask: its address and who can ask it.

From the environment: `PEER_URL` (http://host:port), `PEER_NB` (the OVSDB remote of its Northbound database),
`PEER_TOKEN` (admin's token, if it wants one), `PEER_KEYSTONE` (http://host:port/v3 of a Keystone with the users below,
all with the password `PEER_PASSWORD`; then every identity gets a token) and `PEER_HOSTS=1` (hv1 and hv2 are there).
"""

import http.client
import json
import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_S = 60
NONE: Mapping[str, str] = {}
USERS = {
    "admin": ("admin", "admin"),
    "member": ("demo", "demo"),
    "reader": ("demo-reader", "demo"),
    "other": ("alt", "alt"),
    "service": ("nova", "service"),
}
"""Identity → user and project of a Keystone as test deployments have it."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: Any
    """Parsed if it is JSON, else the text; None if empty."""


@dataclass(frozen=True)
class Identity:
    """Somebody who asks: the headers that say so, and their project."""

    headers: Mapping[str, str] = field(default_factory=dict)
    project: str | None = None


@dataclass(frozen=True)
class Endpoint:
    """A service and its identities (`admin` at least)."""

    url: str
    identities: Mapping[str, Identity]
    nb: str | None = None
    hosts: bool = False

    @property
    def offers(self) -> frozenset[str]:
        """Which needs of scenarios it can meet."""
        roles = {"roles"} if {"member", "reader", "other", "service"} <= set(self.identities) else set()
        return frozenset(roles | ({"hosts"} if self.hosts else set()))

    def ask(
        self, method: str, path: str, *, who: str = "admin", text: str | None = None, headers: Mapping[str, str] = NONE
    ) -> Answer:
        """The answer to one request.

        Raises: OSError, http.client.HTTPException if there is none.
        """
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_S)
        sent = dict(self.identities[who].headers)
        if text is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=None if text is None else text.encode(), headers={**sent, **headers})
            response = connection.getresponse()
            content_type = (response.getheader("Content-Type") or "").split(";")[0]
            return Answer(response.status, content_type, _parsed(response.read()))
        finally:
            connection.close()


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode(errors="replace")


def from_environment(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """The service that the environment names.

    Raises: KeyError without `PEER_URL`, RuntimeError if Keystone refuses.
    """
    token = environment.get("PEER_TOKEN")
    identities = {"admin": Identity({"X-Auth-Token": token} if token else {})}
    if keystone := environment.get("PEER_KEYSTONE"):
        password = environment["PEER_PASSWORD"]
        identities = {name: _logged_in(keystone, user, project, password) for name, (user, project) in USERS.items()}
    hosts = bool(environment.get("PEER_HOSTS"))
    return Endpoint(environment["PEER_URL"], identities, environment.get("PEER_NB"), hosts)


def _logged_in(keystone: str, user: str, project: str, password: str) -> Identity:
    domain = {"id": "default"}
    identity = {"methods": ["password"], "password": {"user": {"name": user, "domain": domain, "password": password}}}
    body = json.dumps({"auth": {"identity": identity, "scope": {"project": {"name": project, "domain": domain}}}})
    address = urllib.parse.urlsplit(keystone)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", f"{address.path}/auth/tokens", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = _parsed(response.read())
        if response.status != 201:
            raise RuntimeError(f"Keystone refuses {user}: {response.status}")
        return Identity({"X-Auth-Token": response.headers["X-Subject-Token"]}, answer["token"]["project"]["id"])
    finally:
        connection.close()
