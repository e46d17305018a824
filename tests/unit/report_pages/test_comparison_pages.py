"""What the page of a comparison shows: what got worse, what is not known, and the rest."""

from __future__ import annotations

from dbtune.model.comparison import (
    COUNTERS,
    ComparedSide,
    Comparison,
    Difference,
    Metric,
    Outcome,
    TimeInterval,
    UnmatchedShape,
)
from dbtune.model.page import BarChart, Details, PlanTree, Table
from dbtune.report.pages.page_of import page_of
from tests.unit.report_pages.page_parts import block, of_kind, section, texts

BASE = ComparedSide("base.json", 4096, "ab" * 32, "3.45.1", 3, 1, "app.db")
HEAD = ComparedSide("head.json", 8192, "cd" * 32, "3.45.1", 3, 1, "app.db")


def difference(
    metric: Metric, outcome: Outcome, base: float | None, head: float | None, reason: str = ""
) -> Difference:
    """A difference of one query."""
    return Difference(metric, outcome, "0a" * 6, "SELECT 1 FROM t", base, head, reason)


def comparison(*found: Difference, **other: object) -> Comparison:
    """A comparison with these differences."""
    return Comparison(BASE, HEAD, COUNTERS, 0.1, found, **other)  # type: ignore[arg-type]


WORSE = (
    difference("plans", "regression", None, None, "was: SEARCH t; is: SCAN t"),
    difference("steps", "regression", 100.0, 5000.0),
    Difference("queries", "regression", "GET /", "", 3.0, 31.0, ""),
)
BETTER = difference("fetches", "improvement", 90.0, 3.0)
OPEN = difference("steps", "inconclusive", 5.0, None, "other values were measured")


def test_what_got_worse_comes_first() -> None:
    """Then what is not known, then what got better."""
    page = page_of(comparison(BETTER, OPEN, *WORSE))
    assert page.tone == "bad"
    assert page.verdict == "Regression: 1 query and 1 route worse by more than 10 %."
    assert [found.anchor for found in page.sections] == [
        *("worse", "not-known", "better", "compared"),
    ]
    assert page.actions[0].text.startswith("Look at 0a0a0a0a0a0a SELECT 1 FROM t")


def test_numbers_are_drawn_and_plans_stand_behind_their_link() -> None:
    """A metric a chart: the bars of one have one unit."""
    page = page_of(comparison(*WORSE))
    charts = of_kind(section(page, "worse"), BarChart)
    assert [[bar.after for bar in chart.bars] for chart in charts] == [[31.0], [5000.0]]
    plan = block(page, "worse", Table).rows[0]
    assert plan[5].text == "another plan"
    (details,) = of_kind(section(page, "worse"), Details)
    assert details.anchor == plan[0].anchor
    (tree,) = of_kind(details, PlanTree)
    steps = [(step.kind, step.text) for step in (*tree.before, *tree.after)]
    assert steps == [("search", "SEARCH t"), ("scan", "SCAN t")]
    more = difference("plans", "inconclusive", None, None, "was: A; is: B; other values")
    (details,) = of_kind(page_of(comparison(more)), Details)
    assert of_kind(details, PlanTree) == [] and "B; other values" in texts(details)


def test_what_changed_most_is_drawn_first() -> None:
    """Whichever way it changed; from something to nothing most of all."""
    found = [difference("fetches", "improvement", 90.0, head) for head in (80.0, 0.0, 9.0)]
    chart = block(page_of(comparison(*found)), "better", BarChart)
    assert [bar.after for bar in chart.bars] == [0.0, 9.0, 80.0]


def test_the_first_to_look_at_is_what_got_worse_most() -> None:
    """With all that is known of it, and not by what comes first."""
    other = Difference("fetches", "regression", "0b" * 6, "SELECT 2", 1.0, 70.0, "")
    first, second = page_of(comparison(*WORSE, other)).actions
    assert first.text == "Look at 0b0b0b0b0b0b SELECT 2: page fetches 70x"
    assert second.text.endswith("FROM t: another plan, steps of SQLite's virtual machine 50x")


def test_what_is_nearly_gone_is_not_all_gone() -> None:
    """A factor tells 19 of 186,000 from nothing; "-100 %" does not."""
    found = difference("fetches", "improvement", 186_000.0, 19.0)
    (bar,) = block(page_of(comparison(found)), "better", BarChart).bars
    assert bar.note == "9,789x less"


def test_what_is_not_known_says_why_and_nothing_else() -> None:
    """No change is told of values that cannot be compared."""
    (row,) = block(page_of(comparison(OPEN)), "not-known", Table).rows
    assert [cell.text for cell in row[2:]] == ["5", "-", "", "other values were measured"]


def test_times_come_with_their_interval() -> None:
    """And with how many pairs of runs it is of."""
    interval = TimeInterval(1e6, 2e6, 2.0, 1.8, 2.2, 30)
    slow = Difference("time", "regression", "0a" * 6, "SELECT 1", 1e6, 2e6, "slower", interval)
    (row,) = block(page_of(comparison(slow)), "worse", Table).rows
    assert [cell.text for cell in row[2:]] == [
        *("1.0 ms", "2.0 ms", "+100 %", "slower (between +80 % and +120 %, 30 pairs of runs)"),
    ]


def test_no_regression_is_good_news_and_tells_both_sides() -> None:
    """With what only one of them measured."""
    alone = UnmatchedShape("0b" * 6, "SELECT 2", "read", 4.0)
    page = page_of(comparison(BETTER, only_in_head=(alone,)))
    assert page.tone == "good"
    assert "1 query measured in head.json only" in texts(section(page, "one-side"))
    told = texts(section(page, "compared"))
    assert "cd" * 32 in told
    assert "page fetches (1 better)" in told
