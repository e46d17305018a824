"""When the next unit is due, and for whom: clients that wait for answers, or arrivals that do not.

A unit is timed from the moment it was due. Where all connections are busy it is due and waits, as
a request waits for a worker of a web server; leaving that out would hide the worst of it
("coordinated omission").
"""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from time import monotonic_ns

from dbtune.model.load import LoadRate, LoadUnit


@dataclass(frozen=True)
class Window:
    """The nanoseconds of the monotonic clock between which what ends is counted."""

    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class Due:
    """A unit, by its place in the plan, and since when it is due."""

    at_ns: int
    unit: int


class Schedule:
    """Hands out what is due to the threads of one process, the longest waiting first."""

    def __init__(
        self,
        rate: LoadRate,
        units: Sequence[LoadUnit],
        window: Window,
        *,
        think_ns: int,
        chance: random.Random,
    ) -> None:
        self._end_ns = window.end_ns
        self._think_ns = think_ns
        self._chance = chance
        self._weights = list(accumulate(unit.weight for unit in units))
        self._gap_ns = None if rate.per_second is None else 1e9 / rate.per_second
        self._changed = threading.Condition()
        self._dues = self._first_dues(rate, monotonic_ns())
        heapq.heapify(self._dues)

    def take(self) -> Due | None:
        """Wait for what is due next; None once the window has ended."""
        with self._changed:
            while (now := monotonic_ns()) < self._end_ns:
                if self._dues and self._dues[0] <= now:
                    return self._taken(heapq.heappop(self._dues))
                until = min(self._dues[0], self._end_ns) if self._dues else self._end_ns
                self._changed.wait((until - now) / 1e9)
        return None

    def answered(self, at_ns: int) -> None:
        """Let a client that has its answer think, and come again; arrivals do not come again."""
        if self._gap_ns is not None:
            return
        with self._changed:
            heapq.heappush(self._dues, at_ns + self._think_ns)
            self._changed.notify()

    def waiting(self) -> Iterator[int]:
        """Yield since when those are due that nobody took before the window's end.

        One by one: of an open loop that nobody could serve there may be many millions.
        """
        with self._changed:
            due = self._end_ns
            for due in self._dues:
                if due < self._end_ns:
                    yield due
            while self._gap_ns is not None and (due := due + self._gap()) < self._end_ns:
                yield due

    def _first_dues(self, rate: LoadRate, now: int) -> list[int]:
        if self._gap_ns is not None:
            return [now + self._gap()]
        # Spread over the first pause, so that clients do not stay in step.
        clients = rate.clients or 0
        return [now + self._think_ns * number // clients for number in range(clients)]

    def _taken(self, due: int) -> Due:
        if self._gap_ns is not None:
            heapq.heappush(self._dues, due + self._gap())
            self._changed.notify()
        number = self._chance.choices(range(len(self._weights)), cum_weights=self._weights)[0]
        return Due(due, number)

    def _gap(self) -> int:
        """Return the time to the next arrival: arrivals know nothing of each other (Poisson)."""
        assert self._gap_ns is not None
        return round(self._chance.expovariate(1.0) * self._gap_ns)
