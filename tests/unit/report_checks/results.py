"""Judgements and results made by hand, for the tests of the forms that programs read."""

from __future__ import annotations

from dbtune.model.comparison import ComparedSide, Comparison, Difference
from dbtune.report.checks.problem import Check, Judgement, Problem

HOSTILE_NAME = "evil::error,line=1]]>\x1b[2J\u202e\n%0A<!-- \"'&\ud800 " + "\u65e5\u672c"

NOTED = Problem("unused-index", "note", "ix_old", "No query uses it.", "Drop it.", "DROP INDEX x")
WARNED = Problem(
    "n-plus-one",
    "warning",
    "0a1b2c3d4e5f",
    "GET /chefs sends one query 12 times",
    file="app/chefs.py",
    line=40,
)
FAILED = Problem("missing-index", "error", "ix_new", "Reads all rows: 100 % of them.")
HOSTILE = Problem(
    "full-scan", "error", HOSTILE_NAME, f"Reads {HOSTILE_NAME}", file="a b,c:d.py", line=1
)
CHECKS = (Check("query", "5f4e SELECT 1"), Check("query", "99aa SELECT 2", False, "no values"))


def judgement(
    *problems: Problem, checks: tuple[Check, ...] = (), subject: str = "app.db"
) -> Judgement:
    """Return what an analysis judges."""
    return Judgement(
        "analyze",
        subject,
        "2026-11-22T12:00:00+00:00",
        "1.0",
        "docs/reference/findings.md",
        problems,
        checks,
    )


ALL = judgement(NOTED, WARNED, FAILED, HOSTILE, checks=CHECKS)
NOTHING = judgement()

SIDE = ComparedSide("base.json", 4096, "00", "3.46.0", 3, 1, "base.db")
COMPARISON = Comparison(
    SIDE,
    ComparedSide("head.json", 4096, "00", "3.46.0", 3, 1, "head.db"),
    ("queries", "scans", "steps"),
    0.1,
    (
        Difference("queries", "regression", "GET /chefs", "", 2.0, 13.0, "13 queries instead of 2"),
        Difference("scans", "inconclusive", "0a1b", "SELECT 1", None, None, "other values"),
        Difference("steps", "unchanged", "5f4e", "SELECT 2", 10.0, 10.0, ""),
    ),
    created_at="2026-11-22T12:00:00+00:00",
    dbtune_version="1.0",
)
