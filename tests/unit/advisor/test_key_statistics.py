"""Estimated statistics of indexes that do not exist, beside what ANALYZE says once they do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.candidates.key_statistics import KeyEstimate, TableSample
from dbtune.advisor.candidates.row_sample import SAMPLE_ROWS
from dbtune.model.advice import IndexSpec
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.index_ddl import create_index_sql
from tests.unit.advisor.workbench import filled

ROWS = 40_000


def database(*statements: str) -> apsw.Connection:
    """Return a database in memory."""
    connection = apsw.Connection(":memory:")
    connection.execute("BEGIN")
    for statement in statements:
        connection.execute(statement)
    connection.execute("COMMIT")
    return connection


def estimate(connection: apsw.Connection, spec: IndexSpec, rows: int) -> KeyEstimate:
    """Return the estimate for one index."""
    table = read_schema(connection).table(spec.table)
    assert table is not None
    with closing(TableSample(connection, table, rows, (spec,))) as sample:
        return sample.estimate(spec)


def measured(connection: apsw.Connection, spec: IndexSpec) -> tuple[list[int], int]:
    """Build the index and return what ANALYZE says, and its bytes."""
    connection.execute(create_index_sql("i", spec))
    connection.execute("ANALYZE")
    ((stat,),) = connection.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'i'")
    ((size,),) = connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'i'")
    return numbers(stat), size


def numbers(stat1: str) -> list[int]:
    """Return the numbers of a line of sqlite_stat1."""
    return [int(word) for word in stat1.split()]


TABLES = {
    "rowids without gaps": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL)",
        filled("t", "a, b, c", "n % 40, 'name' || (n * 7919 % 5000), n * 0.5", ROWS),
    ),
    "no primary key": (
        "CREATE TABLE t (a INTEGER, b TEXT, c REAL)",
        filled("t", "a, b, c", "n % 40, 'name' || (n * 7919 % 5000), n * 0.5", ROWS),
    ),
    "WITHOUT ROWID": (
        "CREATE TABLE t (k TEXT PRIMARY KEY, a INTEGER, b TEXT, c REAL) WITHOUT ROWID",
        filled("t", "k, a, b, c", "'k' || n, n % 40, 'name' || (n * 7919 % 5000), n * 0.5", ROWS),
    ),
    "negative rowids": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL)",
        filled("t", "id, a, b, c", "-n, n % 40, 'name' || (n * 7919 % 5000), n * 0.5", ROWS),
    ),
    "one huge gap": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL)",
        filled(
            "t",
            "id, a, b, c",
            "n + (n > 20000) * 1000000000000, n % 40, 'name' || (n * 7919 % 5000), n * 0.5",
            ROWS,
        ),
    ),
    "the first and the last rowid": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL)",
        filled("t", "a, b, c", "n % 40, 'name' || (n * 7919 % 5000), n * 0.5", ROWS - 2),
        "INSERT INTO t VALUES (-9223372036854775808, 1, 'a', 1), (9223372036854775807, 1, 'z', 1)",
    ),
    "half of the range empty": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL)",
        filled(
            "t", "id, a, b, c",
            "n + (n > 20000) * 40000, n % 40, 'name' || (n * 7919 % 5000), n * 0.5", ROWS,
        ),
    ),
    "columns that hide the rowid's names": (
        "CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid TEXT, a INTEGER, b TEXT, c REAL)",
        filled("t", "a, b, c", "n % 40, 'name' || (n * 7919 % 5000), n * 0.5", ROWS),
    ),
    "generated columns": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, a INTEGER AS (n % 40),"
        " b TEXT AS ('name' || (n * 7919 % 5000)) STORED, c REAL AS (n * 0.5))",
        filled("t", "n", "n", ROWS),
    ),
}  # fmt: skip


@pytest.mark.parametrize("ddl", TABLES.values(), ids=TABLES)
def test_estimates_are_close_to_what_analyze_finds(ddl: tuple[str, ...]) -> None:
    """Rows are exact, rows a key within a fifth, and bytes within a half."""
    with closing(database(*ddl)) as connection:
        for spec in (
            IndexSpec("t", ("a",)),
            IndexSpec("t", ("b",)),
            IndexSpec("t", ("a", "b")),
            IndexSpec("t", ("c DESC",)),
            IndexSpec("t", ("lower(b)", "a")),
        ):
            found = estimate(connection, spec, ROWS)
            real, size = measured(connection, spec)
            guess = numbers(found.stat1)
            assert guess[0] == real[0]
            assert all(abs(g - r) <= max(1, 0.2 * r) for g, r in zip(guess, real, strict=True)), (
                spec
            )
            assert 0.5 * size <= found.size_bytes <= 1.5 * size, spec
            connection.execute("DROP INDEX i")


def test_a_small_table_is_estimated_from_all_its_rows() -> None:
    """So the line is the very one that ANALYZE writes."""
    rows = SAMPLE_ROWS // 2
    with closing(
        database("CREATE TABLE t (a, b)", filled("t", "a, b", "n % 7, n % 1000", rows))
    ) as connection:
        for spec in (IndexSpec("t", ("a",)), IndexSpec("t", ("b",)), IndexSpec("t", ("a", "b"))):
            found = estimate(connection, spec, rows)
            assert numbers(found.stat1) == measured(connection, spec)[0]
            connection.execute("DROP INDEX i")


def test_a_partial_index_counts_the_rows_of_its_part() -> None:
    """Scaled up from the sample."""
    with closing(
        database(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a, s TEXT)",
            filled("t", "a, s", "n % 100, iif(n % 10 = 0, 'open', 'done')", ROWS),
        )
    ) as connection:
        spec = IndexSpec("t", ("a",), "s = 'open'")
        guess = numbers(estimate(connection, spec, ROWS).stat1)
        real, _ = measured(connection, spec)
        assert guess[0] == pytest.approx(real[0], rel=0.1)
        assert guess[1] == pytest.approx(real[1], rel=0.1)


@pytest.mark.parametrize("rows", [0, 5, ROWS])
def test_an_empty_table_has_an_estimate_too(rows: int) -> None:
    """Also where its rows were told wrong, as estimates of large tables may be."""
    with closing(database("CREATE TABLE t (id INTEGER PRIMARY KEY, a)")) as connection:
        found = estimate(connection, IndexSpec("t", ("a",)), rows)
        assert numbers(found.stat1) == [1, 1]
        assert found.size_bytes == 0


def test_a_table_larger_than_was_told_is_not_read_whole() -> None:
    """What is kept in memory stays small."""
    with closing(
        database("CREATE TABLE t (a)", filled("t", "a", "n", 3 * SAMPLE_ROWS))
    ) as connection:
        assert numbers(estimate(connection, IndexSpec("t", ("a",)), 10).stat1)[0] == 10


def test_the_same_sample_is_drawn_every_time() -> None:
    """Estimates decide which candidates are tried, and advice has to repeat."""
    with closing(database(*TABLES["one huge gap"])) as connection:
        spec = IndexSpec("t", ("b", "a"))
        assert estimate(connection, spec, ROWS) == estimate(connection, spec, ROWS)


def test_text_that_is_not_utf8_is_passed_over() -> None:
    """Such rows cannot reach Python."""
    with closing(
        database(
            "CREATE TABLE t (a)",
            filled("t", "a", "'x' || n", 500),
            "INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))",
        )
    ) as connection:
        assert numbers(estimate(connection, IndexSpec("t", ("a",)), 501).stat1)[1] == 1


def test_what_cannot_be_evaluated_is_an_error() -> None:
    """An application's function, or JSON that is none."""
    with closing(database("CREATE TABLE t (a)", "INSERT INTO t VALUES ('no json')")) as connection:
        for term in ("own(a)", "json_extract(a, '$.x')"):
            with pytest.raises(apsw.Error):
                estimate(connection, IndexSpec("t", (term,)), 1)


def test_odd_names_and_types_do_no_harm(tmp_path: Path) -> None:
    """Names of the sampler's own, hostile ones, and types that are any words at all."""
    ddl = (
        'CREATE TABLE dbtune_probe (dbtune_at "VARCHAR(5) -- x", dbtune_t, "a b" STRANGE,'
        ' "quo""te" TEXT COLLATE NOCASE)'
    )
    values = filled("dbtune_probe", 'dbtune_at, "a b", "quo""te"', "n, n % 5, n % 3", ROWS)
    with closing(database(ddl, values)) as connection:
        for term, distinct in (("dbtune_at", ROWS), ('"a b"', 5), ('"quo""te"', 3)):
            guess = numbers(estimate(connection, IndexSpec("dbtune_probe", (term,)), ROWS).stat1)
            assert guess[1] == pytest.approx(ROWS / distinct, rel=0.05)
