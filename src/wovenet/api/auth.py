"""Who asks: the one seam between a request and an `Actor`.

`[DEFAULT] auth_strategy` chooses: `basic` (users file), `keystone` (tokens), `noauth` (headers, loopback only).
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from wovenet.api import clouds, users
from wovenet.api.basic import BasicAuthenticator
from wovenet.api.keystone import KeystoneAuthenticator, actor_of, headers_of
from wovenet.api.policy import Policy
from wovenet.model.actor import Actor
from wovenet.model.clock import Clock, SystemClock
from wovenet.settings import BadSettings, Settings
from wovenet.settings.load import BadValue

Authenticate: TypeAlias = Callable[[Mapping[str, Any]], Actor]
"""WSGI environment → who asks. Raises: Unauthenticated, HTTPServiceUnavailable."""

_EVERYBODYS_ROLES: Final = "admin,member,reader"
"""What Neutron takes everybody for without authentication: an administrator, but no service."""
_NOBODYS_PROJECT: Final = "fake_project_id"
"""Whose the objects are that somebody without a project makes, as in Neutron."""


def authenticator(settings: Settings, policy: Policy, clock: Clock | None = None) -> Authenticate:
    """How callers are told apart in this deployment. Raises: BadSettings, BadUsersFile."""
    authenticate = _by_strategy(settings, clock or SystemClock())

    def identify(environ: Mapping[str, Any]) -> Actor:
        policy.refresh()
        return policy.actor(authenticate(environ))

    return identify


def prepare(settings: Settings, url: str, clock: Clock | None = None) -> None:
    """Clients of this machine can log in: users exist, and `clouds.yaml` in the state directory says how.

    In: the URL of the API. Users and their passwords are made at the first start only.
    Raises: BadSettings, BadUsersFile.
    """
    check(settings)
    state = settings.default.state_path
    match settings.default.auth_strategy:
        case "basic":
            made = users.ensure(state / users.FILE, clock or SystemClock())
            clouds.publish_basic(state / clouds.FILE, url, made)
        case "noauth":
            clouds.publish_noauth(state / clouds.FILE, url)


def noauth(environ: Mapping[str, Any]) -> Actor:
    """Whoever the headers name; an administrator unless they name roles.

    Source: Neutron without authentication takes everybody for an administrator and needs no header. Beyond that,
    `X-Project-Id` and `X-Roles` are honoured here, so that policies can be tried without an identity service.
    """
    headers = headers_of(environ)
    project = headers.get("x-project-id") or headers.get("x-tenant-id") or _NOBODYS_PROJECT
    return actor_of({"x-roles": _EVERYBODYS_ROLES, **headers, "x-project-id": project})


def _by_strategy(settings: Settings, clock: Clock) -> Authenticate:
    check(settings)
    match settings.default.auth_strategy:
        case "keystone":
            return KeystoneAuthenticator(settings.raw.get("keystone_authtoken", {}))
        case "noauth":
            return noauth
    return BasicAuthenticator(
        settings.default.state_path / users.FILE,
        clock,
        remember_s=settings.wovenet.basic_cache_s,
        entries_max=settings.wovenet.basic_cache_entries,
    )


def check(settings: Settings) -> None:
    """Nobody gets in whom the settings do not know. Raises: BadSettings."""
    default = settings.default
    if default.auth_strategy == "noauth" and not is_loopback(default.bind_host):
        reason = f"noauth on {default.bind_host}: only a loopback address may be open to everybody"
        raise BadSettings([BadValue("settings", "DEFAULT", "auth_strategy", reason)])


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`. A name is trusted only if it is localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
