"""Rows of fixed width that PostgreSQL sends a column at a time, as one value of all its bytes.

The server's aggregates take 30 ns more for each value than COPY does, and spare ADBC the 100 ns
that each takes there. Other values stand for NULL; that no value is one of those is counted.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbtune.postgres.verification.arrow_proofs import ColumnProof
from dbtune.postgres.verification.arrow_sides import Columns
from dbtune.postgres.verification.canonical import StoredKind
from dbtune.postgres.verification.compared_rows import ComparedTable, Selection, target_select
from dbtune.postgres.verification.target_columns import Target, TargetColumn

# Twice as many as a part has where keys are evenly spread: 3 MB a column.
_MOST_ROWS = 400_000
_MOST_COLUMNS = 24


@dataclass(frozen=True)
class _Sent:
    """How values of a kind are sent: the server's function, array's type code, Arrow's type.

    `null` stands for NULL: no boolean, and of other values one that hardly any table has.
    """

    function: str
    code: str
    arrow_type: str
    null: int

    @property
    def null_sql(self) -> str:
        """What stands for NULL, as it is sent."""
        size = array(self.code).itemsize
        return f"'\\x{self.null.to_bytes(size, 'big', signed=True).hex()}'::bytea"


_SENT: Mapping[StoredKind, _Sent] = {
    "integer": _Sent("int8send", "q", "int64", -0x5DEB_A7C3_9B1F_E605),
    "double": _Sent("float8send", "q", "double", 0x7FF8_DEAD_BEEF_0001),
    "boolean": _Sent("boolsend", "b", "bool", 2),
}


def fixed_able(table: ComparedTable) -> bool:
    """Return whether the rows of a table may come this way."""
    return len(table.columns) <= _MOST_COLUMNS and all(
        column.kind in _SENT for column in table.columns
    )


def target_columns(
    connection: Target, table: ComparedTable, proofs: Sequence[ColumnProof], selection: Selection
) -> Columns | None:
    """Return the selected rows of PostgreSQL in the order of their key; no columns for no rows.

    None where they have to be read row by row: more than fit, unexpected NULLs.
    """
    terms = [f"{proof.read_sql} AS c{place}" for place, proof in enumerate(proofs)]
    rows = target_select(table, terms, selection, ordered=True)
    sums = [term for place, column in enumerate(table.columns) for term in _sums(place, column)]
    # An aggregate takes its values in the order that a subquery has: were it another one, the
    # keys would differ (https://www.postgresql.org/docs/15/functions-aggregate.html).
    query = f"SELECT count(*), {', '.join(sums)} FROM ({rows} LIMIT {_MOST_ROWS + 1}) AS selected"
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        cursor.execute("SET LOCAL jit = off")  # it takes longer than the query
        cursor.execute(query.encode())
        found: Any = cursor.fetchone()
    count, *values = found
    if not count:
        return ()
    if count > _MOST_ROWS:
        return None
    columns = [
        _column(_SENT[column.kind], count, *pair)
        for column, *pair in zip(table.columns, values[::2], values[1::2], strict=True)
    ]
    return None if any(column is None for column in columns) else columns


def _sums(place: int, column: TargetColumn) -> tuple[str, str]:
    """Return the terms for a column's bytes, and for how many of its values are not NULL."""
    sent = _SENT[column.kind]
    value = f"{sent.function}(c{place})"
    if column.plan.counts.nulls:
        value = f"coalesce({value}, {sent.null_sql})"
    return f"string_agg({value}, ''::bytea)", f"count(c{place})"


def _column(sent: _Sent, count: int, value: bytes | None, not_null: int) -> Any:
    """Return the values of a column as an array of Arrow; None for unexpected NULLs."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = array(sent.code)
    if value is None or len(value) != count * numbers.itemsize:
        return None
    numbers.frombytes(value)
    if sys.byteorder == "little":  # the server sends the other end first
        numbers.byteswap()
    integers = pa.int64() if numbers.itemsize == 8 else pa.int8()
    found = pa.Array.from_buffers(integers, count, [None, pa.py_buffer(numbers)])
    if not_null < count:
        is_null = pc.equal(found, sent.null)
        if pc.sum(is_null).as_py() != count - not_null:
            return None
        found = pc.if_else(is_null, pa.scalar(None, integers), found)
    return found.cast(pa.bool_()) if sent.code == "b" else found.view(sent.arrow_type)
