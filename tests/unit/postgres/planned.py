"""Planned columns and tables as translations see them, made for tests."""

from __future__ import annotations

from dbtune.model.transfer import ColumnPlan, Conversion, StorageCounts
from dbtune.postgres.scope import Scope

COUNTS = {
    "integer": StorageCounts(integers=1),
    "real": StorageCounts(reals=1),
    "text": StorageCounts(texts=1),
    "blob": StorageCounts(blobs=1),
}


def column(
    name: str,
    declared_type: str,
    pg_type: str,
    conversion: Conversion,
    storage: str = "text",
    **more: object,
) -> ColumnPlan:
    """Return a column that keeps its name and holds values of one storage class."""
    return ColumnPlan(
        source=name,
        target=name,
        declared_type=declared_type,
        pg_type=pg_type,
        conversion=conversion,
        reason="",
        **{"counts": COUNTS[storage], "storage": storage, **more},  # type: ignore[arg-type]
    )


ITEMS = Scope(
    source="items",
    target="items",
    columns=(
        column("id", "INTEGER", "bigint", "integer", "integer", not_null=True),
        column("ok", "BOOLEAN", "boolean", "boolean", "integer"),
        column("n", "INTEGER", "bigint", "integer", "integer"),
        column("f", "REAL", "double precision", "double", "real"),
        column("name", "TEXT", "text", "text"),
        column("nick", "TEXT", "text", "text", collation="NOCASE"),
        column("data", "BLOB", "bytea", "bytes", "blob"),
        column("day", "DATE", "date", "date", uniform_bytes=10),
        column("at", "DATETIME", "timestamp", "timestamp", uniform_bytes=19),
        column("seen", "DATETIME", "timestamp with time zone", "timestamptz", uniform_bytes=20),
        column("stamp", "DATETIME", "timestamp with time zone", "epoch_s", "integer"),
    ),
    keys=(("id",),),
    has_primary_key=True,
    rowid="id",
)
