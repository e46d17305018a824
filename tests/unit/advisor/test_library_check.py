"""The proof repeated with the SQLite that Python is linked with."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.advisor.proving.library_check import LibraryCheck, check_library
from dbtune.advisor.proving.proof import PlannedIndex, prove
from dbtune.model.advice import IndexSpec
from dbtune.model.workload import QueryShape
from dbtune.sqlite.schema.index_ddl import create_index_sql
from tests.unit.advisor.workbench import baseline_of, build, filled, shape

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    "CREATE INDEX old ON t (b)",
    filled("t", "a, b, s", "n % 200, n % 700, '{\"x\": ' || n || '}'", 4_000),
)


def planned(*terms: str, name: str = "new") -> PlannedIndex:
    """Return an index on the table as it would be shipped."""
    spec = IndexSpec("t", terms)
    return PlannedIndex(name, "t", create_index_sql(name, spec), spec)


def checked(
    folder: Path, indexes: Sequence[PlannedIndex], *shapes: QueryShape, ddl: Sequence[str] = DDL
) -> LibraryCheck:
    """Check indexes that were built by the other library, as the advisor does."""
    base, proof = build(folder / "base.db", *ddl), build(folder / "proof.db", *ddl)
    baseline = baseline_of(base, *shapes)
    prove(proof, baseline, indexes, ())
    measured = list(zip(baseline.subjects.ready, baseline.costs, strict=True))
    return check_library(base, proof, measured, indexes)


def test_indexes_that_it_uses_are_named(tmp_path: Path) -> None:
    """New and old ones, for reads and for writes."""
    found = checked(
        tmp_path,
        [planned("a")],
        shape("SELECT s FROM t WHERE a = 5"),
        shape("DELETE FROM t WHERE b = 5"),
    )
    assert found.used == {"new", "old"}
    assert found.version == sqlite3.sqlite_version
    assert (found.slower, found.unchecked, found.distrusted) == ((), (), ())
    assert len(found.checked) == 2


def test_a_read_that_it_makes_slower_is_found(tmp_path: Path) -> None:
    """Without STAT4 it takes the index for a value that nearly all rows have."""
    ddl = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
        filled("t", "a, b, s", "iif(n < 3900, 0, n), n % 7, printf('%.200c', 'x')", 4_000),
    )
    frequent = shape("SELECT sum(b), max(s) FROM t WHERE a = 0")
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    if "ENABLE_STAT4" in options:
        pytest.skip("this SQLite knows which values are frequent")
    found = checked(tmp_path, [planned("a")], frequent, ddl=ddl)
    (slower,) = found.slower
    assert slower.shape_id == frequent.id and slower.used == {"new"}
    assert slower.added_ns > 0


def test_a_faster_read_is_no_difference(tmp_path: Path) -> None:
    """Plans differ, and that is what they are there for."""
    found = checked(
        tmp_path, [planned("a", "b", "s")], shape("SELECT s FROM t WHERE a = 5 AND b > 3")
    )
    assert found.slower == () and "new" in found.used


def test_what_it_cannot_run_is_unchecked(tmp_path: Path) -> None:
    """Functions that only newer versions have, or JSON that is none: no word on their indexes."""
    failing = shape("SELECT json_extract(s || '}', '$.x') FROM t WHERE a = 5")
    found = checked(tmp_path, [planned("a")], failing, shape("SELECT s FROM t WHERE b = 5"))
    assert found.unchecked == (failing.id,) and failing.id not in found.checked
    assert found.used == {"old"}


def test_json_in_an_index_may_make_the_database_unusable(tmp_path: Path) -> None:
    """Under trusted_schema=OFF, as the library itself says when it is tried."""
    index = planned("json_extract(s, '$.x')")
    found = checked(tmp_path, [index], shape("SELECT id FROM t WHERE json_extract(s, '$.x') = 5"))
    with closing(sqlite3.connect(build(tmp_path / "real.db", *DDL, index.sql))) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        try:
            connection.execute("SELECT 1 FROM t")
        except sqlite3.DatabaseError as error:
            ((name, message),) = found.distrusted
            assert name == "new" and message in str(error)
        else:
            assert found.distrusted == ()


def test_only_the_index_to_blame_is_distrusted(tmp_path: Path) -> None:
    """Not a harmless expression on the same table."""
    found = checked(
        tmp_path,
        [planned("json_extract(s, '$.x')", name="risky"), planned("abs(a)", name="harmless")],
        shape("SELECT id FROM t WHERE abs(a) = 5"),
    )
    assert {name for name, _ in found.distrusted} <= {"risky"}


def test_rows_of_any_bytes_are_read(tmp_path: Path) -> None:
    """Text that is not UTF-8 is no error."""
    ddl = (*DDL, "UPDATE t SET s = CAST(x'ff41' AS TEXT)")
    found = checked(tmp_path, [planned("a")], shape("SELECT s FROM t WHERE a = 5"), ddl=ddl)
    assert found.unchecked == ()


def test_an_endless_read_is_stopped(tmp_path: Path) -> None:
    """Its plan is the same with and without, so that it is not run at all."""
    endless = shape(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    )
    base, proof = build(tmp_path / "base.db", *DDL), build(tmp_path / "proof.db", *DDL)
    baseline = baseline_of(base, shape("SELECT 1"))
    (subject,) = baseline_subjects(tmp_path, endless)
    found = check_library(base, proof, [(subject, baseline.costs[0])], [])
    assert found.unchecked == () and endless.id in found.checked


def baseline_subjects(folder: Path, *shapes: QueryShape):  # type: ignore[no-untyped-def]
    """Prepare shapes without measuring them."""
    from tests.unit.advisor.workbench import prepare, scratch

    with scratch(build(folder / "prepared.db", *DDL)) as connection:
        return prepare(connection, *shapes).ready
