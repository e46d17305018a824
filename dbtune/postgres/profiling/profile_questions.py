"""What to find out of each column beside its storage classes; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dbtune.model.schema import Column, Table, fold_name
from dbtune.model.transfer import StorageCounts
from dbtune.postgres.column_types.data_types import MAY_BE_TEXT
from dbtune.postgres.column_types.declared_type import DeclaredType, declared_type
from dbtune.postgres.column_types.orm_profiles import checks_json, is_django_uuid

_DATES = frozenset({"timestamp", "timestamptz", "date", "time"})
# Families without a form that '' could be the lack of.
_ANY_TEXT = frozenset({"text", "blob", "any"})
_EVERY_FORM = frozenset({"empty", "dates", "boolean", "uuid", "json", "numbers"})


@dataclass(frozen=True)
class Questions:
    """What is asked of a column. `forms` name the classifiers that its texts go through.

    `digits` asks for the digits of numbers, `characters` for the longest text in characters.
    """

    column: str
    declared: DeclaredType
    forms: frozenset[str] = frozenset()
    number_range: bool = False
    digits: bool = False
    characters: bool = False

    def reads_texts(self, counts: StorageCounts) -> bool:
        """Return whether the texts have to be read: all of them, for UTF-8, U+0000 and lengths."""
        return counts.texts > 0

    def reads_blobs(self, counts: StorageCounts) -> bool:
        """Return whether the blobs have to be read: where they may be text, or UUIDs."""
        may_be_text = self.declared.family in MAY_BE_TEXT
        return counts.blobs > 0 and (may_be_text or "uuid" in self.forms)

    def reads_reals(self, counts: StorageCounts) -> bool:
        """Return whether the reals have to be read."""
        return self.digits and counts.reals > 0


def questions_of(table: Table, wanted: Collection[str] = ()) -> tuple[Questions, ...]:
    """Return the questions for each column of a table, in its order.

    Of the columns `wanted`, named as SQLite compares names, everything is asked, since the user or
    an existing table chose a type. What a framework's declarations may mean is asked of all
    columns declared so.
    """
    folded = frozenset(map(fold_name, wanted))
    return tuple(
        _questions(table, column, fold_name(column.name) in folded) for column in table.columns
    )


def _questions(table: Table, column: Column, wanted: bool) -> Questions:
    declared = declared_type(column, table)
    family = declared.family
    if wanted:
        return Questions(column.name, declared, _EVERY_FORM, True, True, True)
    return Questions(
        column=column.name,
        declared=declared,
        forms=_forms(table, column, declared),
        number_range=family in _DATES or family in {"boolean", "decimal", "json"},
        digits=family == "decimal",
        characters="CHAR" in declared.name and bool(declared.arguments),
    )


def _forms(table: Table, column: Column, declared: DeclaredType) -> frozenset[str]:
    family = declared.family
    if family in _DATES:
        return frozenset({"dates"})
    if family in {"boolean", "uuid", "json"}:
        return frozenset({family})
    if family == "text":
        if is_django_uuid(declared.name, declared.arguments):
            return frozenset({"uuid"})
        return frozenset({"json"}) if checks_json(table, column.name) else frozenset()
    return frozenset() if family in _ANY_TEXT else frozenset({"empty"})
