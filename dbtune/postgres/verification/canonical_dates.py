"""Dates and times of SQLite as the integers that PostgreSQL stores, by own arithmetic.

Timestamps are microseconds and dates are days since 2000-01-01, times microseconds since midnight:
https://www.postgresql.org/docs/current/datatype-datetime.html
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

# Seconds from 2000-01-01 00:00 UTC to the epochs that applications count from.
UNIX_EPOCH = -946_684_800
COCOA_EPOCH = 31_622_400

_DATE = re.compile(rb"\d{4}-\d\d-\d\d\Z")
_CLOCK = rb"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
_TIME = re.compile(_CLOCK + rb"\Z")
_MOMENT = re.compile(
    rb"(\d{4}-\d\d-\d\d)(?:[ Tt]" + _CLOCK + rb"(?: ?([Zz]|[+-]\d\d(?::?\d\d)?)(?: UTC)?)?)?\Z"
)
_FIRST_DAY = date(2000, 1, 1).toordinal()
_DAY_MICROS = 86_400_000_000


def days_of_date(text: bytes) -> int | None:
    """Return the days of YYYY-MM-DD, None for what is no day of the calendar."""
    return _days(text) if _DATE.match(text) else None


def micros_of_time(text: bytes) -> int | None:
    """Return the microseconds of HH:MM[:SS[.f]]; digits after the sixth are dropped."""
    match = _TIME.match(text)
    return _clock_micros(*match.groups()) if match else None


def micros_of_moment(text: bytes, *, offset: bool) -> int | None:
    """Return the microseconds of an ISO date, with or without a time.

    With `offset`, of the instant: one without an offset is UTC. Else one with an offset is None.
    """
    match = _MOMENT.match(text)
    if match is None:
        return None
    day, hour, minute, second, fraction, zone = match.groups()
    days = _days(day)
    if days is None or (zone is not None and not offset):
        return None
    clock = 0 if hour is None else _clock_micros(hour, minute, second, fraction)
    east = 0 if zone is None else _zone_micros(zone)
    return None if clock is None or east is None else days * _DAY_MICROS + clock - east


def micros_of_number(value: int | float, epoch_seconds: int) -> int:
    """Return the microseconds of seconds since an epoch, rounded half to even.

    Exact: in floating point the product with 1,000,000 would be rounded before.
    """
    numerator, denominator = value.as_integer_ratio()
    whole, rest = divmod(numerator * 1_000_000, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and whole % 2):
        whole += 1
    return whole + epoch_seconds * 1_000_000


@lru_cache(maxsize=8192)
def _days(text: bytes) -> int | None:
    year, month, day = text.split(b"-")
    try:
        return date(int(year), int(month), int(day)).toordinal() - _FIRST_DAY
    except ValueError:
        return None


def _clock_micros(
    hour: bytes, minute: bytes, second: bytes | None, fraction: bytes | None
) -> int | None:
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    micros = int((fraction or b"0")[:6].ljust(6, b"0"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros


def _zone_micros(zone: bytes) -> int | None:
    if zone in b"Zz":
        return 0
    digits = zone[1:].replace(b":", b"").ljust(4, b"0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59:
        return None
    micros = (hours * 60 + minutes) * 60_000_000
    return -micros if zone.startswith(b"-") else micros
