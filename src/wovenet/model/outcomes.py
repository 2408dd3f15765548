"""What reconciling one unit came to. Values, not exceptions: every one of them is shown to an operator."""

from dataclasses import dataclass

from wovenet.model.ids import Unit


@dataclass(frozen=True, slots=True)
class Settled:
    """The outside equals the function of the stored state at `revision`."""

    revision: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing is wrong here, but `on` has to be there first. Tried again when `on` settles."""

    on: Unit


@dataclass(frozen=True, slots=True)
class Retry:
    """A transient failure: tried again after a bounded, growing delay."""

    cause: str


@dataclass(frozen=True, slots=True)
class Terminal:
    """Refused for good in this state: not tried again until the unit is marked anew."""

    cause: str


Outcome = Settled | Waiting | Retry | Terminal
