"""Who asks: the identity of one request, as the rules see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated caller. Source: keystonemiddleware's headers, the basic-auth users file, or noauth headers."""

    user_id: str
    project_id: str
    roles: frozenset[str]
    is_admin: bool = False
    """Holds the deployment's context_is_admin rule; evaluated once when the actor is made."""
    is_service: bool = False
    """Holds the deployment's service_api or context_is_advsvc rule: may act for all projects."""
    domain_id: str | None = None
    system_scope: str | None = None
    service_roles: frozenset[str] = frozenset()
    """Roles of the service token that came along, if one did."""


SYSTEM = Actor(user_id="", project_id="", roles=frozenset({"admin"}), is_admin=True)
"""The service itself: controller, migrations."""
