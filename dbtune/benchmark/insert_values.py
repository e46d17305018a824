"""Which column each value of a recorded INSERT goes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbtune.model.schema import Schema, Table, fold_name
from dbtune.model.workload import Parameters, SqlValue
from dbtune.sqlite.placeholders import Mark, placeholder_marks
from dbtune.sqlite.tokens import (
    Token,
    inside_first_parentheses,
    split_at_commas,
    tokenize,
    unquote_name,
)

# Where the values of a column are bound, by the column's folded name.
Places = dict[str, list[int | str]]


def bound_columns(text: str, schema: Schema) -> Iterator[tuple[Table, Places]]:
    """Yield the table of a plain INSERT ... VALUES, and where each column's values are bound.

    Nothing for any other statement.
    """
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
    yield table, _places(rest[start + 1 :], names, text)


def _places(tokens: Sequence[Token], names: Sequence[str], text: str) -> Places:
    marks = {mark.token.start: mark for mark in placeholder_marks(text)}
    found: Places = {}
    while tokens and tokens[0].text in {"(", ","}:
        row, tokens = inside_first_parentheses(tokens)
        for name, part in zip(names, split_at_commas(row), strict=False):
            if len(part) == 1 and part[0].kind == "placeholder":
                found.setdefault(name, []).append(_place(marks[part[0].start]))
    return found


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
