"""The placeholders of a statement."""

from __future__ import annotations

from dbtune.model.workload import SqlValue
from dbtune.sqlite.tokens import tokenize


def placeholder_names(sql: str) -> tuple[str | None, ...]:
    """Return the name of each parameter in the order of its number; None where it has none.

    As SQLite numbers them: `?` takes the next number, `?5` is number 5, and a name that comes
    again is the same parameter. Source: https://www.sqlite.org/lang_expr.html#varparam
    """
    names: list[str | None] = []
    for token in tokenize(sql):
        if token.kind != "placeholder":
            continue
        if token.text == "?":
            names.append(None)
        elif token.text[0] == "?":
            # A number far beyond SQLite's own limit (32,766) fails there, with its own message.
            number = min(int(token.text[1:]), 250_000)
            names.extend([None] * (number - len(names)))
        elif token.text[1:] not in names:
            names.append(token.text[1:])
    return tuple(names)


def null_parameters(sql: str) -> tuple[SqlValue, ...] | dict[str, SqlValue]:
    """Return NULL for each placeholder, as both SQLite libraries take it."""
    names = placeholder_names(sql)
    if names and None not in names:
        return {name: None for name in names if name is not None}
    return (None,) * len(names)
