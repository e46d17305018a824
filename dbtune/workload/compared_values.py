"""Which values recorded statements compare columns with: the rows that a sample must not miss.

Read from tokens alone, since a name that is taken for the wrong table's costs a sample a few rows,
and a parser costs a thousand times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dbtune.model.workload import ComparedValues, Parameters, QueryShape, Sample, SqlValue
from dbtune.recorder.quoted_texts import KEYWORDS
from dbtune.workload.binding import bind
from dbtune.workload.tokens import Token, TokenReader, lower_ascii, unquote

# A few thousand rows are wanted, not a table: of a long IN list its beginning will do.
_VALUES_OF_A_LIST = 50
_VALUES_OF_A_COLUMN = 400
# A statement of megabytes is rows to insert, and compares little.
_LONGEST_TEXT = 100_000

_EQUALS = frozenset({"=", "==", "is"})
_MISSING = object()


def compared_values(shapes: Iterable[QueryShape]) -> tuple[ComparedValues, ...]:
    """Return by column name, in lower case, the values that samples compare it with for equality.

    The most frequent shapes' values come first where a column has more than are kept.
    """
    found: dict[str, dict[SqlValue, None]] = {}
    for shape in sorted(shapes, key=lambda shape: (-shape.count, shape.id)):
        for sample in shape.samples:
            for column, value in _pairs(sample):
                values = found.setdefault(column, {})
                if len(values) < _VALUES_OF_A_COLUMN:
                    values[value] = None
    return tuple(ComparedValues(column, tuple(values)) for column, values in sorted(found.items()))


def _pairs(sample: Sample) -> Iterator[tuple[str, SqlValue]]:
    if len(sample.text) > _LONGEST_TEXT:
        return
    text, parameters = bind(sample)
    tokens = [*TokenReader(text), Token("operator", ";", len(text))]
    values = _values(tokens, parameters)
    for place, token in enumerate(tokens[:-1]):
        word = lower_ascii(token.text)
        if word in _EQUALS and place:
            yield from _compared(tokens[place - 1], values.get(place + 1, _MISSING))
            yield from _compared(_last_name(tokens, place + 1), values.get(place - 1, _MISSING))
        elif word == "in" and place:
            for listed in range(place + 2, place + 2 + 2 * _VALUES_OF_A_LIST, 2):
                if listed not in values:
                    break
                yield from _compared(tokens[place - 1], values[listed])


def _last_name(tokens: list[Token], place: int) -> Token:
    """Return the name that begins here, without the table or schema before it."""
    while place + 2 < len(tokens) and tokens[place + 1].text == ".":
        place += 2
    return tokens[place]


def _compared(side: Token, value: object) -> Iterator[tuple[str, SqlValue]]:
    if value is None or not isinstance(value, (int, float, str, bytes)):
        return
    if side.kind == "quoted":
        yield lower_ascii(unquote(side.text)), value
    elif side.kind == "word" and lower_ascii(side.text) not in KEYWORDS:
        yield lower_ascii(side.text), value


def _values(tokens: list[Token], parameters: Parameters) -> dict[int, SqlValue]:
    """Return by place what the literals and placeholders among the tokens stand for."""
    values: dict[int, SqlValue] = {}
    asked = 0
    for place, token in enumerate(tokens):
        if token.kind == "number":
            values[place] = _number(token.text)
        elif token.kind == "text" and token.text.startswith("'"):
            values[place] = token.text[1:-1].replace("''", "'")
        elif token.kind == "placeholder":
            if token.text == "?":
                asked += 1
            values[place] = _bound(token.text, asked, parameters)
    return values


def _bound(placeholder: str, asked: int, parameters: Parameters) -> SqlValue:
    if isinstance(parameters, Mapping):
        return parameters.get(placeholder[1:])
    if parameters is None:
        return None
    if placeholder != "?":
        asked = int(placeholder[1:]) if placeholder[1:].isdecimal() else 0
    return parameters[asked - 1] if 0 < asked <= len(parameters) else None


def _number(text: str) -> SqlValue:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return None  # hexadecimal, or no number at all
