"""A file's schema, put together from the rows of SQLite's catalog."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Protocol, TypeVar

from dbtune.model.schema import Column, ForeignKey, Index, Schema, Table, TableKind, Trigger, View
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.schema.catalog_indexes import read_index
from dbtune.sqlite.schema.catalog_rows import (
    CatalogRows,
    ColumnRow,
    ForeignKeyRow,
    KeyRow,
    ObjectRow,
    read_catalog_rows,
)
from dbtune.sqlite.schema.declarations import (
    TableDeclaration,
    read_table_declaration,
    virtual_module,
)

# Tables that a module keeps its data in: https://www.sqlite.org/fts5.html section 9 and
# https://www.sqlite.org/rtree.html section 6. Needed before SQLite 3.37, which lists them itself,
# and where the module is not loaded.
_SHADOW_SUFFIXES = {
    "fts3": ("content", "docsize", "segdir", "segments", "stat"),
    "fts4": ("content", "docsize", "segdir", "segments", "stat"),
    "fts5": ("config", "content", "data", "docsize", "idx"),
    "rtree": ("node", "parent", "rowid"),
    "rtree_i32": ("node", "parent", "rowid"),
    "geopoly": ("node", "parent", "rowid"),
    "spellfix1": ("vocab",),
    "vec0": ("info", "chunks", "rowids", "auxiliary"),
}

_GENERATED = frozenset({2, 3})


class _OfTable(Protocol):
    @property
    def table(self) -> str: ...


Row = TypeVar("Row", bound=_OfTable)


def read_schema(connection: Queryable) -> Schema:
    """Return all a database declares, in the order of creation.

    Reads the catalog only. A view or virtual table that SQLite cannot prepare (a missing table,
    an unknown module or collation) is there without columns.
    """
    return assemble_schema(read_catalog_rows(connection))


def assemble_schema(rows: CatalogRows) -> Schema:
    """Return the schema that the catalog's rows describe."""
    columns = _by_table(rows.columns)
    return Schema(
        tables=_tables(rows, columns),
        views=tuple(
            View(found.name, tuple(column.name for column in columns[found.name]), found.sql)
            for found in rows.objects
            if found.type == "view"
        ),
        triggers=tuple(
            Trigger(found.name, found.table, found.sql)
            for found in rows.objects
            if found.type == "trigger"
        ),
        sha256=_digest(rows.objects),
    )


def _tables(rows: CatalogRows, columns: Mapping[str, tuple[ColumnRow, ...]]) -> tuple[Table, ...]:
    keys = _by_table(rows.keys)
    foreign_keys = _by_table(rows.foreign_keys)
    index_sql = {found.name: found.sql for found in rows.objects if found.type == "index"}
    primary_keys = {name.lower(): _primary_key(own) for name, own in columns.items()}
    shadows = rows.shadows | _shadows_by_name(rows.objects)
    return tuple(
        _table(
            found,
            kind=_kind(found, shadows),
            columns=columns[found.name],
            indexes=_indexes(keys[found.name], index_sql),
            foreign_keys=_foreign_keys(foreign_keys[found.name], primary_keys),
        )
        for found in rows.objects
        if found.type == "table"
    )


def _table(
    found: ObjectRow,
    *,
    kind: TableKind,
    columns: tuple[ColumnRow, ...],
    indexes: tuple[Index, ...],
    foreign_keys: tuple[ForeignKey, ...],
) -> Table:
    declaration = TableDeclaration() if kind == "virtual" else read_table_declaration(found.sql)
    return Table(
        name=found.name,
        kind=kind,
        columns=tuple(_column(column, declaration) for column in columns),
        indexes=indexes,
        foreign_keys=foreign_keys,
        without_rowid=declaration.without_rowid,
        strict=declaration.strict,
        rowid_alias=None if kind == "virtual" else _rowid_alias(declaration, columns, indexes),
        sql=found.sql,
    )


def _column(row: ColumnRow, declaration: TableDeclaration) -> Column:
    return Column(
        name=row.name,
        declared_type=row.declared_type,
        not_null=row.not_null,
        default_sql=row.default_sql,
        primary_key_position=row.primary_key_position,
        generated=row.hidden in _GENERATED,
        collation=declaration.collation(row.name),
    )


def _rowid_alias(
    declaration: TableDeclaration, columns: tuple[ColumnRow, ...], indexes: tuple[Index, ...]
) -> str | None:
    """Return the column that is the rowid: a primary key which needs no index of its own.

    That tells INTEGER PRIMARY KEY from INTEGER PRIMARY KEY DESC and INT PRIMARY KEY.
    """
    key = _primary_key(columns)
    if declaration.without_rowid or len(key) != 1:
        return None
    return None if any(index.origin == "pk" for index in indexes) else key[0]


def _primary_key(columns: Iterable[ColumnRow]) -> tuple[str, ...]:
    keyed = sorted((c.primary_key_position, c.name) for c in columns if c.primary_key_position)
    return tuple(name for _, name in keyed)


def _indexes(rows: tuple[KeyRow, ...], index_sql: Mapping[str, str]) -> tuple[Index, ...]:
    return tuple(
        read_index(tuple(keys), index_sql.get(name))
        for name, keys in groupby(rows, key=lambda row: row.index)
    )


def _foreign_keys(
    rows: tuple[ForeignKeyRow, ...], primary_keys: Mapping[str, tuple[str, ...]]
) -> tuple[ForeignKey, ...]:
    return tuple(
        _foreign_key(tuple(parts), primary_keys)
        for _, parts in groupby(rows, key=lambda row: row.id)
    )


def _foreign_key(
    parts: tuple[ForeignKeyRow, ...], primary_keys: Mapping[str, tuple[str, ...]]
) -> ForeignKey:
    first = parts[0]
    named = tuple(part.referenced for part in parts if part.referenced is not None)
    return ForeignKey(
        table=first.table,
        columns=tuple(part.column for part in parts),
        referenced_table=first.referenced_table,
        referenced_columns=named or primary_keys.get(first.referenced_table.lower(), ()),
        on_update=first.on_update,
        on_delete=first.on_delete,
    )


def _kind(found: ObjectRow, shadows: frozenset[str]) -> TableKind:
    if found.name.lower() in shadows:
        return "shadow"
    return "table" if virtual_module(found.sql) is None else "virtual"


def _shadows_by_name(objects: Iterable[ObjectRow]) -> frozenset[str]:
    return frozenset(
        f"{found.name}_{suffix}".lower()
        for found in objects
        if found.type == "table"
        for suffix in _SHADOW_SUFFIXES.get(virtual_module(found.sql) or "", ())
    )


def _by_table(rows: Iterable[Row]) -> Mapping[str, tuple[Row, ...]]:
    grouped: defaultdict[str, tuple[Row, ...]] = defaultdict(tuple)
    for name, own in groupby(rows, key=lambda row: row.table):
        grouped[name] += tuple(own)
    return grouped


def _digest(objects: Iterable[ObjectRow]) -> str:
    """Return the hash of what is declared; no SQL holds NUL, so parts cannot run together."""
    lines = sorted("\0".join((found.type, found.name, found.sql)) for found in objects)
    return hashlib.sha256("\0\0".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
