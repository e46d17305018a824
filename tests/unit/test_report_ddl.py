"""`--sql`: DDL that runs as it stands, a statement a line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbtune.model.advice import Change, Finding, IndexSpec, Report
from dbtune.report.ddl.to_ddl import to_sql
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.index_ddl import create_index_sql, drop_index_sql
from tests.reports import FULL

TABLES = """
    CREATE TABLE bookings (id INTEGER PRIMARY KEY, user_id, created_at);
    CREATE TABLE chefs (id INTEGER PRIMARY KEY, cuisine_type, rating, is_active);
    CREATE TABLE "order" (id INTEGER PRIMARY KEY, "group", ordered_at, shipped_at);
    CREATE TABLE sns_posts (id INTEGER PRIMARY KEY, title);
    CREATE TABLE users (id INTEGER PRIMARY KEY, bio);
    CREATE INDEX idx_users_bio ON users (bio);
"""


@pytest.fixture
def platform() -> Iterator[sqlite3.Connection]:
    """The tables of the hand-made report, in memory."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES)
        yield connection


def report_of(*statements: str) -> Report:
    """A report whose one finding would run these statements."""
    return replace(FULL, findings=(finding_of(*statements),))


def finding_of(*statements: str) -> Finding:
    """A finding that would run these statements."""
    return Finding("missing-index", "high", "x", "m", change=Change(statements, (), "r"))


def indexes(connection: sqlite3.Connection) -> set[str]:
    """The names of the indexes that are there."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name")
    return {name for (name,) in rows}


def test_every_line_is_a_statement_or_a_comment_and_runs(platform: sqlite3.Connection) -> None:
    """Line by line, as a reader of `--sql` would run it."""
    for line in to_sql(FULL, drops=False).splitlines():
        assert line.startswith("-- ") or sqlite3.complete_statement(line)
        platform.execute(line)
    assert indexes(platform) == {
        "idx_users_bio",
        "ix_bookings_user_id_created_at",
        "ix_chefs_cuisine_type_rating_partial",
        "ix_order_group_ordered_at_partial",
        "ix_sns_posts_lower_title",
    }


def test_drops_run_only_when_asked_for(platform: sqlite3.Connection) -> None:
    """An index goes with --drops, and stands in a comment without."""
    assert "\n-- DROP INDEX idx_users_bio;\n" in to_sql(FULL, drops=False)
    platform.executescript(to_sql(FULL, drops=True))
    assert "idx_users_bio" not in indexes(platform)


def test_only_ddl_is_printed() -> None:
    """Pragmas and ANALYZE have commands of their own."""
    report = report_of("PRAGMA journal_mode = WAL", "ANALYZE", "VACUUM")
    assert to_sql(report, drops=True) == ""


def test_nothing_to_change_prints_nothing() -> None:
    """No comment and no empty line: the output can be piped into sqlite3."""
    assert to_sql(replace(FULL, findings=()), drops=True) == ""


def test_statement_that_two_findings_share_comes_once() -> None:
    """An unused duplicate is found twice and dropped once."""
    drop = finding_of("DROP INDEX a")
    report = replace(FULL, findings=(drop, finding_of("CREATE INDEX b ON t (b);"), drop))
    assert to_sql(report, drops=True) == "CREATE INDEX b ON t (b);\nDROP INDEX a;\n"


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("CREATE INDEX a\n  ON t (b)\n", "CREATE INDEX a ON t (b);"),
        ("CREATE INDEX a ON t (b -- why\n, c)", "CREATE INDEX a ON t (b , c);"),
        ("CREATE INDEX a ON t (b /* why\n */)", "CREATE INDEX a ON t (b );"),
        ("CREATE INDEX a ON t (b) -- why", "CREATE INDEX a ON t (b);"),
        (
            "CREATE INDEX a ON t (b) WHERE c = 'x  --\ty'",
            "-- not writable on one line, use dbtune apply-indexes: "
            "CREATE INDEX a ON t (b) WHERE c = 'x  --\\ty';",
        ),
        ('CREATE INDEX a ON "t -- x" (b)', 'CREATE INDEX a ON "t -- x" (b);'),
        ('CREATE INDEX a ON "t;" (b);', 'CREATE INDEX a ON "t;" (b);'),
        (
            'DROP INDEX "a\nb"',
            '-- not writable on one line, use dbtune apply-indexes: DROP INDEX "a\\nb";',
        ),
    ],
)
def test_white_space_and_comments_give_way_to_one_line(statement: str, line: str) -> None:
    """Outside of quotes only; what is quoted stays as it is or becomes a comment."""
    assert to_sql(report_of(statement), drops=False) == f"{line}\n"


NAME = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1)


@given(NAME, NAME, NAME)
@example("a\nb", "c", "ix")
@example("a--b", 'c"d;', "ix -- '")
@example("a", "\u2028", "\x85")
def test_any_name_stays_executable_or_becomes_a_comment(table: str, column: str, name: str) -> None:
    """Running the lines one by one gives the same index as the statement itself, or none."""
    # Tables and indexes share one space of names.
    table, name, dropped = f"t{table}", f"i{name}", f"d{name}"
    spec = IndexSpec(table, (quote_identifier(column),))
    statements = (create_index_sql(name, spec), drop_index_sql(dropped))
    lines = to_sql(report_of(*statements), drops=True).splitlines()
    assert len(lines) == 2
    with closing(sqlite3.connect(":memory:")) as connection:
        quoted = f"{quote_identifier(table)} ({quote_identifier(column)})"
        connection.execute(f"CREATE TABLE {quoted}")
        connection.execute(f"CREATE INDEX {quote_identifier(dropped)} ON {quoted}")
        for line in lines:
            connection.execute(line)
        written = [not line.startswith("--") for line in lines]
        expected = ({name} if written[0] else set()) | (set() if written[1] else {dropped})
        assert indexes(connection) == expected
    if all(char.isprintable() for char in table + column + name):
        assert all(written)
