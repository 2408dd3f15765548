"""Sharing, tags, agents."""

from wovenet.model.problems.base import Problem

# sharing, tags, agents


class RbacPolicyNotFound(Problem):
    """Fields: object_type, id."""


class RbacPolicyInUse(Problem):
    """Fields: object_id, details."""


class RbacPolicyInitError(Problem):
    """Fields: object_id, reason."""


class DuplicateRbacPolicy(Problem):
    """No fields."""


class InvalidActionForType(Problem):
    """Fields: action, object_type, valid_actions."""


class TagNotFound(Problem):
    """Fields: tag."""


class TagResourceNotFound(Problem):
    """Fields: resource, resource_id."""


class AgentNotFound(Problem):
    """Fields: id."""


class AgentNotFoundByTypeHost(Problem):
    """Fields: agent_type, host."""


class ExtensionsNotFound(Problem):
    """Fields: extensions."""


class NeutronDbObjectDuplicateEntry(Problem):
    """Two children of one object are the same. Fields: object_type, attributes, values."""
