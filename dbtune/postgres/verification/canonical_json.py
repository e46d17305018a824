"""JSON in one form for each meaning: keys sorted, numbers exact, the last of equal keys kept.

So jsonb stores it (https://www.postgresql.org/docs/current/datatype-json.html), and its text and
the text it was made from come to the same bytes.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]  # the decoder's own
from typing import Any

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_SPACE = re.compile(r"[ \t\n\r]*")
_WORDS = {"true": True, "false": False, "null": None}
_DIGITS_AT_MOST = 200_000
_EXPONENT = re.compile(r"[eE][+-]?0*(\d*)\Z")


def canonical_json(text: bytes) -> bytes | None:
    """Return JSON in its one form, None for what is no JSON that jsonb could hold."""
    try:
        decoded = text.decode()
        try:
            return _written(_decoder.decode(decoded))
        except RecursionError:
            return _written_deep(decoded)
    except ValueError:
        return None


def json_text(form: bytes) -> str:
    """Return JSON of a canonical form, for a reader; the form itself where it is nested deeply."""
    text = form.decode(errors="surrogatepass")
    try:
        return _json_text(ast.literal_eval(text))
    except (RecursionError, MemoryError, SyntaxError):
        return text


def _json_text(parsed: Any) -> str:
    if isinstance(parsed, list):
        return f"[{', '.join(map(_json_text, parsed))}]"
    if not isinstance(parsed, tuple):
        return json.dumps(parsed, ensure_ascii=False)
    mark, held = parsed
    if mark == "#":
        return str(held)
    return (
        f"{{{', '.join(f'{json.dumps(k, ensure_ascii=False)}: {_json_text(v)}' for k, v in held)}}}"
    )


def _number(text: str) -> tuple[str, str]:
    # A tuple is what JSON itself never gives, so that 1 and "1" stay apart.
    exponent = _EXPONENT.search(text)
    if exponent is not None and len(exponent[1]) > 6:
        raise ValueError("a number beyond what numeric holds")
    exact = Decimal(text)
    if exact.is_zero():
        return ("#", "0")
    if not -_DIGITS_AT_MOST < exact.adjusted() < _DIGITS_AT_MOST:
        raise ValueError("a number beyond what numeric holds")
    plain = f"{exact:f}"
    return ("#", plain.rstrip("0").rstrip(".") if "." in plain else plain)


def _object(pairs: list[tuple[str, Any]]) -> tuple[str, tuple[tuple[str, Any], ...]]:
    return ("{", tuple(sorted(dict(pairs).items(), key=_key)))


def _key(pair: tuple[str, Any]) -> str:
    return pair[0]


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_number,
    parse_int=_number,
    parse_constant=_no_number,
)


def _written(parsed: Any) -> bytes:
    # A lone surrogate has no UTF-8; jsonb refuses it, so the source may hold it where a target
    # never does.
    return repr(parsed).encode(errors="surrogatepass")


def _written_deep(text: str) -> bytes:
    """Return what `_written` would, of a document too deep to be read by recursion."""
    stack: list[_Open] = []
    position = 0
    while True:
        position = _after_space(text, position)
        opening = text[position : position + 1]
        if opening in {"[", "{"} and opening:
            stack.append(_Open(opening))
            position = _after_space(text, position + 1)
            if text[position : position + 1] != stack[-1].closing:
                position = stack[-1].read_key(text, position)
                continue
            position, written = position + 1, stack.pop().written()
        else:
            position, written = _scalar(text, position)
        while stack:
            stack[-1].values.append(written)
            position = _after_space(text, position)
            after = text[position : position + 1]
            position += 1
            if after == ",":
                position = stack[-1].read_key(text, _after_space(text, position))
                break
            if after != stack[-1].closing:
                raise ValueError("neither a comma nor an end")
            written = stack.pop().written()
        else:
            if _after_space(text, position) != len(text):
                raise ValueError("more than one value")
            return written.encode(errors="surrogatepass")


class _Open:
    """An array or object whose end has not been read."""

    def __init__(self, opening: str) -> None:
        self.closing = "]" if opening == "[" else "}"
        self.keys: list[str] = []
        self.values: list[str] = []

    def read_key(self, text: str, position: int) -> int:
        """Read the key before a value of an object; returns where the value begins."""
        if self.closing == "]":
            return position
        if text[position : position + 1] != '"':
            raise ValueError("no key")
        key, position = scanstring(text, position + 1, True)
        self.keys.append(key)
        position = _after_space(text, position)
        if text[position : position + 1] != ":":
            raise ValueError("no colon")
        return position + 1

    def written(self) -> str:
        """Return it as repr writes what the decoder makes of it."""
        if self.closing == "]":
            return f"[{', '.join(self.values)}]"
        return f"('{{', {_tuple(self._pairs())})"

    def _pairs(self) -> Iterator[str]:
        last = dict(zip(self.keys, self.values, strict=True))
        return (f"({key!r}, {last[key]})" for key in sorted(last))


def _tuple(parts: Iterator[str]) -> str:
    written = tuple(parts)
    return f"({written[0]},)" if len(written) == 1 else f"({', '.join(written)})"


def _scalar(text: str, position: int) -> tuple[int, str]:
    if text[position : position + 1] == '"':
        string, end = scanstring(text, position + 1, True)
        return end, repr(string)
    for word, value in _WORDS.items():
        if text.startswith(word, position):
            return position + len(word), repr(value)
    match = _NUMBER.match(text, position)
    if match is None:
        raise ValueError("no value")
    return match.end(), repr(_number(match[0]))


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None  # it matches nothing at all, too
    return match.end()
