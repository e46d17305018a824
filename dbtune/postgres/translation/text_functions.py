"""SQLite's functions on texts and blobs as PostgreSQL's.

Source: https://www.sqlite.org/lang_corefunc.html
"""

from __future__ import annotations

from dbtune.postgres.translation.coercion import as_integer, as_text
from dbtune.postgres.translation.format_function import format_call
from dbtune.postgres.translation.function_rules import Arguments, FunctionHandler, FunctionRule
from dbtune.postgres.translation.patterns import glob_match, like_match
from dbtune.postgres.translation.terms import CAST, COMPARISON, OTHER, SUM, Term
from dbtune.postgres.translation.translator import Translator

# A random UUID has 122 random bits of 128; gen_random_bytes() would need an extension.
_RANDOM_HEX = "replace(gen_random_uuid()::text, '-', '')"
_MOST_RANDOM_BYTES = 1_024


def _length(t: Translator, given: Arguments) -> Term:
    value = given[0]
    if value.kind == "bytes":
        return Term(f"octet_length({value.sql})", "integer", never_null=value.never_null)
    text = as_text(t, value)
    return Term(f"length({text.sql})", "integer", never_null=text.never_null)


def _octet_length(t: Translator, given: Arguments) -> Term:
    value = given[0] if given[0].kind == "bytes" else as_text(t, given[0])
    return Term(f"octet_length({value.sql})", "integer", never_null=value.never_null)


def _in_ascii(name: str) -> FunctionHandler:
    def handler(t: Translator, given: Arguments) -> Term:
        text = as_text(t, given[0])
        sql = f'{name}({text.at(OTHER + 1)} COLLATE "C")'
        return Term(sql, "text", never_null=text.never_null)

    return handler


def _trimmed(name: str) -> FunctionHandler:
    def handler(t: Translator, given: Arguments) -> Term:
        texts = [as_text(t, term) for term in given]
        letters = texts[1].sql if len(texts) > 1 else "' '"
        never_null = all(text.never_null for text in texts)
        return Term(f"{name}({texts[0].sql}, {letters})", "text", never_null=never_null)

    return handler


def _replace(t: Translator, given: Arguments) -> Term:
    return Term(f"replace({_texts(t, given)})", "text")


def _instr(t: Translator, given: Arguments) -> Term:
    kinds = [term.kind for term in given]
    if kinds == ["bytes", "bytes"]:
        return Term(f"position({given[1].sql} IN {given[0].sql})", "integer")
    return Term(f"strpos({_texts(t, given)})", "integer")


def _substr(t: Translator, given: Arguments) -> Term:
    value = given[0] if given[0].kind == "bytes" else as_text(t, given[0])
    size = f"{'octet_length' if value.kind == 'bytes' else 'length'}({value.sql})"
    start = _start(t, given[1], size)
    if len(given) == 2:
        return Term(f"substr({value.sql}, {start.sql})", value.kind, never_null=value.never_null)
    length = as_integer(t, given[2])
    count = None if length.constant is None else length.constant.value
    ahead = f"substr({value.sql}, {start.sql}, {_small(length)})"
    behind = f"substr({value.sql}, {start.at(SUM)} + {_small(length)}, -{_small(length)})"
    if isinstance(count, int):
        if count < 0:
            before = f"{start.at(SUM)} - {-count}"
            return Term(f"substr({value.sql}, {before}, {-count})", value.kind)
        return Term(ahead, value.kind, never_null=value.never_null)
    negative = f"{length.at(COMPARISON + 1)} < 0"
    return Term(f"CASE WHEN {negative} THEN {behind} ELSE {ahead} END", value.kind)


def _start(t: Translator, term: Term, size: str) -> Term:
    """Return where substr() starts: a negative start counts from the end."""
    start = as_integer(t, term)
    known = None if start.constant is None else start.constant.value
    if isinstance(known, int):
        if known >= 0:
            return Term(str(known), "integer")
        shift = f" - {-known - 1}" if known < -1 else ""
        return Term(f"{size}{shift}", "integer", SUM if shift else CAST)
    number = _small(start)
    negative = f"{start.at(COMPARISON + 1)} < 0"
    return Term(f"CASE WHEN {negative} THEN {size} + {number} + 1 ELSE {number} END", "integer")


def _small(number: Term) -> str:
    if number.constant is not None and isinstance(number.constant.value, int):
        return str(number.constant.value)
    # PostgreSQL counts characters in 32 bits.
    return f"GREATEST(LEAST({number.sql}, 1000000000), -1000000000)::integer"


def _char(t: Translator, given: Arguments) -> Term:
    t.difference("char() of 0 or NULL is an error or NULL on PostgreSQL")
    letters = [f"chr({as_integer(t, term).at(CAST)}::integer)" for term in given]
    return Term(" || ".join(letters), "text", OTHER if len(letters) > 1 else CAST)


