"""One line of the policy table, and the checks that most lines share."""

import re
from typing import Final, NamedTuple

ADMIN: Final = "rule:admin_only"
SERVICE: Final = "rule:service_api"
ADMIN_OR_SERVICE: Final = "(rule:admin_only) or (rule:service_api)"
ANY_READER: Final = "role:reader"
READER: Final = "(rule:admin_only) or (role:reader and project_id:%(project_id)s)"
MEMBER: Final = "(rule:admin_only) or (role:member and project_id:%(project_id)s)"
MANAGER: Final = "(rule:admin_only) or (role:manager and project_id:%(project_id)s)"
PARENT_READER: Final = "(rule:admin_only) or (role:reader and rule:ext_parent_owner)"
PARENT_MEMBER: Final = "(rule:admin_only) or (role:member and rule:ext_parent_owner)"
PARENT_MANAGER: Final = "(rule:admin_only) or (role:manager and rule:ext_parent_owner)"

OLD_OWNER: Final = "rule:admin_or_owner"
OLD_ANYBODY: Final = "rule:regular_user"
OLD_NETWORK_OWNER: Final = "rule:admin_or_network_owner"
OLD_PARENT_OWNER: Final = "rule:admin_or_ext_parent_owner"
OLD_ADVSVC_OR_NETWORK_OWNER: Final = "rule:context_is_advsvc or rule:admin_or_network_owner"

_PATHS: Final = {
    "address_group": "/address-groups",
    "address_scope": "/address-scopes",
    "default_security_group_rule": "/default-security-group-rules",
    "local_ip": "/local-ips",
    "log": "/log/logs",
    "metering_label": "/metering/metering-labels",
    "metering_label_rule": "/metering/metering-label-rules",
    "ndp_proxy": "/ndp_proxies",
    "policy": "/qos/policies",
    "rbac_policy": "/rbac-policies",
    "security_group": "/security-groups",
    "security_group_rule": "/security-group-rules",
    "security_groups_default_statefulness": "/security-groups-default-statefulness",
}
_CRUD: Final = re.compile(r"(create|get|update|delete)_([^:]*)(:.*)?")


class Rule(NamedTuple):
    """A default: who may do what `name` says unless a policy file says otherwise."""

    name: str
    check: str
    was: str | None = None
    """The check before secure RBAC; in force only with `[oslo_policy] enforce_new_defaults = false`."""
    once: str | None = None
    """The rule's former name, still understood in policy files."""
    at: tuple[str, ...] = ()
    """The requests that ask for it, "METHOD path"."""
    scopes: tuple[str, ...] = ()
    """The token scopes that may use it. Empty: any, as for what is only referred to by other rules."""


def alias(name: str, check: str) -> Rule:
    """A rule that others refer to."""
    return Rule(name, check)


def rule(
    name: str,
    check: str,
    *,
    was: str | None = None,
    once: str | None = None,
    at: str | tuple[str, ...] | None = None,
) -> Rule:
    """A rule that requests ask for. `at` is needed only where it does not follow from the name."""
    if at is None:
        at = _requests(name)
    return Rule(name, check, was, once, (at,) if isinstance(at, str) else at, ("project",))


def _requests(name: str) -> tuple[str, ...]:
    match = _CRUD.fullmatch(name)
    if match is None:
        return ()
    verb, member, attribute = match.groups()
    one = "/{id}"
    path = _PATHS.get(member, f"/{member}s")
    if attribute == ":tags":
        path, one = f"{path}/{{id}}/tags", "/{tag_id}"
        if verb in ("update", "delete"):
            method = "PUT" if verb == "update" else "DELETE"
            return (f"{method} {path}", f"{method} {path}{one}")
    return {
        "create": (f"POST {path}",),
        "get": (f"GET {path}", f"GET {path}{one}"),
        "update": (f"PUT {path}{one}",),
        "delete": (f"DELETE {path}{one}",),
    }[verb]
