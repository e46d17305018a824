"""What the user decided for single columns: --type and --empty-as-null."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from dbtune.errors import ConfigurationError
from dbtune.model.schema import Column, Schema, Table, fold_name
from dbtune.postgres.column_types.date_types import with_truncation
from dbtune.postgres.column_types.held_values import HeldValues, example_words
from dbtune.postgres.column_types.type_fit import fit_type
from dbtune.postgres.column_types.type_names import KNOWN_TYPES, TypeName, parse_type
from dbtune.postgres.column_types.type_nouns import Choice, Notice, TypeOptions


@dataclass(frozen=True)
class Overrides:
    """Decisions by the exact names of table and column."""

    types: tuple[tuple[str, str, TypeName], ...]
    empty_as_null: frozenset[tuple[str, str]]

    def type_of(self, table: str, column: str) -> TypeName | None:
        """Return the type wanted for a column, the last one given; None where none is."""
        found = [t for own, name, t in self.types if (own, name) == (table, column)]
        return found[-1] if found else None

    def is_empty_as_null(self, table: str, column: str) -> bool:
        """Return whether texts '' of a column become NULL."""
        return (table, column) in self.empty_as_null


def read_overrides(schema: Schema, options: TypeOptions) -> Overrides:
    """Return the options' decisions with names as the schema has them.

    Raises ConfigurationError for a table or column that is not there, or an unknown type.
    """
    types = []
    for table_name, column_name, text in options.overrides:
        table, column = _find(schema, table_name, column_name, "--type")
        types.append((table.name, column.name, _parse(text, f"{table_name}.{column_name}")))
    empties = frozenset(
        (table.name, column.name)
        for table, column in (
            _find(schema, *names, "--empty-as-null") for names in options.empty_as_null
        )
    )
    return Overrides(tuple(types), empties)


def overridden_type(held: HeldValues, wanted: TypeName) -> Choice:
    """Return the type the user chose; a stop where not every value fits."""
    fit = fit_type(held, wanted)
    choice = Choice(fit.pg_type, fit.conversion, "as chosen by --type")
    if not fit.misfit:
        return with_truncation(held, choice)
    stop = Notice(
        "type-does-not-fit",
        "high",
        f"{held.declared.words}, cannot become {wanted.text} without loss: {fit.misfit}.",
        f"choose another type by --type {held.subject}=TYPE, or leave it to dbtune",
    )
    return replace(choice, stops=(stop,))


def empty_as_null_stops(held: HeldValues) -> tuple[Notice, ...]:
    """Return the stop for a NOT NULL column whose '' should become NULL."""
    empty = held.profile.form("empty")
    if not held.empty_as_null or empty is None or not held.column.not_null:
        return ()
    return (
        Notice(
            "empty-as-null-not-null",
            "high",
            f"is NOT NULL, and {empty.count:,} texts '' ({example_words(empty)}) would be NULL.",
            f"leave --empty-as-null {held.subject} out",
        ),
    )


def _find(schema: Schema, table_name: str, column_name: str, option: str) -> tuple[Table, Column]:
    table = schema.table(table_name)
    if table is None:
        names = (known.name for known in schema.tables)
        raise _unknown(f'{option}: there is no table "{table_name}"', table_name, names)
    folded = fold_name(column_name)
    column = next((c for c in table.columns if fold_name(c.name) == folded), None)
    if column is None:
        names = (known.name for known in table.columns)
        message = f'{option}: table "{table.name}" has no column "{column_name}"'
        raise _unknown(message, column_name, names)
    return table, column


def _unknown(message: str, name: str, names: Iterable[str]) -> ConfigurationError:
    close = get_close_matches(name, tuple(names), n=1)
    return ConfigurationError(message, hint=f'did you mean "{close[0]}"?' if close else None)


def _parse(text: str, subject: str) -> TypeName:
    parsed = parse_type(text)
    if parsed is None:
        raise ConfigurationError(
            f'--type {subject}: "{text}" is no type that dbtune converts to',
            hint=f"known are {', '.join(KNOWN_TYPES)}",
        )
    return parsed
