"""Dates and times as stored in SQLite, as text that PostgreSQL reads exactly.

PostgreSQL would round a seventh fraction digit; here it is cut off.
"""

from __future__ import annotations

import re
from fractions import Fraction

_MICROSECONDS = 1_000_000
_SECONDS_A_DAY = 86_400
COCOA_EPOCH = 978_307_200  # 2001-01-01 as seconds since 1970

_MOMENT = re.compile(
    rb"(\d{4}-\d\d-\d\d)"
    rb"(?:[ Tt](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?)?"
    rb" ?([Zz]|[+-]\d\d(?::?\d\d)?)?(?: UTC)?"
)
_CLOCK = re.compile(rb"(\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?")


def naive_moment(text: bytes) -> bytes:
    """Return an ISO date, or date and time without an offset, as timestamp text.

    Raises ValueError for anything else.
    """
    date, clock, fraction, offset = _parts(text)
    if offset:
        raise ValueError("has an offset")
    return date + b" " + (clock or b"00:00:00") + _fraction(fraction)


def moment_with_offset(text: bytes) -> bytes:
    """Return an ISO date and time as timestamptz text; what has no offset is in UTC.

    Raises ValueError for anything else.
    """
    date, clock, fraction, offset = _parts(text)
    if not offset or offset in b"Zz":
        offset = b"+00"
    return date + b" " + (clock or b"00:00:00") + _fraction(fraction) + offset


def time_of_day(text: bytes) -> bytes:
    """Return HH:MM[:SS[.f]] as time text. Raises ValueError for anything else."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError("is no time of day")
    return found[1] + _fraction(found[2])


def microseconds(value: int | float, units_per_second: int, epoch_seconds: int = 0) -> int:
    """Return microseconds since 1970 of a number of units since an epoch.

    Exact, and halves go to the even microsecond. Raises ValueError for an infinity.
    """
    if isinstance(value, int):
        numerator = value * _MICROSECONDS
        whole, rest = divmod(numerator, units_per_second)
        if rest:
            whole = round(Fraction(numerator, units_per_second))
    else:
        try:
            whole = round(Fraction(value) * _MICROSECONDS / units_per_second)
        except OverflowError as error:
            raise ValueError("is infinite") from error
    return whole + epoch_seconds * _MICROSECONDS


def utc_text(since_1970: int) -> bytes:
    """Return microseconds since 1970 as timestamptz text, also beyond the years 1 to 9999."""
    seconds, fraction = divmod(since_1970, _MICROSECONDS)
    day, clock = divmod(seconds, _SECONDS_A_DAY)
    year, month, month_day = _civil(day)
    era = b"" if year > 0 else b" BC"
    if year <= 0:
        year = 1 - year
    hour, minute, second = clock // 3600, clock // 60 % 60, clock % 60
    return b"%04d-%02d-%02d %02d:%02d:%02d.%06d+00%s" % (
        year,
        month,
        month_day,
        hour,
        minute,
        second,
        fraction,
        era,
    )


def _parts(text: bytes) -> tuple[bytes, bytes | None, bytes | None, bytes | None]:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("is no ISO date and time")
    return found[1], found[2], found[3], found[4]


def _fraction(digits: bytes | None) -> bytes:
    return b"." + digits[:6] if digits else b""


def _civil(day: int) -> tuple[int, int, int]:
    """Return year, month and day of days since 1970-01-01, in the Gregorian calendar throughout.

    Year 0 is 1 BC. Source: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    """
    shifted = day + 719_468  # days since 0000-03-01
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    month_day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, month_day
