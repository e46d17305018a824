"""What a declared type says: SQLite's affinity, and the kind of value that its name promises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dbtune.model.schema import Column, Table
from dbtune.postgres.translation.scope import Affinity, affinity_of

Family = Literal[
    "integer", "real", "decimal", "boolean", "text", "blob", "timestamp", "timestamptz", "date",
    "time", "json", "uuid", "any", "other",
]  # fmt: skip

# Whole names, without what stands in parentheses. Names that are not here go by their affinity:
# a name such as DATETEXT promises nothing.
_BY_NAME: dict[str, Family] = {
    **dict.fromkeys(("BOOL", "BOOLEAN", "LOGICAL"), "boolean"),
    **dict.fromkeys(
        ("DATETIME", "TIMESTAMP", "DATETIME2", "SMALLDATETIME", "TIMESTAMP WITHOUT TIME ZONE"),
        "timestamp",
    ),
    **dict.fromkeys(
        ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "DATETIMEOFFSET", "DATETIMETZ"),
        "timestamptz",
    ),
    "DATE": "date",
    **dict.fromkeys(("TIME", "TIME WITHOUT TIME ZONE"), "time"),
    **dict.fromkeys(("JSON", "JSONB"), "json"),
    **dict.fromkeys(("UUID", "GUID", "UNIQUEIDENTIFIER"), "uuid"),
    **dict.fromkeys(("DECIMAL", "NUMERIC", "DEC", "NUMBER", "FIXED", "MONEY"), "decimal"),
    "ANY": "any",
}
_BY_AFFINITY: dict[Affinity, Family] = {
    "integer": "integer",
    "real": "real",
    "text": "text",
    "blob": "blob",
    "numeric": "other",
}
_ARGUMENTS = re.compile(r"\(([^)]*)\)?")
_NUMBERS = re.compile(r"\s*([+-]?\d+)\s*(?:,\s*([+-]?\d+)\s*)?\Z")


@dataclass(frozen=True)
class DeclaredType:
    """A declared type. `name` is in upper case without parentheses, `arguments` what they hold."""

    text: str
    name: str
    family: Family
    affinity: Affinity
    arguments: tuple[int, ...] = ()

    @property
    def is_date(self) -> bool:
        """True for the families of dates and times."""
        return self.family in {"timestamp", "timestamptz", "date", "time"}

    @property
    def words(self) -> str:
        """The type for a message: "declared DECIMAL(5,2)" or "declared without a type"."""
        return f"declared {self.text.strip()}" if self.text.strip() else "declared without a type"


def declared_type(column: Column, table: Table) -> DeclaredType:
    """Return what a column's declaration says.

    ANY is a type of its own in a STRICT table, which keeps values as they are, and has NUMERIC
    affinity in others: https://www.sqlite.org/stricttables.html
    """
    name = " ".join(_ARGUMENTS.sub(" ", column.declared_type).upper().split())
    affinity = affinity_of(column.declared_type)
    if table.strict and name == "ANY":
        affinity = "blob"
    return DeclaredType(
        text=column.declared_type,
        name=name,
        family=_family(name, affinity),
        affinity=affinity,
        arguments=_arguments(column.declared_type),
    )


def _family(name: str, affinity: Affinity) -> Family:
    if not name:
        return "any"
    return _BY_NAME.get(name, _BY_AFFINITY[affinity])


def _arguments(text: str) -> tuple[int, ...]:
    found = _ARGUMENTS.search(text)
    numbers = _NUMBERS.match(found.group(1)) if found else None
    return tuple(int(n) for n in numbers.groups() if n is not None) if numbers else ()
