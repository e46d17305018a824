"""printf() and format() as a concatenation of what each field writes.

Source: https://www.sqlite.org/printf.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbtune.postgres.translation.coercion import as_double, as_integer, as_text
from dbtune.postgres.translation.terms import CAST, OTHER, Term, quote_text
from dbtune.postgres.translation.translator import Translator

_FIELD = re.compile(r"%([-+ 0#!,]*)(\d*)(?:\.(\d+))?(?:ll|l)?(.)", re.DOTALL)
_GROUPS = "FM9,999,999,999,999,999,999"


@dataclass(frozen=True)
class _Field:
    flags: str
    width: int
    precision: int | None
    type: str


def format_call(t: Translator, given: Sequence[Term]) -> Term:
    """Return printf(format, ...) where the format is a literal that PostgreSQL can follow."""
    form = given[0].constant
    if form is None or not isinstance(form.value, str):
        return t.problem("not translatable: printf() with a format that is no literal")
    pieces: list[str] = []
    values = iter(given[1:])
    end = 0
    for match in _FIELD.finditer(form.value):
        if form.value[end : match.start()]:
            pieces.append(quote_text(form.value[end : match.start()]))
        end = match.end()
        width, precision = int(match[2] or 0), int(match[3]) if match[3] else None
        written = _written(t, _Field(match[1], width, precision, match[4]), values)
        if written is None:
            return t.problem(f"not translatable: printf() with {quote_text(match[0])}")
        pieces.append(written)
    rest = form.value[end:]
    if "%" in rest:
        return t.problem("not translatable: printf() with a format that ends in %")
    pieces += [quote_text(rest)] if rest or not pieces else []
    return Term(" || ".join(pieces), "text", OTHER, never_null=True)


def _written(t: Translator, field: _Field, values: Iterator[Term]) -> str | None:
    if field.type == "%":
        return "'%'"
    value = next(values, Term("NULL", "null"))
    if field.type in "sz":
        if field.precision is not None:
            return None  # SQLite counts its bytes
        return _padded(f"COALESCE({as_text(t, value).sql}, '')", field)
    if field.type in "di" and field.precision is None:
        return _integer(as_integer(t, value), field)
    if field.type in "xX" and not field.flags.strip("-0"):
        digits = f"to_hex(COALESCE({as_integer(t, value).at(CAST)}::bigint, 0))"
        return _padded(f"upper({digits})" if field.type == "X" else digits, field)
    if field.type == "f" and "#" not in field.flags and "!" not in field.flags:
        return _real(t, as_double(t, value), field)
    if field.type in "qQw":
        return _quoted(as_text(t, value).sql, field.type)
    return None


def _integer(value: Term, field: _Field) -> str | None:
    number = f"COALESCE({value.sql}, 0)"
    if "," in field.flags:
        return _padded(f"to_char({number}, '{_GROUPS}')", field) if "0" not in field.flags else None
    return _signed(number, f"abs({number})::text", field)


def _real(t: Translator, value: Term, field: _Field) -> str | None:
    t.difference("printf() rounds to at most 15 digits on PostgreSQL")
    digits = 6 if field.precision is None else field.precision
    number = f"round(COALESCE({value.at(CAST)}::numeric, 0), {digits})"
    if "," in field.flags:
        form = f"{_GROUPS}{'0.' if digits else ''}{'0' * digits}".replace("9990.", "990.")
        return _padded(f"to_char({number}, '{form}')", field) if "0" not in field.flags else None
    return _signed(number, f"abs({number})::text", field)


def _signed(number: str, digits: str, field: _Field) -> str:
    """Return a number's digits behind its sign; zeros come between them, blanks before."""
    plus = "+" if "+" in field.flags else " " if " " in field.flags else ""
    if not plus and "0" not in field.flags:
        return _padded(f"({number})::text", field)
    sign = f"CASE WHEN {number} < 0 THEN '-' ELSE '{plus}' END"
    if "0" in field.flags and "-" not in field.flags:
        room = f"GREATEST(length({digits}), {field.width} - length({sign}))"
        return f"{sign} || lpad({digits}, {room}, '0')"
    return _padded(f"({sign} || {digits})", field)


def _padded(text: str, field: _Field) -> str:
    if field.width == 0:
        return text
    zero = "0" in field.flags and "-" not in field.flags and field.type not in "szc"
    pad = "rpad" if "-" in field.flags else "lpad"
    return f"{pad}({text}, GREATEST(length({text}), {field.width}){_FILL if zero else ''})"


_FILL = ", '0'"


def _quoted(text: str, kind: str) -> str:
    if kind == "w":
        return f"""COALESCE(replace({text}, '"', '""'), '(NULL)')"""
    doubled = f"replace({text}, '''', '''''')"
    if kind == "q":
        return f"COALESCE({doubled}, '(NULL)')"
    return f"COALESCE('''' || {doubled} || '''', 'NULL')"
