"""What a migration may be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dbtune.model.transfer import PlanEdits


@dataclass(frozen=True)
class MigrateOptions:
    """The options of migrate-to-postgres, by the names they have there.

    `target` is a conninfo, None for an embedded server. `types` are (table, column, PostgreSQL
    type), `renames` (old, new), `empty_as_null` (table, column), `include` and `exclude` table
    names with wildcards.
    """

    target: str | None = None
    rehearse: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schema: str = "public"
    schema_only: bool = False
    data_only: bool = False
    types: tuple[tuple[str, str, str], ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    edits: PlanEdits = field(default_factory=PlanEdits)
    names: Literal["keep", "lower", "snake"] = "keep"
    varchar: Literal["text", "keep"] = "text"
    nul: Literal["strip", "replace", "bytea", "reject"] | None = None
    encoding_errors: Literal["latin-1", "replace", "bytea", "reject"] | None = None
    subsecond: Literal["convert", "text"] = "convert"
    orphans: Literal["keep", "reject", "null", "fail"] = "keep"
    empty_as_null: tuple[tuple[str, str], ...] = ()
    profile: str = "auto"
    resume: bool = False
    discard: bool = False
    jobs: int | None = None
    verify_only: bool = False
    verify: Literal["full", "sample", "counts"] = "full"
    check_queries: tuple[str, ...] = ()
    recorded_as: str | None = None
    wait_ms: int = 5000
