"""No type that is chosen loses anything: random columns, sent to PostgreSQL and read back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbtune.postgres.column_types.collisions import keep_unique
from dbtune.postgres.column_types.type_choice import choose_types
from dbtune.postgres.column_types.type_nouns import TableTypes, TypeChoices, TypeOptions
from dbtune.postgres.loading.encode import column_encoder, encode_rows
from dbtune.postgres.names import quote_name
from dbtune.postgres.profiling.profile import complete_profile, profile_part, profile_table
from dbtune.postgres.profiling.profile_merge import merge_profiles
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures.independent_compare import compare_databases

DECLARED = (
    "INTEGER|INT|TINYINT|BIGINT UNSIGNED|FLOATING POINT|CHARINT|REAL|DOUBLE PRECISION|FLOAT|NUMERIC"
    "|DECIMAL(5,2)|DECIMAL(3)|NUMERIC(30,15)|NUMERIC(4,4)|BOOLEAN|BOOL|TEXT|VARCHAR(4)|CHAR(32)|CLOB"
    "|TEXT COLLATE NOCASE|TEXT COLLATE RTRIM|BLOB|BLOB(16)|VARBINARY||ANY|STRING|GEOMETRY|JSON"
    "|JSONB|UUID|GUID|DATETIME|TIMESTAMP|TIMESTAMP WITH TIME ZONE|DATETIME(6)|DATE|TIME"
).split("|")

HOSTILE_TEXTS = (
    "",
    " ",
    "\\N",
    "\\.",
    "a\tb\nc\rd\\",
    "\u2028",
    "é",
    "😀",
    "1",
    "007",
    "1.50",
    "1e5",
    "true",
    "F",
    "yes",
    "inf",
    "nan",
    "NULL",
    "0x10",
)
MOMENTS = st.builds(
    "{}{}{}{}".format,
    st.dates().map(str) | st.sampled_from(("0001-01-01", "9999-12-31", "2023-02-29", "0000-00-00")),
    st.sampled_from((" ", "T", " ", "", "t")),
    st.sampled_from(("10:00", "23:59:59", "24:00:00", "00:00:00.5", "10:00:00.1234567", "")),
    st.sampled_from(("", "", "Z", "+02:00", " -0330", "+15:59", "+16", " +0000 UTC", "-05")),
)
NEAR = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))
DATES = st.dates().map(str) | st.sampled_from(("0001-01-01", "9999-12-31", "2024-02-30"))
TIMES = st.times().map(str) | st.sampled_from(("25:00:00", "10:00", "23:59:59.999999"))
UUIDS = (
    st.uuids().map(str)
    | st.uuids().map(lambda u: u.hex.upper())
    | st.uuids().map(lambda u: u.bytes)
)
JSONS = st.sampled_from(
    (
        "{}",
        '{"a": 1.50, "b": [null, "x"]}',
        '{"a": 1, "a": 2}',
        '"\\u0000"',
        '"\\ud83d\\ude00"',
        '"\\ud800"',
        "1e400",
        "-0.0",
        "12345678901234567890.123",
        "[",
        "NaN",
    )
)
INTEGERS = st.sampled_from(
    (0, 1, -1, 2, 999, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 1_700_000_000, 10**12)
) | st.integers(-(2**63), 2**63 - 1)
REALS = st.sampled_from(
    (0.5, 0.1 + 0.2, -0.0, 1e300, 5e-324, float("inf"), -float("inf"), 9.3e18, 2460000.5, 123.45)
) | st.floats(allow_nan=False)
TEXTS = st.sampled_from(HOSTILE_TEXTS) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
)
BLOBS = st.sampled_from((b"", b"\0", b"\xff\xfe", b"abc")) | st.binary(max_size=20)

NUMBERS = (INTEGERS, st.sampled_from((0, 1)), REALS)
KINDS = (*NUMBERS, TEXTS, BLOBS, MOMENTS, DATES, TIMES, UUIDS, JSONS)

# Values that keep a declaration's promise.
NAIVE = st.datetimes().map(str) | st.datetimes().map(lambda at: at.isoformat("T"))
WITH_OFFSET = st.builds(
    "{}{}".format,
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)).map(str),
    st.sampled_from(("Z", "+02:00", " -0330", "+15:59", " +0000 UTC", "-05")),
)
LONG_FRACTIONS = st.builds(
    "{:%Y-%m-%d %H:%M:%S}.{}".format, NEAR, st.text("0123456789", max_size=9)
)
HONEST: tuple[tuple[tuple[str, ...], tuple[st.SearchStrategy[Any], ...]], ...] = (
    (
        ("DATETIME", "TIMESTAMP", "DATETIME(6)", "TIMESTAMP WITH TIME ZONE"),
        (
            NAIVE,
            WITH_OFFSET,
            NAIVE | WITH_OFFSET,
            NAIVE | st.dates().map(str),
            LONG_FRACTIONS,
            st.integers(10**8, 10**10 - 1),
            st.integers(10**11, 10**13 - 1),
            st.integers(10**14, 10**16),
        ),
    ),
    (("DATE",), (st.dates().map(str),)),
    (("TIME",), (st.times().map(str), st.sampled_from(("10:00", "23:59:59.1234567")))),
    (("BOOLEAN", "BOOL"), (st.sampled_from((0, 1)), st.sampled_from((0, "t", "False", "TRUE")))),
    (("UUID", "GUID"), (UUIDS,)),
    (("JSON", "JSONB"), (st.sampled_from(("{}", '[1, {"a": "é"}]', "1e400", 5, 2.5)),)),
    (
        ("DECIMAL(5,2)", "NUMERIC(30,15)", "NUMERIC"),
        (st.integers(-99999, 99999).map(lambda n: n / 100), INTEGERS),
    ),
    (("VARCHAR(4)", "CLOB"), (TEXTS,)),
    (("BLOB",), (BLOBS,)),
    (("REAL", "DOUBLE PRECISION"), (REALS,)),
)


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """Draw a declared type and its values: mostly of one kind, with something odd among them."""
    if draw(st.booleans()):
        declarations, kinds = draw(st.sampled_from(HONEST))
        declared = draw(st.sampled_from(declarations))
        usual = draw(st.sampled_from(kinds))
        odd = draw(st.sampled_from((st.nothing(), st.none(), st.just(""))))
    else:
        declared = draw(st.sampled_from(DECLARED))
        usual = draw(st.sampled_from(KINDS))
        odd = draw(st.sampled_from((st.nothing(), st.none(), *KINDS)))
    values = draw(st.lists(usual, max_size=6))
    return declared, values + draw(st.lists(odd, max_size=0 if odd.is_empty else 2))


@pytest.fixture(scope="module")
def database(postgres_admin: str) -> Iterator[str]:
    """An empty database for this file's examples, one after the other."""
    name = f"dbtune_types_{os.getpid()}"
    with psycopg.connect(postgres_admin, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    yield psycopg.conninfo.make_conninfo(postgres_admin, dbname=name)
    with psycopg.connect(postgres_admin, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@given(st.lists(columns(), min_size=1, max_size=8), st.booleans())
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_chosen_type_is_lossy(
    database: str, tmp_path: Path, drawn: list[tuple[str, list[Any]]], unique: bool
) -> None:
    """What PostgreSQL holds after the conversion is what SQLite stores, in every column."""
    path = tmp_path / "drawn.db"
    path.unlink(missing_ok=True)
    _write(path, drawn, unique=unique)
    with closing(open_readonly(path)) as connection:
        choices = _choose(connection)
        types = choices.table("t")
        assert choices.stops == ()
        connection.text_factory = bytes
        names = ", ".join(quote_identifier(column.source) for column in types.columns)
        rows = connection.execute(f"SELECT {names} FROM t").fetchall()
    _load(database, types, rows, unique=unique)
    assert compare_databases(path, database) == []


@given(st.lists(columns(), min_size=1, max_size=4), st.integers(1, 7))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_types_do_not_hang_on_how_a_table_was_cut(
    tmp_path: Path, drawn: list[tuple[str, list[Any]]], width: int
) -> None:
    """A table profiled in parts gets the types that it gets as a whole."""
    path = tmp_path / "drawn.db"
    path.unlink(missing_ok=True)
    _write(path, drawn, unique=False)
    with closing(open_readonly(path)) as connection:
        schema = read_schema(connection)
        table = schema.tables[0]
        whole = profile_table(connection, table)
        parts = [
            profile_part(connection, table, rowid_range=(start, start + width - 1))
            for start in range(1, 10, width)
        ]
        merged = complete_profile(connection, table, merge_profiles(parts))
    options = TypeOptions()
    of_parts = choose_types(schema, {"t": merged}, options)
    of_whole = choose_types(schema, {"t": whole}, options)
    assert of_parts.tables == of_whole.tables


def _write(path: Path, drawn: list[tuple[str, list[Any]]], *, unique: bool) -> None:
    """Write table t with a column for each drawn one; rows of UNIQUE columns may be left out."""
    constraint = " UNIQUE" if unique else ""
    definitions = [f"c{place} {declared}{constraint}" for place, (declared, _) in enumerate(drawn)]
    height = max(len(values) for _, values in drawn)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(definitions)})")
        places = ", ".join("?" * len(drawn))
        for row in range(height):
            values = [column[row] if row < len(column) else None for _, column in drawn]
            connection.execute(f"INSERT OR IGNORE INTO t VALUES (NULL, {places})", values)


def _choose(connection: sqlite3.Connection) -> TypeChoices:
    schema = read_schema(connection)
    profiles = {table.name: profile_table(connection, table) for table in schema.tables}
    options = TypeOptions()
    choices = choose_types(schema, profiles, options)
    return keep_unique(connection, schema, profiles, options, choices)


def _load(database: str, types: TableTypes, rows: list[Any], *, unique: bool) -> None:
    definitions = ", ".join(f"{quote_name(c.target)} {c.pg_type}" for c in types.columns)
    encoders = [column_encoder(column) for column in types.columns]
    with psycopg.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("DROP TABLE IF EXISTS t")
        connection.execute(f"CREATE TABLE t ({definitions})".encode())
        with connection.cursor().copy("COPY t FROM STDIN") as copy:
            if rows:
                copy.write(encode_rows(rows, encoders))
        for column in types.columns if unique else ():
            # Texts of two storage classes may be equal, and JSON of no equality stays text.
            if column.storage != "mixed":
                connection.execute(
                    f"CREATE UNIQUE INDEX ON t ({quote_name(column.target)})".encode()
                )
