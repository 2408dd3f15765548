"""What a problem is."""

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


class LostRace(Exception):  # noqa: N818
    """A row changed under this transaction: the whole function is to be run again. Never reaches a client."""
