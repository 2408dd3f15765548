"""Identities from Keystone: keystonemiddleware checks the token, its headers become an actor."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.settings.options import Secret
from wovenet.settings.tree import RawGroup

_UNAUTHORIZED: Final = "401"
_DEFAULT_CHALLENGE: Final = "Keystone"


class KeystoneAuthenticator:
    """Callers by token. Thread-safe, as the middleware is.

    In: the options of `[keystone_authtoken]`, as an operator of Neutron writes them.
    """

    def __init__(self, options: RawGroup) -> None:
        # 0.4 s of imports, only for deployments that have a Keystone
        from keystoneauth1 import exceptions
        from keystonemiddleware import auth_token

        self._failures: type[Exception] = exceptions.ClientException
        conf = {name: value.reveal() if isinstance(value, Secret) else value for name, value in options.items()}
        conf["delay_auth_decision"] = "false"
        # it warns of every option that belongs to the plugin chosen by auth_type; `config check` knows them
        logging.getLogger("keystonemiddleware._common.config").setLevel(logging.ERROR)
        self._check: Callable[..., Iterable[bytes]] = auth_token.AuthProtocol(_accepted, conf)

    def __call__(self, environ: Mapping[str, Any]) -> Actor:
        """The caller. Raises: Unauthenticated; HTTPServiceUnavailable if Keystone cannot be asked."""
        checked = {**environ, "wsgi.input": None, "CONTENT_LENGTH": "0"}
        status, headers = "", {}

        def start_response(line: str, pairs: list[tuple[str, str]], _: Any = None) -> None:
            nonlocal status, headers
            status, headers = line, {name.lower(): value for name, value in pairs}

        try:
            for _ in self._check(checked, start_response):
                pass
        except (
            self._failures
        ) as error:  # the middleware lets through what is wrong with the catalog or with its own user
            raise problems.HTTPServiceUnavailable(internal=f"Keystone: {type(error).__name__}: {error}") from error
        if status.startswith(_UNAUTHORIZED):
            raise problems.Unauthenticated(challenge=headers.get("www-authenticate", _DEFAULT_CHALLENGE))
        if not status.startswith("200"):
            raise problems.HTTPServiceUnavailable(internal=f"Keystone: {status}")
        return actor_of(headers_of(checked))


def _accepted(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """What the middleware guards here: nothing. It has put its findings into `environ`."""
    start_response("200 OK", [])
    return ()


def headers_of(environ: Mapping[str, Any]) -> Mapping[str, str]:
    """The request's headers in lower case. The middleware leaves None where a token says nothing: that is no header."""
    return {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and value is not None
    }


def actor_of(headers: Mapping[str, str]) -> Actor:
    """The caller that verified headers describe."""
    return Actor(
        user_id=headers.get("x-user-id", ""),
        project_id=headers.get("x-project-id", "") or headers.get("x-tenant-id", ""),
        roles=roles_of(headers.get("x-roles", "")),
        domain_id=headers.get("x-domain-id") or None,
        system_scope=headers.get("openstack-system-scope") or None,
        service_roles=roles_of(headers.get("x-service-roles", "")),
    )


def roles_of(text: str) -> frozenset[str]:
    """The roles of a comma-separated list."""
    return frozenset(role.strip() for role in text.split(",") if role.strip())
