"""Loading tables of every shape, in parts, again after an interruption, with rows kept back."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.event import Event
from dbtune.model.transfer import TablePlan
from dbtune.postgres.loading.load import split
from dbtune.postgres.server.target import connect_target
from dbtune.postgres.workers.arrow_source import arrow_available
from tests.e2e.test_load import database
from tests.fixtures.load_plans import Spec, Staging, migration_plan, table_plan

needs_fast = pytest.mark.skipif(not arrow_available(), reason="needs the extra dbtune[fast]")
BIGINT = ("bigint", "integer")
TEXT = ("text", "text")
WAYS = [False, pytest.param(True, marks=needs_fast)]


def staged(target: str, source: Path, columns: Spec, **options: Any) -> Staging:
    """Stage table t of a source."""
    return Staging(target, migration_plan(source, table_plan(source, "t", columns, **options)))


@pytest.mark.parametrize("fast", WAYS)
@pytest.mark.parametrize(
    ("ddl", "columns", "options"),
    [
        ('CREATE TABLE t("rowid" TEXT, "b" INTEGER)', {"rowid": TEXT, "b": BIGINT}, "_rowid_"),
        (
            'CREATE TABLE t("rowid" TEXT, "_rowid_" INTEGER, "oid" INTEGER AS (1))',
            {"rowid": TEXT, "_rowid_": BIGINT},
            None,
        ),
        (
            "CREATE TABLE t(a TEXT PRIMARY KEY, b INTEGER) WITHOUT ROWID",
            {"a": TEXT, "b": BIGINT},
            None,
        ),
        ("CREATE TABLE t(a TEXT, b INTEGER PRIMARY KEY)", {"a": TEXT, "b": BIGINT}, '"b"'),
        ('CREATE TABLE t("" TEXT, "a""b" INTEGER)', {"": TEXT, 'a"b': BIGINT}, "rowid"),
        ('CREATE TABLE t("select" TEXT, "x\ty" INTEGER)', {"select": TEXT, "x\ty": BIGINT}, "oid"),
    ],
    ids=["rowid", "all rowids", "without rowid", "alias", "odd names", "keywords"],
)
def test_tables_of_every_shape_are_loaded(
    tmp_path: Path, target: str, ddl: str, columns: Spec, options: str | None, fast: bool
) -> None:
    """Names that hide the rowid, or need quoting, do not change which values arrive."""
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        connection.execute(ddl)
        rows = [("one", 1), ("two", -2), ("three", 3)]
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
        connection.executemany(f"INSERT INTO t({names}) VALUES (?, ?)", rows)
        connection.commit()
    renamed = {name: f"c{n}" for n, name in enumerate(columns)}
    table = table_plan(tmp_path / "s.db", "t", columns, rowid=options)
    table = replace(
        table, columns=tuple(replace(c, target=renamed[c.source]) for c in table.columns)
    )
    staging = Staging(target, migration_plan(tmp_path / "s.db", table))
    (loaded,) = staging.load(1 if fast else 0, fast=fast)
    assert (loaded.rows, loaded.method) == (3, "arrow" if fast else "rows")
    assert Counter(staging.rows("t", "c0, c1")) == Counter(rows)


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
@pytest.mark.parametrize("fast", WAYS)
def test_utf16_sources_arrive_as_utf8(
    tmp_path: Path, target: str, encoding: str, fast: bool
) -> None:
    """Text of a UTF-16 database is the same text, in text and in bytea columns."""
    values = [("naïve 寿司🍣\\N\n", "é"), ("", None)]
    source = database(
        tmp_path / "s.db",
        f"PRAGMA encoding = '{encoding}'",
        "CREATE TABLE t(a TEXT, b TEXT)",
        rows=values,
    )
    staging = staged(target, source, {"a": TEXT, "b": ("bytea", "bytes")})
    staging.load(1 if fast else 0, fast=fast)
    assert staging.rows("t", "a, b", "a") == [("", None), (values[0][0], "é".encode())]


def test_an_empty_table_and_one_of_nulls_are_loaded(tmp_path: Path, target: str) -> None:
    """No rows are no lines, and a column without values is all NULL, by both ways."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a, b)", "CREATE TABLE u(a, b)")
    with closing(sqlite3.connect(source)) as connection:
        connection.executemany("INSERT INTO u VALUES (NULL, ?)", [(1,), (2,)])
        connection.commit()
    spec: Spec = {"a": ("timestamp with time zone", "timestamptz"), "b": BIGINT}
    plan = migration_plan(*[source, *(table_plan(source, name, spec) for name in ("t", "u"))])
    for fast in (False, arrow_available()):
        staging = Staging(target, plan)
        assert [table.rows for table in staging.load(1, fast=fast)] == [0, 2]
        assert staging.rows("t") == []
        assert staging.rows("u", "*", "b") == [(None, 1), (None, 2)]


