"""The type of a column, from its declaration and from what it holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.transfer import TargetFacts
from dbtune.postgres.column_types.type_nouns import TypeOptions
from tests.fixtures.typed import choose, column_of

INF = float("inf")
TIMESTAMP, TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"
UUID, HEX = "550e8400-e29b-41d4-a716-446655440000", "550e8400e29b41d4a716446655440000"

# Declared type, values, and the type chosen.
CASES: list[tuple[str, list[Any], str]] = [
    # Integers of any declared size.
    ("INTEGER", [], "bigint"),
    ("TINYINT", [2**63 - 1, -(2**63)], "bigint"),
    ("INT UNSIGNED", [1, None], "bigint"),
    ("CHARINT", [1], "bigint"),
    ("FLOATING POINT", [1], "bigint"),
    ("FLOATING POINT", [1.5], "double precision"),
    ("POINT", ["x"], "text"),
    ("INTEGER", [1, 2.5], "double precision"),
    ("INTEGER", [2**53, 2.5], "double precision"),
    ("INTEGER", [2**53 + 1, 2.5], "numeric"),
    ("INTEGER", [-(2**53) - 1, 2.5], "numeric"),
    ("INTEGER", [2**60, INF], "numeric"),
    ("INTEGER", [1, INF], "double precision"),
    ("INTEGER", [9.3e18], "double precision"),
    ("INTEGER", [1, ""], "text"),
    ("INTEGER", [1, "x", 2.5], "text"),
    ("INTEGER", [1, b"x"], "bytea"),
    ("INTEGER", [b"x"], "bytea"),
    # Floating point.
    ("REAL", [], "double precision"),
    ("REAL", [1, 2.5, INF, -INF], "double precision"),
    ("DOUBLE PRECISION", [2**60], "double precision"),
    ("FLOAT", ["x"], "text"),
    # Decimals.
    ("DECIMAL(5,2)", [], "numeric(5,2)"),
    ("DECIMAL(5,2)", [1.25, 999.99, -999.99, 5], "numeric(5,2)"),
    ("DECIMAL(5,2)", [1000], "numeric"),
    ("DECIMAL(5,2)", [0.125], "numeric"),
    ("DECIMAL(5,2)", [0.1 + 0.2], "numeric"),
    ("NUMERIC ( 10 , 2 )", [12345678.9], "numeric(10,2)"),
    ("DECIMAL(10)", [5], "numeric(10,0)"),
    ("DECIMAL(10)", [5.5], "numeric"),
    ("NUMERIC(2,2)", [0.25], "numeric(2,2)"),
    ("NUMERIC(2,2)", [1.25], "numeric"),
    ("NUMERIC", [1.5, 2**62], "numeric"),
    ("NUMERIC(2000,2)", [1], "numeric"),
    ("NUMERIC(2,5)", [1], "numeric"),
    ("NUMERIC(5,-2)", [100], "numeric"),
    ("DECIMAL(5,2)", [INF], "double precision"),
    ("DECIMAL(5,2)", [INF, 2**60], "numeric"),
    ("NUMERIC", ["abc"], "text"),
    ("NUMERIC", [1, "abc"], "text"),
    ("NUMERIC", [b"1"], "bytea"),
    # Truth values.
    ("BOOLEAN", [], "boolean"),
    ("BOOL", [0, 1, None], "boolean"),
    ("BOOLEAN", ["t", "False", 1], "boolean"),
    ("BOOLEAN", [0, 2], "bigint"),
    ("BOOLEAN", [-1], "bigint"),
    ("BOOLEAN", [0.5], "double precision"),
    ("BOOLEAN", ["yes"], "text"),
    ("BOOLEAN", [""], "text"),
    ("BOOLEAN", [b"1"], "bytea"),
    ("INTEGER", [0, 1], "bigint"),
    # Text.
    ("TEXT", [], "text"),
    ("VARCHAR(3)", ["abcdef"], "text"),
    ("CHAR(3)", ["a"], "text"),
    ("CLOB", ["x"], "text"),
    ("TEXT", ["007", "12"], "text"),
    ("TEXT", ["2024-01-05"], "text"),
    ("TEXT", ['{"a": 1}'], "text"),
    ("TEXT", [b"abc", "x"], "text"),
    ("TEXT", [b"abc"], "text"),
    ("TEXT", [b"a\0c", "x"], "bytea"),
    ("TEXT", [b"\xff", "x"], "bytea"),
    ("CHAR(32)", [HEX], "text"),
    # Bytes.
    ("BLOB", [], "bytea"),
    ("BLOB", [b"", b"\0"], "bytea"),
    ("BLOB", ["x"], "text"),
    ("BLOB", ["x", b"x"], "bytea"),
    ("BLOB", [1], "bigint"),
    ("BLOB", [1.5, b"x"], "bytea"),
    ("BLOB", ["a\0b"], "bytea"),
    ("BLOB(16)", [b"0123456789abcdef"], "bytea"),
    ("VARBINARY", [], "bytea"),
    ("BYTEA", [b"abc"], "bytea"),
    # Without a type, or of a name of no database.
    ("", [], "text"),
    ("", [1], "bigint"),
    ("", [1.5, 2], "double precision"),
    ("", [-0.0], "double precision"),
    ("", [-0.0, 2**60], "text"),
    ("", [1, "1"], "text"),
    ("", [b"1"], "bytea"),
    ("", [b"1", "1", 1], "bytea"),
    ("ANY", [1], "bigint"),
    ("STRING", [], "text"),
    ("STRING", ["abc"], "text"),
    ("STRING", ["007"], "bigint"),
    ("STRING", ["abc", "007"], "text"),
    ("GEOMETRY", [b"\x01"], "bytea"),
    ("SERIAL", [], "bigint"),
    # JSON.
    ("JSON", [], "jsonb"),
    ("JSON", ['{"a": 1}', "[]", 5, 1.5], "jsonb"),
    ("JSONB", ['{"a": 1, "a": 2}'], "json"),
    ("JSON", ['"\\u0000"'], "json"),
    ("JSON", ["{"], "text"),
    ("JSON", [""], "text"),
    ("JSON", [INF], "double precision"),
    ("JSON", [b"\xff"], "bytea"),
    # UUIDs.
    ("UUID", [], "uuid"),
    ("GUID", [UUID, UUID.upper(), HEX, b"0123456789abcdef"], "uuid"),
    ("UNIQUEIDENTIFIER", [UUID, "x"], "text"),
    ("UUID", [b"short"], "bytea"),
    ("UUID", [12], "bigint"),
    # Dates and times.
    ("DATETIME", [], TIMESTAMP),
    ("TIMESTAMP", ["2024-01-05 10:00:00", "2024-01-05T10:00", "2024-01-05"], TIMESTAMP),
    ("DATETIME(6)", ["2024-01-05 10:00:00.123456"], TIMESTAMP),
    ("DATETIME", ["2024-01-05 10:00:00Z", "2024-01-05 10:00:00+02:00"], TIMESTAMPTZ),
    ("DATETIME", ["2024-01-05 10:00:00 +0000 UTC"], TIMESTAMPTZ),
    ("DATETIME", ["2024-01-05 10:00:00Z", "2024-01-05 10:00:00"], TIMESTAMPTZ),
    ("TIMESTAMP WITH TIME ZONE", ["2024-01-05 10:00:00"], TIMESTAMPTZ),
    ("TIMESTAMPTZ", [], TIMESTAMPTZ),
    ("DATETIME", ["2024-01-05 10:00:00", ""], "text"),
    ("DATETIME", ["0000-00-00 00:00:00"], "text"),
    ("DATETIME", ["10:00:00"], "text"),
    ("DATETIME", ["2024-01-05", 1_700_000_000], "text"),
    ("DATETIME", [10**8, 10**10], TIMESTAMPTZ),
    ("DATETIME", [10**8 - 1], "bigint"),
    ("DATETIME", [0, 1_700_000_000], "bigint"),
    ("DATETIME", [10**11, 10**13], TIMESTAMPTZ),
    ("DATETIME", [10**14, 10**16], TIMESTAMPTZ),
    ("DATETIME", [10**10, 10**11], "bigint"),
    ("DATETIME", [13_350_000_000_000_000 * 2], "bigint"),
    ("DATETIME", [2460000.5], "double precision"),
    ("DATETIME", [1_700_000_000, 1_700_000_000.5], "double precision"),
    ("DATETIME", [b"x"], "bytea"),
    ("DATE", [], "date"),
    ("DATE", ["2024-01-05"], "date"),
    ("DATE", ["2024-01-05", "2024-01-05 10:00:00"], TIMESTAMP),
    ("DATE", ["2024-02-30"], "text"),
    ("DATE", [1_700_000_000], TIMESTAMPTZ),
    ("TIME", [], "time without time zone"),
    ("TIME", ["10:00", "10:00:00.5"], "time without time zone"),
    ("TIME", ["25:00:00"], "text"),
    ("TIME", ["2024-01-05 10:00:00"], TIMESTAMP),
    ("TIME", [1_700_000_000], "bigint"),
    ("INTEGER", [1_700_000_000], "bigint"),
]


@pytest.mark.parametrize(("declared", "values", "expected"), CASES)
def test_type_follows_declaration_and_data(
    tmp_path: Path, declared: str, values: list[Any], expected: str
) -> None:
    """Each declared type becomes what keeps its values; NULL beside them changes nothing."""
    assert column_of(tmp_path / "a.db", declared, values).types()["c"] == expected
    with_null = column_of(tmp_path / "b.db", declared, [None, *values])
    assert with_null.types()["c"] == expected


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        ("INTEGER", [1, 2.5]),
        ("INTEGER", [1, ""]),
        ("DECIMAL(5,2)", [0.125]),
        ("BOOLEAN", [0, 2]),
        ("BLOB", ["x", b"x"]),
        ("DATETIME", ["2024-01-05", 5]),
        ("DATETIME", [2460000.5]),
        ("JSON", ["{"]),
        ("UUID", ["x"]),
        ("NUMERIC", ["abc"]),
        ("TEXT", [b"\xff"]),
    ],
)
def test_a_broken_promise_is_warned_of(tmp_path: Path, declared: str, values: list[Any]) -> None:
    """A column that is not what it is declared as has a warning that names the way out."""
    chosen = column_of(tmp_path / "a.db", declared, values)
    (warning,) = chosen.warnings("t.c")
    assert warning.severity == "medium"
    assert f"declared {declared}" in warning.message
    assert chosen.column("t.c").pg_type in warning.message
    assert "rowid" in warning.message
    assert "--type t.c=" in warning.help


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        ("INTEGER", [1]),
        ("REAL", [1.5]),
        ("DECIMAL(5,2)", [1.5]),
        ("BOOLEAN", [0, 1]),
        ("TEXT", ["x"]),
        ("BLOB", [b"x"]),
        ("DATETIME", ["2024-01-05 10:00:00"]),
        ("DATE", ["2024-01-05"]),
        ("JSON", ["{}"]),
        ("UUID", [UUID]),
    ],
)
def test_a_kept_promise_is_silent(tmp_path: Path, declared: str, values: list[Any]) -> None:
    """A column that holds what it is declared for has no warning."""
    chosen = column_of(tmp_path / "a.db", declared, values)
    assert chosen.choices.warnings == ()
    assert chosen.choices.stops == ()


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 37), reason="SQLite has no STRICT tables")
def test_strict_any_keeps_values_as_they_are(tmp_path: Path) -> None:
    """In a STRICT table ANY has no affinity, so the text '1' stays text beside the integer 1."""
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, c ANY, n INT NOT NULL) STRICT"
    chosen = choose(tmp_path / "a.db", sql, [(1, "1", 1), (2, 1, 2)])
    assert chosen.types() == {"id": "bigint", "c": "text", "n": "bigint"}
    assert chosen.column("t.n").not_null


def test_identity_is_the_alias_of_the_rowid_only(tmp_path: Path) -> None:
    """INT PRIMARY KEY and keys of WITHOUT ROWID tables are no identities."""
    sql = """
        CREATE TABLE a (id INTEGER PRIMARY KEY);
        CREATE TABLE b (id INT PRIMARY KEY);
        CREATE TABLE c (id INTEGER PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE d (id INTEGER PRIMARY KEY DESC);
    """
    chosen = choose(tmp_path / "a.db", sql)
    identities = {name: chosen.column(f"{name}.id").identity for name in "abcd"}
    assert identities == {"a": True, "b": False, "c": False, "d": False}


def test_varchar_is_kept_where_asked_and_where_all_fit(tmp_path: Path) -> None:
    """--varchar keep counts characters, not bytes, and never makes char(n)."""
    sql = "CREATE TABLE t (a VARCHAR(3), b VARCHAR(3), c CHAR(2), d TEXT)"
    rows = [("äöü", "four", "x", "y")]
    chosen = choose(tmp_path / "a.db", sql, rows, options=TypeOptions(varchar_keep=True))
    assert chosen.types() == {"a": "varchar(3)", "b": "text", "c": "varchar(2)", "d": "text"}
    assert [w.code for w in chosen.warnings("t.b")] == ["varchar-too-long"]


def test_lost_digits_of_seconds_are_warned_of_or_kept(tmp_path: Path) -> None:
    """Digits after the sixth are counted in a warning, and kept as text on request."""
    values = ["2024-01-05 10:00:00.1234567", "2024-01-05 10:00:00"]
    converted = column_of(tmp_path / "a.db", "DATETIME", values)
    assert converted.types()["c"] == TIMESTAMP
    (warning,) = converted.warnings("t.c")
    assert warning.code == "subsecond-truncated"
    assert "1 with more than six digits" in warning.message
    assert "--subsecond text" in warning.help
    kept = column_of(tmp_path / "b.db", "DATETIME", values, options=TypeOptions(subsecond="text"))
    assert kept.types()["c"] == "text"


def test_nocase_is_citext_only_for_ascii(tmp_path: Path) -> None:
    """COLLATE NOCASE becomes citext where all letters are ASCII and the extension may be had."""
    sql = "CREATE TABLE t (a TEXT COLLATE NOCASE, b TEXT COLLATE NOCASE, c INT COLLATE NOCASE)"
    rows = [("Bob", "É", 1)]
    with_citext = TypeOptions(target=TargetFacts(citext=True))
    chosen = choose(tmp_path / "a.db", sql, rows, options=with_citext)
    assert chosen.types() == {"a": "citext", "b": "text", "c": "bigint"}
    assert chosen.choices.extensions == ("citext",)
    assert "NOCASE" in chosen.warnings("t.b")[0].message
    without = choose(tmp_path / "b.db", sql, rows)
    assert without.types()["a"] == "text"
    assert without.choices.extensions == ()


def test_mixed_dates_show_one_example_of_each_form(tmp_path: Path) -> None:
    """The warning of a date column that becomes text shows every form it holds."""
    values = ["2024-01-05 10:00:00", 1_700_000_000, "", "0000-00-00 00:00:00", "05.01.2024"]
    message = column_of(tmp_path / "a.db", "DATETIME", values).warnings("t.c")[0].message
    for example in ("2024-01-05 10:00:00", "1700000000", "''", "0000-00-00", "05.01.2024"):
        assert example in message


def test_column_plan_says_what_the_data_is(tmp_path: Path) -> None:
    """A column of one storage class is clean, with the length that all its dates have."""
    sql = "CREATE TABLE t (d DATETIME, n INTEGER, m, e TEXT)"
    rows = [("2024-01-05 10:00:00", 1, 1, None), ("2024-01-06 10:00:00", None, "x", None)]
    chosen = choose(tmp_path / "a.db", sql, rows)
    date, number, mixed, empty = (chosen.column(f"t.{name}") for name in "dnme")
    assert (date.clean, date.storage, date.uniform_bytes) == (True, "text", 19)
    assert (number.clean, number.storage) == (True, "integer")
    assert (mixed.clean, mixed.storage) == (False, "mixed")
    assert empty.storage == "none"
    assert "1 integer" in number.reason


def test_generated_columns_are_typed_by_their_values(tmp_path: Path) -> None:
    """Stored and virtual generated columns are read as any other."""
    sql = """
        CREATE TABLE t (a INTEGER, b TEXT GENERATED ALWAYS AS (a || 'x') STORED,
                        c GENERATED ALWAYS AS (a * 2) VIRTUAL);
        INSERT INTO t (a) VALUES (1);
    """
    chosen = choose(tmp_path / "a.db", sql)
    assert chosen.types() == {"a": "bigint", "b": "text", "c": "bigint"}


def test_columns_may_hide_every_name_of_the_rowid(tmp_path: Path) -> None:
    """A table whose columns are called rowid, oid and _rowid_ is profiled all the same."""
    sql = "CREATE TABLE t (rowid TEXT, oid INTEGER, _rowid_ BLOB)"
    chosen = choose(tmp_path / "a.db", sql, [("x", 1, b"y"), ("a\0b", 2.5, "z")])
    assert chosen.types() == {"rowid": "text", "oid": "double precision", "_rowid_": "bytea"}
    assert "a row without a name" in chosen.stops("t.rowid")[0].message


def test_a_collation_of_the_application_is_not_needed(tmp_path: Path) -> None:
    """Columns whose collation is not there are profiled, and the loss is said."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_collation("app", lambda a, b: (a > b) - (a < b))
        connection.executescript("""
            CREATE TABLE t (a TEXT COLLATE app, b INTEGER COLLATE app, c BOOLEAN COLLATE app,
                            d DECIMAL(5,2) COLLATE app, e COLLATE app,
                            PRIMARY KEY (a));
            INSERT INTO t VALUES ('x', 1, 2, 1.5, -0.0), ('y', 2.5, 1, 9e999, 9007199254740993);
        """)
    chosen = choose(path, "")
    assert chosen.types() == {
        "a": "text",
        "b": "double precision",
        "c": "bigint",
        "d": "double precision",
        "e": "text",
    }
    assert [warning.code for warning in chosen.warnings("t.a")] == ["collation-lost"]


def test_a_column_that_only_the_application_computes_is_a_stop(tmp_path: Path) -> None:
    """A virtual column by an unknown function cannot be read; a stored one can."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("app", 1, lambda value: value + 1, deterministic=True)
        connection.executescript("""
            CREATE TABLE t (a INTEGER, v AS (app(a)) VIRTUAL, s AS (app(a)) STORED);
            INSERT INTO t (a) VALUES (1);
        """)
    chosen = choose(path, "")
    assert [stop.subject for stop in chosen.choices.stops] == ["t.v"]
    assert chosen.types()["s"] == "bigint"


def test_wide_tables_are_stops(tmp_path: Path) -> None:
    """More than 1,600 columns, and more fixed-width values than a row has room for, are refused."""
    many = ", ".join(f"c{n} INT" for n in range(1_601))
    wide = ", ".join(f"c{n} INT" for n in range(1_020))
    sql = f"CREATE TABLE many ({many}); CREATE TABLE wide ({wide}); CREATE TABLE t ({wide})"
    chosen = choose(tmp_path / "a.db", sql, [(1,) * 1_020])
    assert "1600" in chosen.stops("many")[0].message
    assert chosen.stops("wide") == []  # its columns hold nothing
    assert "8,160" in chosen.stops("t")[0].message
