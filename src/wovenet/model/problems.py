"""What can go wrong, as names and fields.

The class name is what a client matches on (`NeutronError.type`); the fields are what the text at the edge is made of.
No text here: `api/faults.py` is the one table that turns a problem into a status and a sentence.
"""

from collections.abc import Mapping


class Problem(Exception):  # noqa: N818 - the subclasses carry the wire's names
    """A request that cannot be served, for a reason the client may know.

    `fields` go into the text that the client sees; `internal` is logged with the request id and never sent.
    """

    def __init__(self, *, internal: str | None = None, **fields: object) -> None:
        super().__init__(type(self).__name__, fields)
        self.fields: Mapping[str, object] = fields
        self.internal = internal

    @property
    def name(self) -> str:
        return type(self).__name__


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
    """The actor may see the object but not do this. Fields: action."""


class LostRace(Exception):  # noqa: N818
    """A row changed under this transaction: the whole function is to be run again. Never reaches a client."""
