"""Types that the user chose, '' as NULL, and texts that PostgreSQL refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbtune.errors import ConfigurationError
from dbtune.postgres.column_types.type_names import parse_type
from dbtune.postgres.column_types.type_nouns import TypeOptions
from tests.fixtures.typed import Chosen, choose, column_of

UUID = "550e8400-e29b-41d4-a716-446655440000"


def overridden(path: Path, declared: str, values: list[Any], wanted: str) -> Chosen:
    """Choose types where column t.c is overridden."""
    options = TypeOptions(overrides=(("T", "C", wanted),))
    return column_of(path, declared, values, options=options, wanted=("c",))


FITS: list[tuple[str, list[Any], str, str, str]] = [
    ("INTEGER", [1, -32768], "smallint", "smallint", "integer"),
    ("INTEGER", [2**31 - 1], "int4", "integer", "integer"),
    ("INTEGER", [2**31], "bigint", "bigint", "integer"),
    ("INTEGER", [1], "double precision", "double precision", "double"),
    ("INTEGER", [1], "numeric(5,2)", "numeric(5,2)", "decimal"),
    ("INTEGER", [0, 1], "boolean", "boolean", "boolean"),
    ("INTEGER", [1], "text", "text", "text"),
    ("INTEGER", [1_700_000_000], "timestamptz", "timestamp with time zone", "epoch_s"),
    ("INTEGER", [0, -5], "epoch_s", "timestamp with time zone", "epoch_s"),
    ("INTEGER", [1_700_000_000_000], "epoch_ms", "timestamp with time zone", "epoch_ms"),
    ("REAL", [0.5], "epoch_s", "timestamp with time zone", "epoch_s"),
    ("REAL", [725846400.5], "cocoa", "timestamp with time zone", "cocoa"),
    ("TEXT", ["1.50", "007", "1e5"], "numeric", "numeric", "decimal"),
    ("TEXT", ["1.50", "999.99"], "decimal(5,2)", "numeric(5,2)", "decimal"),
    ("TEXT", ["true", "0"], "bool", "boolean", "boolean"),
    ("TEXT", ["2024-01-05"], "date", "date", "date"),
    ("TEXT", ["2024-01-05 10:00"], "timestamp", "timestamp without time zone", "timestamp"),
    ("TEXT", ["10:00:00.25"], "time(2)", "time(2) without time zone", "time"),
    ("TEXT", [UUID], "uuid", "uuid", "uuid"),
    ("BLOB(16)", [b"0123456789abcdef"], "uuid", "uuid", "uuid"),
    ("TEXT", ['{"a": 1}'], "jsonb", "jsonb", "jsonb"),
    ("TEXT", ['{"a": 1, "a": 2}'], "json", "json", "json"),
    ("TEXT", ["äöü"], "varchar(3)", "varchar(3)", "text"),
    ("TEXT", ["x", b"\xff"], "bytea", "bytea", "bytes"),
    ("TEXT", [], "smallint", "smallint", "integer"),
]


@pytest.mark.parametrize(("declared", "values", "wanted", "pg_type", "conversion"), FITS)
def test_a_fitting_type_is_taken(
    tmp_path: Path, declared: str, values: list[Any], wanted: str, pg_type: str, conversion: str
) -> None:
    """A type that every value fits is taken as the user wrote it, in PostgreSQL's spelling."""
    chosen = overridden(tmp_path / "a.db", declared, values, wanted)
    column = chosen.column("t.c")
    assert (column.pg_type, column.conversion) == (pg_type, conversion)
    assert chosen.choices.stops == ()


@pytest.mark.parametrize(
    ("declared", "values", "wanted"),
    [
        ("INTEGER", [32768], "smallint"),
        ("INTEGER", [2**31], "integer"),
        ("INTEGER", [1.5], "bigint"),
        ("INTEGER", [2**53 + 1], "double precision"),
        ("INTEGER", [1000], "numeric(5,2)"),
        ("INTEGER", [2], "boolean"),
        ("INTEGER", [5], "timestamptz"),
        ("INTEGER", [2**62], "epoch_s"),
        ("REAL", [1.5], "real"),
        ("REAL", [1.005], "numeric(5,2)"),
        ("REAL", [float("inf")], "numeric(5,2)"),
        ("REAL", [1.5], "epoch_ms"),
        ("REAL", [1e300], "cocoa"),
        ("", [-0.0], "numeric"),
        ("TEXT", ["abc"], "numeric"),
        ("TEXT", [""], "numeric"),
        ("TEXT", ["5"], "bigint"),
        ("TEXT", ["yes"], "boolean"),
        ("TEXT", ["2024-02-30"], "date"),
        ("TEXT", ["2024-01-05 10:00:00Z"], "timestamp"),
        ("TEXT", ["10:00:00.123"], "time(2)"),
        ("TEXT", ["x"], "uuid"),
        ("TEXT", ['{"a": 1, "a": 2}'], "jsonb"),
        ("TEXT", ["four"], "varchar(3)"),
        ("TEXT", [b"\xff"], "text"),
    ],
)
def test_a_type_that_would_lose_is_a_stop(
    tmp_path: Path, declared: str, values: list[Any], wanted: str
) -> None:
    """A type that some value does not fit stops the plan, with the option that chose it."""
    (stop,) = overridden(tmp_path / "a.db", declared, values, wanted).stops("t.c")
    assert stop.code == "type-does-not-fit"
    assert "--type t.c=" in stop.help


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (("t", "c", "char(3)"), "char"),
        (("t", "c", "int8[]"), "int8"),
        (("t", "c", "integer(5)"), "integer"),
        (("t", "nope", "text"), 'no column "nope"'),
        (("nope", "c", "text"), 'no table "nope"'),
    ],
)
def test_an_option_that_names_nothing_is_refused(
    tmp_path: Path, override: tuple[str, str, str], message: str
) -> None:
    """Unknown types, tables and columns are errors of usage."""
    with pytest.raises(ConfigurationError, match=message):
        column_of(tmp_path / "a.db", "TEXT", [], options=TypeOptions(overrides=(override,)))