def test_rows_are_counted_where_no_column_is_loaded(tmp_path: Path, target: str) -> None:
    """A table whose columns PostgreSQL fills by itself still gets its rows."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a)", rows=[(1,), (2,), (3,)])
    table = table_plan(source, "t", {"a": BIGINT}, where="a > 1")
    column = replace(table.columns[0], generated_sql="42", default_sql="42")
    staging = Staging(target, migration_plan(source, replace(table, columns=(column,))))
    assert staging.load()[0].rows == 2
    assert staging.rows("t") == [(42,), (42,)]


def test_one_column_of_empty_texts_keeps_its_rows(tmp_path: Path, target: str) -> None:
    """An empty line of COPY is a row."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a)", rows=[("",), ("",), (None,)])
    staging = staged(target, source, {"a": TEXT})
    staging.load()
    assert staging.rows("t") == [("",), ("",), (None,)]


@pytest.mark.parametrize("fast", WAYS)
@pytest.mark.parametrize(
    "rowids",
    [
        list(range(1, 101)),
        [-(2**63), -5, 0, 7, 2**63 - 1],
        [n * n * n - 500_000 for n in range(200)],
        [2**63 - 1, 2**63 - 2],
    ],
    ids=["dense", "extremes", "sparse", "high"],
)
def test_parts_cover_each_rowid_once(
    tmp_path: Path, target: str, rowids: list[int], fast: bool
) -> None:
    """Ranges of dense, sparse, negative and extreme rowids lose no row and load none twice."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)")
    with closing(sqlite3.connect(source)) as connection:
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, str(n)) for n in rowids])
        connection.commit()
    columns: Spec = {"id": BIGINT, "v": TEXT}
    staging = staged(target, source, columns, rowid='"id"', key=["id"], size_bytes=100 << 20)
    parts = len(split(staging.plan))
    assert parts > 1
    staging.load(2 if fast else 0, fast=fast)
    assert staging.rows("t", "id, v", "id") == sorted((n, str(n)) for n in rowids)
    assert sum(rows for _, _, rows, _ in staging.done()) == len(rowids)
    assert len(staging.done()) == parts


def test_a_table_without_a_key_is_one_part(tmp_path: Path, target: str) -> None:
    """However large it is."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a)", rows=[(1,), (2,)])
    plan = migration_plan(source, table_plan(source, "t", {"a": BIGINT}, size_bytes=1 << 40))
    assert len(split(plan)) == 1


def test_parts_that_are_done_are_left_alone(tmp_path: Path, target: str) -> None:
    """A second load copies only what is missing, and tells of all rows kept back."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
    with closing(sqlite3.connect(source)) as connection:
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, n % 7) for n in range(1, 101)])
        connection.commit()
    columns: Spec = {"id": BIGINT, "v": BIGINT}
    staging = staged(
        target,
        source,
        columns,
        rowid='"id"',
        key=["id"],
        size_bytes=64 << 20,
        reject_where=("v = 0",),
    )
    (first,) = staging.load()
    assert (first.rows, first.rejected) == (86, 14)
    expected = staging.rows("t", "id", "id")
    with closing(connect_target(target)) as connection:
        connection.execute(
            "DELETE FROM dbtune.migration_part WHERE source_table = 't' AND part = 1"
        )
        connection.execute(f"DELETE FROM {staging.schema}.t WHERE id BETWEEN 26 AND 50".encode())
    done = {(table, part) for table, part, _, _ in staging.done()}
    events: list[Event] = []
    (second,) = staging.load(done=done, on_event=events.append)
    assert staging.rows("t", "id", "id") == expected
    assert second.rows < first.rows
    assert sorted(r.row for r in second.rejects) == sorted(r.row for r in first.rejects)
    assert events[0].done == 75  # rows of the parts that were done


def test_rows_kept_back_come_with_their_reason_and_values(tmp_path: Path, target: str) -> None:
    """A reject names its row, why it is one, and its values; the other rows are loaded."""
    source = database(
        tmp_path / "s.db",
        "CREATE TABLE t(a, b)",
        "INSERT INTO t VALUES ('x' || char(0) || 'y', 1), (CAST(x'ff41' AS TEXT), 2), ('ok', 3)",
        "INSERT INTO t VALUES ('orphan', 4), (NULL, 5)",
    )
    conditions = ("instr(a, char(0)) > 0", "rowid IN (2)", "b = 4", "b = 5")
    staging = staged(target, source, {"a": TEXT, "b": BIGINT}, reject_where=conditions)
    (loaded,) = staging.load(1, fast=True)
    assert staging.rows("t") == [("ok", 3)]
    assert loaded.method == "rows"
    assert [(r.table, r.row, r.reason, r.values) for r in loaded.rejects] == [
        ("t", "rowid 1", "a holds U+0000", (("a", "x\0y"), ("b", "1"))),
        ("t", "rowid 2", "a is not valid UTF-8", (("a", "\\xffA"), ("b", "2"))),
        ("t", "rowid 4", " or ".join(conditions), (("a", "orphan"), ("b", "4"))),
        ("t", "rowid 5", " or ".join(conditions), (("b", "5"),)),
    ]


def test_a_condition_restricts_what_is_loaded(tmp_path: Path, target: str) -> None:
    """Rows for which it is false or NULL are neither loaded nor kept back."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a)", rows=[(1,), (None,), (3,), (4,)])
    staging = staged(target, source, {"a": BIGINT}, where="a > 1", reject_where=("a = 4 OR a = 1",))
    (loaded,) = staging.load()
    assert (staging.rows("t"), [r.row for r in loaded.rejects]) == ([(3,)], ["rowid 4"])


