"""Dates and times: what PostgreSQL keeps as such and SQLite keeps, and compares, as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from dbtune.postgres.translation.coercion import stored_number
from dbtune.postgres.translation.terms import ATOM, CAST, COMPARISON, MOMENTS, Instant, Kind, Term
from dbtune.postgres.translation.translator import Translator

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d(?:\.\d+)?)?(?: ?(Z|[+-]\d\d:?\d\d))?)?",
    re.ASCII,
)
_TIME = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?", re.ASCII)
_DATE_LENGTH = 10
_LENGTHS = {"date": _DATE_LENGTH, "datetime": 19, "time": 8}
# A shorter text sorts before a longer one that begins with it: `at <= '2024-01-02'` is `<`
# midnight where `at` always has a time, since '2024-01-02 00:00:00' is the greater text.
_BESIDE_SHORTER = {"<": "<", "<=": "<", ">": ">=", ">=": ">="}
_SHORTER_BESIDE = {"<": "<=", "<=": "<=", ">": ">", ">=": ">"}
_NULL_SAFE = {"IS": "IS NOT DISTINCT FROM", "IS NOT": "IS DISTINCT FROM"}

SideType = Literal["date", "time", "timestamp", "timestamptz"]
ROUGH = "dates compare as moments on PostgreSQL, as texts of different form in SQLite"


@dataclass(frozen=True)
class WrittenMoment:
    """A date or time written as text: its type, and itself in UTC."""

    type: SideType
    utc: str


@dataclass(frozen=True)
class _Side:
    """One side of a comparison; `length` is that of SQLite's text where it is always the same."""

    type: SideType
    sql: str
    level: int
    length: int | None


def read_moment(text: str) -> WrittenMoment | None:
    """Return the moment that a text in an ISO form names, None for any other text."""
    if _TIME.fullmatch(text):
        return WrittenMoment("time", text) if _is_time(text) else None
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, minutes, seconds, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day} {minutes or '00:00'}:00")
    except ValueError:
        return None
    if minutes is None:
        return WrittenMoment("date", day)
    if seconds and int(seconds[1:3]) > 59:
        return None
    if offset and offset != "Z":
        sign = -1 if offset[0] == "-" else 1
        digits = offset[1:].replace(":", "")
        shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        moment = moment - sign * shift
    utc = moment.replace(tzinfo=timezone.utc).strftime("%Y-%m-%d %H:%M") + (seconds or ":00")
    return WrittenMoment("timestamp", utc)


def moment_literal(text: str, kind: Kind) -> str | None:
    """Return a text as a literal of a moment's type, None where it does not name one."""
    written = read_moment(text)
    if written is None or (written.type == "time") != (kind == "time"):
        return None
    if kind == "date":
        return f"DATE '{written.utc}'" if written.type == "date" else None
    if kind == "time":
        return f"TIME '{written.utc}'"
    utc = written.utc if written.type == "timestamp" else f"{written.utc} 00:00:00"
    return f"TIMESTAMPTZ '{utc}+00'" if kind == "timestamptz" else f"TIMESTAMP '{utc}'"


def parameter_kind(value: str, beside: Kind) -> Kind:
    """Return the type of a parameter with this value that is compared with a moment."""
    written = read_moment(value)
    if written is None or (written.type == "time") != (beside == "time"):
        return "text"
    return "timestamp" if beside == "date" and written.type == "timestamp" else beside


def compare_moments(
    t: Translator, left: Term, operator: str, right: Term
) -> tuple[str, str, str] | Term | None:
    """Return how PostgreSQL compares two moments, None where one side is none."""
    if not (_is_moment(left) or _is_moment(right)):
        return None
    first, second = _side(left), _side(right)
    if first is None or second is None or (first.type == "time") != (second.type == "time"):
        return None
    stored = left.kind in MOMENTS or right.kind in MOMENTS
    if not stored and not _same_length(first, second):
        return None
    return _compared(t, first, operator, second)


