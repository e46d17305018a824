"""Reading a term as SQLite would: as a truth value, a number or a text, whatever PostgreSQL has.

Source: https://www.sqlite.org/datatype3.html, https://www.sqlite.org/lang_expr.html#castexpr
"""

from __future__ import annotations

import re
from dataclasses import replace

from dbtune.model.workload import SqlValue
from dbtune.postgres.translation.json_values import extracted_number, extracted_text
from dbtune.postgres.translation.terms import (
    ATOM,
    CAST,
    COMPARISON,
    MOMENTS,
    NUMBERS,
    OTHER,
    Constant,
    Kind,
    Term,
    cast,
    quote_bytes,
    quote_text,
)
from dbtune.postgres.translation.translator import Translator

_SPACE = r"[ \t\n\v\f\r]*"
_INTEGER = r"[-+]?[0-9]+"
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMBER_PREFIX = re.compile(f"{_SPACE}({_NUMBER})")
# A whole text that numeric affinity turns into a number.
NUMBER_PATTERN = f"^{_SPACE}{_NUMBER}{_SPACE}$"

_EPOCHS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
# Seconds from 1970 to 2001-01-01 UTC.
_COCOA_SECONDS = 978_307_200


def constant_term(value: SqlValue) -> Term:
    """Return a literal: what SQLite stores as an integer stays a bare integer."""
    known = Constant(value)
    if value is None:
        return Term("NULL", "null", constant=known)
    if isinstance(value, bool):
        return Term("TRUE" if value else "FALSE", "boolean", constant=Constant(int(value)))
    if isinstance(value, str):
        return Term(quote_text(value), "text", constant=known, never_null=True)
    if isinstance(value, bytes):
        return Term(quote_bytes(value), "bytes", constant=known, never_null=True)
    if isinstance(value, int):
        return Term(*_signed(str(value)), kind="integer", constant=known, never_null=True)
    return real_term(value)


def real_term(value: float) -> Term:
    """Return a real number as a literal of type double precision."""
    text = repr(value)
    if text in {"inf", "-inf"}:
        text = "'Infinity'" if value > 0 else "'-Infinity'"
    elif value < 0:
        text = f"'{text}'"
    return Term(
        f"{text}::double precision",
        "double",
        CAST,
        constant=Constant(value),
        never_null=True,
    )


def as_condition(t: Translator, term: Term) -> Term:
    """Return the truth of a term: SQLite takes any number but 0 as true."""
    if term.kind == "boolean":
        return term
    if term.placeholder is not None:
        return t.parameter(term, "boolean")
    if term.kind == "null":
        return Term("NULL::boolean", "boolean", CAST)
    known = t.value_of(term)
    if known is not None and not isinstance(known.value, bytes):
        truth = numeric_prefix(known.value) != 0
        return Term("TRUE" if truth else "FALSE", "boolean", constant=Constant(int(truth)))
    number = as_number(t, term)
    if number.kind == "null":
        return replace(number, kind="boolean")
    return Term(f"{number.at(COMPARISON + 1)} <> 0", "boolean", COMPARISON)


def as_number(t: Translator, term: Term) -> Term:
    """Return a term as the number that arithmetic takes it for; text by its leading digits."""
    if term.placeholder is not None:
        return t.parameter(term, _number_kind(t.value_of(term)))
    if term.kind in NUMBERS:
        return term
    if term.kind == "boolean":
        if term.constant is not None and isinstance(term.constant.value, int):
            return constant_term(int(term.constant.value))
        return Term(f"{term.at(CAST)}::integer", "integer", CAST, never_null=term.never_null)
    if term.kind == "null":
        return Term("NULL::bigint", "null", CAST)
    if term.column is not None and (number := stored_number(term)) is not None:
        return number
    if term.kind == "text":
        return _text_as_number(t, term)
    if term.extracted:
        return extracted_number(term)
    if term.kind in MOMENTS:
        field = "HOUR" if term.kind == "time" else "YEAR"
        return Term(f"EXTRACT({field} FROM {naive(term)})::bigint", "integer", CAST)
    return t.problem(f"not translatable: a {term.kind} value as a number")


