"""What the page of a migration shows: verification, types, queries, and the way back."""

from __future__ import annotations

from dataclasses import replace

from dbtune.model.advice import REHEARSED, Finding, Report, TableOutcome
from dbtune.model.overview import ColumnDecision
from dbtune.model.page import Bullets, Commands, Details, ShareChart, Table
from dbtune.model.query_check import QueryCheck, SequentialScan
from dbtune.report.pages.page_of import page_of
from dbtune.report.terminal.to_terminal import to_terminal
from tests.reports import MIGRATED
from tests.unit.report_pages.page_parts import block, of_kind, section, texts

ALIKE = TableOutcome("users", "users", 250, 41_000, 0, 1, 4, True, "arrow", 0.8)
SAME = QueryCheck("a" * 12, "SELECT 1", "read", 9.0, "same", "SELECT 1", rows=1, source_ms=0.1)
OTHER = QueryCheck(
    "b" * 12,
    "SELECT name FROM users WHERE name LIKE ?",
    "read",
    5.0,
    "differs",
    'SELECT "name" FROM "users" WHERE "name" LIKE $1',
    'SELECT "name" FROM "users" WHERE "name" ILIKE $1',
    causes=("letter case",),
    reasons=("16 rows in SQLite, 13 on PostgreSQL",),
    scans=(SequentialScan("users", 11_000, "ix_users_name"),),
)
BREAKS = QueryCheck("c" * 12, "SELECT x FROM y", "read", 1.0, "breaks", unchanged_error="no y")


def migrated(*tables: TableOutcome, **other: object) -> Report:
    """A report of tables that were moved."""
    return replace(MIGRATED, **{"tables": tables, "columns": None, **other})  # type: ignore[arg-type]


def test_a_verified_migration_is_good_news() -> None:
    """With how many tables and rows."""
    page = page_of(migrated(ALIKE))
    assert (page.tone, page.figures[0].value, page.figures[0].tone) == ("good", "1 of 1", "good")
    assert page.verdict == "1 table with 250 rows is in PostgreSQL, each of them compared."


def test_a_rehearsal_moves_nothing_and_leads_to_the_move() -> None:
    """Its server is gone: the verdict says so, and the terminal's does too."""
    report = migrated(ALIKE, notes=(REHEARSED,))
    said = "Rehearsed, and nothing is kept: 1 table with 250 rows was moved to PostgreSQL, "
    assert page_of(report).verdict == f"{said}each of them compared."
    assert said.strip() in " ".join(to_terminal(report, width=80, color=False).split())
    moves = [action.command for action in page_of(report).actions][-1]
    assert moves == f"dbtune migrate-to-postgres {report.source.path} '<URL>'"
    assert not any("Move it" in action.text for action in page_of(migrated(ALIKE)).actions)


def test_a_table_that_differs_is_bad_news() -> None:
    """And its row in the table says NO, with words and not by colour alone."""
    page = page_of(
        migrated(ALIKE, replace(ALIKE, source="orders", target="orders", verified=False))
    )
    assert page.tone == "bad"
    table = block(page, "verification", Table)
    assert [column.title for column in table.columns[:3]] == ["table", "rows", "verified"]
    assert [row[2].text for row in table.rows] == ["yes", "NO"]


def test_rows_kept_back_and_new_names_have_columns_of_their_own() -> None:
    """Where there are any."""
    page = page_of(migrated(replace(ALIKE, target="people", rejected=2)))
    titles = [column.title for column in block(page, "verification", Table).columns]
    assert {"in PostgreSQL", "kept back"} <= set(titles)


def test_what_was_only_counted_or_sampled_is_not_called_compared() -> None:
    """The section of what was not checked names the tables."""
    page = page_of(migrated(ALIKE, replace(ALIKE, source="logs", method="counts")))
    told = texts(section(page, "not-checked"))
    assert "values not compared. (logs)" in told
    assert "No recorded query was tried on PostgreSQL" in told
    sampled = page_of(migrated(replace(ALIKE, method="rows sample")))
    assert "A sample of the rows was compared" in texts(section(sampled, "not-checked"))


def test_type_decisions_stand_by_table_with_their_reasons() -> None:
    """A line each to open, which says how many columns were converted."""
    columns = (
        ColumnDecision("users", "id", "INTEGER", "bigint", "a key", not_null=True),
        ColumnDecision("users", "at", "", "timestamp", "ISO dates", "text becomes a time"),
        ColumnDecision("orders", "id", "INTEGER", "bigint", "a key"),
    )
    types = section(page_of(migrated(ALIKE, columns=columns)), "types")
    first, second = of_kind(types, Details)
    assert first.title == "users: 2 columns, 1 of them converted"
    assert second.title == "orders: 1 column"
    told = texts(first)
    assert "bigint not null" in told
    assert "(none)" in told
    assert "text becomes a time" in told


def test_queries_that_answer_otherwise_come_first_with_what_to_send_instead() -> None:
    """Status by status, and details of those that need work."""
    page = page_of(migrated(ALIKE, queries=(SAME, OTHER, BREAKS)))
    assert [part.text for part in block(page, "queries", ShareChart).parts] == ["1 (33 %)"] * 3
    rows = block(page, "queries", Table).rows
    assert [row[5].text for row in rows] == ["breaks", "differs", "same"]
    assert [row[0].anchor is not None for row in rows] == [True, True, False]
    told = texts(section(page, "queries"))
    assert "This gives SQLite's rows on PostgreSQL:" in told
    assert "SQLite uses ix_users_name" in told
    assert "needs rewriting" in told


def test_a_plan_that_stops_names_what_to_resolve() -> None:
    """Nothing was moved, so that nothing is to be compared."""
    stop = Finding("nul-in-text", "high", "users.bio", "It holds U+0000.", help="--nul strip")
    notes = ("Nothing was written: 1 to resolve as the help says.",)
    page = page_of(migrated(findings=(stop,), notes=notes))
    assert (page.tone, page.verdict) == ("bad", notes[0])
    assert page.actions[-1].command == "dbtune migrate-to-postgres /srv/app/platform.db --plan"
    assert "next" not in {found.anchor for found in page.sections}


def test_a_plan_that_nothing_stops_leads_to_a_rehearsal() -> None:
    """Nothing is wrong, and its verdict is said once."""
    notes = ("Nothing stops it: 4 tables with 4 rows can move. Nothing was written yet.", "a hint")
    page = page_of(migrated(findings=(), notes=notes))
    assert (page.tone, page.verdict) == ("neutral", notes[0])
    (action,) = page.actions
    assert action.command == "dbtune migrate-to-postgres /srv/app/platform.db --rehearse"
    assert block(page, "notes", Bullets).items == ("a hint",)


def test_the_way_back_is_told() -> None:
    """The file is as it was; unknown places are placeholders."""
    page = page_of(migrated(ALIKE))
    commands = block(page, "next", Commands).items
    assert any("--verify-only" in command.text for command in commands)
    assert all("<" not in command.text.replace("'<", "") for command in commands)
    assert "byte for byte" in texts(section(page, "next"))
