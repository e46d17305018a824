"""What results judge: findings, regressions, and what is in order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.advice import Evidence, Report
from dbtune.model.explanation import NotAnalyzed
from dbtune.report.checks.judge import judge, problems_of
from tests.findings import MISSING_BOOKINGS, N_PLUS_ONE, ROLLBACK_JOURNAL, UNUSED
from tests.reports import FULL, NOTHING_FOUND, REPORTS, SHAPES
from tests.unit.report_checks.results import COMPARISON

FOLDER = "/srv/app"


@pytest.mark.parametrize(
    ("severity", "level"),
    [("high", "error"), ("medium", "warning"), ("low", "note"), ("info", "note")],
)
def test_a_severity_has_its_level(severity: str, level: str) -> None:
    """Errors fail a build, warnings ask for a look, notes say what else there is."""
    found = replace(ROLLBACK_JOURNAL, severity=severity)
    problem = problems_of(replace(FULL, findings=(found,)), FOLDER)[0]
    assert (problem.code, problem.level) == ("rollback-journal", level)
    assert (problem.help, problem.command) == (found.help, found.command)


def test_a_command_names_the_database() -> None:
    """Where a rule knew the command alone; what is not run in a shell is SQL."""
    found = replace(ROLLBACK_JOURNAL, command="dbtune enable-wal DB", change=None)
    applied = replace(UNUSED, command=None)
    problems = problems_of(replace(FULL, findings=(found, applied)), FOLDER)
    assert [problem.command for problem in problems] == [
        "dbtune enable-wal /srv/app/platform.db",
        "DROP INDEX idx_users_bio",
    ]


def test_a_finding_stands_at_the_line_that_it_names() -> None:
    """An N+1 is found at the line that sends the queries."""
    problem = problems_of(replace(FULL, findings=(N_PLUS_ONE,)), FOLDER)[0]
    assert (problem.file, problem.line) == ("platform_app/views/chefs.py", 118)


@pytest.mark.parametrize("finding", [MISSING_BOOKINGS, replace(UNUSED, subject="5f4e3d2c1b0a")])
def test_a_finding_about_a_query_stands_at_its_first_line(finding: object) -> None:
    """Whether the query is its subject or one of those that it is about."""
    shape = replace(SHAPES[0], id="5f4e3d2c1b0a", call_sites=("app/a.py:3", "app/b.py:4"))
    report = replace(FULL, findings=(finding,), shapes=(replace(SHAPES[1], id="other"), shape))
    problem = problems_of(report, FOLDER)[0]
    assert (problem.file, problem.line) == ("app/a.py", 3)


@pytest.mark.parametrize("value", [None, 12, "somewhere", "views.py:0"])
def test_what_is_no_line_is_left_out(value: int | str | None) -> None:
    """Never half of a place."""
    found = replace(N_PLUS_ONE, evidence=(Evidence("call_site", value),))
    problem = problems_of(replace(FULL, findings=(found,), shapes=()), FOLDER)[0]
    assert (problem.file, problem.line) == (None, None)


@pytest.mark.parametrize(
    ("path", "subject"),
    [("./app.db", "app.db"), ("/srv/app/a/b.db", "a/b.db"), ("/data/app.db", "/data/app.db")],
)
def test_a_database_is_named_as_files_are(path: str, subject: str) -> None:
    """Relative to the working directory where it lies below it."""
    report = replace(FULL, source=replace(FULL.source, path=path))
    judged = judge(report, FOLDER)
    assert judged is not None and judged.subject == subject


def test_what_was_applied_is_no_problem_any_more() -> None:
    """The report of apply-indexes has the findings that it mended."""
    applied = REPORTS["applied"]
    assert applied.changes and applied.findings
    judged = judge(applied, FOLDER)
    assert judged is not None and judged.problems == ()
    assert sum(check.known for check in judged.checks) == len(applied.shapes)


def test_queries_without_a_weighty_finding_are_in_order() -> None:
    """A note leaves a query in order; what was not analyzed is not known to be."""
    fine, slow = replace(SHAPES[0], id="fine"), replace(SHAPES[0], id="slow")
    findings = (replace(ROLLBACK_JOURNAL, subject="slow"), replace(UNUSED, subject="fine"))
    left = NotAnalyzed("left", "SELECT 3", 1.0, "no-time", "the time was over")
    report = replace(FULL, findings=findings, shapes=(fine, slow), not_analyzed=(left,))
    judged = judge(report, FOLDER)
    assert judged is not None
    assert [(check.subject.split()[0], check.known) for check in judged.checks] == [
        ("fine", True),
        ("left", False),
    ]


def test_a_migration_judges_its_tables() -> None:
    """What was compared is in order or an error; what was not compared is not known."""
    moved = REPORTS["migrated"]
    whole = replace((moved.tables or ())[0], source="left", verified=False, method="none")
    judged = judge(replace(moved, tables=(*(moved.tables or ()), whole)), FOLDER)
    assert judged is not None and judged.page == "docs/reference/migration-findings.md"
    assert [(problem.subject, problem.level) for problem in judged.problems] == [("Order", "error")]
    assert [(check.subject, check.known) for check in judged.checks] == [
        ("users", True),
        ("left", False),
    ]


def test_a_difference_that_a_finding_tells_is_told_once() -> None:
    """Of a column or of the whole table."""
    moved = REPORTS["migrated"]
    told = replace(ROLLBACK_JOURNAL, code="verification-value", subject="Order.total")
    assert [p.code for p in problems_of(replace(moved, findings=(told,)), FOLDER)] == [
        "verification-value"
    ]


def test_a_comparison_judges_what_got_worse() -> None:
    """Regressions are errors, and of what nothing is known there are notes."""
    judged = judge(COMPARISON, FOLDER)
    assert judged is not None and judged.subject == "head.db"
    assert [(problem.code, problem.level) for problem in judged.problems] == [
        ("regression-queries", "error"),
        ("inconclusive-scans", "note"),
    ]
    assert [check.subject for check in judged.checks] == ["5f4e SELECT 2"]


def test_a_report_that_found_nothing_has_no_problem() -> None:
    """And is judged nevertheless."""
    judged = judge(NOTHING_FOUND, FOLDER)
    assert isinstance(NOTHING_FOUND, Report) and judged is not None and judged.problems == ()
