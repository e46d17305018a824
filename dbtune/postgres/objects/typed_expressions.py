"""Expressions that have to be of a column's type: of generated columns, and of defaults."""

from __future__ import annotations

import re
from dataclasses import replace

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.translation.expressions import (
    Translation,
    TranslationOptions,
    translate_condition,
    translate_expression,
)
from dbtune.postgres.translation.scope import Scope

# What SQLite calls a conversion's type: a cast to it changes nothing where the kinds agree.
_CASTS = {"integer": "INTEGER", "double": "REAL", "text": "TEXT"}


# PostgreSQL calls these stable, since the conversion between two encodings may be replaced.
_STABLE = re.compile(r"\bconvert_(?:from|to)\(")
_LITERAL = re.compile(r"'(?:[^']|'')*'")


def immutable_expression(sql: str, scope: Scope, options: TranslationOptions) -> Translation:
    """Return an expression that an index or a generated column may hold."""
    return _immutable(translate_expression(sql, scope, replace(options, immutable=True)))


def immutable_condition(sql: str, scope: Scope, options: TranslationOptions) -> Translation:
    """Return a condition that a partial index may have."""
    return _immutable(translate_condition(sql, scope, replace(options, immutable=True)))


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
        condition = translate_condition(f"{sql}\n", scope, options)
        return _immutable(condition) if options.immutable else condition
    wanted = _CASTS.get(column.conversion)
    if wanted is None:
        return Translation(None, (f"the value of an expression is no {column.pg_type}",))
    cast = translate_expression(f"CAST(({sql}\n) AS {wanted})", scope, options)
    if options.immutable:
        cast = _immutable(cast)
    if cast.sql is None or column.conversion == "text" or _is_same(plain.sql, cast.sql):
        return cast
    return Translation(None, (f"its values need not be of type {column.pg_type}",))


def _immutable(translation: Translation) -> Translation:
    found = _STABLE.search(_LITERAL.sub("''", translation.sql or ""))
    if found is None:
        return translation
    return Translation(None, (f"{found[0]}) is not immutable on PostgreSQL",))


def _is_same(plain: str, cast: str) -> bool:
    """Return whether a cast added nothing, or made a double of a number, or 1 and 0 of a truth."""
    bare = cast.removesuffix("::double precision").removesuffix("::integer")
    return plain.strip("()") == bare.strip("()")