def as_integer(t: Translator, term: Term) -> Term:
    """Return a term as CAST(... AS INTEGER) makes it: towards zero, text by leading digits."""
    if term.kind == "text" and term.constant is None and not term.numeric_text:
        digits = f"substring({term.sql} FROM '^{_SPACE}({_INTEGER})')"
        return _unless_null(term, f"COALESCE({digits}::bigint, 0)", "integer")
    known = t.value_of(term)
    value = None if known is None else known.value
    if term.placeholder is not None and (known is None or isinstance(value, int)):
        return t.parameter(term, "integer")
    if term.constant is not None and isinstance(value, (str, int, float)):
        return constant_term(_integer_prefix(value))
    number = as_number(t, term)
    if number.kind in {"integer", "null"}:
        return number
    return Term(f"trunc({number.sql})::bigint", "integer", CAST, never_null=number.never_null)


def as_double(t: Translator, term: Term) -> Term:
    """Return a term as CAST(... AS REAL) makes it."""
    known = t.value_of(term)
    if term.placeholder is None and known is not None and isinstance(known.value, (int, str)):
        return real_term(float(numeric_prefix(known.value)))
    number = as_number(t, term)
    return number if number.kind == "double" else cast(number, "double")


def as_text(t: Translator, term: Term) -> Term:
    """Return a term as the text that SQLite makes of it."""
    if term.placeholder is not None:
        return t.parameter(term, "text")
    if term.kind == "text":
        return term
    if term.kind == "null":
        return Term("NULL::text", "text", CAST)
    if term.extracted:
        return extracted_text(term)
    if term.constant is not None:
        return constant_term(text_of(term.constant.value))
    if term.column is not None and (number := stored_number(term)) is not None:
        term = number
    if term.kind in {"integer", "boolean"}:
        number = as_number(t, term)
        return Term(f"{number.at(CAST)}::text", "text", CAST, never_null=term.never_null)
    if term.kind in {"double", "numeric"}:
        return _number_as_text(t, term)
    if term.kind in MOMENTS:
        return _moment_as_text(t, term)
    if term.kind == "bytes":
        t.difference("a blob as text has to be valid UTF-8 without NUL on PostgreSQL")
        return Term(f"convert_from({term.sql}, 'UTF8')", "text")
    return _document_as_text(t, term)


def stored_number(term: Term) -> Term | None:
    """Return the number that SQLite stored where PostgreSQL has a moment, None for another term."""
    column = term.column
    if column is None:
        return None
    seconds = f"EXTRACT(EPOCH FROM {term.sql})"
    if column.conversion == "cocoa":
        return Term(f"({seconds} - {_COCOA_SECONDS})::double precision", "double", CAST)
    factor = _EPOCHS.get(column.conversion)
    if factor is None:
        return None
    scaled = seconds if factor == 1 else f"({seconds} * {factor})"
    kind: Kind = "integer" if column.counts.reals == 0 else "double"
    return cast(Term(scaled, "numeric", ATOM), kind)


def naive(term: Term) -> str:
    """Return a moment without its time zone, in UTC."""
    return f"({term.at(CAST)} AT TIME ZONE 'UTC')" if term.kind == "timestamptz" else term.at(CAST)


def numeric_prefix(value: SqlValue) -> int | float:
    """Return the number that SQLite reads at the beginning of a value, 0 where there is none."""
    if isinstance(value, (int, float)):
        return value
    if not isinstance(value, str):
        return 0
    match = _NUMBER_PREFIX.match(value)
    if match is None:
        return 0
    text = match[1]
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def whole_number(value: str) -> int | float | None:
    """Return the number that numeric affinity makes of a text, None where it stays text."""
    match = _NUMBER_PREFIX.match(value)
    if match is None or value[match.end() :].strip(" \t\n\v\f\r"):
        return None
    return numeric_prefix(value)


