"""What was taken over, what was not, and what is not quite the same, as plain values."""

from dataclasses import dataclass, field
from typing import Final

NAMED_MAX: Final = 20
"""Objects of one kind that are named; of further ones only the number."""
REMARKS_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Left:
    """Objects of one kind that stay behind."""

    kind: str
    count: int
    reason: str
    ids: tuple[str, ...] = ()
    """The first of them."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One object that is not, or not exactly, what it was."""

    object: str
    reason: str


@dataclass(slots=True)
class Report:
    """The whole of it."""

    revisions: list[str] = field(default_factory=list)
    """The revisions of the schema that was read."""
    taken: dict[str, int] = field(default_factory=dict)
    """Objects by kind."""
    left: list[Left] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    further: int = 0
    """Remarks that are not listed."""
    adopted: int | None = None
    """Rows of the Northbound database that were found to be ours; None if nobody looked."""

    def remark(self, kind: str, id: object, reason: str) -> None:  # noqa: A002
        if len(self.remarks) < REMARKS_MAX:
            self.remarks.append(Remark(f"{kind} {id}", reason))
        else:
            self.further += 1
