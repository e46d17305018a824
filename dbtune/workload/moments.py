"""Recorded times as seconds, and back."""

from __future__ import annotations

from datetime import datetime, timezone

from dbtune.workload.timestamps import UNITS_PER_SECOND, normalise_timestamp

# Statements of one second share what a calendar has to be asked for.
_SECONDS_KEPT = 4_096
# What dbtune record writes; asking for the unit first would take as long as all the rest.
_NANOSECONDS_FROM = UNITS_PER_SECOND[0][0]
_SECOND = len("2026-01-31T12:00:00")


class RecordedClock:
    """Reads timestamps, which the reader of the recording has found to be sound.

    `knows_offset` is False from the first on that tells no offset from UTC; it counts as UTC.
    """

    def __init__(self) -> None:
        self.knows_offset = True
        self._seconds: dict[str, float] = {}

    def read(self, timestamp: str | float | None) -> float | None:
        """Return the seconds since 1970, None where there is no time."""
        if timestamp is None:
            return None
        if not isinstance(timestamp, str):
            if timestamp >= _NANOSECONDS_FROM:
                return timestamp / 1e9
            units = next(units for above, units in UNITS_PER_SECOND if timestamp >= above)
            return timestamp / units
        normal = normalise_timestamp(timestamp)
        if normal is None:
            return None
        if normal[-1] != "Z":
            self.knows_offset = False
        second = normal[:_SECOND]
        seconds = self._seconds.get(second)
        if seconds is None:
            if len(self._seconds) >= _SECONDS_KEPT:
                self._seconds.clear()
            seconds = datetime.fromisoformat(f"{second}+00:00").timestamp()
            self._seconds[second] = seconds
        return seconds + float(normal[_SECOND : _SECOND + 7])

    def write(self, seconds: float | None) -> str | None:
        """Return ISO 8601 with microseconds, and a Z where all offsets were known."""
        if seconds is None:
            return None
        moment = datetime.fromtimestamp(round(seconds, 6), timezone.utc).replace(tzinfo=None)
        return moment.isoformat(timespec="microseconds") + ("Z" if self.knows_offset else "")