REPAIRS = {
    "strip": ({"nul_repair": "strip"}, "a\0b\0", "ab"),
    "replace": ({"nul_repair": "replace"}, "a\0b\0", "a\ufffdb\ufffd"),
    "latin-1": ({"encoding_repair": "latin-1"}, b"caf\xe9 \x93", "café \x93"),
    "latin-1 of valid": ({"encoding_repair": "latin-1"}, "café".encode(), "café"),
    "utf-8": ({"encoding_repair": "replace"}, b"a\xffb\xe5\xaf", "a\ufffdb\ufffd"),
    "both": ({"nul_repair": "strip", "encoding_repair": "latin-1"}, b"\xe9\0", "é"),
    "empty": ({"empty_as_null": True}, b"", None),
    "empty is not NUL": ({"empty_as_null": True, "nul_repair": "replace"}, b"\0", "\ufffd"),
}


@pytest.mark.parametrize(("changes", "stored", "expected"), REPAIRS.values(), ids=REPAIRS)
def test_repairs_are_those_of_the_plan(
    tmp_path: Path, target: str, changes: dict[str, Any], stored: str | bytes, expected: str | None
) -> None:
    """Each repair touches only what needs it; '' becomes NULL only where asked, x'' never."""
    raw = stored if isinstance(stored, bytes) else stored.encode()
    source = database(
        tmp_path / "s.db",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a)",
        f"INSERT INTO t VALUES (1, CAST(x'{raw.hex()}' AS TEXT)), (2, 'plain'), (3, x'')",
    )
    table = table_plan(source, "t", {"id": BIGINT, "a": TEXT}, rowid='"id"')
    identity, column = table.columns
    table = replace(table, columns=(identity, replace(column, clean=False, **changes)))
    staging = Staging(target, migration_plan(source, table))
    staging.load()
    assert staging.rows("t", "a", "id") == [(expected,), ("plain",), ("",)]


def test_a_table_of_the_same_name_in_public_is_left_alone(tmp_path: Path, target: str) -> None:
    """Rows go to the schema named, whatever the search path finds."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a)", rows=[(1,)])
    staging = staged(target, source, {"a": BIGINT})
    with closing(connect_target(target)) as connection:
        connection.execute("CREATE SCHEMA mine")
        connection.execute("CREATE TABLE mine.t(a bigint)")
        connection.execute(
            f"ALTER ROLE CURRENT_USER IN DATABASE {connection.info.dbname}"
            " SET search_path = mine, public".encode()
        )
    staging.load()
    assert staging.query("SELECT count(*) FROM mine.t") == [(0,)]
    assert staging.rows("t") == [(1,)]


def test_progress_counts_the_rows_of_each_table(tmp_path: Path, target: str) -> None:
    """Events begin with 0 and end with all rows of a table."""
    source = database(tmp_path / "s.db", "CREATE TABLE t(a)", rows=[(n,) for n in range(50)])
    events: list[Event] = []
    staged(target, source, {"a": BIGINT}).load(1, fast=True, on_event=events.append)
    assert {event.subject for event in events} == {"t"}
    assert [(e.done, e.total) for e in (events[0], events[-1])] == [(0, 50), (50, 50)]


def test_long_values_go_in_small_batches(tmp_path: Path, target: str) -> None:
    """A table whose longest row is far longer than most arrives whole."""
    rows = [(n, "x" * (3_000_000 if n % 10 == 3 else 5)) for n in range(30)]
    source = database(tmp_path / "s.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)", rows=rows)
    columns: Spec = {"id": BIGINT, "v": TEXT}
    for fast in (False, arrow_available()):
        staging = staged(target, source, columns, rowid='"id"')
        staging.load(1, fast=fast)
        assert staging.rows("t", "id, length(v)", "id") == [(n, len(v)) for n, v in rows]


def test_the_split_does_not_depend_on_anything_but_the_plan(tmp_path: Path) -> None:
    """A resumed migration finds the same parts, the largest first."""
    small = TablePlan("s", "s", 10, 100, (), "rowid", 1, 10, ("id",))
    large = TablePlan("l", "l", 1000, 100 << 20, (), "rowid", 1, 1000, ("id",))
    plan = migration_plan(tmp_path / "none.db", small, large)
    parts = split(plan)
    assert parts == split(plan)
    assert [part.table.source for part in parts] == ["l"] * 6 + ["s"]
    assert [part.number for part in parts] == [0, 1, 2, 3, 4, 5, 0]
    assert (parts[0].first, parts[5].last) == (1, 1000)
    assert [part.first for part in parts[1:6]] == [(part.last or 0) + 1 for part in parts[:5]]