def _unicode(t: Translator, given: Arguments) -> Term:
    return Term(f"NULLIF(ascii({as_text(t, given[0]).sql}), 0)", "integer")


def _concat(t: Translator, given: Arguments) -> Term:
    return Term(f"concat({_texts(t, given)})", "text", never_null=True)


def _concat_ws(t: Translator, given: Arguments) -> Term:
    return Term(f"concat_ws({_texts(t, given)})", "text")


def _hex(t: Translator, given: Arguments) -> Term:
    value = given[0]
    raw = value.sql if value.kind == "bytes" else f"convert_to({as_text(t, value).sql}, 'UTF8')"
    digits = f"upper(encode({raw}, 'hex'))"
    return Term(digits if value.never_null else f"COALESCE({digits}, '')", "text", never_null=True)


def _unhex(t: Translator, given: Arguments) -> Term:
    text = as_text(t, given[0])
    pairs = f"{text.at(OTHER + 1)} ~ '^([0-9a-fA-F]{{2}})*$'"
    return Term(f"CASE WHEN {pairs} THEN decode({text.sql}, 'hex') END", "bytes")


def _quote(t: Translator, given: Arguments) -> Term:
    value = given[0]
    if value.kind == "bytes":
        inner = f"'X''' || upper(encode({value.sql}, 'hex')) || ''''"
    elif value.kind in {"integer", "boolean", "double", "numeric"}:
        inner = as_text(t, value).sql
    else:
        inner = f"'''' || replace({as_text(t, value).sql}, '''', '''''') || ''''"
    return Term(f"COALESCE({inner}, 'NULL')", "text", never_null=True)


def _like(t: Translator, given: Arguments) -> Term:
    escape = None
    if len(given) > 2:
        value = None if given[2].constant is None else given[2].constant.value
        if not isinstance(value, str):
            return t.problem("not translatable: ESCAPE with something else than a literal")
        escape = value
    return like_match(t, given[1], given[0], escape)


def _glob(t: Translator, given: Arguments) -> Term:
    return glob_match(t, given[1], given[0])


def _format(t: Translator, given: Arguments) -> Term:
    return format_call(t, given)


def _randomblob(t: Translator, given: Arguments) -> Term:
    size = None if given[0].constant is None else given[0].constant.value
    if not isinstance(size, int) or not 0 < size <= _MOST_RANDOM_BYTES:
        return t.problem("not translatable: randomblob() of a size that is no small literal")
    t.not_immutable("randomblob()")
    t.difference("6 of every 128 bits of randomblob() are not random on PostgreSQL")
    digits = " || ".join([_RANDOM_HEX] * -(-size // 16))
    digits = f"left({digits}, {2 * size})" if size % 16 else digits
    return Term(f"decode({digits}, 'hex')", "bytes", never_null=True)


def _zeroblob(t: Translator, given: Arguments) -> Term:
    size = as_integer(t, given[0])
    return Term(f"decode(repeat('00', GREATEST({_small(size)}, 0)), 'hex')", "bytes")


def _random(t: Translator, given: Arguments) -> Term:
    t.not_immutable("random()")
    # 64 random bits with a sign; random() itself has 53 of them.
    sql = "floor((random() - 0.5) * 18446744073709551616)::bigint"
    return Term(sql, "integer", CAST, never_null=True)


def _texts(t: Translator, given: Arguments) -> str:
    return ", ".join(as_text(t, term).sql for term in given)


TEXT_FUNCTIONS: dict[str, FunctionRule] = {
    "length": FunctionRule(1, 1, _length),
    "octet_length": FunctionRule(1, 1, _octet_length),
    "lower": FunctionRule(1, 1, _in_ascii("lower")),
    "upper": FunctionRule(1, 1, _in_ascii("upper")),
    "trim": FunctionRule(1, 2, _trimmed("btrim")),
    "ltrim": FunctionRule(1, 2, _trimmed("ltrim")),
    "rtrim": FunctionRule(1, 2, _trimmed("rtrim")),
    "replace": FunctionRule(3, 3, _replace),
    "instr": FunctionRule(2, 2, _instr),
    "substr": FunctionRule(2, 3, _substr),
    "substring": FunctionRule(2, 3, _substr),
    "char": FunctionRule(1, 127, _char),
    "unicode": FunctionRule(1, 1, _unicode),
    "concat": FunctionRule(1, 127, _concat),
    "concat_ws": FunctionRule(2, 127, _concat_ws),
    "hex": FunctionRule(1, 1, _hex),
    "unhex": FunctionRule(1, 1, _unhex),
    "quote": FunctionRule(1, 1, _quote),
    "like": FunctionRule(2, 3, _like),
    "glob": FunctionRule(2, 2, _glob),
    "printf": FunctionRule(1, 127, _format),
    "format": FunctionRule(1, 127, _format),
    "randomblob": FunctionRule(1, 1, _randomblob),
    "zeroblob": FunctionRule(1, 1, _zeroblob),
    "random": FunctionRule(0, 0, _random),
}
