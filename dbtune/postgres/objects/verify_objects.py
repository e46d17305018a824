"""Whether the target has every object that a plan promised, read back from its catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbtune.model.transfer import (
    ColumnPlan,
    Difference,
    ForeignKeyPlan,
    IndexPlan,
    MigrationPlan,
    TablePlan,
)
from dbtune.postgres.names import quote_name
from dbtune.postgres.objects.target_objects import (
    Connection,
    FoundColumn,
    FoundConstraint,
    FoundIndex,
    TargetObjects,
    next_value,
    read_target_objects,
)

_MISSING = "missing"
_DESCENDING, _NULLS_FIRST = 1, 2

# Other spellings of types that format_type() writes in one way.
_SPELLINGS = {
    "int2": "smallint",
    "int4": "integer",
    "int": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "char": "character",
    "bpchar": "character",
    "decimal": "numeric",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
}
_LIMITED = re.compile(r"([^()]+?)\s*\(([^()]*)\)\s*(.*)")


def check_objects(
    connection: Connection, schema: str, plan: MigrationPlan
) -> tuple[Difference, ...]:
    """Return how the tables, keys, indexes, sequences and views of a schema differ from a plan.

    Objects that the plan does not know are no difference, columns of its tables excepted.
    """
    found = read_target_objects(connection, schema)
    differences: list[Difference] = []
    for table in plan.tables:
        columns = found.columns_of(table.target)
        if not columns and table.columns:
            differences.append(_difference(table.source, "table", "there", _MISSING))
            continue
        differences += _columns(table, columns)
        differences += _keys(table, found)
        differences += _indexes(table, found)
        differences += _identity(connection, schema, table, columns)
    for view in plan.views:
        if view.target not in found.views:
            differences.append(_difference(view.source, "view", "there", _MISSING))
    return tuple(differences)


def canonical_type(pg_type: str) -> str:
    """Return a type as format_type() writes it, whichever spelling DDL has."""
    limited = _LIMITED.fullmatch(pg_type.strip().lower())
    if limited is None:
        name = " ".join(pg_type.lower().split())
        return _SPELLINGS.get(name, name)
    name, limits, rest = limited.groups()
    plain = _SPELLINGS.get(name.strip(), name.strip()) if not rest else name.strip()
    numbers = ",".join(part.strip() for part in limits.split(","))
    if plain == "numeric" and "," not in numbers:
        numbers += ",0"
    first, _, zone = plain.partition(" ") if plain.startswith("time") else (plain, "", "")
    return " ".join(part for part in (f"{first}({numbers})", zone or rest) if part)


def _columns(table: TablePlan, found: tuple[FoundColumn, ...]) -> Iterator[Difference]:
    by_name = {column.column_name: column for column in found}
    for column in table.columns:
        there = by_name.pop(column.target, None)
        expected = _described_plan(table, column)
        actual = _MISSING if there is None else _described(there)
        if expected != actual:
            yield _difference(table.source, "column", expected, actual, column.source)
    for name in by_name:
        yield _difference(table.source, "column", _MISSING, "there", name)


def _described_plan(table: TablePlan, column: ColumnPlan) -> str:
    parts = [canonical_type(column.pg_type)]
    if column.not_null or column.identity or column.target in table.primary_key:
        parts.append("NOT NULL")
    if column.identity:
        parts.append("identity")
    elif column.generated_sql is not None:
        parts.append("generated virtual" if column.generated_virtual else "generated stored")
    elif column.default_sql is not None:
        parts.append("default")
    return ", ".join(parts)


def _described(column: FoundColumn) -> str:
    # The schema of an extension's type is not the plan's business.
    parts = [column.pg_type.rpartition(".")[2]]
    if column.not_null:
        parts.append("NOT NULL")
    if column.is_identity:
        parts.append("identity")
    elif column.generated:
        parts.append("generated virtual" if column.generated == "v" else "generated stored")
    elif column.has_default:
        parts.append("default")
    return ", ".join(parts)


def _keys(table: TablePlan, found: TargetObjects) -> Iterator[Difference]:
    if table.primary_key and table.primary_key_name:
        there = found.constraint(table.target, table.primary_key_name, "p")
        actual = _MISSING if there is None else _listed(there.columns)
        expected = _listed(table.primary_key)
        if actual != expected:
            yield _difference(table.source, "primary key", expected, actual)
    for check in table.checks:
        there = found.constraint(table.target, check.target, "c")
        expected = _validity(check.validated)
        actual = _MISSING if there is None else _validity(there.validated)
        if actual != expected:
            yield _difference(table.source, f"check {check.target}", expected, actual)
    for key in table.foreign_keys:
        there = found.constraint(table.target, key.target, "f")
        expected = _described_key(key)
        actual = _MISSING if there is None else _described_found_key(there)
        if actual != expected:
            yield _difference(table.source, f"foreign key {key.target}", expected, actual)


def _indexes(table: TablePlan, found: TargetObjects) -> Iterator[Difference]:
    for index in table.indexes:
        if index.constraint and found.constraint(table.target, index.target, "u") is None:
            yield _difference(table.source, f"unique {index.target}", "there", _MISSING)
            continue
        there = found.index(table.target, index.target)
        expected = _described_index(index)
        actual = _MISSING if there is None else _described_found_index(there)
        if actual != expected:
            yield _difference(table.source, f"index {index.target}", expected, actual)


def _identity(
    connection: Connection, schema: str, table: TablePlan, columns: tuple[FoundColumn, ...]
) -> Iterator[Difference]:
    sequence = next((column.sequence_name for column in columns if column.is_identity), None)
    if table.identity_next is None or sequence is None:
        return  # an identity that is missing is a difference of its column
    if table.identity_sequence not in {None, sequence}:
        yield _difference(table.source, "sequence", str(table.identity_sequence), sequence)
    actual = next_value(connection, schema, sequence)
    if actual != table.identity_next:
        yield _difference(table.source, "next value", str(table.identity_next), str(actual))


def _described_key(key: ForeignKeyPlan) -> str:
    return _foreign_key_text(
        _listed(key.columns),
        f"{key.referenced_table} {_listed(key.referenced_columns)}",
        (key.on_update, key.on_delete),
        (key.deferrable, key.initially_deferred),
        key.validated,
    )


def _described_found_key(key: FoundConstraint) -> str:
    return _foreign_key_text(
        _listed(key.columns),
        f"{key.referenced_table} {_listed(key.referenced_columns)}",
        (str(key.on_update), str(key.on_delete)),
        (key.deferrable, key.initially_deferred),
        key.validated,
    )


def _foreign_key_text(
    columns: str,
    referenced: str,
    actions: tuple[str, str],
    deferral: tuple[bool, bool],
    validated: bool,
) -> str:
    deferrable, deferred = deferral
    when = "deferred" if deferred else "deferrable" if deferrable else "immediate"
    return (
        f"{columns} to {referenced}, on update {actions[0]}, on delete {actions[1]}, {when}, "
        f"{_validity(validated)}"
    )


def _described_index(index: IndexPlan) -> str:
    keys = (_described_term(key, index) for key in index.keys)
    partial = index.where_sql is not None
    return _index_text(index.unique or index.constraint, partial, index.method, keys)


def _described_term(key: str, index: IndexPlan) -> str:
    bare = re.sub(r"( DESC)?( NULLS (FIRST|LAST))?$", "", key)
    descending = key[len(bare) :].startswith(" DESC")
    # PostgreSQL takes NULLS FIRST for DESC and NULLS LAST for ASC where nothing is said.
    first = " NULLS FIRST" in key[len(bare) :] if " NULLS " in key[len(bare) :] else descending
    plain = re.fullmatch(r'"(?:[^"]|"")*"', bare)
    name = bare[1:-1].replace('""', '"') if plain else None
    return _term_text(name, descending, first)


def _described_found_index(index: FoundIndex) -> str:
    keys = (
        _term_text(name, bool(option & _DESCENDING), bool(option & _NULLS_FIRST))
        for name, option in zip(index.columns, index.options, strict=True)
    )
    text = _index_text(index.is_unique, index.is_partial, index.method, keys)
    return text if index.is_valid else f"{text}, not valid"


def _index_text(unique: bool, partial: bool, method: str, keys: Iterator[str]) -> str:
    words = ["unique"] if unique else []
    words += [method, f"({', '.join(keys)})", *(["partial"] if partial else [])]
    return " ".join(words)


def _term_text(name: str | None, descending: bool, nulls_first: bool) -> str:
    term = "expression" if name is None else quote_name(name)
    return f"{term}{' desc' if descending else ''}{' nulls first' if nulls_first else ''}"


def _validity(validated: bool) -> str:
    return "valid" if validated else "not valid"


def _listed(columns: list[str] | tuple[str, ...]) -> str:
    return f"({', '.join(columns)})"


def _difference(
    table: str, name: str, source: str, target: str, column: str | None = None
) -> Difference:
    return Difference(table, name, column, "object", source, target)
