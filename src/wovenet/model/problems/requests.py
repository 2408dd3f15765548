"""Requests that cannot be served whatever they are about: malformed, forbidden, too many."""

from wovenet.model.problems.base import Problem


class InvalidInput(Problem):
    """Fields: error_message."""


class NetworkNotFound(Problem):
    """Fields: net_id."""


class SubnetNotFound(Problem):
    """Fields: subnet_id."""


class PortNotFound(Problem):
    """Fields: port_id."""


class RevisionNumberConstraintFailed(Problem):
    """Fields: expected, current. Source: If-Match of the revision-if-match alias."""


class OverQuota(Problem):
    """Fields: overs (list of resource names)."""


class PolicyNotAuthorized(Problem):
    """The actor may see the object but not do this. Fields: action (the rules that were asked for)."""


class InvalidScope(Problem):
    """The token's scope is not one that the rule takes. Fields: rule, operation_scopes, token_scope."""


class Unauthenticated(Problem):
    """Nobody knows who asks. Fields: challenge (the WWW-Authenticate header to send)."""


# HTTP itself: malformed requests, unknown URLs, unsupported methods and types


class HTTPBadRequest(Problem):
    """The request is not one the API understands. Fields: message."""


class HTTPForbidden(Problem):
    """Fields: message."""


class HTTPNotFound(Problem):
    """No such URL, or an object that the caller may not know of. No fields."""


class HTTPMethodNotAllowed(Problem):
    """No fields."""


class HTTPNotAcceptable(Problem):
    """No fields."""


class HTTPConflict(Problem):
    """Fields: message."""


class HTTPRequestEntityTooLarge(Problem):
    """The body is longer than the service reads. No fields."""


class HTTPServiceUnavailable(Problem):
    """Something this request needs is away for the moment. No fields."""


# quotas


class QuotaResourceUnknown(Problem):
    """Fields: unknown."""


class InvalidQuotaValue(Problem):
    """Fields: unders."""


class TenantQuotaNotFound(Problem):
    """Fields: tenant_id."""


class QuotaMissingTenant(Problem):
    """No fields."""
