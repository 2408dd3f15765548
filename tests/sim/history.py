"""What was asked and answered, in the order in which the database saw it.

An act has its place where it committed; where it only read, at its first look; where it was refused, at its end.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.client import Answer


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks of the API."""

    method: str
    target: str
    body: Any = None
    who: str = "admin"
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.target} as {self.who}{f' {self.body}' if self.body is not None else ''}"


@dataclass(frozen=True, slots=True)
class Statuses:
    """What a controller was told of ports."""

    up: Mapping[str, bool]


@dataclass(eq=False)
class Act:
    """One request, or one message to a controller."""

    number: int
    what: Request | Statuses
    answer: Answer | None = None
    """None: who asked was not told."""
    place: int = 0
    since: int = 0
    """Where the transaction began whose end is at `place`."""
    commits: int = 0
    disturbed: bool = False
    """Something was broken under it on purpose."""

    def ids(self, seed: str) -> random.Random:
        """The ids that it gives: the same ones whenever it is run again from the top."""
        return random.Random(f"{seed}/act/{self.number}")

    @property
    def only_reads(self) -> bool:
        """Whether it is meant to change nothing. (A list may yet make a project's default group first.)"""
        return isinstance(self.what, Request) and self.what.method in ("GET", "HEAD")

    @property
    def counts(self) -> bool:
        """Whether it has a place in the order: it was committed, or told what the state is."""
        return self.commits > 0 or (self.answer is not None and self.answer.status != 503)


class History:
    """All acts of a simulation."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.acts: list[Act] = []
        self.moment = 0

    def begin(self, what: Request | Statuses) -> Act:
        """A new act."""
        act = Act(len(self.acts), what)
        self.acts.append(act)
        return act

    def next(self) -> int:
        """The next moment of the database."""
        self.moment += 1
        return self.moment

    def in_order(self) -> list[Act]:
        """The acts that count, as the database saw them."""
        return sorted((act for act in self.acts if act.counts), key=lambda act: act.place)
