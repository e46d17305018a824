"""The user's limit of time, divided among the stages of the advice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from dbtune.model.event import Event, OnEvent

Stop = Callable[[], bool]

# So long a limit cuts nothing of a stage short by itself.
_AMPLE_SECONDS = 90.0
_LEAST_PART = 0.05


@dataclass(frozen=True)
class TimeLimit:
    """`seconds` are for all stages together, once they `began`. `clock` counts seconds."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    began: float | None = None

    def begin(self) -> TimeLimit:
        """Return the limit with its seconds counted from now."""
        return replace(self, began=self.clock())

    def until(self, share: float, *, least_seconds: float = 0.0) -> Stop:
        """Return what says whether that share of all the time is over.

        A stage gets `least_seconds` from now on, however late it begins.
        """
        now = self.clock()
        began = now if self.began is None else self.began
        deadline = max(began + share * self.seconds, now + least_seconds)
        return lambda: self.clock() >= deadline

    def start(self, share: float = 1.0, *, least_seconds: float = 0.0) -> Stop:
        """Return what says whether a stage that begins now has had its share, as the only one."""
        deadline = self.clock() + max(share * self.seconds, least_seconds)
        return lambda: self.clock() >= deadline

    def telling(self, on_event: OnEvent) -> OnEvent:
        """Return a callback that adds to each event how much of the limit is left."""

        def tell(event: Event) -> None:
            now = self.clock()
            began = now if self.began is None else self.began
            on_event(replace(event, most_seconds=max(began + self.seconds - now, 0.0)))

        return tell

    def allows(self, seconds: float) -> bool:
        """Return whether a step that takes so long still ends in time."""
        now = self.clock()
        began = now if self.began is None else self.began
        return now + seconds <= began + self.seconds

    def scaled(self, steps: int) -> int:
        """Return how many steps one statement may run, where `steps` are right with ample time.

        A single statement must not take a large part of a short limit.
        """
        return int(steps * min(1.0, max(_LEAST_PART, self.seconds / _AMPLE_SECONDS)))


def never() -> bool:
    """Return that there is time."""
    return False
