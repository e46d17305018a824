"""The schema as read from SQLite's catalog, by Python's sqlite3 and by apsw alike."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from dbtune.model.schema import ForeignKey, Index, IndexColumn, Schema, Table
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.schema.catalog import assemble_schema, read_schema
from dbtune.sqlite.schema.catalog_rows import read_catalog_rows
from tests.fixtures import hostile

Connect = Callable[[], Any]
# 500 tables are written faster below.
ODD_SCHEMAS = tuple(builder for builder in hostile.ODD_SCHEMAS if builder != hostile.many_tables)
CONNECTS: tuple[Connect, ...] = (
    lambda: sqlite3.connect(":memory:", isolation_level=None),
    lambda: apsw.Connection(":memory:"),
)


@pytest.fixture(params=CONNECTS, ids=["sqlite3", "apsw"])
def connection(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An empty database in memory, open in each of the two libraries."""
    with closing(request.param()) as opened:
        yield opened


def schema_of(connection: Any, *statements: str) -> Schema:
    """Return the schema after some statements."""
    for statement in statements:
        connection.execute(statement)
    return read_schema(connection)


def table_of(connection: Any, *statements: str) -> Table:
    """Return the table that the first statement creates."""
    return schema_of(connection, *statements).tables[0]


def test_columns_with_all_that_they_declare(connection: Any) -> None:
    """Type, NOT NULL, default, place in the key, generation and collation."""
    table = table_of(
        connection,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) COLLATE nocase NOT NULL"
        " DEFAULT 'x', plain, doubled AS (id * 2), stored TEXT AS (name || '!') STORED)",
    )
    got = [
        (c.name, c.declared_type, c.not_null, c.default_sql, c.primary_key_position, c.generated)
        for c in table.columns
    ]
    assert got == [
        ("id", "INTEGER", False, None, 1, False),
        ("name", "VARCHAR(20)", True, "'x'", 0, False),
        ("plain", "", False, None, 0, False),
        ("doubled", "", False, None, 0, True),
        ("stored", "TEXT", False, None, 0, True),
    ]
    assert [c.collation for c in table.columns] == ["BINARY", "nocase", *["BINARY"] * 3]


@pytest.mark.parametrize(
    ("columns", "alias"),
    [
        ("id INTEGER PRIMARY KEY", "id"),
        ("id integer primary key autoincrement", "id"),
        ("id INTEGER, x, PRIMARY KEY (id DESC)", "id"),
        ("id INTEGER PRIMARY KEY DESC", None),
        ("id INT PRIMARY KEY", None),
        ("id TEXT PRIMARY KEY", None),
        ("a INTEGER, b INTEGER, PRIMARY KEY (a, b)", None),
        ("id INTEGER", None),
        ("id INTEGER PRIMARY KEY, x UNIQUE", "id"),
    ],
)
def test_the_rowid_alias(connection: Any, columns: str, alias: str | None) -> None:
    """A primary key that is the rowid itself, and no other."""
    assert table_of(connection, f"CREATE TABLE t ({columns})").rowid_alias == alias


def test_without_rowid_has_no_alias(connection: Any) -> None:
    """Its INTEGER PRIMARY KEY is a key like any other."""
    table = table_of(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY) /* x */ WITHOUT ROWID")
    assert table.without_rowid and table.rowid_alias is None


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 37), reason="STRICT came with SQLite 3.37")
def test_strict(connection: Any) -> None:
    """STRICT is read, alone and with WITHOUT ROWID, and not from a column of that name."""
    schema = schema_of(
        connection,
        "CREATE TABLE a (x INTEGER) strict",
        "CREATE TABLE b (x INTEGER PRIMARY KEY) STRICT, WITHOUT ROWID",
        "CREATE TABLE c (strict TEXT DEFAULT ') STRICT', x CHECK (x != 'WITHOUT ROWID'))",
    )
    assert [(t.strict, t.without_rowid) for t in schema.tables] == [
        (True, False),
        (True, True),
        (False, False),
    ]


