"""SQLite's dialect with functions kept as the application spells them.

sqlglot rewrites many functions to canonical ones (substr to SUBSTRING, say). SQLite uses an
index on an expression only where the spelling is the same, so all but the aggregates stay
anonymous; the optimiser needs to know the aggregates.
"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite

from dbtune.sqlite.placeholders import rewrite_placeholders

# What `name_placeholders` puts before the number.
PREFIX = "dbtune_"

_AGGREGATES = ("AVG", "COUNT", "GROUP_CONCAT", "MAX", "MIN", "SUM")


class VerbatimSQLite(SQLite):
    """Parses and prints functions and JSON paths as they were written."""

    def to_json_path(self, path: exp.Expr | None) -> exp.Expr | None:
        """Keep the path of `->>` as it is; sqlglot would write `'x'` as `'$.x'`."""
        return path

    class Parser(SQLite.Parser):  # type: ignore[misc,valid-type]  # built by a metaclass
        """Knows only aggregate functions."""

        FUNCTIONS: ClassVar[dict[str, object]] = {
            name: SQLite.Parser.FUNCTIONS[name] for name in _AGGREGATES
        }

    class Generator(SQLite.Generator):  # type: ignore[misc,valid-type]  # built by a metaclass
        """Prints NUMERIC as such; sqlglot would cast to REAL, which is another affinity."""

        TYPE_MAPPING: ClassVar[dict[exp.DType, str]] = {
            **SQLite.Generator.TYPE_MAPPING,
            exp.DataType.Type.DECIMAL: "NUMERIC",
        }


def to_sql(node: exp.Expr) -> str:
    """Print an expression in the application's spelling."""
    sql: str = node.sql(dialect=VerbatimSQLite, normalize_functions=False, comments=False)
    return sql


def name_placeholders(text: str) -> str:
    """Return the statement with `:dbtune_N` for each placeholder, N being SQLite's number.

    sqlglot reads neither `?5` nor every name, and its tree does not keep their order.
    Source: https://www.sqlite.org/lang_expr.html#varparam
    """
    return rewrite_placeholders(text, lambda mark: f":{PREFIX}{mark.number}")
