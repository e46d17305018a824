"""The same rows in SQLite and in PostgreSQL, to run an expression and its translation on both."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import psycopg

from dbtune.model.workload import Parameters
from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.expressions import translate_expression
from dbtune.postgres.translation.moments import read_moment
from dbtune.postgres.translation.parameters import bound_values
from dbtune.postgres.translation.scope import Scope
from dbtune.postgres.translation.statement_translation import translate_statement
from dbtune.postgres.translation.translator import Translation, TranslationOptions
from tests.unit.postgres.planned import ITEMS, TAGS

UID = "550e8400-e29b-41d4-a716-446655440000"
# One row a line, in the order of ITEMS' columns; epoch seconds are SQLite's stored form.
ROWS: tuple[tuple[object, ...], ...] = (
    (1, 1, 7, 2.5, 19.99, "Apple pie", "10", "Bob", b"\x00\xff", "2024-02-29",
     "2024-02-29 13:14:15", "2024-02-29T13:14:15Z", 1709212455, "13:14:15",
     "2024-02-29 13:14:15", '{"a": 1, "b": {"c": [1, 2, "x"]}, "t": true}', "it's", UID, 5),
    (2, 0, -7, -0.5, 5, "banana", "-3.5abc", "BOB", b"", "1999-12-31",
     "1999-12-31 23:59:59", "1999-12-31T23:59:59Z", 946684799, "23:59:59",
     "1999-12-31", '{"a": "one", "b": null, "t": false}', "100%", UID, "five"),
    (3, None, 0, 0.0, -2.25, "", "", "alice", b"abc", "2000-01-01",
     "2000-01-01 00:00:00", "2000-01-01T00:00:00Z", 946684800, "00:00:00",
     "not a date", '[1, 2.5, "z", null]', "a_b\\c", UID, 0),
    (4, 1, None, None, None, None, None, None, None, None,
     None, None, None, None, None, None, None, None, None),
    (5, 0, 9007199254740993, 1e10, 123456.5, "Zürich É", "7", "Zoë", b"\xc3\xa9", "2024-01-31",
     "2024-01-31 12:00:00", "2024-01-31T12:00:00Z", 1706702400, "12:00:00",
     "2024-02-31T10:20:30+02:00", '"text"', "x,y;[z]", UID, 12),
    (6, 1, 100, 3.14159, 0.5, "apple", " 42 ", "bob ", b"Apple", "2023-07-04",
     "2023-07-04 06:07:08", "2023-07-04T06:07:08Z", 1688450828, "06:07:08",
     "12:30", '{"a": 2.5, "list": []}', "Tab\there", UID, "0"),
)  # fmt: skip


TAG_ROWS = ((1, "red", 1.5), (1, "blue", 2.0), (2, "red", None), (5, "Zed", 0.5), (9, "lost", 1.0))
SCOPES = (ITEMS, TAGS)
WRITTEN = (
    "SELECT * FROM tags ORDER BY item_id, tag",
    'SELECT id, ok, n, f, price, name, code, nick, data, day, "at" FROM items ORDER BY id',
)
WRITES = ("INSERT", "REPLACE", "UPDATE", "DELETE")

Row = tuple[object, ...]


@dataclass
class Sides:
    """Both databases, open."""

    source: sqlite3.Connection
    target: psycopg.Connection[tuple[object, ...]]
    scope: Scope = ITEMS

    def rows(
        self, statement: str, parameters: Parameters = None
    ) -> tuple[list[Row], list[Row], Translation]:
        """Return the rows of a statement in SQLite, those of its translation, and that.

        After a write they are the rows of `tags` and some columns of `items`; it is undone.
        """
        options = TranslationOptions(server_version=self.target.info.server_version)
        translation = translate_statement(statement, SCOPES, options, parameters)
        assert translation.sql is not None, (statement, translation.problems)
        values = bound_values(translation.parameters, parameters)
        self.source.execute("BEGIN")
        self.target.execute("BEGIN")
        try:
            expected = self.source.execute(statement, parameters or ()).fetchall()
            cursor = psycopg.RawCursor(self.target)
            cursor.execute(translation.sql.encode(), values)
            found = cursor.fetchall() if cursor.description else []
            if statement.split()[0] in WRITES:
                expected += [row for sql in WRITTEN for row in self.source.execute(sql)]
                found += [row for sql in WRITTEN for row in self.target.execute(sql.encode())]
        finally:
            self.source.execute("ROLLBACK")
            self.target.execute("ROLLBACK")
        return expected, found, translation

    def same_rows(self, statement: str, parameters: Parameters = None) -> Translation:
        """Assert that a statement gives the same rows on both sides, in order where it has one."""
        expected, found, translation = self.rows(statement, parameters)
        if not translation.ordered:
            expected, found = sorted(expected, key=_text), sorted(found, key=_text)
        shown = (statement, translation.sql, expected, found)
        assert len(expected) == len(found), shown
        for mine, other in zip(expected, found, strict=True):
            assert len(mine) == len(other) and all(map(equal, mine, other)), shown
        return translation

    def translate(self, expression: str) -> Translation:
        """Return an expression as PostgreSQL's."""
        options = TranslationOptions(server_version=self.target.info.server_version)
        return translate_expression(expression, self.scope, options)

    def values(
        self, expression: str, translation: Translation
    ) -> tuple[list[object], list[object]]:
        """Return what an expression gives for each row in SQLite, and what its translation does."""
        expected = self.source.execute(
            f"SELECT {expression} AS v FROM items ORDER BY items.id"
        ).fetchall()
        found = self.target.execute(
            f"SELECT {translation.sql} AS v FROM items ORDER BY items.id"
        ).fetchall()
        return [row[0] for row in expected], [row[0] for row in found]

    def same(self, expression: str) -> Translation:
        """Assert that both sides give equal values for every row."""
        translation = self.translate(expression)
        assert translation.sql is not None, (expression, translation.problems)
        expected, found = self.values(expression, translation)
        for mine, other in zip(expected, found, strict=True):
            assert equal(mine, other), (expression, translation.sql, expected, found)
        return translation