def test_names_that_differ_beyond_ascii_are_two(tmp_path: Path) -> None:
    """An option for É does not reach é, since SQLite tells them apart."""
    options = TypeOptions(overrides=(("t", "É", "varchar(5)"),))
    chosen = choose(tmp_path / "a.db", 'CREATE TABLE t ("É" TEXT, "é" TEXT)', options=options)
    assert chosen.types() == {"É": "varchar(5)", "é": "text"}


def test_types_of_postgres_are_read_as_it_prints_them() -> None:
    """What format_type() prints comes out as DDL of the same type."""
    for text in (
        "numeric(10,2)",
        "timestamp(3) without time zone",
        "time(0) without time zone",
        "timestamp with time zone",
        "double precision",
    ):
        parsed = parse_type(text)
        assert parsed is not None and parsed.text == text
    assert parse_type("character varying(20)") == parse_type("VARCHAR(20)")


def test_empty_texts_become_null_where_asked(tmp_path: Path) -> None:
    """With --empty-as-null what remains decides the type."""
    options = TypeOptions(empty_as_null=(("t", "c"),))
    chosen = column_of(tmp_path / "a.db", "INTEGER", [1, "", None], options=options)
    column = chosen.column("t.c")
    assert (column.pg_type, column.empty_as_null, column.clean) == ("bigint", True, False)
    assert chosen.choices.stops == chosen.choices.warnings == ()
    date = column_of(tmp_path / "b.db", "DATE", ["2024-01-05", ""], options=options)
    assert date.types()["c"] == "date"
    without = column_of(tmp_path / "c.db", "INTEGER", [1, ""])
    assert "--empty-as-null t.c" in without.warnings("t.c")[0].help


def test_empty_texts_of_a_not_null_column_cannot_become_null(tmp_path: Path) -> None:
    """--empty-as-null on a NOT NULL column stops the plan and names the row."""
    options = TypeOptions(empty_as_null=(("t", "c"),))
    chosen = column_of(tmp_path / "a.db", "INTEGER NOT NULL", [1, ""], options=options)
    (stop,) = chosen.stops("t.c")
    assert "rowid 2" in stop.message


BAD = """CREATE TABLE t (c TEXT);
         INSERT INTO t VALUES ('fine'), (CAST(x'ff41' AS TEXT)), (CAST(x'610062' AS TEXT));"""


def test_refused_texts_stop_the_plan(tmp_path: Path) -> None:
    """Without a word from the user each kind is a stop with count, row and options."""
    stops = {stop.code: stop for stop in choose(tmp_path / "a.db", BAD).stops("t.c")}
    assert set(stops) == {"nul-in-text", "invalid-utf8"}
    assert "UTF-8" in stops["invalid-utf8"].message and "rowid 2" in stops["invalid-utf8"].message
    assert "--encoding-errors" in stops["invalid-utf8"].help
    assert "rowid 3" in stops["nul-in-text"].message and "--nul" in stops["nul-in-text"].help


@pytest.mark.parametrize(
    ("nul", "encoding_errors", "pg_type"),
    [
        ("strip", "latin-1", "text"),
        ("replace", "replace", "text"),
        ("bytea", None, "bytea"),
        (None, "bytea", "bytea"),
        ("bytea", "latin-1", "bytea"),
        ("strip", "bytea", "bytea"),
    ],
)
def test_refused_texts_are_handled_as_asked(
    tmp_path: Path, nul: Any, encoding_errors: Any, pg_type: str
) -> None:
    """Repairs stand in the plan; bytea takes everything and needs none."""
    options = TypeOptions(nul=nul, encoding_errors=encoding_errors)
    chosen = choose(tmp_path / "a.db", BAD, options=options)
    column = chosen.column("t.c")
    assert chosen.choices.stops == ()
    assert column.pg_type == pg_type
    if pg_type == "text":
        assert (column.nul_repair, column.encoding_repair) == (nul, encoding_errors)
        assert not column.clean
    else:
        assert (column.nul_repair, column.encoding_repair) == (None, None)
    assert chosen.warnings("t.c")


def test_rejected_rows_are_found_by_their_conditions(tmp_path: Path) -> None:
    """--nul reject and --encoding-errors reject name exactly the rows to keep back."""
    options = TypeOptions(nul="reject", encoding_errors="reject")
    chosen = choose(tmp_path / "a.db", BAD, options=options)
    where = " OR ".join(f"({c})" for c in chosen.choices.table("t").reject_where)
    from tests.fixtures.typed import reading

    with reading(tmp_path / "a.db") as connection:
        rows = connection.execute(f"SELECT rowid FROM t WHERE {where} ORDER BY 1").fetchall()
    assert rows == [(2,), (3,)]
    assert chosen.choices.stops == ()


def test_refused_texts_in_bytes_are_no_problem(tmp_path: Path) -> None:
    """A column declared BLOB keeps such texts as bytes without asking."""
    chosen = choose(tmp_path / "a.db", BAD.replace("TEXT);", "BLOB);", 1))
    assert chosen.types() == {"c": "bytea"}
    assert chosen.choices.stops == ()
