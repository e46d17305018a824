"""Comparison of clean tables by columns, in the order of their key (extra dbtune[fast]).

Both sides come as Arrow batches through ADBC, in a process that opens the source with nothing
else. Rows that one side lacks are named, and the comparison goes on after them.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from dbtune.model.transfer import TablePlan
from dbtune.postgres.arrow_proofs import Array, ColumnProof, column_proof
from dbtune.postgres.compared_rows import ComparedTable, Selection, rows_where, target_select
from dbtune.postgres.differences import Compared, DifferenceLog, name_row
from dbtune.postgres.names import quote_name
from dbtune.postgres.worker import Worker

_log = logging.getLogger(__name__)

# Rows of a batch: 65,536 save nothing and double the memory, with 4,096 the calls cost a tenth.
_BATCH_ROWS = 1 << 14
# What a batch may hold where all its rows are as long as the longest.
_BATCH_BYTES = 16 << 20
# Rows longer than this would make batches of a few rows.
_LONGEST_ROW_BYTES = 1 << 20
# A first row from which ADBC tells the type of a column; it is dropped again.
_EXAMPLES = {"integer": "0", "real": "0.0", "text": "''", "blob": "x''", "none": "NULL"}

_TYPES = {"integer": "int64", "real": "double", "text": "string", "blob": "binary"}

Columns = Sequence[Array]


def arrow_able(table: TablePlan) -> bool:
    """Return whether a table may be compared by columns: all are of one storage class, as it is."""
    longest = sum(column.longest_bytes for column in table.columns)
    return (
        bool(table.order_key)
        and not table.large_values
        and longest <= _LONGEST_ROW_BYTES
        and all(
            column.clean
            and column.storage in _EXAMPLES
            and not (column.null_where or column.empty_as_null)
            and not (column.nul_repair or column.encoding_repair)
            for column in table.columns
        )
    )


def columns_available() -> bool:
    """Return whether what reads PostgreSQL by columns is installed."""
    return find_spec("adbc_driver_postgresql") is not None


def compare_by_arrow(worker: Worker, table: ComparedTable, selection: Selection) -> Compared | None:
    """Return the differences of the selected rows, None where ADBC could not read them."""
    import adbc_driver_manager
    import pyarrow

    assert worker.conninfo is not None
    target = worker.keep("adbc_target", lambda: _connect(str(worker.conninfo)))
    proofs = [column_proof(column) for column in table.columns]
    try:
        with closing(worker.adbc.cursor()) as ours, closing(target.cursor()) as theirs:
            return _merge(
                _Side(_source_batches(ours, table, selection), table),
                _Side(_target_batches(theirs, table, proofs, selection), table),
                proofs,
                table,
            )
    except (adbc_driver_manager.Error, pyarrow.ArrowException) as error:
        _log.warning("%s is compared row by row: ADBC says %s", table.plan.source, error)
        _roll_back(target, adbc_driver_manager.Error)
        return None


def _roll_back(target: Any, failure: type[Exception]) -> None:
    try:
        target.rollback()
    except failure as error:
        # Whether the server is gone, the comparison by rows will tell.
        _log.info("ADBC could not roll back: %s", error)


def _connect(conninfo: str) -> Any:
    import adbc_driver_postgresql.dbapi

    connection = adbc_driver_postgresql.dbapi.connect(conninfo)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    connection.commit()
    return connection


def _source_batches(cursor: Any, table: ComparedTable, selection: Selection) -> Iterator[Columns]:
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
        "NULL" if column.plan.source in plan.order_key else _EXAMPLES[column.plan.storage]
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


def _target_batches(
    cursor: Any, table: ComparedTable, proofs: Sequence[ColumnProof], selection: Selection
) -> Iterator[Columns]:
    terms = [proof.read_sql for proof in proofs]
    cursor.adbc_statement.set_options(
        **{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES // 4)}
    )
    cursor.execute(target_select(table, terms, selection, ordered=True))
    with cursor.fetch_record_batch() as reader:
        for batch in reader:
            yield batch.columns


class _Side:
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


@dataclass(frozen=True)
class _Aligned:
    """Positions of rows with the same keys on both sides, and of those that stand alone."""

    ours: list[int]
    theirs: list[int]
    missing: list[int]
    extra: list[int]


def _merge(
    ours: _Side, theirs: _Side, proofs: Sequence[ColumnProof], table: ComparedTable
) -> Compared:
    log = DifferenceLog(table.plan.source)

    def compare(one: Columns, other: Columns) -> None:
        _compare(one, other, proofs, table, log)

    while True:
        left, right = ours.fill(), theirs.fill()
        if not left or not right:
            break
        count = min(left, right)
        one, other = ours.head(count), theirs.head(count)
        if all(one[position].equals(other[position]) for position in table.key_positions):
            compare(one, other)
            ours.skip(count)
            theirs.skip(count)
        else:
            _merge_apart(ours, theirs, (one, other), table, compare, log)
    _log_rest(ours, table, log.missing, log)
    _log_rest(theirs, table, log.extra, log)
    return log.compared(ours.rows, theirs.rows)


def _merge_apart(
    ours: _Side,
    theirs: _Side,
    heads: tuple[Columns, Columns],
    table: ComparedTable,
    compare: Callable[[Columns, Columns], None],
    log: DifferenceLog,
) -> None:
    """Compare rows whose keys are not all the same, up to the last key that both have reached."""
    one, other = heads
    our_keys, their_keys = ours.keys(one), theirs.keys(other)
    our_ranks, their_ranks = list(map(_rank, our_keys)), list(map(_rank, their_keys))
    last = min(our_ranks[-1], their_ranks[-1])
    our_count, their_count = bisect_right(our_ranks, last), bisect_right(their_ranks, last)
    found = _align(our_ranks[:our_count], their_ranks[:their_count])
    for position in found.missing:
        log.missing(name_row(table.plan.order_key, our_keys[position]))
    for position in found.extra:
        log.extra(name_row(table.plan.order_key, their_keys[position]))
    if found.ours:
        compare(
            [c.take(_indices(found.ours)) for c in one],
            [c.take(_indices(found.theirs)) for c in other],
        )
    ours.skip(our_count)
    theirs.skip(their_count)


def _align(ours: Sequence[Any], theirs: Sequence[Any]) -> _Aligned:
    found = _Aligned([], [], [], [])
    i = j = 0
    while i < len(ours) or j < len(theirs):
        if j == len(theirs) or (i < len(ours) and ours[i] < theirs[j]):
            found.missing.append(i)
            i += 1
        elif i == len(ours) or theirs[j] < ours[i]:
            found.extra.append(j)
            j += 1
        else:
            found.ours.append(i)
            found.theirs.append(j)
            i += 1
            j += 1
    return found


def _indices(positions: list[int]) -> Array:
    import pyarrow

    return pyarrow.array(positions, pyarrow.int64())


def _compare(
    ours: Columns,
    theirs: Columns,
    proofs: Sequence[ColumnProof],
    table: ComparedTable,
    log: DifferenceLog,
) -> None:
    for position, proof in enumerate(proofs):
        for row, *pair in proof.unequal(ours[position], theirs[position]):
            if log.full:
                log.unnamed(1)
                continue
            key = [ours[part][row].as_py() for part in table.key_positions]
            name = name_row(table.plan.order_key, key)
            plan = proof.column.plan
            log.value(name, plan.source, proof.column.kind, (pair[0], pair[1]))


def _log_rest(
    side: _Side, table: ComparedTable, log_row: Callable[[str], None], log: DifferenceLog
) -> None:
    while count := side.fill():
        named = 0 if log.full else min(count, 100)
        for key in side.keys(side.head(named)):
            log_row(name_row(table.plan.order_key, key))
        log.unnamed(count - named)
        side.skip(count)


def _rank(key: tuple[Any, ...]) -> tuple[tuple[bool, int], ...]:
    """Return what orders keys as PostgreSQL does, where NULL comes last."""
    return tuple((part is None, part or 0) for part in key)
