"""Expressions that mean the present moment in SQLite, and what PostgreSQL writes for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.translation.literals import quote_text
from dbtune.sqlite.tokens import tokenize

Unit = Literal["s", "ms"]

_UTC = "(now() AT TIME ZONE 'utc')"
_NOW = r"(?:'now'|current_timestamp)"
_LOCAL = r"(?P<local>,'localtime')"
_FUNCTION = re.compile(
    rf"(?P<name>datetime|date|time|unixepoch)\((?:{_NOW}(?:{_LOCAL}|,'subsec(?:ond)?')?|'subsec(?:ond)?')?\)"
)
_STRFTIME = re.compile(rf"strftime\((?P<format>'[^']*')(?:,{_NOW}{_LOCAL}?)?\)")
_CAST = re.compile(r"cast\((?P<inner>.*)as(?:int|integer|bigint|numeric|real)\)")
_MILLISECONDS = re.compile(r"(?P<inner>.*)\*1000(?:\.0)?")
_JULIAN = re.compile(
    r"\(julianday\('now'\)-2440587\.5\)\*(?P<day>86400(?:000)?)(?:\.0)?(?P<ms>\*1000)?"
)
_BARE = {
    "current_timestamp": "YYYY-MM-DD HH24:MI:SS",
    "current_date": "YYYY-MM-DD",
    "current_time": "HH24:MI:SS",
    "datetime": "YYYY-MM-DD HH24:MI:SS",
    "date": "YYYY-MM-DD",
    "time": "HH24:MI:SS",
}
# https://www.sqlite.org/lang_datefunc.html against
# https://www.postgresql.org/docs/current/functions-formatting.html
_FIELDS = {
    "%Y": "YYYY",
    "%m": "MM",
    "%d": "DD",
    "%H": "HH24",
    "%M": "MI",
    "%S": "SS",
    "%f": "SS.MS",
    "%F": "YYYY-MM-DD",
    "%T": "HH24:MI:SS",
    "%R": "HH24:MI",
}
_FORMAT_PART = re.compile(r"%.|[- :./]|[A-Za-z]+", re.DOTALL)


@dataclass(frozen=True)
class PresentMoment:
    """The present moment: text of a form of to_char, or a number of seconds or milliseconds.

    `local` marks SQLite's 'localtime': the zone of the machine the application runs on.
    """

    form: str | None = None
    unit: Unit | None = None
    local: bool = False


def read_present_moment(sql: str) -> PresentMoment | None:
    """Return the present moment that an expression means, None for any other expression."""
    return _read(normal_form(sql))


def normal_form(sql: str) -> str:
    """Return an expression without white space, outer parentheses and differences of case.

    Texts in quotes keep their case.
    """
    tokens = (t.text if t.kind == "string" else t.text.lower() for t in tokenize(sql))
    return _without_parentheses("".join(tokens))


def present_moment_sql(moment: PresentMoment, column: ColumnPlan) -> str | None:
    """Return the moment as the column's type holds it, None where SQLite's value would not fit."""
    clock = "now()" if moment.local else _UTC
    has_date = moment.unit is not None or "YYYY" in (moment.form or "")
    has_time = moment.unit is not None or "HH24" in (moment.form or "")
    pg_type = column.pg_type
    if pg_type.startswith("timestamp") and has_date:
        stamp = f"{clock}::timestamp" if moment.local else clock
        if not has_time:
            stamp = f"date_trunc('day', {stamp})"
        if "with time zone" not in pg_type and pg_type != "timestamptz":
            return stamp
        zone = "current_setting('TimeZone')" if moment.local else "'utc'"
        return "now()" if has_time else f"({stamp} AT TIME ZONE {zone})"
    if pg_type == "date" and has_date:
        return f"{clock}::date"
    if pg_type.startswith("time") and not pg_type.startswith("timestamp") and has_time:
        return f"{clock}::time"
    return _stored_sql(moment, column, clock)


def _stored_sql(moment: PresentMoment, column: ColumnPlan, clock: str) -> str | None:
    """Return the moment as SQLite stores it: as text, or as a number."""
    if moment.unit is not None:
        factor = " * 1000" if moment.unit == "ms" else ""
        number = f"floor(extract(epoch FROM now()){factor})::bigint"
        if column.conversion in {"integer", "double", "decimal"}:
            return number if column.pg_type == "bigint" else f"({number})::{column.pg_type}"
        return f"({number})::text" if column.conversion == "text" else None
    if column.conversion != "text" or moment.form is None:
        return None
    return f"to_char({clock}, {quote_text(moment.form)})"


def _read(normal: str) -> PresentMoment | None:
    if normal in _BARE:
        return PresentMoment(form=_BARE[normal])
    function = _FUNCTION.fullmatch(normal)
    if function is not None:
        local = function["local"] is not None
        if function["name"] == "unixepoch":
            return None if local else PresentMoment(unit="s")
        return PresentMoment(form=_BARE[function["name"]], local=local)
    formatted = _STRFTIME.fullmatch(normal)
    if formatted is not None:
        return _formatted(formatted["format"][1:-1], formatted["local"] is not None)
    return _number(normal)


def _number(normal: str) -> PresentMoment | None:
    """Return the moment of a cast or product around one."""
    cast = _CAST.fullmatch(normal)
    if cast is not None:
        inner = _read(_without_parentheses(cast["inner"]))
        return inner if inner is not None and inner.unit is not None else None
    julian = _JULIAN.fullmatch(normal)
    if julian is not None:
        in_ms = julian["day"] == "86400000" or julian["ms"] is not None
        return PresentMoment(unit="ms" if in_ms else "s")
    product = _MILLISECONDS.fullmatch(normal)
    inner = None if product is None else _read(_without_parentheses(product["inner"]))
    return PresentMoment(unit="ms") if inner == PresentMoment(unit="s") else None


def _formatted(template: str, local: bool) -> PresentMoment | None:
    if template == "%s":
        return None if local else PresentMoment(unit="s")
    parts = _FORMAT_PART.findall(template)
    if "".join(parts) != template or any(p[0] == "%" and p not in _FIELDS for p in parts):
        return None
    return PresentMoment(form="".join(map(_pattern, parts)), local=local)


def _pattern(part: str) -> str:
    """Return a part of strftime's format for to_char, where bare letters would be fields."""
    return _FIELDS.get(part) or (f'"{part}"' if part.isalpha() else part)


def _without_parentheses(text: str) -> str:
    while text.startswith("(") and text.endswith(")") and _closes_at_end(text):
        text = text[1:-1]
    return text


def _closes_at_end(text: str) -> bool:
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if not depth:
            return position == len(text) - 1
    return False
