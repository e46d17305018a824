"""The moment that SQLite's date functions work on: a time value and its modifiers.

Everything becomes a naive timestamp in UTC, as SQLite itself computes.
Source: https://www.sqlite.org/lang_datefunc.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbtune.postgres.translation.coercion import as_double, as_number, as_text, naive, stored_number
from dbtune.postgres.translation.moments import read_moment
from dbtune.postgres.translation.terms import (
    ATOM,
    CAST,
    MOMENTS,
    NUMBERS,
    OTHER,
    RANGE,
    SUM,
    Instant,
    Term,
    quote_text,
)
from dbtune.postgres.translation.translator import Translator

NOW = Instant("now() AT TIME ZONE 'UTC'", OTHER, "datetime", is_now=True)
LOCAL = "local time is that of the session's TimeZone on PostgreSQL"

_SHIFT = re.compile(
    r"([+-]?\d+(?:\.\d+)?|[+-]?\.\d+)\s+(second|minute|hour|day|month|year)s?", re.IGNORECASE
)
_CLOCK_SHIFT = re.compile(r"([+-])(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?")
_START = re.compile(r"start of (day|month|year)", re.IGNORECASE)
_WEEKDAY = re.compile(r"weekday ([0-6])(?:\.0*)?", re.IGNORECASE)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_ZONE = "current_setting('TimeZone')"
# The Julian day on which 1970 began.
_EPOCH_DAY = "2440587.5"
# Years 1 to 9999, as Julian days and as seconds since 1970.
_FIRST_DAY, _LAST_DAY = "1721425.5", "5373484.49999"
_FIRST_SECOND, _LAST_SECOND = "-62135596800", "253402300799"

# A date as SQLite parses it; 24 hours and 31 days in any month are allowed.
_TEXT_FORM = (
    r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"([ T]+([01][0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)? *(Z|[-+][0-9]{2}:[0-9]{2})?)?"
    r" *$"
)


def instant_of(t: Translator, given: Sequence[Term]) -> Instant | None:
    """Return the moment of a time value and its modifiers; no arguments mean now.

    None where that is not translatable, which is then reported.
    """
    if not given:
        return NOW
    value, modifiers = given[0], list(given[1:])
    first = _written(modifiers[0]) if modifiers else None
    number = _as_stored_number(value)
    if number is not None:
        moment = _stored_moment(value, first) or _from_number(t, number, first)
        modifiers = modifiers[1:] if first in {"unixepoch", "auto", "julianday"} else modifiers
    else:
        moment = _from_text(t, value)
    for modifier in modifiers:
        if moment is not None:
            moment = _modified(t, moment, modifier)
    return moment


def _written(term: Term) -> str | None:
    value = None if term.constant is None else term.constant.value
    return value.strip().lower() if isinstance(value, str) else None


def _as_stored_number(value: Term) -> Term | None:
    return value if value.kind in NUMBERS else stored_number(value)


def _stored_moment(value: Term, modifier: str | None) -> Instant | None:
    """Return the moment of a column of epoch seconds: PostgreSQL has it as such."""
    column = value.column
    if column is None or column.conversion != "epoch_s" or modifier != "unixepoch":
        return None
    return Instant(naive(value), CAST, "datetime")


def _from_number(t: Translator, number: Term, modifier: str | None) -> Instant | None:
    if modifier == "auto":
        t.problem("not translatable: the modifier 'auto'")
        return None
    value = number.sql
    wide = number.at(RANGE + 1)
    within = f"{wide} BETWEEN {_FIRST_SECOND} AND {_LAST_SECOND}"
    if modifier != "unixepoch":
        value = f"({as_double(t, number).at(SUM)} - {_EPOCH_DAY}) * 86400"
        within = f"{wide} BETWEEN {_FIRST_DAY} AND {_LAST_DAY}"
    t.difference("numbers that stand for dates before year 1 are NULL on PostgreSQL")
    moment = f"to_timestamp({value}) AT TIME ZONE 'UTC'"
    return Instant(f"CASE WHEN {within} THEN {moment} END", ATOM, "datetime")


def _from_text(t: Translator, value: Term) -> Instant | None:
    if value.instant is not None:
        return value.instant
    known = t.value_of(value)
    text = known.value if known is not None else None
    if isinstance(text, str) and text.strip().lower() == "now":
        return NOW
    if value.placeholder is not None:
        return _from_parameter(t, value)
    if value.kind == "null":
        return Instant("NULL::timestamp", CAST, "datetime")
    if isinstance(text, str) and value.constant is not None:
        return _from_literal(t, text)
    if value.kind == "time":
        return Instant(f"DATE '2000-01-01' + {value.at(SUM + 1)}", SUM, "datetime")
    if value.kind in MOMENTS:
        sql = f"{naive(value)}::timestamp" if value.kind == "date" else naive(value)
        return Instant(sql, CAST, "datetime")
    return _parsed(t, as_text(t, value))


def _from_literal(t: Translator, text: str) -> Instant | None:
    written = read_moment(text)
    if written is None:
        t.problem(f"not translatable: the date {quote_text(text)}")
        return None
    day = "" if written.type == "timestamp" else "2000-01-01 "
    if written.type == "date":
        day = ""
    return Instant(f"TIMESTAMP '{day}{written.utc}'", ATOM, "datetime")


def _from_parameter(t: Translator, value: Term) -> Instant | None:
    known = t.value_of(value)
    if known is not None and isinstance(known.value, (int, float)):
        return _from_number(t, as_number(t, value), None)
    if known is None or not isinstance(known.value, str) or read_moment(known.value) is None:
        return _parsed(t, t.parameter(value, "text"))
    return Instant(t.parameter(value, "timestamp").sql, CAST, "datetime")


def _parsed(t: Translator, text: Term) -> Instant:
    """Return the moment that a text names, NULL where SQLite reads none in it.

    The day is added to the first of its month, as SQLite takes 2024-02-31 for March 2.
    """
    t.not_immutable("reading a date from text")
    t.difference("only texts in ISO form are read as dates on PostgreSQL")
    sql = text.at(OTHER + 1)
    day = f"(left({text.sql}, 8) || '01')::date + (substr({text.sql}, 9, 2)::integer - 1)"
    clock = f"COALESCE(substring({text.sql} FROM '[ T]+([0-9:.]+)'), '0')::interval"
    offset = f"COALESCE(substring({text.sql} FROM '([-+][0-9]{{2}}:[0-9]{{2}}) *$'), '0')::interval"
    return Instant(
        f"CASE WHEN {sql} ~ '{_TEXT_FORM}' THEN {day} + {clock} - {offset} END", ATOM, "datetime"
    )


def _modified(t: Translator, moment: Instant, modifier: Term) -> Instant | None:
    text = _written(modifier)
    if text is None:
        return _shifted_by_value(t, moment, modifier)
    shift, clock = _SHIFT.fullmatch(text), _CLOCK_SHIFT.fullmatch(text)
    start, weekday = _START.fullmatch(text), _WEEKDAY.fullmatch(text)
    sql = moment.sql if moment.level > SUM else f"({moment.sql})"
    if shift is not None:
        return _shifted(t, moment, shift[1], shift[2].lower())
    if clock is not None:
        span = f"interval '{clock[2]}:{clock[3]}:{clock[4] or '00'}'"
        return Instant(f"{sql} {clock[1]} {span}", SUM, "datetime")
    if start is not None:
        return Instant(f"date_trunc('{start[1]}', {moment.sql})", ATOM, "datetime")
    if weekday is not None:
        days = f"(({weekday[1]} - EXTRACT(DOW FROM {moment.sql})::integer + 7) % 7)"
        return Instant(f"{sql} + {days} * interval '1 day'", SUM, "datetime")
    if text in {"localtime", "utc"}:
        t.difference(LOCAL)
        zones = ("'UTC'", _ZONE) if text == "localtime" else (_ZONE, "'UTC'")
        moved = f"{sql} AT TIME ZONE {zones[0]} AT TIME ZONE {zones[1]}"
        return Instant(moved, OTHER, "datetime")
    if text in {"subsec", "subsecond"}:
        return moment
    t.problem(f"not translatable: the modifier {quote_text(text)}")
    return None


def _shifted(t: Translator, moment: Instant, count: str, unit: str) -> Instant | None:
    sql = moment.sql if moment.level > SUM else f"({moment.sql})"
    amount = float(count)
    sign = "-" if amount < 0 else "+"
    if unit in _SECONDS:
        whole = amount == int(amount)
        span = (
            f"{abs(int(amount))} {unit}s" if whole else f"{abs(amount) * _SECONDS[unit]!r} seconds"
        )
        return Instant(f"{sql} {sign} interval '{span}'", SUM, "datetime")
    if amount != int(amount):
        t.problem(f"not translatable: the modifier '{count} {unit}s'")
        return None
    months = abs(int(amount)) * (12 if unit == "year" else 1)
    first = f"date_trunc('month', {moment.sql})"
    # A day that the month does not have runs over into the next: January 31 + 1 month is March 2.
    return Instant(
        f"{first} {sign} interval '{months} months' + ({sql} - {first})", SUM, "datetime"
    )


def _shifted_by_value(t: Translator, moment: Instant, modifier: Term) -> Instant:
    t.difference("a date modifier that is no literal has to be a number of units on PostgreSQL")
    sql = moment.sql if moment.level > SUM else f"({moment.sql})"
    return Instant(f"{sql} + {as_text(t, modifier).at(CAST)}::interval", SUM, "datetime")