def text_of(value: SqlValue) -> str:
    """Return the text that SQLite makes of a value; reals with 15 digits."""
    if isinstance(value, int):  # a bool too
        return str(int(value))
    if isinstance(value, float):
        return _real_text(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _signed(text: str) -> tuple[str]:
    # A negative literal stands in parentheses, since :: binds tighter than the sign.
    return (f"({text})",) if text.startswith("-") else (text,)


def _number_kind(known: Constant | None) -> Kind:
    value = None if known is None else known.value
    if isinstance(value, str):
        value = numeric_prefix(value)
    if isinstance(value, float):
        return "double"
    return "integer" if isinstance(value, int) else "numeric"


def _integer_prefix(value: str | int | float) -> int:
    if isinstance(value, str):
        match = re.match(rf"{_SPACE}({_INTEGER})", value)
        value = int(match[1]) if match else 0
    limit = 1 << 63
    return int(max(-limit, min(limit - 1, value)))


def _text_as_number(t: Translator, term: Term) -> Term:
    if term.constant is not None:
        return constant_term(numeric_prefix(term.constant.value))
    if term.numeric_text:
        return cast(term, "numeric")
    digits = f"substring({term.sql} FROM '^{_SPACE}({_NUMBER})')"
    return _unless_null(term, f"COALESCE({digits}::double precision, 0)", "double")


def _unless_null(term: Term, sql: str, kind: Kind) -> Term:
    if term.never_null:
        return Term(sql, kind, never_null=True)
    return Term(f"CASE WHEN {term.at(OTHER)} IS NOT NULL THEN {sql} END", kind)


def _real_text(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return "Inf" if value > 0 else "-Inf"
    text = f"{value:.15g}"
    mantissa, mark, exponent = text.partition("e")
    if "." not in mantissa:
        mantissa += ".0"
    return f"{mantissa}{mark}{exponent}"


def _number_as_text(t: Translator, term: Term) -> Term:
    column = term.column
    if term.kind == "numeric" and column is not None and column.storage == "integer":
        return Term(f"trim_scale({term.sql})::text", "text", CAST)
    t.difference("a real number as text reads differently beyond 15 digits, 0.0001 or 1e15")
    exact = f"trim_scale({term.at(CAST)}::numeric)"
    whole = f"CASE WHEN scale({exact}) = 0 THEN '.0' ELSE '' END"
    if term.kind == "numeric" and column is not None and column.conversion == "decimal":
        # NUMERIC affinity stores 5.0 as 5.
        return Term(f"{exact}::text", "text", CAST)
    return Term(f"{exact}::text || {whole}", "text", OTHER)


_MOMENT_FORMATS: dict[Kind, dict[int, str]] = {
    "date": {10: "YYYY-MM-DD"},
    "time": {5: "HH24:MI", 8: "HH24:MI:SS", 12: "HH24:MI:SS.MS", 15: "HH24:MI:SS.US"},
    "timestamp": {
        10: "YYYY-MM-DD",
        16: "YYYY-MM-DD HH24:MI",
        19: "YYYY-MM-DD HH24:MI:SS",
        23: "YYYY-MM-DD HH24:MI:SS.MS",
        26: "YYYY-MM-DD HH24:MI:SS.US",
    },
}
_MOMENT_FORMATS["timestamptz"] = _MOMENT_FORMATS["timestamp"]


def _moment_as_text(t: Translator, term: Term) -> Term:
    t.not_immutable("a date as text")
    formats = _MOMENT_FORMATS[term.kind]
    length = None if term.column is None else term.column.uniform_bytes
    if term.kind == "date":
        length = 10
    elif length not in formats or term.kind != "time":
        t.difference("a date as text reads YYYY-MM-DD HH:MM:SS on PostgreSQL")
    form = formats.get(length or 0) or formats[8 if term.kind == "time" else 19]
    return Term(f"to_char({naive(term)}, '{form}')", "text", never_null=term.never_null)


def _document_as_text(t: Translator, term: Term) -> Term:
    text = Term(f"{term.at(CAST)}::text", "text", CAST, never_null=term.never_null)
    if term.kind == "uuid":
        if term.column is not None and term.column.storage == "blob":
            return t.problem("not translatable: the bytes of a uuid as text")
        if term.column is not None and term.column.uniform_bytes == 32:
            text = Term(f"replace({text.sql}, '-', '')", "text", never_null=term.never_null)
        t.difference("a uuid as text is in lower case on PostgreSQL")
    elif term.kind == "jsonb":
        t.difference("a jsonb value as text has PostgreSQL's spacing and order of keys")
    elif term.kind == "other":
        t.difference("a value as text reads as PostgreSQL writes its type")
    return text
