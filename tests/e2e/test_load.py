"""Loading tables into a real PostgreSQL: each value as the plan says, in both ways of copying."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.transfer import Conversion
from dbtune.postgres.workers.arrow_source import arrow_available
from tests.fixtures.load_plans import Spec, Staging, migration_plan, table_plan

needs_fast = pytest.mark.skipif(not arrow_available(), reason="needs the extra dbtune[fast]")
NASTY = [
    "",
    "\\N",
    "\\.",
    "a\rb",
    "a\r\nb",
    "\t",
    "\\",
    "\\\\n",
    "x\ny",
    "\x01\x7f",
    "寿司🍣",
    "'\"",
]


def database(path: Path, *statements: str, rows: Sequence[Sequence[Any]] = ()) -> Path:
    """Create a database by statements; `rows` go into table t."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO t VALUES ({marks})", row)
        connection.commit()
    return path


# Conversion, PostgreSQL's type, the column's declared type, stored values, and their text there.
Case = tuple[Conversion, str, str, list[Any], list[str]]
CASES: list[Case] = [
    (
        "integer",
        "bigint",
        "INTEGER",
        [0, -(2**63), 2**63 - 1],
        ["0", str(-(2**63)), str(2**63 - 1)],
    ),
    ("integer", "smallint", "INTEGER", [-32768, 32767], ["-32768", "32767"]),
    ("integer", "integer", "INTEGER", [-(2**31), 2**31 - 1], ["-2147483648", "2147483647"]),
    (
        "double",
        "double precision",
        "",
        [0.1, -0.0, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), 1e22],
        ["0.1", "-0", "5e-324", "1.7976931348623157e+308", "Infinity", "-Infinity", "1e+22"],
    ),
    ("double", "double precision", "", [2**53, -3], ["9.007199254740992e+15", "-3"]),
    ("boolean", "boolean", "", [0, 1], ["false", "true"]),
    ("boolean", "boolean", "TEXT", ["f", "TRUE", "0"], ["false", "true", "false"]),
    ("text", "text", "TEXT", NASTY, NASTY),
    ("text", "text", "", [7, -8], ["7", "-8"]),
    ("text", "text", "", [b"caf\xc3\xa9"], ["café"]),
    ("text", "character varying(3)", "TEXT", ["abc", "寿司x"], ["abc", "寿司x"]),
    ("bytes", "bytea", "BLOB", [b"", b"\x00\xff\\", b"\n\t"], ["\\x", "\\x00ff5c", "\\x0a09"]),
    ("bytes", "bytea", "TEXT", ["é", ""], ["\\xc3a9", "\\x"]),
    (
        "timestamp",
        "timestamp without time zone",
        "TEXT",
        ["0001-01-01 00:00:00", "9999-12-31T23:59:59.999999", "2024-02-29", "1970-01-01 12:34"],
        [
            "0001-01-01 00:00:00",
            "9999-12-31 23:59:59.999999",
            "2024-02-29 00:00:00",
            "1970-01-01 12:34:00",
        ],
    ),
    (
        "timestamptz",
        "timestamp with time zone",
        "TEXT",
        ["2024-01-01 00:00:00Z", "2024-01-01T05:30:00.5+05:30", "2024-01-01 00:00:00-0100"],
        ["2024-01-01 00:00:00+00", "2024-01-01 00:00:00.5+00", "2024-01-01 01:00:00+00"],
    ),
    (
        "timestamptz",
        "timestamp with time zone",
        "TEXT",
        ["1950-06-01 00:00:00", "2024-01-01 10:00:00.25"],
        ["1950-06-01 00:00:00+00", "2024-01-01 10:00:00.25+00"],
    ),
    (
        "epoch_s",
        "timestamp with time zone",
        "INTEGER",
        [0, -1, 1_700_000_000],
        ["1970-01-01 00:00:00+00", "1969-12-31 23:59:59+00", "2023-11-14 22:13:20+00"],
    ),
    ("epoch_ms", "timestamp with time zone", "INTEGER", [1], ["1970-01-01 00:00:00.001+00"]),
    ("epoch_us", "timestamp with time zone", "INTEGER", [1], ["1970-01-01 00:00:00.000001+00"]),
    ("cocoa", "timestamp with time zone", "INTEGER", [-1], ["2000-12-31 23:59:59+00"]),
    ("date", "date", "TEXT", ["0001-01-01", "9999-12-31"], ["0001-01-01", "9999-12-31"]),
    (
        "time",
        "time without time zone",
        "TEXT",
        ["00:00", "23:59:59.999999", "12:00:01"],
        ["00:00:00", "23:59:59.999999", "12:00:01"],
    ),
    (
        "uuid",
        "uuid",
        "TEXT",
        ["123E4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"],
        ["123e4567-e89b-12d3-a456-426614174000"] * 2,
    ),
    ("uuid", "uuid", "BLOB", [bytes(range(16))], ["00010203-0405-0607-0809-0a0b0c0d0e0f"]),
    ("json", "json", "TEXT", ['{"a":\n1, "a":2}', "1"], ['{"a":\n1, "a":2}', "1"]),
    (
        "decimal",
        "numeric(10,2)",
        "NUMERIC",
        [3, 0.07, -12345678.9, 99999999.99, 1.15, -0.01, 0],
        ["3.00", "0.07", "-12345678.90", "99999999.99", "1.15", "-0.01", "0.00"],
    ),
    ("decimal", "numeric(15)", "", [10**15 - 1, -(10**15) + 1], ["9" * 15, "-" + "9" * 15]),
    (
        "decimal",
        "numeric(15,6)",
        "",
        [0.000001, 123456789.654321],
        ["0.000001", "123456789.654321"],
    ),
    ("jsonb", "jsonb", "TEXT", ['{"b":1,"a":"\\n"}'], ['{"a": "\\n", "b": 1}']),
]
ROWS_ONLY: list[Case] = [
    ("decimal", "numeric", "", [1, 2.5, 1e22, "12.50"], ["1", "2.5", "1" + "0" * 22, "12.50"]),
    ("text", "text", "", [7, 2.5, "x", b"y", -1e999], ["7", "2.5", "x", "y", "-Infinity"]),
    ("bytes", "bytea", "", [b"\x00", "a", 7, 0.1], ["\\x00", "\\x61", "\\x37", "\\x302e31"]),
    ("double", "double precision", "", [1, 0.5], ["1", "0.5"]),
    ("boolean", "boolean", "", [0, "true"], ["false", "true"]),
    ("json", "json", "", ["[1]", 2, 0.5], ["[1]", "2", "0.5"]),
    (
        "timestamp",
        "timestamp without time zone",
        "TEXT",
        ["2024-01-01 00:00:00.9999999"],
        ["2024-01-01 00:00:00.999999"],
    ),
    (
        "timestamptz",
        "timestamp with time zone",
        "TEXT",
        ["2024-01-01 10:00:00.123456789 +0000 UTC", "2024-01-01", "2024-01-01T00:00:00+01"],
        ["2024-01-01 10:00:00.123456+00", "2024-01-01 00:00:00+00", "2023-12-31 23:00:00+00"],
    ),
    (
        "epoch_s",
        "timestamp with time zone",
        "REAL",
        [1 / 128, 3 / 128, 1.5, -62135683200.0],
        [
            "1970-01-01 00:00:00.007812+00",  # 7812.5 us goes to the even neighbour
            "1970-01-01 00:00:00.023438+00",
            "1970-01-01 00:00:01.5+00",
            "0001-12-31 00:00:00+00 BC",
        ],
    ),
    ("cocoa", "timestamp with time zone", "REAL", [0.25], ["2001-01-01 00:00:00.25+00"]),
    ("uuid", "uuid", "", [bytes(16), "0" * 32], ["00000000-0000-0000-0000-000000000000"] * 2),
]


