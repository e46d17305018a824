"""Both sides of a table as Arrow batches through ADBC, in the order of its key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dbtune.postgres.names import quote_name
from dbtune.postgres.verification.arrow_proofs import Array, ColumnProof
from dbtune.postgres.verification.compared_rows import (
    ComparedTable,
    Selection,
    rows_where,
    target_select,
)

# Rows of a batch: 65,536 save nothing and double the memory, with 4,096 the calls cost a tenth.
_BATCH_ROWS = 1 << 14
# What a batch may hold where all its rows are as long as the longest.
_BATCH_BYTES = 16 << 20
# A first row from which ADBC tells the type of a column; it is dropped again.
EXAMPLES = {"integer": "0", "real": "0.0", "text": "''", "blob": "x''", "none": "NULL"}

_TYPES = {"integer": "int64", "real": "double", "text": "string", "blob": "binary"}

Columns = Sequence[Array]


def source_batches(cursor: Any, table: ComparedTable, selection: Selection) -> Iterator[Columns]:
    """Yield rows of SQLite. Raises ArrowInvalid where they are of other types than planned."""
    longest = sum(column.plan.longest_bytes + 8 for column in table.columns)
    rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(longest, 1)))
    cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(rows)})
    cursor.execute(_source_select(table, selection))
    first = True
    with cursor.fetch_record_batch() as reader:
        _require_types(reader.schema, table)
        for batch in reader:
            yield (batch.slice(1) if first else batch).columns
            first = False


def _require_types(schema: Any, table: ComparedTable) -> None:
    """Raise ArrowInvalid where a column holds other values than the plan says."""
    import pyarrow

    for column, found in zip(table.columns, schema, strict=True):
        expected = _TYPES.get(column.plan.storage)
        if expected is not None and str(found.type) != expected:
            raise pyarrow.ArrowInvalid(f"{column.plan.source} is {found.type}, not {expected}")


def _source_select(table: ComparedTable, selection: Selection) -> str:
    """Return the query, its first row an example of what each column holds.

    The key of that row is NULL, which comes first.
    """
    plan = table.plan
    name = quote_name(plan.source)
    key = [f"{name}.{quote_name(column)}" for column in plan.order_key]
    terms = [f"{name}.{quote_name(column.plan.source)}" for column in table.columns]
    examples = [
        "NULL" if column.plan.source in plan.order_key else EXAMPLES[column.plan.storage]
        for column in table.columns
    ]
    where = [*rows_where(plan), *selection.where(key)]
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    rows = f"SELECT {', '.join(examples)} UNION ALL SELECT {', '.join(terms)} FROM {name}"
    if _is_rowid(table):
        # Rows come in its order without being sorted; were it not so, they would seem to differ.
        return f"{rows} NOT INDEXED{condition}"
    order = ", ".join(str(position + 1) for position in table.key_positions)
    return f"{rows}{condition} ORDER BY {order}"


def _is_rowid(table: ComparedTable) -> bool:
    key = [table.columns[position].plan for position in table.key_positions]
    return table.plan.rowid_sql is not None and len(key) == 1 and key[0].identity


def target_batches(
    cursor: Any, table: ComparedTable, proofs: Sequence[ColumnProof], selection: Selection
) -> Iterator[Columns]:
    """Yield rows of PostgreSQL, read as the proofs want them."""
    terms = [proof.read_sql for proof in proofs]
    cursor.adbc_statement.set_options(
        **{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES // 4)}
    )
    cursor.execute(target_select(table, terms, selection, ordered=True))
    with cursor.fetch_record_batch() as reader:
        for batch in reader:
            yield batch.columns


class ArrowSide:
    """Rows of one side in the order of their key, as far as they have not been compared."""

    def __init__(self, batches: Iterator[Columns], table: ComparedTable) -> None:
        self._batches = batches
        self._key_positions = table.key_positions
        self._columns: Columns = ()
        self._start = 0
        self._end = 0
        self.rows = 0

    def fill(self) -> int:
        """Return how many rows are at hand, after reading more where there were none."""
        while self._start == self._end:
            columns = next(self._batches, None)
            if columns is None:
                return 0
            self._columns, self._start, self._end = columns, 0, len(columns[0])
            self.rows += self._end
        return self._end - self._start

    def head(self, count: int) -> Columns:
        """Return the next rows."""
        return [column.slice(self._start, count) for column in self._columns]

    def skip(self, count: int) -> None:
        """Leave rows behind."""
        self._start += count

    def keys(self, columns: Columns) -> list[tuple[Any, ...]]:
        """Return the keys of rows."""
        parts = [columns[position].to_pylist() for position in self._key_positions]
        return list(zip(*parts, strict=True))
