"""When to try again: delays that double up to a limit, and are spread by chance so that failures lose step."""

from dataclasses import dataclass

from wovenet.model.clock import Clock


@dataclass(frozen=True, slots=True)
class Backoff:
    """Units: seconds."""

    first_s: float
    longest_s: float

    def delay_s(self, attempts: int, clock: Clock) -> float:
        """Seconds to wait after so many failures in a row: from half to all of the bound."""
        bound_s = min(self.first_s * 2.0 ** min(attempts - 1, 32), self.longest_s)
        return bound_s * clock.randrange(500, 1001) / 1000
