"""Some thousand rows of a table, the same ones each time, wherever it has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import apsw

from dbtune.advisor.statements.runnable import readable_rows
from dbtune.model.schema import Table
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.row_identity import rowid_expression

# 8,000 rows give the plans that exact statistics give in 93 % of cases; more gain little.
SAMPLE_ROWS = 8_000
# Fewer rows where they are this long: a sample is kept in memory.
_MOST_BYTES = 64 << 20
# Above so many rowids a row, gaps would leave too few rows of those that probes find.
_SPARSE = 4
# Lehmer's modulus 2^31 - 1 and its golden ratio: neighbouring numbers fall far apart. Rows at
# even distances would miss whatever repeats at such a distance, such as one row in ten.
_MODULUS = 2147483647
_MULTIPLIER = 1327217885


def sample_rows(
    connection: apsw.Connection, table: Table, columns: Sequence[str], rows: int
) -> Iterator[tuple[Any, ...]]:
    """Yield these columns, quoted names, of some SAMPLE_ROWS rows; `rows` is how many there are.

    Rows are chosen by a hash of where they stand. Those whose text is not UTF-8 are passed over.
    """
    query, values = _query(connection, table, columns, rows)
    room = _MOST_BYTES
    for row in readable_rows(connection.execute(query, values)):
        if row is None:
            continue
        yield row
        room -= sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if room < 0:
            return


def _query(
    connection: apsw.Connection, table: Table, columns: Sequence[str], rows: int
) -> tuple[str, tuple[int, ...]]:
    listed = ", ".join(columns)
    step = max(1, rows // SAMPLE_ROWS)
    # With its schema, since the table may be called as a subquery here is.
    source = f"main.{quote_identifier(table.name)}"
    rowid = rowid_expression(table)
    if step == 1:
        return f"SELECT {listed} FROM {source} LIMIT {2 * SAMPLE_ROWS}", ()
    if rowid is None:
        return (
            f"SELECT {listed} FROM (SELECT {listed}, row_number() OVER () AS dbtune_row"
            f" FROM {source}) WHERE {_hash('dbtune_row')} < ?1",
            (_MODULUS // step,),
        )
    low, high = _ends(connection, source, rowid)
    if high - low >= _SPARSE * rows:
        # Probes would land in the gaps, where a scan takes what it finds.
        return f"SELECT {listed} FROM {source} WHERE {_hash(rowid)} < ?1", (_MODULUS // step,)
    return _probe(source, f"dbtune_t.{rowid}", columns), (
        low,
        max(1, 2 * (high - low + 1) // SAMPLE_ROWS),
    )


def _probe(source: str, rowid: str, columns: Sequence[str]) -> str:
    """Return a query that jumps through the table: each probe goes on from the row it found."""
    listed = ", ".join(f"dbtune_t.{column}" for column in columns)
    at = "dbtune_probe.dbtune_at"
    return (
        "WITH RECURSIVE dbtune_probe(dbtune_at) AS (SELECT ?1 UNION ALL"
        f" SELECT (SELECT min({rowid}) FROM {source} AS dbtune_t WHERE {rowid} > {at}"
        f" + {_hash(at)} % ?2) FROM dbtune_probe WHERE {at} IS NOT NULL)"
        f" SELECT {listed} FROM dbtune_probe JOIN {source} AS dbtune_t ON {rowid} = {at}"
    )


def _ends(connection: apsw.Connection, source: str, rowid: str) -> tuple[int, int]:
    # Two subqueries: both ends in one SELECT would scan the table.
    query = f"SELECT (SELECT min({rowid}) FROM {source}), (SELECT max({rowid}) FROM {source})"
    low, high = next(connection.execute(query))
    return low or 0, high or 0


def _hash(number: str) -> str:
    """Return SQL for a number from 0 to _MODULUS that a whole number is scattered to.

    Squared, because the products alone lie as evenly as steps of one size.
    """
    product = f"(abs({number} % {_MODULUS}) * {_MULTIPLIER} % {_MODULUS})"
    return f"{product} * {product} % {_MODULUS}"
