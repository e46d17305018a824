"""Which column each value of a recorded INSERT goes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dbtune.model.schema import Schema, Table, fold_name
from dbtune.model.workload import Parameters, SqlValue
from dbtune.sqlite.placeholders import BoundStatement, Mark, placeholder_marks
from dbtune.sqlite.tokens import (
    Token,
    inside_first_parentheses,
    split_at_commas,
    tokenize,
    unquote_name,
)

# Where the values of a column are bound, by the column's folded name.
Places = dict[str, list[int | str]]

# The least that SQLite's builds take of parameters.
_MOST_BOUND = 999
_LARGEST = 2**63 - 1  # beyond it SQLite takes a literal for a REAL


def bound_columns(text: str, schema: Schema) -> Iterator[tuple[Table, Places]]:
    """Yield the table of a plain INSERT ... VALUES, and where each column's values are bound.

    Nothing for any other statement.
    """
    for insert in _plain_inserts(text, schema):
        marks = {mark.token.start: mark for mark in placeholder_marks(text)}
        found: Places = {}
        for row in _rows(insert.values):
            for name, part in zip(insert.columns, row, strict=False):
                if len(part) == 1 and part[0].kind == "placeholder":
                    found.setdefault(name, []).append(_place(marks[part[0].start]))
        yield insert.table, found


def bind_literals(text: str, schema: Schema) -> BoundStatement:
    """Return a plain INSERT ... VALUES with its literals bound, so that they can be others.

    Any other statement, and one with placeholders beside literals, comes back as it is.
    """
    pieces: list[str] = []
    values: list[SqlValue] = []
    end = 0
    for insert in () if placeholder_marks(text) else _plain_inserts(text, schema):
        for part in (part for row in _rows(insert.values) for part in row):
            if len(part) == 1 and _is_literal(part[0]) and len(values) < _MOST_BOUND:
                pieces += (text[end : part[0].start], "?")
                values.append(_literal(part[0].text))
                end = part[0].end
    return BoundStatement("".join((*pieces, text[end:])), tuple(values))


class _Insert(NamedTuple):
    """A plain INSERT: its table, its columns' folded names, and what follows VALUES."""

    table: Table
    columns: Sequence[str]
    values: Sequence[Token]


def _plain_inserts(text: str, schema: Schema) -> Iterator[_Insert]:
    tokens = list(tokenize(text))
    words = [token.text.upper() for token in tokens[:2]]
    if words != ["INSERT", "INTO"] or len(tokens) < 3:
        return
    rest = tokens[2:]
    if len(rest) > 2 and rest[1].text == ".":
        rest = rest[2:]
    table = schema.table(unquote_name(rest[0]))
    start = next((at for at, token in enumerate(rest) if token.is_word("VALUES")), None)
    if table is None or start is None or any(token.is_word("CONFLICT") for token in rest):
        return
    listed, _ = inside_first_parentheses(rest[1:start])
    names = [fold_name(unquote_name(part[0])) for part in split_at_commas(listed) if part]
    if not names:
        names = [fold_name(column.name) for column in table.columns if not column.generated]
    yield _Insert(table, names, rest[start + 1 :])


def _rows(tokens: Sequence[Token]) -> Iterator[tuple[tuple[Token, ...], ...]]:
    while tokens and tokens[0].text in {"(", ","}:
        row, tokens = inside_first_parentheses(tokens)
        yield tuple(split_at_commas(row))


def _is_literal(token: Token) -> bool:
    return token.text[0] == "'" if token.kind == "string" else token.text.isdecimal()


def _literal(text: str) -> SqlValue:
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    return int(text) if int(text) <= _LARGEST else float(text)


def _place(mark: Mark) -> int | str:
    return mark.number - 1 if mark.name is None else mark.name


def value_at(values: Parameters, place: int | str) -> SqlValue:
    """Return the value at a position or of a name, None where there is none."""
    if isinstance(values, Mapping):
        return values.get(str(place))
    return values[int(place)] if values is not None and int(place) < len(values) else None


def with_values(values: Parameters, new: Mapping[int | str, SqlValue]) -> Parameters:
    """Return values with others at some places."""
    if values is None:
        return None
    if isinstance(values, Mapping):
        return {**values, **{str(place): value for place, value in new.items()}}
    return tuple(new.get(place, value) for place, value in enumerate(values))
