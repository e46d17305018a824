"""A condition on an expression as one on the column itself, where they mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from dbtune.advisor.reading.affinity import is_numeric
from dbtune.advisor.reading.columns import ColumnUse
from dbtune.advisor.reading.statement import Comparison, Operator
from dbtune.advisor.statements.dialect import to_sql
from dbtune.sqlite.identifiers import quote_identifier, quote_literal

_ISO = "if it holds ISO 8601 text"
_UNIX = "if it holds seconds since 1970"

# strftime formats whose text begins a date: what completes it, and how long the period is.
_PERIODS = {
    "%Y": ("-01-01", "+1 year"),
    "%Y-%m": ("-01", "+1 month"),
    "%Y-%m-%d": ("", "+1 day"),
}

_PLACEHOLDER = re.compile(r":dbtune_value_(\d+)")
_LAST_CHARACTER = 0x10FFFF


@dataclass(frozen=True)
class Rewritten:
    """An equivalent condition, and the words that say when it is one."""

    sql: str
    holds: str


@dataclass(frozen=True)
class _Period:
    """Where the period that a value names begins, and where the next one begins, as SQL."""

    start: Callable[[str], str]
    end: Callable[[str], str]
    holds: str


def bare_condition(column: ColumnUse, comparison: Comparison) -> Rewritten | None:
    """Return the condition with nothing around the column; None where no rule is known."""
    name = quote_identifier(column.column.name)
    values = [_PLACEHOLDER.sub(r":value\1", to_sql(side.node)) for side in comparison.others]
    period = _period(column, comparison.side.node)
    if period is not None:
        return _within(period, name, comparison.operator, values)
    if comparison.operator != "=":
        return None
    return (
        _ignoring_case(comparison.side.node, name, values[0])
        or _beginning_with(column, comparison, name)
        or _without_default(comparison, name, values[0])
        or _without_cast(column, comparison.side.node, name, values[0])
    )


def _within(period: _Period, name: str, operator: Operator, values: list[str]) -> Rewritten | None:
    start, end = period.start, period.end
    first, last = values[0], values[-1]
    sql = {
        "=": f"{name} >= {start(first)} AND {name} < {end(first)}",
        "between": f"{name} >= {start(first)} AND {name} < {end(last)}",
        "<": f"{name} < {start(first)}",
        "<=": f"{name} < {end(first)}",
        ">": f"{name} >= {end(first)}",
        ">=": f"{name} >= {start(first)}",
    }.get(operator)
    return Rewritten(sql, period.holds) if sql is not None else None


def _period(column: ColumnUse, node: exp.Expr) -> _Period | None:
    function, arguments = _call(node)
    literals = [str(a.this) for a in arguments if isinstance(a, exp.Literal)]
    numeric = is_numeric(column.affinity)
    if function == "strftime" and len(arguments) == 2 and not numeric and literals:
        completed, step = _PERIODS.get(literals[0], (None, ""))
        return _text_period(completed, step) if completed is not None else None
    if function != "date":
        return None
    if len(arguments) == 1 and not numeric:
        return _text_period("", "+1 day")
    if literals == ["unixepoch"] and len(arguments) == 2 and numeric:
        return _Period(
            lambda value: f"strftime('%s', {value})",
            lambda value: f"strftime('%s', {value}, '+1 day')",
            _UNIX,
        )
    return None


def _text_period(completed: str, step: str) -> _Period:
    def start(value: str) -> str:
        if not completed:
            return value
        if value.startswith("'"):
            return f"{value[:-1]}{completed}'"
        return f"{value} || '{completed}'"

    return _Period(start, lambda value: f"date({start(value)}, '{step}')", _ISO)


def _ignoring_case(node: exp.Expr, name: str, value: str) -> Rewritten | None:
    function, arguments = _call(node)
    if function not in {"lower", "upper"} or len(arguments) != 1:
        return None
    return Rewritten(
        f"{name} = {value} COLLATE NOCASE",
        f"with an index on ({name} COLLATE NOCASE), which ignores case in ASCII as {function}() "
        "does",
    )


def _beginning_with(column: ColumnUse, comparison: Comparison, name: str) -> Rewritten | None:
    function, arguments = _call(comparison.side.node)
    numbers = [int(a.this) for a in arguments[1:] if isinstance(a, exp.Literal) and a.is_int]
    values = comparison.others[0].values
    if function not in {"substr", "substring"} or len(numbers) != 2 or numbers[0] != 1:
        return None
    if not values or not isinstance(values[0], str) or len(values[0]) != numbers[1]:
        return None
    following = _next_text(values[0])
    if following is None or column.affinity != "text" or column.column.collation != "BINARY":
        return None
    return Rewritten(
        f"{name} >= {quote_literal(values[0])} AND {name} < {quote_literal(following)}",
        "which are the texts that begin so",
    )


def _without_default(comparison: Comparison, name: str, value: str) -> Rewritten | None:
    function, arguments = _call(comparison.side.node)
    if function not in {"coalesce", "ifnull"} or len(arguments) != 2:
        return None
    default, wanted = arguments[1], comparison.others[0].node
    if not isinstance(default, exp.Literal) or not isinstance(wanted, exp.Literal):
        return None
    if default.is_string != wanted.is_string or default.this == wanted.this:
        return None
    return Rewritten(f"{name} = {value}", "which no NULL equals")


def _without_cast(column: ColumnUse, node: exp.Expr, name: str, value: str) -> Rewritten | None:
    if not isinstance(node, exp.Cast) or not isinstance(node.this, exp.Column):
        return None
    if column.affinity != "text" or node.to.sql(dialect="sqlite").upper() != "TEXT":
        return None
    return Rewritten(f"{name} = {value}", "which is declared as text already")


def _call(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """Return a function's name in lower case and its arguments; an empty name for no function."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower(), list(node.expressions)
    if isinstance(node, exp.Substring):
        given = (node.this, node.args.get("start"), node.args.get("length"))
        return "substring", [argument for argument in given if argument is not None]
    return "", []


def _next_text(text: str) -> str | None:
    """Return the first text after all that begin with this one."""
    code = ord(text[-1]) + 1 if text else _LAST_CHARACTER + 1
    if code > _LAST_CHARACTER:
        return None
    return text[:-1] + chr(0xE000 if code == 0xD800 else code)
