"""The user's limit of time, divided among the stages of the advice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Stop = Callable[[], bool]


@dataclass(frozen=True)
class TimeLimit:
    """`seconds` are for the search; other stages get shares of it. `clock` counts seconds."""

    seconds: float
    clock: Callable[[], float] = time.monotonic

    def start(self, share: float = 1.0, *, least_seconds: float = 0.0) -> Stop:
        """Return what says whether a stage that begins now has had its time."""
        deadline = self.clock() + max(share * self.seconds, least_seconds)
        return lambda: self.clock() >= deadline


def never() -> bool:
    """Return that there is time."""
    return False
