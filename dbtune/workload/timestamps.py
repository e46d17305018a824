"""Points in time in one form, so that the earliest and the latest are a text comparison."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,](\d{1,9}))?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
# What is a time without asking the calendar: as it comes out, and as Python's isoformat() has it.
_SOUND = re.compile(
    r"(?!0000)[0-9]{4}-(?:(?:0[13-9]|1[0-2])-(?:0[1-9]|[12][0-9]|30)|(?:0[13578]|1[02])-31"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}(?:Z|\+00:00)"
)
# The clock of the unit is told by the size: 1e11 seconds are the year 5138.
UNITS_PER_SECOND = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))
# Between these a number is a time in nanoseconds: to the last day of the year 9999.
FIRST_NANOSECONDS, LAST_NANOSECONDS = 10**17, 253_402_214_400 * 10**9


def normalise_timestamp(value: object) -> str | None:
    """Return ISO 8601 with microseconds, in UTC where the offset is known; None if it is no time.

    Takes ISO 8601 text and seconds, milliseconds, microseconds or nanoseconds since 1970. A text
    without an offset stays without one. Its own expression, since Python 3.10 reads neither `Z`
    nor nanoseconds.
    """
    try:
        if isinstance(value, str):
            if _SOUND.fullmatch(value):
                return value if value[-1] == "Z" else f"{value[:-6]}Z"
            return _from_text(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
            return _from_epoch(value)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def nanoseconds_between(started: object, ended: object) -> int | None:
    """Return the time between two timestamps; None where one is none, or the clock went back."""
    first, last = normalise_timestamp(started), normalise_timestamp(ended)
    if first is None or last is None or first > last or (first[-1] == "Z") != (last[-1] == "Z"):
        return None
    duration = datetime.fromisoformat(last.rstrip("Z")) - datetime.fromisoformat(first.rstrip("Z"))
    return duration // timedelta(microseconds=1) * 1000


def _from_text(text: str) -> str | None:
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    day, minute, second, fraction, offset = match.groups()
    fraction = (fraction or "").ljust(6, "0")[:6]
    moment = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}.{fraction}")
    if offset is None:
        return _in_microseconds(moment)
    if offset not in {"Z", "z"}:
        digits = offset[1:].replace(":", "").ljust(4, "0")
        aware = datetime.fromisoformat(
            f"{moment.isoformat(timespec='microseconds')}{offset[0]}{digits[:2]}:{digits[2:]}"
        )
        moment = aware.astimezone(timezone.utc).replace(tzinfo=None)
    return _in_microseconds(moment) + "Z"


def _from_epoch(value: float) -> str:
    units = next(units for above, units in UNITS_PER_SECOND if value >= above)
    moment = datetime.fromtimestamp(value / units, timezone.utc).replace(tzinfo=None)
    return _in_microseconds(moment) + "Z"


def _in_microseconds(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
