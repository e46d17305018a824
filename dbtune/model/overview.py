"""What a report shows of the database itself and of where it was made, beside what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ForeignKeyOverview:
    """A foreign key; `indexed` if an index begins with its columns, so that parents find rows."""

    columns: tuple[str, ...]
    parent: str
    indexed: bool


@dataclass(frozen=True)
class IndexOverview:
    """An index that is there. `terms` are its keys as SQL; `size_bytes` is None where unknown.

    `constraint` if it belongs to a PRIMARY KEY or UNIQUE of the table.
    """

    name: str
    terms: tuple[str, ...]
    where: str | None
    unique: bool
    constraint: bool
    size_bytes: int | None


@dataclass(frozen=True)
class TableOverview:
    """A table with its keys; `exact` is False where `rows` is an estimate.

    `size_bytes` is without its indexes; of a virtual table it is that of its shadow tables, which
    are in no overview of their own.
    """

    name: str
    rows: int
    exact: bool
    size_bytes: int | None
    foreign_keys: tuple[ForeignKeyOverview, ...] = ()
    indexes: tuple[IndexOverview, ...] = ()
    kind: Literal["table", "virtual"] = "table"
    without_rowid: bool = False


@dataclass(frozen=True)
class HealthFact:
    """One thing that the file's header, pragmas or checks say, such as ("journal_mode", "delete").

    `name` is the pragma's own name where there is one; `concern` says in words what is wrong with
    the value, and is "" where nothing is.
    """

    name: str
    value: str
    concern: str = ""


@dataclass(frozen=True)
class Environment:
    """Where a report was made: versions by the name of what they are of, in a fixed order.

    `platform` is the kind of system and machine, such as "Linux x86_64", and never its name.
    """

    platform: str
    cpu_count: int | None
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ColumnDecision:
    """What a column becomes in PostgreSQL, and why.

    `declared` is its type in SQLite, "" where none is; `conversion` says what its stored values
    become, "" where they stay what they are.
    """

    table: str
    column: str
    declared: str
    type: str
    reason: str
    conversion: str = ""
    not_null: bool = False
