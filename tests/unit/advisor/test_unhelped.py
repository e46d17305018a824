"""Why a shape gets no index: the reason that comes first, from facts that are given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from dbtune.advisor.explaining.tried import Tried
from dbtune.advisor.explaining.unhelped import ScannedTable, Situation, explain_unhelped, is_access
from dbtune.model.advice import IndexSpec
from dbtune.model.explanation import TriedOutcome, UnhelpedReason
from dbtune.report.wording.explanation import UNHELPED_REASONS

SPEC = IndexSpec("orders", ("state", "total"))
LARGE = (ScannedTable("orders", 50_000, filtered=True),)
WHOLE = (ScannedTable("orders", 50_000, filtered=False),)
SCAN = Situation(
    writes=False,
    share=0.2,
    cost_before_ns=2e6,
    cost_after_ns=2e6,
    page_fetches=700.0,
    scanned_rows=49_999.0,
    returned_rows=3.0,
    searches=True,
    words=("reads all 50,000 rows of orders",),
    scanned=LARGE,
    scans=True,
)
SEARCH = replace(
    SCAN,
    page_fetches=4.0,
    scanned_rows=0.0,
    returned_rows=1.0,
    words=("finds rows of orders by its primary key",),
    scanned=(),
    scans=False,
)


def tried(outcome: TriedOutcome, gain_ratio: float = 0.5, **others: Any) -> tuple[Tried, ...]:
    """Return one index looked at, with its outcome."""
    return (Tried(SPEC, 2_000_000, gain_ratio, gain_ratio * 2e6, outcome, **others),)


CASES: list[tuple[str, Situation, UnhelpedReason, str]] = [
    ("insert", replace(SEARCH, writes=True, searches=False), "needs-no-search",
     "it writes rows without looking for any"),
    ("key", SEARCH, "already-optimal",
     "it finds rows of orders by its primary key (4 pages read for 1 row returned)"),
    ("key of a write", replace(SEARCH, writes=True), "already-optimal",
     "it finds rows of orders by its primary key (4 pages read)"),
    ("no table", replace(SEARCH, searches=False), "already-optimal", "it reads no table"),
    ("first rows", replace(SCAN, scanned_rows=19.0, returned_rows=20.0, scanned=WHOLE),
     "already-optimal", "it stops once it has its rows (700 pages read for 20 rows returned)"),
    ("index", replace(SEARCH, existing=("ix",), words=("finds rows by orders(code)",)),
     "existing-index", "it finds rows by orders(code) (4 pages read for 1 row returned)"),
    ("index, and little to gain", replace(SEARCH, existing=("ix",), tried=tried(
        "gain-under-minimum", 0.031)), "existing-index",
     "it finds rows of orders by its primary key (4 pages read for 1 row returned); "
     "orders(state, total) would save 3.1 % of it (minimum 20 %)"),
    ("obstacle", replace(SCAN, obstacle="the pattern for note begins with a wildcard"),
     "cannot-use-index", "no index can be used: the pattern for note begins with a wildcard"),
    ("small", replace(SCAN, scanned=(ScannedTable("states", 400, filtered=True),)), "small-table",
     "what it reads whole is small: states (400 rows)"),
    ("all rows", replace(SCAN, scanned=WHOLE, returned_rows=50_000), "reads-everything",
     "it has no condition that leaves rows of orders out: it reads all and returns 50,000"),
    ("sum of all", replace(SCAN, scanned=WHOLE, aggregates=True), "reads-everything",
     "it has no condition that leaves rows of orders out: it reads all to aggregate them"),
    ("most rows", replace(SCAN, returned_rows=20_000), "reads-everything",
     "it returns 20,000 rows of 49,999 that it steps over in orders: to look up so many one by one "
     "costs more than to read all"),
    ("statistics", replace(SCAN, cost_after_ns=2e5), "statistics",
     "ANALYZE, which comes with the indexes, alone makes it 90 % cheaper: the planner then knows "
     "better"),
    ("little gain", replace(SCAN, tried=tried("gain-under-minimum", 0.12)), "gain-under-minimum",
     "the best index tried: orders(state, total) would save 12 % of it (minimum 20 %)"),
    ("little time", replace(SCAN, tried=(Tried(SPEC, 1, 0.5, 4_000.0, "gain-under-minimum"),)),
     "gain-under-minimum",
     "the best index tried: orders(state, total) would save 50 % of it (4 µs a call, minimum "
     "10 µs)"),
    ("large", replace(SCAN, tried=tried("too-large", reads_saved_ns=5e6, writes_added_ns=1e6)),
     "too-large", "orders(state, total) would save 50 % of it, but its 2.0 MB are too much for the "
     "4.0 ms that it saves of the recording"),
    ("writes", replace(SCAN, tried=tried("costs-writes", reads_saved_ns=5e6, writes_added_ns=9e6)),
     "costs-writes", "orders(state, total) would save 50 % of it, but the recorded writes would "
     "cost 9.0 ms more, and reads save 5.0 ms"),
    ("a write", replace(SCAN, tried=tried("slows-a-write")), "slows-a-write",
     "orders(state, total) would save 50 % of it, but a recorded write would cost more than "
     "--max-write-slowdown allows"),
    ("budget", replace(SCAN, tried=tried("over-budget")), "over-budget",
     "orders(state, total) would save 50 % of it, but the budget (--budget-mb) is spent on indexes "
     "that gain more a byte"),
    ("proof", replace(SCAN, tried=tried("failed-proof")), "failed-proof",
     "orders(state, total) would save 50 % of it, but it was left out once it had been built and "
     "measured (see what was not checked)"),
    ("time", replace(SCAN, tried=tried("not-chosen")), "not-chosen",
     "orders(state, total) would save 50 % of it, but the search ended before it was taken up"),
    ("too cheap", replace(SCAN, proposed=False, share=0.0001), "too-cheap",
     "it is 0.01 % of the recorded cost, which no index can pay for"),
    ("next to nothing", replace(SCAN, proposed=False, share=0.00001), "too-cheap",
     "it is under 0.01 % of the recorded cost, which no index can pay for"),
    ("not used", SCAN, "no-usable-index",
     "SQLite's planner would use none of the indexes that were thought of for it"),
    ("no gain", replace(SCAN, tried=tried("no-gain", 0.0)), "no-usable-index",
     "the index tried does not make it cheaper"),
    ("nothing found", replace(SCAN, proposed=False), "no-usable-index",
     "nothing in it was found that an index could serve"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("situation", "reason", "message"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_the_reason_follows_from_what_was_measured(
    situation: Situation, reason: UnhelpedReason, message: str
) -> None:
    """In words that hold the figures, and nothing that was not measured."""
    found = explain_unhelped(situation)
    assert (found.reason, found.message) == (reason, message)


def test_every_reason_is_reached_and_has_its_words() -> None:
    """None is there that nothing leads to."""
    reasons = set(get_args(UnhelpedReason))
    assert {case[2] for case in CASES} == reasons
    assert set(UNHELPED_REASONS) == reasons


def test_an_index_that_lost_comes_before_all_other_reasons() -> None:
    """Where one would help, it is of no use to be told that the statement reads everything."""
    situation = replace(SCAN, scanned=WHOLE, obstacle="an OR", tried=tried("over-budget"))
    assert explain_unhelped(situation).reason == "over-budget"


@pytest.mark.parametrize(
    ("step", "reads"),
    [
        ("SCAN orders", True),
        ("  SEARCH o USING INDEX i (a=?)", True),
        ("SCAN CONSTANT ROW", False),
        ("SCAN 2 CONSTANT ROWS", False),
        ("SCAN 3-ROW VALUES CLAUSE", False),
        ("USE TEMP B-TREE FOR ORDER BY", False),
    ],
)
def test_steps_that_read_a_table_are_known(step: str, reads: bool) -> None:
    """Values of the statement itself are no table."""
    assert is_access(step) is reads