def test_indexes_with_direction_collation_expression_and_condition(connection: Any) -> None:
    """Each key as the index stores it, and the text of what only the statement says."""
    table = table_of(
        connection,
        "CREATE TABLE t (a, b COLLATE NOCASE, c)",
        "CREATE INDEX one ON t (a DESC, b, c COLLATE RTRIM)",
        "CREATE UNIQUE INDEX two ON t (lower(a || ',)') COLLATE NOCASE DESC, b)"
        " WHERE c > 5 AND a != 'x, (y'",
    )
    assert table.indexes == (
        Index(
            name="one",
            table="t",
            unique=False,
            origin="c",
            columns=(
                IndexColumn("a", None, True, "BINARY"),
                IndexColumn("b", None, False, "NOCASE"),
                IndexColumn("c", None, False, "RTRIM"),
            ),
            where_sql=None,
            sql="CREATE INDEX one ON t (a DESC, b, c COLLATE RTRIM)",
        ),
        Index(
            name="two",
            table="t",
            unique=True,
            origin="c",
            columns=(
                IndexColumn(None, "lower(a || ',)')", True, "NOCASE"),
                IndexColumn("b", None, False, "NOCASE"),
            ),
            where_sql="c > 5 AND a != 'x, (y'",
            sql="CREATE UNIQUE INDEX two ON t (lower(a || ',)') COLLATE NOCASE DESC, b)"
            " WHERE c > 5 AND a != 'x, (y'",
        ),
    )


def test_indexes_of_constraints_have_no_sql(connection: Any) -> None:
    """UNIQUE and PRIMARY KEY are told by their origin, and enforce something."""
    table = table_of(connection, "CREATE TABLE t (a TEXT PRIMARY KEY, b UNIQUE, c)")
    assert [(i.origin, i.columns[0].name, i.sql) for i in table.indexes] == [
        ("pk", "a", None),
        ("u", "b", None),
    ]
    assert all(index.enforces_constraint for index in table.indexes)


def test_foreign_keys_with_what_they_imply(connection: Any) -> None:
    """A key without columns means the other table's primary key, also a composite one."""
    schema = schema_of(
        connection,
        "CREATE TABLE parent (a, b, c UNIQUE, PRIMARY KEY (b, a))",
        "CREATE TABLE child (x, y, z REFERENCES Parent (c) ON DELETE CASCADE,"
        " g REFERENCES gone, FOREIGN KEY (x, y) REFERENCES PARENT ON UPDATE SET NULL)",
    )
    assert schema.tables[1].foreign_keys == (
        ForeignKey("child", ("z",), "Parent", ("c",), "NO ACTION", "CASCADE"),
        ForeignKey("child", ("g",), "gone", (), "NO ACTION", "NO ACTION"),
        ForeignKey("child", ("x", "y"), "PARENT", ("b", "a"), "SET NULL", "NO ACTION"),
    )


def test_views_and_triggers(connection: Any) -> None:
    """A view has the columns it gives, a trigger the table or view it is on."""
    schema = schema_of(
        connection,
        "CREATE TABLE t (a, b)",
        "CREATE VIEW v AS SELECT a + 1 AS next, b FROM t",
        "CREATE TRIGGER tr INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
    )
    assert [(v.name, v.columns) for v in schema.views] == [("v", ("next", "b"))]
    assert [(t.name, t.table) for t in schema.triggers] == [("tr", "v")]