def _compared(
    t: Translator, left: _Side, operator: str, right: _Side
) -> tuple[str, str, str] | Term:
    if left.length is None or right.length is None:
        t.difference(ROUGH)
    elif left.length != right.length:
        zoned = "timestamptz" in (left.type, right.type)
        if zoned and _DATE_LENGTH not in (left.length, right.length):
            t.difference(ROUGH)
        elif operator not in _BESIDE_SHORTER:
            return _never_equal(operator, left, right)
        else:
            shorter = left.length < right.length
            operator = (_SHORTER_BESIDE if shorter else _BESIDE_SHORTER)[operator]
    kind = _common(left.type, right.type)
    return (_as(left, kind), _NULL_SAFE.get(operator, operator), _as(right, kind))


def _same_length(left: _Side, right: _Side) -> bool:
    return left.length is not None and left.length == right.length


def _never_equal(operator: str, left: _Side, right: _Side) -> Term:
    sides = f"{left.sql} IS NULL", f"{right.sql} IS NULL"
    if operator in {"IS", "IS NOT"}:
        both = f"({sides[0]} AND {sides[1]})"
        return Term(both if operator == "IS" else f"(NOT {both})", "boolean")
    either = f"({sides[0]} OR {sides[1]})"
    if operator == "=":
        return Term(f"({either} AND NULL::boolean)", "boolean")
    return Term(f"(NOT {either} OR NULL::boolean)", "boolean")


def _is_moment(term: Term) -> bool:
    if term.instant is not None:
        return term.instant.form in _LENGTHS
    return term.kind in MOMENTS and stored_number(term) is None


def _side(term: Term) -> _Side | None:
    if term.instant is not None:
        return _instant_side(term.instant)
    if _is_moment(term):
        return _column_side(term)
    value = None if term.constant is None else term.constant.value
    written = read_moment(value) if isinstance(value, str) else None
    if written is None or term.kind != "text" or not isinstance(value, str):
        return None
    length = len(value)
    if written.type == "date":
        return _Side("date", f"DATE '{written.utc}'", ATOM, length)
    if written.type == "time":
        return _Side("time", f"TIME '{written.utc}'", ATOM, length)
    return _Side("timestamp", f"TIMESTAMP '{written.utc}'", ATOM, length)


def _instant_side(instant: Instant) -> _Side | None:
    length = _LENGTHS.get(instant.form)
    if length is None:
        return None
    if instant.form == "datetime":
        return _Side("timestamp", f"date_trunc('second', {instant.sql})", ATOM, length)
    wrapped = instant.sql if instant.level >= CAST else f"({instant.sql})"
    kind: SideType = "date" if instant.form == "date" else "time"
    if kind == "time":
        return _Side("time", f"date_trunc('second', {instant.sql})::time", CAST, length)
    return _Side("date", f"{wrapped}::date", CAST, length)


def _column_side(term: Term) -> _Side:
    value = None if term.bound is None else term.bound.value
    length = len(value) if isinstance(value, str) else None
    if term.kind == "date":
        length = _DATE_LENGTH
    elif term.column is not None:
        length = term.column.uniform_bytes
    kind: SideType = term.kind  # type: ignore[assignment]  # _is_moment holds
    return _Side(kind, term.sql, term.level, length)


def _common(left: SideType, right: SideType) -> SideType:
    if left == right:
        return left
    return "timestamptz" if "timestamptz" in (left, right) else "timestamp"


def _as(side: _Side, kind: SideType) -> str:
    """Return a side as another type; what has no zone is in UTC."""
    sql = side.sql if side.level > COMPARISON else f"({side.sql})"
    if side.type == kind:
        return sql
    literal = re.fullmatch(r"(?:DATE|TIMESTAMP) '([^']*)'", side.sql)
    if literal:
        text = literal[1] if side.type == "timestamp" else f"{literal[1]} 00:00:00"
        return f"TIMESTAMPTZ '{text}+00'" if kind == "timestamptz" else f"TIMESTAMP '{text}'"
    if side.type == "timestamptz":
        return f"({sql} AT TIME ZONE 'UTC')"
    naive = f"{sql}::timestamp" if side.type == "date" else sql
    return f"({naive} AT TIME ZONE 'UTC')" if kind == "timestamptz" else naive


def _is_time(text: str) -> bool:
    parts = text.split(":")
    return int(parts[0]) < 24 and int(parts[1]) < 60 and (len(parts) < 3 or float(parts[2]) < 60)
