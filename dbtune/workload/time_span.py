"""The time that a recording spans."""

from __future__ import annotations


class TimeSpan:
    """The earliest and the latest of normal timestamps, in which text order is that of time."""

    __slots__ = ("earliest", "latest")

    def __init__(self) -> None:
        self.earliest: str | None = None
        self.latest: str | None = None

    def note(self, timestamp: str) -> None:
        """Take one timestamp."""
        if self.earliest is None or timestamp < self.earliest:
            self.earliest = timestamp
        if self.latest is None or timestamp > self.latest:
            self.latest = timestamp

    def note_all(self, other: TimeSpan) -> None:
        """Take what another has seen."""
        if other.earliest is not None and other.latest is not None:
            self.note(other.earliest)
            self.note(other.latest)
