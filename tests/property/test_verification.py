"""Verification against PostgreSQL's own casts, and against a comparison in plain Python."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbtune.model.transfer import TablePlan
from dbtune.postgres.server.target import connect_target
from dbtune.postgres.verification.canonical import source_converter, target_converter
from dbtune.postgres.verification.canonical_json import canonical_json
from dbtune.postgres.verification.compared_rows import ComparedTable, Selection
from dbtune.postgres.verification.target_columns import raw_cursor, read_target_table
from dbtune.postgres.verification.verify_multiset import compare_multiset
from dbtune.postgres.verification.verify_rows import compare_ordered
from tests.fixtures.moved_table import column

# The database is made once for a test; its tables are made anew for each example.
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

dates = st.dates().map(str)
clocks = st.builds(
    lambda clock, digits: (str(clock)[:8] + f".{clock.microsecond:06d}789")[: 9 + digits].rstrip(
        "."
    ),
    st.times(),
    st.integers(0, 9),
)
moments = st.builds("{}{}{}".format, dates, st.sampled_from(" T"), clocks)
zones = st.sampled_from(["", "Z", "+00:00", "+05:30", "-11", " +0100", " +0000 UTC"])
doubles = st.floats(allow_nan=False)
# PostgreSQL has neither NUL nor lone surrogates.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def connection(target: str) -> Iterator[psycopg.Connection[Any]]:
    """An empty database with a schema s."""
    with connect_target(target) as opened:
        opened.execute("CREATE SCHEMA s")
        yield opened


def on_postgres(connection: psycopg.Connection[Any], text: str, cast: str, kind: Any) -> Any:
    """What a text cast to a type compares as."""
    with raw_cursor(connection) as cursor:
        read = f"%s::text::{cast}" + ("::text" if cast == "numeric" else "")
        row = cursor.execute(f"SELECT {read}".encode(), (text,), binary=True).fetchone()
    assert row is not None
    convert = target_converter(kind)
    return row[0] if convert is None else convert(row[0])


def on_sqlite(value: Any, conversion: str, kind: Any) -> Any:
    """What a stored value compares as."""
    convert = source_converter(column("c", conversion, "mixed", ""), kind)
    assert convert is not None
    return convert(value.encode() if isinstance(value, str) else value)


@SHARED
@given(moment=moments, zone=zones)
def test_moments_are_what_postgresql_reads(
    connection: psycopg.Connection[Any], moment: str, zone: str
) -> None:
    """In every year and form; PostgreSQL is given six digits of a second, as it rounds the rest."""
    short = moment[:26]
    expected = on_postgres(connection, short, "timestamp", "timestamp")
    assert on_sqlite(moment, "timestamp", "timestamp") == expected
    offset = zone.removesuffix(" UTC") or "Z"
    expected = on_postgres(connection, short + offset, "timestamptz", "timestamp")
    assert on_sqlite(moment + zone, "timestamptz", "timestamp") == expected


@SHARED
@given(day=dates, clock=clocks)
def test_dates_and_times_are_what_postgresql_reads(
    connection: psycopg.Connection[Any], day: str, clock: str
) -> None:
    """Days since 2000 and microseconds since midnight."""
    assert on_sqlite(day, "date", "date") == on_postgres(connection, day, "date", "date")
    assert on_sqlite(clock, "time", "time") == on_postgres(connection, clock[:15], "time", "time")


@SHARED
@given(value=doubles)
def test_doubles_are_compared_by_their_bits(
    connection: psycopg.Connection[Any], value: float
) -> None:
    """And as decimals by the shortest form that reads back as the same double."""
    text = repr(value).replace("inf", "Infinity")
    expected = struct.pack(">d", value)
    assert on_sqlite(value, "double", "double") == expected
    assert on_postgres(connection, text, "double precision", "double") == expected
    decimal = on_postgres(connection, text, "numeric", "numeric")
    assert on_sqlite(value, "decimal", "numeric") == decimal
    assert on_sqlite(text if "I" not in text else value, "decimal", "numeric") == decimal


@SHARED
@given(one=documents, other=documents, indent=st.sampled_from([None, 2]))
def test_json_is_equal_where_postgresql_says_so(
    connection: psycopg.Connection[Any], one: Any, other: Any, indent: int | None
) -> None:
    """Two documents, and what the server makes of each."""
    texts = json.dumps(one, indent=indent), json.dumps(other, ensure_ascii=False)
    row = connection.execute(
        "SELECT a.v = b.v, a.v::text, b.v::text"
        " FROM (SELECT %s::text::jsonb AS v) AS a, (SELECT %s::text::jsonb AS v) AS b",
        texts,
    ).fetchone()
    assert row is not None
    equal, *stored = row
    forms = [canonical_json(text.encode()) for text in texts]
    assert forms == [canonical_json(text.encode()) for text in stored]
    assert None not in forms
    assert (forms[0] == forms[1]) == equal


values = st.one_of(st.none(), st.integers(-3, 3), st.just(0.5))
rows = st.lists(
    st.tuples(st.integers(-5, 5), values, st.sampled_from(["", "a", "A", None])), max_size=9
)


@settings(SHARED, max_examples=60)
@given(ours=rows, theirs=rows, same=st.booleans())
def test_tables_are_equal_where_their_rows_are(
    connection: psycopg.Connection[Any], ours: Any, theirs: Any, same: bool
) -> None:
    """By key and without one: no difference is missed, and none is made up."""
    ours = list({row[0]: row for row in ours}.values())  # a key is unique in the source
    theirs = ours[::-1] if same else theirs
    columns = (
        column("id", "integer", "integer", "bigint"),
        column("v", "decimal", "mixed", "numeric"),
        column("w", "text", "text", "text"),
    )
    plan = TablePlan("t", "t", len(ours), 0, columns, rowid_sql="rowid", order_key=("id",))
    with closing(sqlite3.connect(":memory:")) as lite:
        lite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v, w)")
        lite.executemany("INSERT INTO t VALUES (?, ?, ?)", ours)
        connection.execute("DROP TABLE IF EXISTS s.t")
        connection.execute("CREATE TABLE s.t (id bigint, v numeric(4, 2), w text)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO s.t VALUES (%s, %s, %s)", theirs)
        found = read_target_table(connection, "s", plan)
        table = ComparedTable(plan, "s", found.columns, b"nonce")
        by_key = compare_ordered(lite, connection, table, Selection())
        as_multiset = compare_multiset(lite, connection, table)
    equal = Counter(ours) == Counter(theirs)
    for compared in (by_key, as_multiset):
        assert (compared.rows, compared.target_rows) == (len(ours), len(theirs))
        assert (not compared.differences) == equal
