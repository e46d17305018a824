"""Planned columns and tables as translations see them, made for tests."""

from __future__ import annotations

from dbtune.model.transfer import ColumnPlan, Conversion, StorageCounts
from dbtune.postgres.translation.scope import Scope

COUNTS = {
    "integer": StorageCounts(integers=1),
    "real": StorageCounts(reals=1),
    "text": StorageCounts(texts=1),
    "blob": StorageCounts(blobs=1),
    "mixed": StorageCounts(integers=1, texts=1),
    "decimal": StorageCounts(integers=1, reals=1),
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
        target=str(more.pop("target", name)),
        declared_type=declared_type,
        pg_type=pg_type,
        conversion=conversion,
        reason="",
        **{  # type: ignore[arg-type]
            "counts": COUNTS[storage],
            "storage": "mixed" if storage == "decimal" else storage,
            **more,
        },
    )


ITEMS = Scope(
    source="items",
    target="items",
    columns=(
        column("id", "INTEGER", "bigint", "integer", "integer", not_null=True),
        column("ok", "BOOLEAN", "boolean", "boolean", "integer"),
        column("n", "INTEGER", "bigint", "integer", "integer"),
        column("f", "REAL", "double precision", "double", "real"),
        column("price", "DECIMAL(10,2)", "numeric", "decimal", "decimal"),
        column("name", "TEXT", "text", "text"),
        column("code", "TEXT", "text", "text"),
        column("nick", "TEXT", "text", "text", collation="NOCASE"),
        column("data", "BLOB", "bytea", "bytes", "blob"),
        column("day", "DATE", "date", "date", uniform_bytes=10),
        column("at", "DATETIME", "timestamp", "timestamp", uniform_bytes=19),
        column("seen", "DATETIME", "timestamp with time zone", "timestamptz", uniform_bytes=20),
        column("stamp", "DATETIME", "timestamp with time zone", "epoch_s", "integer"),
        column("clock", "TIME", "time", "time", uniform_bytes=8),
        column("written", "TEXT", "text", "text"),
        column("doc", "JSON", "jsonb", "jsonb"),
        column("note", "TEXT", "text", "text"),
        column("uid", "UUID", "uuid", "uuid", uniform_bytes=36),
        column("odd", "INTEGER", "text", "text", "mixed"),
    ),
    keys=(("id",),),
    has_primary_key=True,
    rowid="id",
)

TAGS = Scope(
    source="tags",
    target="tags",
    columns=(
        column("item_id", "INTEGER", "bigint", "integer", "integer", not_null=True),
        column("tag", "TEXT", "text", "text", not_null=True),
        column("w", "REAL", "double precision", "double", "real"),
    ),
    keys=(("item_id", "tag"),),
    has_primary_key=True,
)