def test_sqlites_own_tables_and_dbtunes_are_left_out(connection: Any) -> None:
    """Statistics, sequences and the table of revisions are not the user's schema."""
    before = schema_of(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    after = schema_of(
        connection,
        "CREATE TABLE dbtune_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        "CREATE INDEX ix_dbtune ON dbtune_version (version_num)",
        "INSERT INTO t DEFAULT VALUES",
        "ANALYZE",
    )
    assert after == before
    assert [table.name for table in after.tables] == ["t"]


def test_the_hash_is_of_what_is_declared(connection: Any) -> None:
    """Rows, statistics and the order of creation do not change it; an index does."""
    statements = ("CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE INDEX i ON a (x)")
    first = schema_of(connection, *statements, "INSERT INTO a VALUES (1)").sha256
    with closing(sqlite3.connect(":memory:")) as other:
        for number in (1, 0, 2):
            other.execute(statements[number])
        assert read_schema(other).sha256 == first
        other.execute("DROP INDEX i")
        assert read_schema(other).sha256 != first


def test_shadow_tables_belong_to_their_virtual_table(tmp_path: Path) -> None:
    """Full-text and R-Tree tables are virtual, what they keep their data in is shadow."""
    path = tmp_path / "search.db"
    hostile.full_text_and_rtree(path)
    hostile.build_more(path, "CREATE TABLE notes_about (x)")
    with closing(open_readonly(path)) as connection:
        rows = read_catalog_rows(connection)
    kinds = {table.name: table.kind for table in assemble_schema(rows).tables}
    assert {n for n, kind in kinds.items() if kind == "virtual"} == {"notes", "old_notes", "boxes"}
    assert {n for n, kind in kinds.items() if kind == "table"} == {"notes_about"}
    assert kinds["notes_data"] == kinds["boxes_node"] == kinds["old_notes_segdir"] == "shadow"


def test_shadow_tables_are_known_without_table_list(tmp_path: Path) -> None:
    """SQLite before 3.37 does not list them; their names tell."""
    path = tmp_path / "search.db"
    hostile.full_text_and_rtree(path)
    with closing(open_readonly(path)) as connection:
        rows = read_catalog_rows(connection)
    unlisted = type(rows)(rows.objects, rows.columns, rows.keys, rows.foreign_keys, frozenset())
    assert assemble_schema(unlisted) == assemble_schema(rows)


def test_a_table_named_like_another_in_another_case_is_that_table(connection: Any) -> None:
    """SQLite folds ASCII only, and so does the search by name."""
    schema = schema_of(connection, 'CREATE TABLE "Straße" (x)', "CREATE TABLE USERS (y)")
    assert schema.table("users") == schema.tables[1]
    assert schema.table("sTRAßE") == schema.tables[0]
    assert schema.table("nobody") is None


@pytest.mark.parametrize("builder", ODD_SCHEMAS, ids=lambda builder: builder.__name__)
def test_odd_schemas_read_the_same_in_both_libraries(
    tmp_path: Path, builder: hostile.Builder
) -> None:
    """Hostile names, broken views, unknown modules and functions, wide and many tables."""
    path = tmp_path / "odd.db"
    builder(path)
    with closing(open_readonly(path)) as connection:
        expected = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
            )
        ]
        schema = read_schema(connection)
    assert [table.name for table in schema.tables] == expected
    with closing(apsw.Connection(str(path))) as second:
        assert read_schema(second) == schema


def test_hostile_names_keep_every_character(tmp_path: Path) -> None:
    """Quotes, line ends, comments and emoji come back in tables, columns and indexes."""
    path = tmp_path / "hostile.db"
    hostile.hostile_names(path)
    with closing(open_readonly(path)) as connection:
        schema = read_schema(connection)
    for table, name in zip(schema.tables, hostile.HOSTILE_NAMES, strict=True):
        assert table.name == name
        assert [column.name for column in table.columns[1:]] == [f"{name} col", f"the {name}"]
        assert [index.columns[0].name for index in table.indexes] == [f"{name} col"]
        assert table.foreign_keys[0].columns == (f"the {name}",)


def test_a_view_or_module_that_does_not_work_has_no_columns(tmp_path: Path) -> None:
    """It is listed all the same."""
    path = tmp_path / "broken.db"
    hostile.broken_views(path)
    with closing(open_readonly(path)) as connection:
        views = {view.name: view.columns for view in read_schema(connection).views}
    assert views["on_missing_table"] == views["circle_a"] == ()
    modules = tmp_path / "modules.db"
    hostile.unknown_modules(modules)
    with closing(open_readonly(modules)) as connection:
        tables = {table.name: table for table in read_schema(connection).tables}
    assert tables["vectors"].kind == "virtual" and tables["vectors"].columns == ()


def test_many_tables_are_read_quickly() -> None:
    """500 tables take a fraction of a second of this process, not one query each for everything."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for number in range(500):
            connection.execute(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, a, b)")
            connection.execute(f"CREATE INDEX ix_t{number} ON t{number} (a, b DESC)")
        start = time.process_time()
        schema = read_schema(connection)
        spent = time.process_time() - start
    assert len(schema.tables) == len(schema.indexes) == 500
    assert spent < 0.75  # 0.08 s here; a scan of the catalog for each table takes seconds


def test_an_index_on_a_column_without_a_name_is_not_on_the_rowid() -> None:
    """SQLite takes "" as a name, and an index of it is one of that column."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE t ("" INTEGER, b, PRIMARY KEY ("", b))')
        table = read_schema(connection).tables[0]
    assert [key.name for key in table.indexes[0].columns] == ["", "b"]