def case_name(case: Case) -> str:
    """Return a case's conversion, and the types on both sides."""
    return f"{case[0]}: {case[2] or 'no type'} {case[3][0]!r} -> {case[1]}"


def load_cases(
    tmp_path: Path, target: str, cases: list[Case], fast: bool
) -> tuple[dict[str, str], dict[str, list[Any]]]:
    """Load a table a case with a NULL before its values; returns ways and the target's texts."""
    source = tmp_path / "s.db"
    tables = []
    for number, (conversion, pg_type, declared, values, _) in enumerate(cases):
        database(source, f"CREATE TABLE t{number}(id INTEGER, v {declared})")
        with closing(sqlite3.connect(source)) as connection:
            rows = enumerate([None, *values])
            connection.executemany(f"INSERT INTO t{number} VALUES (?, ?)", rows)
            connection.commit()
        columns: Spec = {"id": ("bigint", "integer"), "v": (pg_type, conversion)}
        tables.append(table_plan(source, f"t{number}", columns))
    staging = Staging(target, migration_plan(source, *tables))
    loaded = staging.load(1 if fast else 0, fast=fast)
    names = list(map(case_name, cases))
    assert [table.rows for table in loaded] == [len(case[3]) + 1 for case in cases]
    found = {
        name: [text for (text,) in staging.rows(f"t{n}", "v::text", '"id"')]
        for n, name in enumerate(names)
    }
    return dict(zip(names, (table.method for table in loaded), strict=True)), found


def test_row_by_row_each_value_becomes_what_its_conversion_says(
    tmp_path: Path, target: str
) -> None:
    """COPY text carries every conversion of every storage class."""
    cases = CASES + ROWS_ONLY
    methods, found = load_cases(tmp_path, target, cases, fast=False)
    assert found == {case_name(case): [None, *case[4]] for case in cases}
    assert set(methods.values()) == {"rows"}


@needs_fast
def test_by_arrow_each_value_becomes_the_same(tmp_path: Path, target: str) -> None:
    """COPY binary gives the same values as COPY text, or leaves a part to it."""
    cases = CASES + ROWS_ONLY
    methods, found = load_cases(tmp_path, target, cases, fast=True)
    assert found == {case_name(case): [None, *case[4]] for case in cases}
    assert methods == {
        case_name(case): "arrow" if case in CASES and not goes_by_rows(case) else "rows"
        for case in cases
    }


def goes_by_rows(case: Case) -> bool:
    """Tell what of the common cases Arrow leaves to the other way."""
    return case[0] == "jsonb" or (case[0], case[2]) == ("boolean", "TEXT")
