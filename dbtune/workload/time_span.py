"""The time that a recording spans."""

from __future__ import annotations

from dbtune.workload.timestamps import normalise_timestamp


class TimeSpan:
    """The earliest and the latest of normal timestamps, in which text order is that of time."""

    __slots__ = ("_earliest", "_first_ns", "_last_ns", "_latest")

    def __init__(self) -> None:
        self._earliest: str | None = None
        self._latest: str | None = None
        self._first_ns: int | None = None
        self._last_ns = 0

    @property
    def earliest(self) -> str | None:
        """The earliest time, None where none was noted."""
        self._note_nanoseconds()
        return self._earliest

    @property
    def latest(self) -> str | None:
        """The latest time, None where none was noted."""
        self._note_nanoseconds()
        return self._latest

    def note(self, timestamp: str) -> None:
        """Take one timestamp."""
        if self._earliest is None or timestamp < self._earliest:
            self._earliest = timestamp
        if self._latest is None or timestamp > self._latest:
            self._latest = timestamp

    def note_nanoseconds(self, since_1970: int) -> None:
        """Take one timestamp as `dbtune record` writes it.

        Only two of them are made into texts: to do that with each takes as long as all else that
        is done with its line.
        """
        if self._first_ns is None:
            self._first_ns = self._last_ns = since_1970
        elif since_1970 > self._last_ns:
            self._last_ns = since_1970
        elif since_1970 < self._first_ns:
            self._first_ns = since_1970

    def note_all(self, other: TimeSpan) -> None:
        """Take what another has seen."""
        if other.earliest is not None and other.latest is not None:
            self.note(other.earliest)
            self.note(other.latest)

    def _note_nanoseconds(self) -> None:
        if self._first_ns is None:
            return
        for bound in (self._first_ns, self._last_ns):
            normal = normalise_timestamp(bound)
            if normal is not None:
                self.note(normal)
        self._first_ns = None
