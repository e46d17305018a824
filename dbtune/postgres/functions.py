"""SQLite's scalar functions as PostgreSQL's.

Source: https://www.sqlite.org/lang_corefunc.html
"""

from __future__ import annotations

from collections.abc import Callable

from dbtune.postgres.branches import unified
from dbtune.postgres.coercion import (
    as_condition,
    as_number,
    as_text,
)
from dbtune.postgres.comparison import compare
from dbtune.postgres.terms import CAST, OTHER, Term
from dbtune.postgres.translator import Translator

Arguments = tuple[Term, ...]
FunctionHandler = Callable[[Translator, Arguments], Term]


def _abs(t: Translator, given: Arguments) -> Term:
    number = as_number(t, given[0])
    return Term(f"abs({number.sql})", number.kind, never_null=number.never_null)


def _coalesce(t: Translator, given: Arguments) -> Term:
    kind, terms = unified(t, given)
    never_null = any(term.never_null for term in terms)
    return Term(f"COALESCE({_listed(terms)})", kind, never_null=never_null)


def _nullif(t: Translator, given: Arguments) -> Term:
    equal = compare(t, given[0], "=", given[1])
    value = given[0]
    return Term(f"CASE WHEN {equal.sql} THEN NULL ELSE {value.sql} END", value.kind)


def _iif(t: Translator, given: Arguments) -> Term:
    """Return CASE for IIF with any number of pairs, as SQLite 3.48 takes it."""
    values = [*given[1::2]]
    pairs = len(given) // 2
    if len(given) % 2:
        values = [*given[1 : 2 * pairs : 2], given[-1]]
    kind, terms = unified(t, values)
    cases = [f"WHEN {as_condition(t, given[2 * i]).sql} THEN {terms[i].sql}" for i in range(pairs)]
    last = f" ELSE {terms[-1].sql}" if len(given) % 2 else ""
    return Term(f"CASE {' '.join(cases)}{last} END", kind)


def _length(t: Translator, given: Arguments) -> Term:
    value = given[0]
    if value.kind == "bytes":
        return Term(f"octet_length({value.sql})", "integer", never_null=value.never_null)
    text = as_text(t, value)
    return Term(f"length({text.sql})", "integer", never_null=text.never_null)


def _octet_length(t: Translator, given: Arguments) -> Term:
    value = given[0] if given[0].kind == "bytes" else as_text(t, given[0])
    return Term(f"octet_length({value.sql})", "integer", never_null=value.never_null)


def _c_locale(name: str) -> FunctionHandler:
    def handler(t: Translator, given: Arguments) -> Term:
        text = as_text(t, given[0])
        return Term(f'{name}({text.at(OTHER + 1)} COLLATE "C")', "text", never_null=text.never_null)

    return handler


def _trimmed(name: str) -> FunctionHandler:
    def handler(t: Translator, given: Arguments) -> Term:
        texts = [as_text(t, term) for term in given]
        letters = texts[1].sql if len(texts) > 1 else "' '"
        never_null = all(text.never_null for text in texts)
        return Term(f"{name}({texts[0].sql}, {letters})", "text", never_null=never_null)

    return handler


def _replace(t: Translator, given: Arguments) -> Term:
    return Term(f"replace({_listed([as_text(t, term) for term in given])})", "text")


def _instr(t: Translator, given: Arguments) -> Term:
    if "bytes" in {term.kind for term in given}:
        return t.problem("not translatable: instr() of blobs")
    return Term(f"strpos({_listed([as_text(t, term) for term in given])})", "integer")


def _substr(t: Translator, given: Arguments) -> Term:
    text = given[0] if given[0].kind == "bytes" else as_text(t, given[0])
    known = [None if term.constant is None else term.constant.value for term in given[1:]]
    counts = [value for value in known if isinstance(value, int) and value >= 0]
    if len(counts) < len(known) or counts[0] == 0:
        return t.problem("not translatable: substr() with this start or length")
    listed = ", ".join(map(str, counts))
    return Term(f"substr({text.sql}, {listed})", text.kind, never_null=text.never_null)


def _round(t: Translator, given: Arguments) -> Term:
    number = as_number(t, given[0])
    digits = 0
    if len(given) > 1:
        value = None if given[1].constant is None else given[1].constant.value
        if not isinstance(value, int):
            return t.problem("not translatable: round() to a number of digits that is no literal")
        digits = max(0, min(30, value))
    exact = f"round({number.at(CAST)}::numeric, {digits})"
    return Term(f"{exact}::double precision", "double", CAST, never_null=number.never_null)


def _likely(t: Translator, given: Arguments) -> Term:
    return given[0]


def _hex(t: Translator, given: Arguments) -> Term:
    value = given[0]
    raw = value.sql if value.kind == "bytes" else f"convert_to({as_text(t, value).sql}, 'UTF8')"
    return Term(f"COALESCE(upper(encode({raw}, 'hex')), '')", "text", never_null=True)


def _listed(terms: list[Term] | tuple[Term, ...]) -> str:
    return ", ".join(term.sql for term in terms)


# name -> fewest arguments, most arguments, handler.
SCALAR_FUNCTIONS: dict[str, tuple[int, int, FunctionHandler]] = {
    "abs": (1, 1, _abs),
    "coalesce": (2, 127, _coalesce),
    "ifnull": (2, 2, _coalesce),
    "nullif": (2, 2, _nullif),
    "iif": (2, 127, _iif),
    "if": (2, 127, _iif),
    "length": (1, 1, _length),
    "octet_length": (1, 1, _octet_length),
    "lower": (1, 1, _c_locale("lower")),
    "upper": (1, 1, _c_locale("upper")),
    "trim": (1, 2, _trimmed("btrim")),
    "ltrim": (1, 2, _trimmed("ltrim")),
    "rtrim": (1, 2, _trimmed("rtrim")),
    "replace": (3, 3, _replace),
    "instr": (2, 2, _instr),
    "substr": (2, 3, _substr),
    "substring": (2, 3, _substr),
    "round": (1, 2, _round),
    "likely": (1, 1, _likely),
    "unlikely": (1, 1, _likely),
    "likelihood": (2, 2, _likely),
    "hex": (1, 1, _hex),
}
