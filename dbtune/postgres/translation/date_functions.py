"""SQLite's date and time functions as PostgreSQL's.

Source: https://www.sqlite.org/lang_datefunc.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from dbtune.postgres.translation.date_arguments import NOW, instant_of
from dbtune.postgres.translation.function_rules import Arguments, FunctionRule
from dbtune.postgres.translation.terms import ATOM, CAST, OTHER, PRODUCT, Instant, Term, quote_text
from dbtune.postgres.translation.translator import Translator

_FORMATS = {"date": "YYYY-MM-DD", "datetime": "YYYY-MM-DD HH24:MI:SS", "time": "HH24:MI:SS"}
# What strftime writes, as to_char does.
_FIELDS = {
    "d": "DD",
    "F": "YYYY-MM-DD",
    "G": "IYYY",
    "H": "HH24",
    "I": "HH12",
    "j": "DDD",
    "m": "MM",
    "M": "MI",
    "p": "AM",
    "P": "am",
    "R": "HH24:MI",
    "S": "SS",
    "T": "HH24:MI:SS",
    "u": "ID",
    "V": "IW",
    "Y": "YYYY",
}
_NUMERIC_FIELDS = frozenset("dGHIjmMSuVYswWUJ")
_FIELD = re.compile(r"%(.)", re.DOTALL)
_FORMS: dict[str, Literal["date", "datetime", "time"]] = {
    "%Y-%m-%d": "date",
    "%F": "date",
    "%Y-%m-%d %H:%M:%S": "datetime",
    "%F %T": "datetime",
    "%H:%M:%S": "time",
    "%T": "time",
}


def moment_term(t: Translator, instant: Instant, form: Literal["date", "datetime", "time"]) -> Term:
    """Return a moment as SQLite writes it, remembering which moment it is."""
    t.not_immutable("a date as text")
    return Term(
        f"to_char({instant.sql}, '{_FORMATS[form]}')",
        "text",
        instant=replace(instant, form=form),
        never_null=instant.is_now,
    )


def _date(t: Translator, given: Arguments) -> Term:
    return _written(t, given, "date")


def _datetime(t: Translator, given: Arguments) -> Term:
    return _written(t, given, "datetime")


def _time(t: Translator, given: Arguments) -> Term:
    return _written(t, given, "time")


def _written(t: Translator, given: Arguments, form: Literal["date", "datetime", "time"]) -> Term:
    instant = instant_of(t, given)
    if instant is None:
        return Term("NULL", "null")
    if form != "date" and any(_is_subsecond(term) for term in given[1:]):
        return _strftime_term(t, "%H:%M:%f" if form == "time" else "%Y-%m-%d %H:%M:%f", instant)
    return moment_term(t, instant, form)


def _is_subsecond(term: Term) -> bool:
    return term.constant is not None and term.constant.value in ("subsec", "subsecond")


def _julianday(t: Translator, given: Arguments) -> Term:
    instant = instant_of(t, given)
    if instant is None:
        return Term("NULL", "null")
    # SQLite counts milliseconds from noon of the first day.
    ms = f"floor(EXTRACT(EPOCH FROM {instant.sql}) * 1000 + 0.5) + 210866760000000"
    return Term(f"({ms})::double precision / 86400000", "double", PRODUCT)


def _unixepoch(t: Translator, given: Arguments) -> Term:
    instant = instant_of(t, given)
    if instant is None:
        return Term("NULL", "null")
    seconds = f"EXTRACT(EPOCH FROM {instant.sql})"
    if any(_is_subsecond(term) for term in given):
        return Term(f"{seconds}::double precision", "double", CAST)
    return Term(f"floor({seconds})::bigint", "integer", CAST, never_null=instant.is_now)


def _strftime(t: Translator, given: Arguments) -> Term:
    form = given[0].constant
    instant = instant_of(t, given[1:])
    if form is None or not isinstance(form.value, str):
        return t.problem("not translatable: strftime() with a format that is no literal")
    if instant is None:
        return Term("NULL", "null")
    known = _FORMS.get(form.value)
    if known is not None:
        return moment_term(t, instant, known)
    return _strftime_term(t, form.value, instant)


def _strftime_term(t: Translator, form: str, instant: Instant) -> Term:
    t.not_immutable("a date as text")
    pieces = _pieces(form)
    written = [_piece(t, piece, instant) for piece in pieces]
    if any(sql is None for sql in written):
        return t.problem(f"not translatable: the format {quote_text(form)}")
    sql = " || ".join(piece for piece in written if piece is not None) or "''"
    numeric = len(form) == 2 and form[1] in _NUMERIC_FIELDS
    level = OTHER if len(written) > 1 else CAST if sql.endswith("::text") else ATOM
    other = replace(instant, form="other")
    return Term(sql, "text", level, instant=other, numeric_text=numeric, never_null=instant.is_now)


def _pieces(form: str) -> list[str]:
    """Return a format cut into what one to_char can write, and the fields that need more."""
    pieces: list[str] = []
    template = ""
    end = 0
    for match in _FIELD.finditer(form):
        template += _quoted(form[end : match.start()])
        end = match.end()
        if match[1] == "%":
            template += _quoted("%")
        elif match[1] in _FIELDS:
            template += _FIELDS[match[1]]
        else:
            pieces += [template, match[0]] if template else [match[0]]
            template = ""
    template += _quoted(form[end:])
    return [*pieces, template] if template else pieces


def _quoted(text: str) -> str:
    """Return literal text of a format as to_char copies it; punctuation stands for itself."""
    if not text or all(letter in "-:/., " for letter in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _piece(t: Translator, piece: str, instant: Instant) -> str | None:
    sql = instant.sql
    if not (len(piece) == 2 and piece[0] == "%"):
        return f"to_char({sql}, {quote_text(piece)})"
    if piece == "%f":
        return f"to_char(date_trunc('milliseconds', {sql}), 'SS.MS')"
    if piece == "%s":
        return f"floor(EXTRACT(EPOCH FROM {sql}))::bigint::text"
    if piece == "%w":
        return f"EXTRACT(DOW FROM {sql})::integer::text"
    if piece in {"%W", "%U"}:
        # The week's number counts its first days (Monday or Sunday) since the year began.
        day = f"EXTRACT({'ISODOW' if piece == '%W' else 'DOW'} FROM {sql})::integer"
        since = f"{day} - 1" if piece == "%W" else day
        week = f"(EXTRACT(DOY FROM {sql})::integer + 6 - ({since})) / 7"
        return f"lpad(({week})::text, 2, '0')"
    if piece in {"%e", "%k", "%l"}:
        field = {"%e": "DD", "%k": "HH24", "%l": "HH12"}[piece]
        return f"lpad(to_char({sql}, 'FM{field}'), 2)"
    return None


def now_term(t: Translator, form: Literal["date", "datetime", "time"]) -> Term:
    """Return CURRENT_DATE, CURRENT_TIME or CURRENT_TIMESTAMP."""
    return moment_term(t, NOW, form)


DATE_FUNCTIONS: dict[str, FunctionRule] = {
    "date": FunctionRule(0, 127, _date),
    "time": FunctionRule(0, 127, _time),
    "datetime": FunctionRule(0, 127, _datetime),
    "julianday": FunctionRule(0, 127, _julianday),
    "unixepoch": FunctionRule(0, 127, _unixepoch),
    "strftime": FunctionRule(1, 127, _strftime),
}
