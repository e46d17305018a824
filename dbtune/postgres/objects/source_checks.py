"""The questions that keys and CHECKs ask of the stored rows, by SQLite itself.

Rows are compared as PostgreSQL will compare what they become, so that a key which is planned as
valid is valid there: text by its bytes even where SQLite ignores case.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from dbtune.errors import SourceError
from dbtune.model.schema import ForeignKey, Index, Schema, Table, fold_name
from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.column_types.type_nouns import TableTypes, TypeChoices
from dbtune.postgres.objects.index_keys import may_be_long, near_limit
from dbtune.postgres.objects.source_facts import Rows, SourceFacts, TableFacts
from dbtune.postgres.translation.scope import affinity_of
from dbtune.sqlite.identifiers import not_true
from dbtune.sqlite.identifiers import quote_identifier as quote
from dbtune.sqlite.schema.constraints import read_constraints
from dbtune.sqlite.schema.row_identity import rowid_expression

_EXAMPLES = 5
# Where an index of a virtual table's module keeps one row for each of the virtual table.
_ROW_TABLES = ("docsize", "content", "rowid")


def check_source(
    connection: sqlite3.Connection,
    schema: Schema,
    choices: TypeChoices,
    orphans: Literal["keep", "reject", "null", "fail"] = "keep",
) -> SourceFacts:
    """Return what the data says about the objects of all tables that have types.

    Reads each table at most once for each of its foreign keys, for its CHECKs and for long keys;
    tables without any of them are not read. Raises SourceError for a damaged table.
    """
    checks = _Checks(connection, schema, choices, rejects=orphans == "reject")
    names = {types.table for types in choices.tables}
    tables = tuple(table for table in schema.tables if table.name in names)
    facts = {table.name: checks.table(table) for table in _parents_first(schema, tables)}
    return SourceFacts(
        tables=tuple(checks.with_unproven(table, facts[table.name]) for table in tables),
        virtual=tuple(
            (table.name, checks.virtual_rows(table))
            for table in schema.tables
            if table.kind == "virtual"
        ),
    )


class _Checks:
    """One run over the source; remembers which rows of a table are kept back."""

    def __init__(
        self, connection: sqlite3.Connection, schema: Schema, choices: TypeChoices, *, rejects: bool
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._types: Mapping[str, TableTypes] = {fold_name(t.table): t for t in choices.tables}
        self._rejects = rejects
        self._looked_at: dict[tuple[str, int], int] = {}
        self._rejected = {name: list(types.reject_where) for name, types in self._types.items()}
        encoding = str(self._one("PRAGMA encoding")[0])
        # Bytes of UTF-16 that become more in UTF-8: three for two.
        self._growth = 1.5 if encoding.startswith("UTF-16") else 1.0

    def table(self, table: Table) -> TableFacts:
        """Return the facts of one table. Raises SourceError where it is damaged."""
        try:
            return self._table(table)
        except sqlite3.DatabaseError as error:
            raise SourceError(
                f'cannot read table "{table.name}": {error}',
                hint="check the file with PRAGMA integrity_check, and restore it from a backup",
            ) from error

    def with_unproven(self, table: Table, facts: TableFacts) -> TableFacts:
        """Return facts with the keys whose parent lost rows after its children were looked at."""
        unproven = tuple(
            position
            for position, key in enumerate(table.foreign_keys)
            if self._parent_rejects(key) > self._looked_at.get((table.name, position), 0)
        )
        return replace(facts, unproven=unproven) if self._rejects else facts

    def virtual_rows(self, table: Table) -> int | None:
        """Return the rows of a virtual table as its module counts them, None where it does not."""
        for suffix in _ROW_TABLES:
            shadow = self._schema.table(f"{table.name}_{suffix}")
            if shadow is not None and shadow.kind == "shadow":
                try:
                    return int(str(self._one(f"SELECT count(*) FROM {quote(shadow.name)}")[0]))
                except sqlite3.Error:
                    return None
        return None

    def _table(self, table: Table) -> TableFacts:
        types = self._types[fold_name(table.name)]
        where = tuple(self._orphan_where(types, key) for key in table.foreign_keys)
        for position, key in enumerate(table.foreign_keys):
            self._looked_at[table.name, position] = self._parent_rejects(key)
        orphans = tuple(Rows() if w is None else self._rows(table, w) for w in where)
        if self._rejects:
            found = (w for w, rows in zip(where, orphans, strict=True) if w and rows.count)
            self._rejected[fold_name(table.name)].extend(found)
        return TableFacts(
            table=table.name,
            orphans=orphans,
            orphan_where=where,
            broken_checks=tuple(
                self._rows(table, f"NOT ({check.sql}\n)")
                for check in read_constraints(table.sql).checks
            ),
            null_keys=self._null_keys(table, types),
            long_keys=tuple(self._long_keys(table, types)),
            largest_id=self._largest_id(table),
            sequence=self._sequence(table),
        )

    def _rows(self, table: Table, where: str) -> Rows:
        """Count the rows that move and satisfy a condition, and name the first of them."""
        kept = self._kept(table.name)
        condition = f"({where})" + (f" AND {kept}" if kept else "")
        source = f"FROM {quote(table.name)} WHERE {condition}"
        try:
            count = int(str(self._one(f"SELECT count(*) {source}")[0]))
            return Rows(count, self._first(table, source) if count else ())
        except sqlite3.OperationalError as error:  # a function or collation of the application
            return Rows(error=str(error))

    def _first(self, table: Table, source: str) -> tuple[str, ...]:
        rowid = rowid_expression(table)
        names = table.primary_key if rowid is None else ()
        listed = rowid if rowid is not None else ", ".join(map(quote, names))
        if not listed:
            return ()
        rows = self._all(f"SELECT {listed} {source} LIMIT {_EXAMPLES}")
        if rowid is not None:
            return tuple(f"rowid {_shown(row[0])}" for row in rows)
        return tuple(
            ", ".join(f"{n}={_shown(v)}" for n, v in zip(names, row, strict=True)) for row in rows
        )

    def _parent_rejects(self, key: ForeignKey) -> int:
        return len(self._rejected.get(fold_name(key.referenced_table), ()))

    def _kept(self, name: str) -> str:
        rejected = self._rejected.get(fold_name(name), [])
        return " AND ".join(map(not_true, rejected))

    def _orphan_where(self, types: TableTypes, key: ForeignKey) -> str | None:
        """Return the condition that orphans satisfy; None where the parent has no such columns."""
        parent = self._types.get(fold_name(key.referenced_table))
        if parent is None:
            return None
        table = self._schema.table(parent.table)
        names = key.referenced_columns or (table.primary_key if table else ())
        own, other = _columns(types, key.columns), _columns(parent, names)
        if not own or len(own) != len(other):
            return None
        pairs = tuple(zip(own, other, strict=True))
        present = " AND ".join(f"{quote(column.source)} IS NOT NULL" for column in own)
        conditions = [f"{quote(c.source)} IS NOT NULL" for c in other if c.counts.nulls]
        kept = self._kept(parent.table)
        where = " AND ".join([*conditions, *([kept] if kept else [])])
        found = ", ".join(_comparable(theirs, mine) for mine, theirs in pairs)
        wanted = ", ".join(_comparable(mine, theirs) for mine, theirs in pairs)
        return (
            f"{present} AND ({wanted}) NOT IN (SELECT {found} FROM {quote(parent.table)}"
            f"{f' WHERE {where}' if where else ''})"
        )

    def _null_keys(self, table: Table, types: TableTypes) -> Rows:
        columns = [c for c in _columns(types, table.primary_key) if c.counts.nulls]
        if not columns:
            return Rows()
        return self._rows(table, " OR ".join(f"{quote(c.source)} IS NULL" for c in columns))

    def _long_keys(self, table: Table, types: TableTypes) -> Iterator[tuple[str, int]]:
        for index in table.indexes:
            columns = _indexed(types, index)
            if near_limit(columns):
                size = self._longest_key(table, types, index)
                bound = sum(column.longest_bytes for column in columns)
                yield index.name, bound if size is None else size

    def _longest_key(self, table: Table, types: TableTypes, index: Index) -> int | None:
        sizes = []
        for term in index.columns:
            columns = _columns(types, (term.name,)) if term.name is not None else ()
            if columns and not may_be_long(columns[0]):
                continue
            value = quote(term.name) if term.name is not None else f"({term.expression}\n)"
            sizes.append(f"coalesce(length(CAST({value} AS BLOB)), 0)")
        where = f" WHERE ({index.where_sql}\n)" if index.where_sql else ""
        try:
            row = self._one(f"SELECT max({' + '.join(sizes)}) FROM {quote(table.name)}{where}")
        except sqlite3.OperationalError:
            return None
        return int((row[0] or 0) * self._growth)

    def _largest_id(self, table: Table) -> int | None:
        if table.rowid_alias is None:
            return None
        row = self._one(f"SELECT max({quote(table.rowid_alias)}) FROM {quote(table.name)}")
        return None if row[0] is None else int(row[0])

    def _sequence(self, table: Table) -> int | None:
        """Return what AUTOINCREMENT remembers; anyone may write anything to that table."""
        if table.rowid_alias is None or "AUTOINCREMENT" not in table.sql.upper():
            return None
        row = self._one(
            "SELECT max(seq) FROM sqlite_sequence WHERE name = ? AND typeof(seq) = 'integer'",
            (table.name,),
        )
        return None if row[0] is None else int(row[0])

    def _one(self, sql: str, parameters: tuple[str, ...] = ()) -> tuple[int | float | None, ...]:
        row: tuple[int | float | None, ...] = self._connection.execute(sql, parameters).fetchone()
        return row

    def _all(self, sql: str) -> list[tuple[object, ...]]:
        return self._connection.execute(sql).fetchall()


def _parents_first(schema: Schema, tables: Iterable[Table]) -> Iterator[Table]:
    """Yield tables after those that they refer to, as far as keys do not go round in a circle."""
    waiting = {fold_name(table.name): table for table in tables}
    done: set[str] = set()

    def ready(table: Table) -> bool:
        parents = {fold_name(key.referenced_table) for key in table.foreign_keys}
        return not (parents - {fold_name(table.name)}) & (waiting.keys() - done)

    while len(done) < len(waiting):
        left = [name for name in waiting if name not in done]
        found = [name for name in left if ready(waiting[name])] or left[:1]
        for name in found:
            done.add(name)
            yield waiting[name]


def _columns(types: TableTypes, names: Iterable[str]) -> tuple[ColumnPlan, ...]:
    """Return columns by name; none at all where one of them is not there."""
    by_name = {fold_name(column.source): column for column in types.columns}
    found = [by_name.get(fold_name(name)) for name in names]
    return () if None in found else tuple(column for column in found if column is not None)


def _indexed(types: TableTypes, index: Index) -> tuple[ColumnPlan, ...]:
    """Return the columns whose values an index may hold; of an expression all that are long."""
    found: list[ColumnPlan] = []
    for term in index.columns:
        if term.name is not None:
            found += _columns(types, (term.name,))
        else:
            found += [column for column in types.columns if may_be_long(column)]
    return tuple(dict.fromkeys(found))


def _comparable(column: ColumnPlan, other: ColumnPlan) -> str:
    """Return a column's value as SQL of SQLite that is equal where PostgreSQL's is.

    A bare column where that is enough, since only then an index of the parent serves.
    """
    name = quote(column.source)
    if column.conversion == "uuid":
        text = f"CASE typeof({name}) WHEN 'blob' THEN hex({name}) ELSE {name} END"
        return f"lower(replace({text}, '-', ''))"
    if column.conversion not in {"text", "bytes"}:
        return name
    collation = "NOCASE" if column.pg_type == other.pg_type == "citext" else "BINARY"
    alike = affinity_of(column.declared_type) == affinity_of(other.declared_type)
    stored = "text" if column.conversion == "text" else "blob"
    if alike and column.storage == other.storage == stored:
        return f"{name} COLLATE {collation}"
    return f"CAST({name} AS {stored.upper()}) COLLATE {collation}"


def _shown(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
