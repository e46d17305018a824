"""What a profile finds in real files."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dbtune.errors import SourceError
from dbtune.model.schema import Table
from dbtune.model.transfer import StorageCounts, TableProfile
from dbtune.postgres.profiling.profile import complete_profile, profile_part, profile_table
from dbtune.postgres.profiling.profile_merge import merge_profiles
from dbtune.postgres.profiling.profile_tables import profile_tables
from dbtune.postgres.workers.worker_pool import WorkerPool
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures.typed import build, reading

ALL_CLASSES: list[Any] = [1, 2.5, "text", b"blob", None]
EVERY_COLUMN = ("a", "b", "c", "d", "e", "f")


def table_of(connection: sqlite3.Connection, name: str = "t") -> Table:
    """Return a table of a database."""
    table = read_schema(connection).table(name)
    assert table is not None
    return table


def profiled(path: Path, sql: str, rows: Any = (), **options: Any) -> TableProfile:
    """Build a database and return the profile of its table t."""
    encoding = options.pop("encoding", "UTF-8")
    with reading(build(path, sql, rows, encoding=encoding)) as connection:
        return profile_table(connection, table_of(connection), **options)


@pytest.mark.parametrize("options", ["", "WITHOUT ROWID"])
def test_storage_classes_are_counted(tmp_path: Path, options: str) -> None:
    """Each storage class of each column is counted, with and without a rowid."""
    sql = f"CREATE TABLE t (k INTEGER NOT NULL PRIMARY KEY, c, n BLOB NOT NULL) {options}"
    rows = [(n, value, value if value is not None else "") for n, value in enumerate(ALL_CLASSES)]
    profile = profiled(tmp_path / "a.db", sql, rows)
    assert profile.rows == 5
    assert profile.column("k").counts == StorageCounts(0, 5, 0, 0, 0)
    assert profile.column("c").counts == StorageCounts(1, 1, 1, 1, 1)
    assert profile.column("n").counts == StorageCounts(0, 1, 1, 2, 1)


def test_more_rows_than_one_sum_counts(tmp_path: Path) -> None:
    """Rowids that lie far apart are counted one class at a time."""
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, c)"
    rows = [(-(2**63), 1), (0, "x"), (5, None), (2**63 - 1, 2.5)]
    profile = profiled(tmp_path / "a.db", sql, rows)
    assert profile.column("c").counts == StorageCounts(1, 1, 1, 1, 0)
    assert (profile.rowid_min, profile.rowid_max) == (-(2**63), 2**63 - 1)


def test_an_empty_table_has_an_empty_profile(tmp_path: Path) -> None:
    """A table without rows has columns without values."""
    profile = profiled(tmp_path / "a.db", "CREATE TABLE t (a TEXT, b)")
    assert (profile.rows, profile.rowid_min, len(profile.columns)) == (0, None, 2)


def test_lengths_are_bytes_and_characters(tmp_path: Path) -> None:
    """Texts are measured in UTF-8, blobs in bytes, also in a database of UTF-16."""
    sql = "CREATE TABLE t (a VARCHAR(9), b BLOB)"
    for encoding in ("UTF-8", "UTF-16le", "UTF-16be"):
        path = tmp_path / f"{encoding}.db"
        rows = [("äöü", b"12345"), ("abcd", None)]
        profile = profiled(path, sql, rows, encoding=encoding)
        text, blob = profile.columns
        assert (text.longest_bytes, text.longest_characters, text.non_ascii) == (6, 4, True)
        assert blob.longest_bytes == 5


@pytest.mark.parametrize("options", ["", "WITHOUT ROWID"])
def test_refused_texts_are_found_with_their_rows(tmp_path: Path, options: str) -> None:
    """U+0000 and bytes that are no UTF-8 are counted, named, and found again by a condition."""
    path = build(
        tmp_path / "a.db",
        f"""CREATE TABLE t (k TEXT PRIMARY KEY, c TEXT) {options};
            INSERT INTO t VALUES ('a', 'fine'), ('b', CAST(x'ff41' AS TEXT)),
              ('it''s', CAST(x'610062' AS TEXT)), ('d', CAST(x'e9' AS TEXT)), ('e', NULL);""",
    )
    with reading(path) as connection:
        profile = profile_table(connection, table_of(connection))
        problems = {problem.form: problem for problem in profile.column("c").problems}
        assert {form: p.count for form, p in problems.items()} == {"nul": 1, "invalid-utf8": 2}
        assert problems["nul"].row == ("k = 'it''s'" if options else "rowid 3")
        found = {
            form: [row[0] for row in connection.execute(f"SELECT k FROM t WHERE {where}")]
            for form, p in problems.items()
            for where in p.conditions
        }
        assert found == {"nul": ["it's"], "invalid-utf8": ["b", "d"]}


def test_ends_of_texts_do_not_make_a_character(tmp_path: Path) -> None:
    """A cut character at the end of one text and its rest at the beginning of the next are bad."""
    sql = """CREATE TABLE t (c TEXT);
             INSERT INTO t VALUES (CAST(x'61c3' AS TEXT)), (CAST(x'a462' AS TEXT));"""
    (problem,) = profiled(tmp_path / "a.db", sql).column("c").problems
    assert (problem.form, problem.count) == ("invalid-utf8", 2)


def test_half_a_surrogate_pair_is_no_text(tmp_path: Path) -> None:
    """A database of UTF-16 may hold what is no character."""
    sql = "CREATE TABLE t (c TEXT); INSERT INTO t VALUES (CAST(x'00dc' AS TEXT));"
    profile = profiled(tmp_path / "a.db", sql, encoding="UTF-16le")
    assert profile.column("c").problems[0].form == "invalid-utf8"


def test_ranges_of_numbers_are_known_where_they_matter(tmp_path: Path) -> None:
    """Integers beside reals, and numbers in columns of dates, have their bounds in the profile."""
    sql = "CREATE TABLE t (a INTEGER, b DATETIME, c DECIMAL(9,3))"
    rows = [(5, 10, 1.25), (-7, 30, 12), (0.5, 20, math.inf)]
    mixed, date, decimal = profiled(tmp_path / "a.db", sql, rows).columns
    assert (mixed.integer_min, mixed.integer_max, mixed.real_min) == (-7, 5, 0.5)
    assert (date.integer_min, date.integer_max) == (10, 30)
    assert (decimal.decimal_integer_digits, decimal.decimal_scale) == (2, 2)
    assert decimal.real_max == math.inf
    infinity = decimal.form("infinity")
    assert infinity is not None and (infinity.row, infinity.example) == ("rowid 3", "Infinity")


def test_everything_is_asked_of_wanted_columns(tmp_path: Path) -> None:
    """Of a column whose type somebody chose all forms are known; names match as in SQLite."""
    sql = "CREATE TABLE t (a TEXT, b INTEGER)"
    rows = [("2024-01-05", 7), ("12.50", 70_000), ("true", None), ("{}", None)]
    profile = profiled(tmp_path / "a.db", sql, rows, wanted=("A", "b"))
    text, number = profile.columns
    forms = {form.form: form.count for form in text.forms}
    assert {name: forms[name] for name in ("date", "decimal", "true-false", "json")} == {
        "date": 1,
        "decimal": 1,
        "true-false": 1,
        "json": 3,
    }
    assert (number.integer_min, number.integer_max) == (7, 70_000)
    assert text.decimals_measured and text.decimal_scale == 1


def test_parts_make_the_same_profile_as_the_whole(tmp_path: Path) -> None:
    """Ranges of rowids profiled apart and merged are the profile of the table."""
    sql = "CREATE TABLE t (a TEXT, b INTEGER, c DATETIME, d DECIMAL(5,2), e BOOLEAN, f UUID)"
    odd = ("a\0b", 2.5, "x", 0.125, 2, b"0123456789abcdef")
    even = ("äb", 7, "2024-01-05 10:00:00", 10, 1, None)
    rows = [odd if n % 7 == 3 else even for n in range(50)]
    with reading(build(tmp_path / "a.db", sql, rows)) as connection:
        table = table_of(connection)
        whole = profile_table(connection, table)
        for width in (1, 13, 49):
            parts = [
                profile_part(connection, table, rowid_range=(start, start + width - 1))
                for start in range(1, 51, width)
            ]
            merged = complete_profile(connection, table, merge_profiles(parts))
            assert normal(merged) == normal(whole)


def normal(profile: TableProfile) -> dict[str, Any]:
    """A profile as one value, without the order of forms and how conditions are grouped."""
    return {
        column.column: (
            column.counts,
            sorted((f.form, f.count) for f in column.forms if not f.form.startswith("most-")),
            [(p.form, p.count, p.row) for p in column.problems],
            (column.integer_min, column.integer_max, column.real_min, column.real_max),
            (column.longest_bytes, column.longest_characters, column.non_ascii),
            (column.decimal_integer_digits, column.decimal_scale, column.decimals_measured),
            (column.uniform_bytes, column.shapes),
        )
        for column in profile.columns
    } | {"table": (profile.rows, profile.rowid_min, profile.rowid_max)}


def test_processes_profile_all_tables(tmp_path: Path) -> None:
    """The pool's processes give the profiles that this process would."""
    sql = """
        CREATE TABLE t (a TEXT, b INTEGER);
        CREATE TABLE far (id INTEGER PRIMARY KEY, v);
        INSERT INTO far VALUES (1, 1), (5000000, 'x'), (-9000000, 2.5);
        CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE none (a);
    """
    path = build(tmp_path / "a.db", sql, [("x", 1), ("y", 2.5)])
    with WorkerPool(path, jobs=2, fast=False, conninfo=None) as pool:
        profiles = profile_tables(pool, read_schema(pool.sqlite), lambda event: None)
    with reading(path) as connection:
        for table in read_schema(connection).tables:
            assert normal(profiles[table.name]) == normal(profile_table(connection, table))


def test_damage_is_named_by_table_and_rowids(tmp_path: Path) -> None:
    """A damaged page in the middle of a table is reported with the rows around it."""
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT)"
    path = build(tmp_path / "a.db", sql, [(n, "x" * 500) for n in range(1, 501)])
    content = bytearray(path.read_bytes())
    page = 4096 * 30
    content[page : page + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with reading(path) as connection:
        table = table_of(connection)
        words = r'a\.db: table "t" is damaged from rowid \d+ to rowid \d+'
        with pytest.raises(SourceError, match=words):
            profile_table(connection, table)


def test_the_connection_is_left_as_it_was(tmp_path: Path) -> None:
    """Texts arrive as str again after a profile, and long values are read again."""
    path = build(tmp_path / "a.db", "CREATE TABLE t (c TEXT)", [("x" * 100_000,), ("y",)])
    with reading(path) as connection:
        profile_table(connection, table_of(connection))
        assert connection.execute("SELECT c FROM t WHERE rowid = 1").fetchone() == ("x" * 100_000,)
