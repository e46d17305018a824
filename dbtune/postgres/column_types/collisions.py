"""Unique values that a conversion would make equal: such columns keep their text."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from dbtune.model.schema import Index, Schema, Table, fold_name
from dbtune.model.transfer import ColumnPlan, ColumnProfile, Conversion, TableProfile
from dbtune.postgres.column_types.type_choice import choose_types
from dbtune.postgres.column_types.type_nouns import TableTypes, TypeChoices, TypeOptions
from dbtune.postgres.verification.canonical import StoredKind, is_unfit, source_converter
from dbtune.sqlite.identifiers import quote_identifier

_KINDS: Mapping[Conversion, StoredKind] = {
    "decimal": "numeric",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
    "epoch_s": "timestamp",
    "cocoa": "timestamp",
    "time": "time",
    "uuid": "uuid",
    "jsonb": "jsonb",
}
_FUNCTION = "dbtune_converted"


def keep_unique(
    connection: sqlite3.Connection,
    schema: Schema,
    profiles: Mapping[str, TableProfile],
    options: TypeOptions,
    choices: TypeChoices,
) -> TypeChoices:
    """Return the choices with text for columns of unique keys that conversion would break.

    The choices themselves where there are none. Reads only keys whose conversion may make two
    values equal.
    """
    collided = find_collisions(connection, schema, profiles, choices)
    if not collided:
        return choices
    kept = (*options.keep_text, *collided)
    return choose_types(schema, profiles, replace(options, keep_text=kept))


def find_collisions(
    connection: sqlite3.Connection,
    schema: Schema,
    profiles: Mapping[str, TableProfile],
    choices: TypeChoices,
) -> tuple[tuple[str, str], ...]:
    """Return (table, column) of unique keys in which two rows become equal by conversion."""
    found: dict[tuple[str, str], None] = {}
    for types in choices.tables:
        table = schema.table(types.table)
        if table is None:
            continue
        for index in table.indexes:
            risky = _risky_columns(index, types, profiles[table.name])
            if risky and _collides(connection, table, index, types, risky):
                found.update(dict.fromkeys((table.name, column.source) for column in risky))
    return tuple(found)


def _risky_columns(
    index: Index, types: TableTypes, profile: TableProfile
) -> tuple[ColumnPlan, ...]:
    """Return the columns of a unique key that conversion may make equal."""
    if not index.unique or any(key.name is None for key in index.columns):
        return ()
    folded = {fold_name(key.name or ""): key.collation.upper() for key in index.columns}
    return tuple(
        column
        for column in types.columns
        if fold_name(column.source) in folded
        and _may_collide(column, profile.column(column.source), folded[fold_name(column.source)])
    )


def _may_collide(column: ColumnPlan, profile: ColumnProfile, collation: str) -> bool:
    """Return whether two different values of a column may become one."""
    counts = column.counts
    if column.pg_type == "citext":
        return collation != "NOCASE"
    if column.conversion == "json":
        return True  # no index of PostgreSQL takes json
    if column.conversion in {"timestamp", "timestamptz", "time"}:
        one_shape = len(profile.shapes) == 1 and _is_absolute(profile.shapes[0])
        return not one_shape or profile.form("subsecond") is not None
    if column.conversion in {"decimal", "boolean", "uuid"}:
        return counts.texts > 0
    if column.conversion == "epoch_s":
        return counts.reals > 0
    return column.conversion in {"cocoa", "jsonb"}


def _is_absolute(shape: str) -> bool:
    """Return whether texts of a shape differ where their instants do: no offsets but Z."""
    return not any(sign in shape[10:] for sign in "+-")


def _collides(
    connection: sqlite3.Connection,
    table: Table,
    index: Index,
    types: TableTypes,
    risky: Sequence[ColumnPlan],
) -> bool:
    """Return whether a unique key has two rows that are equal once converted."""
    if any(column.conversion == "json" for column in risky):
        return True
    functions = {column.source: f"{_FUNCTION}_{place}" for place, column in enumerate(risky)}
    with ExitStack() as stack:
        for column in risky:
            name = functions[column.source]
            connection.create_function(name, 1, _converter(column), deterministic=True)
            stack.callback(connection.create_function, name, 1, None)
        return _has_duplicates(connection, table, index, types, functions)


def _has_duplicates(
    connection: sqlite3.Connection,
    table: Table,
    index: Index,
    types: TableTypes,
    functions: Mapping[str, str],
) -> bool:
    terms, conditions = [], []
    for key in index.columns:
        column = next(c for c in types.columns if fold_name(c.source) == fold_name(key.name or ""))
        name = quote_identifier(column.source)
        conditions.append(f"{name} IS NOT NULL")
        function = functions.get(column.source)
        # The collation may be the application's, which is not there to group by.
        terms.append(f"{function}({name})" if function else f"{name} COLLATE BINARY")
    if index.where_sql:
        conditions.append(f"({index.where_sql})")
    query = (
        f"SELECT 1 FROM {quote_identifier(table.name)} WHERE {' AND '.join(conditions)}"
        f" GROUP BY {', '.join(terms)} HAVING count(*) > 1 LIMIT 1"
    )
    try:
        return connection.execute(query).fetchone() is not None
    except sqlite3.OperationalError as error:
        if "function" in str(error):
            return True  # the condition of a partial index asks a function of the application
        raise


def _converter(column: ColumnPlan) -> Callable[[Any], Any]:
    """Return the value that verification would compare, as SQLite can group by it."""
    if column.pg_type == "citext":
        return lambda value: value.lower() if isinstance(value, str) else value
    convert = source_converter(column, _KINDS[column.conversion])

    def converted(value: Any) -> Any:
        stored = value.encode() if isinstance(value, str) else value
        result = stored if convert is None or stored is None else convert(stored)
        return repr(stored) if is_unfit(result) else result

    return converted
