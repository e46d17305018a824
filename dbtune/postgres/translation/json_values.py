"""Values that SQLite takes out of a JSON document: numbers, texts or NULL, by what is there.

On PostgreSQL they stay jsonb, which the driver reads as the same values; here is how such a value
becomes a text or a number. Source: https://www.sqlite.org/json1.html#jex
"""

from __future__ import annotations

from dbtune.postgres.translation.terms import CAST, OTHER, Constant, Term, quote_text

_TRUTH = "WHEN 'boolean' THEN {0}::boolean::integer"


def json_text(value: str) -> str:
    """Return a JSON string as a literal of type jsonb."""
    inner = value.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in inner)
    return quote_text(f'"{escaped}"') + "::jsonb"


def extracted_text(term: Term) -> Term:
    """Return an extracted value as text: true and false are 1 and 0 in SQLite."""
    value = term.at(CAST)
    truth = _TRUTH.format(value)
    return Term(
        f"CASE jsonb_typeof({term.sql}) {truth}::text ELSE {term.at(OTHER + 1)} #>> '{{}}' END",
        "text",
    )


def extracted_number(term: Term) -> Term:
    """Return an extracted value as arithmetic takes it; what is no number counts as 0."""
    value = term.at(CAST)
    truth = _TRUTH.format(value)
    number = f"WHEN 'number' THEN {value}::numeric"
    digits = f"substring({term.at(OTHER + 1)} #>> '{{}}' FROM '^ *([-+]?[0-9]+\\.?[0-9]*)')"
    text = f"WHEN 'string' THEN COALESCE({digits}::numeric, 0)"
    other = f"CASE WHEN {value} IS NOT NULL THEN 0 END"
    return Term(
        f"CASE jsonb_typeof({term.sql}) {number} {truth} {text} ELSE {other} END", "numeric"
    )


def json_element(term: Term) -> Term:
    """Return a value as jsonb, as an element of an array or to compare with an extracted one."""
    if term.kind == "jsonb":
        return term
    if term.kind == "json":
        return Term(f"{term.at(CAST)}::jsonb", "jsonb", CAST)
    known = term.constant
    if known is not None and isinstance(known.value, str):
        return Term(json_text(known.value), "jsonb", CAST, constant=Constant(known.value))
    if known is not None and isinstance(known.value, (int, float)):
        return Term(f"'{float_text(known.value)}'::jsonb", "jsonb", CAST, constant=known)
    if term.kind == "boolean":
        return Term(f"to_jsonb({term.at(CAST)}::integer)", "jsonb")
    return Term(f"to_jsonb({term.sql})", "jsonb")


def float_text(value: int | float) -> str:
    """Return a number as JSON writes it."""
    return repr(value) if isinstance(value, float) else str(int(value))
