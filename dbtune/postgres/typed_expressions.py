"""Expressions that have to be of a column's type: of generated columns, and of defaults."""

from __future__ import annotations

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.expressions import (
    Translation,
    TranslationOptions,
    translate_condition,
    translate_expression,
)
from dbtune.postgres.scope import Scope

# What SQLite calls a conversion's type: a cast to it changes nothing where the kinds agree.
_CASTS = {"integer": "INTEGER", "double": "REAL", "text": "TEXT"}


def typed_expression(
    sql: str, column: ColumnPlan, scope: Scope, options: TranslationOptions
) -> Translation:
    """Return an expression whose type is the column's, and whose values no cast changes.

    A cast is accepted only where the translation shows that there was nothing to change: 2.5 in
    a column that holds integers so far must not become 2.
    """
    plain = translate_expression(f"{sql}\n", scope, options)
    if plain.sql is None:
        return plain
    if column.conversion == "boolean":
        return translate_condition(f"{sql}\n", scope, options)
    wanted = _CASTS.get(column.conversion)
    if wanted is None:
        return Translation(None, (f"the value of an expression is no {column.pg_type}",))
    cast = translate_expression(f"CAST(({sql}\n) AS {wanted})", scope, options)
    if cast.sql is None or column.conversion == "text" or _is_same(plain.sql, cast.sql):
        return cast
    return Translation(None, (f"its values need not be of type {column.pg_type}",))


def _is_same(plain: str, cast: str) -> bool:
    """Return whether a cast added nothing, or made a double of a number."""
    bare = cast.removesuffix("::double precision")
    return plain.strip("()") == bare.strip("()")