def equal(mine: object, other: object) -> bool:
    """Return whether a value of SQLite's and one of PostgreSQL's are the same to a program."""
    if isinstance(mine, (int, float)) and isinstance(other, (bool, int, float, Decimal)):
        return math.isclose(float(mine), float(other), rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(other, datetime) and isinstance(mine, int):  # a column of epoch seconds
        return other.timestamp() == mine
    if isinstance(other, datetime) and isinstance(mine, str):
        written = read_moment(mine)
        return written is not None and written.utc == str(other.replace(tzinfo=None))
    if isinstance(mine, int) and isinstance(other, str):  # a column that holds texts too
        return str(mine) == other
    if isinstance(other, (date, time)):  # what a driver reads from a column of that type
        other = str(other)
    if isinstance(other, UUID):
        other = str(other)
    if isinstance(other, (dict, list)) and isinstance(mine, str):
        return bool(json.loads(mine) == other)
    if isinstance(mine, str) and isinstance(other, str) and mine == json.dumps(other):
        return True  # a document that is one text
    return type(mine) is type(other) and mine == other


@contextmanager
def open_sides(conninfo: str) -> Iterator[Sides]:
    """Yield both databases with the table `items`; temporary on PostgreSQL."""
    source = sqlite3.connect(":memory:", isolation_level=None)
    target = psycopg.connect(conninfo, autocommit=True)
    try:
        target.execute("SET TimeZone = 'UTC'")
        fill(source, target)
        fill_tags(source, target)
        yield Sides(source, target)
    finally:
        target.close()
        source.close()


def fill(source: sqlite3.Connection, target: psycopg.Connection[tuple[object, ...]]) -> None:
    """Create `items` on both sides with the same rows."""
    declared = ", ".join(
        f"{quote_name(c.source)} {c.declared_type} COLLATE {c.collation}" for c in ITEMS.columns
    )
    source.execute(f"CREATE TABLE items ({declared})")
    marks = ", ".join("?" * len(ITEMS.columns))
    source.executemany(f"INSERT INTO items VALUES ({marks})", ROWS)
    typed = ", ".join(f"{quote_name(c.target)} {c.pg_type}" for c in ITEMS.columns)
    target.execute(f"CREATE TEMP TABLE items ({typed})")
    names = [c.source for c in ITEMS.columns]
    for row in ROWS:
        values = [None if v is None else _stored(n, v) for n, v in zip(names, row, strict=True)]
        target.execute(f"INSERT INTO items VALUES ({', '.join(['%s'] * len(values))})", values)


def fill_tags(source: sqlite3.Connection, target: psycopg.Connection[tuple[object, ...]]) -> None:
    """Create `tags` on both sides with the same rows, and a key of `items`."""
    columns = "item_id {} NOT NULL, tag text NOT NULL, w double precision"
    source.execute(f"CREATE TABLE tags ({columns.format('INTEGER')}, PRIMARY KEY (item_id, tag))")
    source.executemany("INSERT INTO tags VALUES (?, ?, ?)", TAG_ROWS)
    target.execute(
        f"CREATE TEMP TABLE tags ({columns.format('bigint')}, PRIMARY KEY (item_id, tag))".encode()
    )
    for row in TAG_ROWS:
        target.execute("INSERT INTO tags VALUES (%s, %s, %s)", row)
    target.execute("ALTER TABLE items ADD PRIMARY KEY (id)")


def _text(row: Row) -> list[str]:
    numbers = (bool, int, float, Decimal)
    return [str(float(v)) if isinstance(v, numbers) else str(v) for v in row]


def _stored(name: str, value: object) -> object:
    """Return a value as the load would store it, in a form that psycopg sends untyped."""
    if name == "stamp":
        return f"{sqlite3_time(int(str(value)))}+00"
    if name == "ok":
        return bool(value)
    if name == "price":
        return Decimal(repr(value))
    return value if isinstance(value, (bytes, float)) else str(value)


def sqlite3_time(seconds: int) -> str:
    """Return epoch seconds as SQLite writes them."""
    connection = sqlite3.connect(":memory:")
    try:
        row = connection.execute("SELECT datetime(?, 'unixepoch')", (seconds,)).fetchone()
        return str(row[0])
    finally:
        connection.close()
