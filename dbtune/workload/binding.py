"""Making a recorded statement one that SQLite can prepare, with values in the form it binds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dbtune.model.workload import Parameters, Sample, SqlValue
from dbtune.workload.tokens import Token, TokenReader


class BoundStatement(NamedTuple):
    """A text for SQLite and its values: a tuple, a dict, or None where they are missing."""

    text: str
    parameters: Parameters


@dataclass(frozen=True)
class Placeholders:
    """What a statement wants bound, as SQLite numbers it.

    `count` is the highest number; `names` are the named ones without prefix, each once, in
    order. All are named where `count == len(names)`.
    Source: https://www.sqlite.org/lang_expr.html#varparam
    """

    count: int
    names: tuple[str, ...]


def bind(sample: Sample) -> BoundStatement:
    """Return the sample as SQLite takes it; literals and comments stay as they are.

    `%s` becomes `?`, `%(name)s` becomes `:name`, and `$1` becomes `?1` unless a value is named 1.
    Parameters are None where the sample has none or they do not fit the placeholders, and ()
    where it needs none. Values given in order are returned by name where all are named, since
    sqlite3 refuses a sequence for names.
    """
    text = _rewrite(sample.text, sample.parameters)
    return BoundStatement(text, _fit(_count(text), sample.parameters))


def placeholders(text: str) -> Placeholders:
    """Return what the statement wants bound, after `bind` has rewritten its placeholders."""
    return _count(_rewrite(text, None))


def _rewrite(text: str, parameters: Parameters) -> str:
    named = parameters if isinstance(parameters, Mapping) else {}
    tokens = _placeholder_tokens(text)
    # Beside %s a driver takes %% for a percent sign, in literals too.
    doubled = any(token.text[0] == "%" for token in tokens)
    pieces: list[str] = []
    end = 0
    for token in tokens:
        pieces += (_undoubled(text[end : token.start], doubled), _rewritten(token.text, named))
        end = token.start + len(token.text)
    return "".join(pieces) + _undoubled(text[end:], doubled)


def _undoubled(text: str, doubled: bool) -> str:
    return text.replace("%%", "%") if doubled else text


def _rewritten(placeholder: str, named: Mapping[str, SqlValue]) -> str:
    if placeholder == "%s":
        return "?"
    if placeholder[0] == "%":
        return f":{placeholder[2:-2]}"
    name = placeholder[1:]
    is_position = name.isascii() and name.isdigit() and name not in named
    return f"?{int(name)}" if is_position and placeholder[0] != "?" else placeholder


def _count(text: str) -> Placeholders:
    count = 0
    names: dict[str, None] = {}
    for token in _placeholder_tokens(text):
        if token.text == "?":
            count += 1
        elif token.text[0] == "?":
            # SQLite allows 32,766; the cut only keeps a line of digits from Python's own limit.
            count = max(count, int(token.text[1:9]))
        elif token.text[1:] not in names:
            names[token.text[1:]] = None
            count += 1
    return Placeholders(count, tuple(names))


def _fit(needed: Placeholders, given: Parameters) -> Parameters:
    if needed.count == 0:
        return ()
    all_named = needed.count == len(needed.names)
    if isinstance(given, Mapping):
        if all_named and all(name in given for name in needed.names):
            return {name: given[name] for name in needed.names}
        return None
    if given is None or len(given) != needed.count:
        return None
    if all_named:
        return dict(zip(needed.names, given, strict=True))
    return None if needed.names else tuple(given)


def _placeholder_tokens(text: str) -> list[Token]:
    return [token for token in TokenReader(text) if token.kind == "placeholder"]
