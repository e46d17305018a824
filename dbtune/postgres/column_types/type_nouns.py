"""What goes into choosing types and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dbtune.model.advice import Finding, Severity
from dbtune.model.transfer import ColumnPlan, Conversion, TargetFacts

NulOption = Literal["strip", "replace", "bytea", "reject"]
EncodingOption = Literal["latin-1", "replace", "bytea", "reject"]


@dataclass(frozen=True)
class TypeOptions:
    """What the user decided. Names are as typed: they are compared as SQLite compares names.

    `overrides` are (table, column, PostgreSQL type); beside types, `epoch_s`, `epoch_ms`,
    `epoch_us` and `cocoa` say how numbers become timestamps. `profile_name` is "auto" or a name of
    orm_profiles.PROFILES; `application_version` is what read_application_version() found.
    `keep_text` are (table, column) whose unique values would collide once converted, as
    find_collisions() found them.
    """

    overrides: tuple[tuple[str, str, str], ...] = ()
    varchar_keep: bool = False
    subsecond: Literal["convert", "text"] = "convert"
    empty_as_null: tuple[tuple[str, str], ...] = ()
    nul: NulOption | None = None
    encoding_errors: EncodingOption | None = None
    profile_name: str = "auto"
    application_version: str = ""
    keep_text: tuple[tuple[str, str], ...] = ()
    target: TargetFacts = field(default_factory=TargetFacts)


@dataclass(frozen=True)
class TableTypes:
    """A table's columns with the types chosen, in its order; `reject_where` as in TablePlan."""

    table: str
    columns: tuple[ColumnPlan, ...]
    reject_where: tuple[str, ...] = ()

    def column(self, name: str) -> ColumnPlan:
        """Return a column by its exact name in SQLite. Raises KeyError."""
        for column in self.columns:
            if column.source == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class TypeChoices:
    """The types of all tables but virtual and shadow ones.

    `extensions` are those of PostgreSQL that a type needs; `profile_name` is the one applied.
    """

    tables: tuple[TableTypes, ...]
    warnings: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    extensions: tuple[str, ...] = ()
    profile_name: str = "auto"

    def table(self, name: str) -> TableTypes:
        """Return a table's types by its exact name in SQLite. Raises KeyError."""
        for table in self.tables:
            if table.table == name:
                return table
        raise KeyError(name)


@dataclass(frozen=True)
class Notice:
    """What the user should hear of a choice: the finding but for its subject."""

    code: str
    severity: Severity
    message: str
    help: str = ""


@dataclass(frozen=True)
class Choice:
    """A type for one column. `reason` says why in words; a stop is a notice that ends the plan."""

    pg_type: str
    conversion: Conversion
    reason: str
    notices: tuple[Notice, ...] = ()
    stops: tuple[Notice, ...] = ()
