"""What the page of a load test shows: curves over the load, and the ends side by side."""

from __future__ import annotations

from dbtune.model.latency import LatencyHistogram, LatencySummary
from dbtune.model.load import (
    Failures,
    LoadRate,
    LoadReport,
    LoadRun,
    LoadSettings,
    SeenError,
    ShapeLoad,
)
from dbtune.model.page import BarChart, Histogram, LineChart, Table
from dbtune.report.pages.page_of import page_of
from tests.unit.report_pages.page_parts import block, of_kind, section, texts


def latency(milliseconds: int) -> LatencySummary:
    """The summary of a hundred durations around so many milliseconds."""
    histogram = LatencyHistogram()
    for n in range(100):
        histogram.add(milliseconds * 1_000_000 + n * 10_000)
    summary = histogram.summary()
    assert summary is not None
    return summary


def run(
    config: str, rate: LoadRate, succeeded: int, ms: int, failures: Failures | None = None
) -> LoadRun:
    """A run of a second."""
    failed = failures or Failures()
    shape = ShapeLoad("0123456789ab", "SELECT 1", succeeded, failed, latency(ms))
    errors = (SeenError("constraint", "UNIQUE constraint failed", 2),) if failed.constraint else ()
    times = latency(ms)
    return LoadRun(config, rate, 1.0, succeeded, failed, 0, succeeded, times, (shape,), errors)


def report(*runs: LoadRun) -> LoadReport:
    """A load test of these runs."""
    at = "2026-01-01T00:00:00+00:00"
    settings = LoadSettings()
    return LoadReport("1", at, "/data/app.db", 4096, settings, "recorded", "request", 7, 3, runs)


FEW, MANY = LoadRate(5), LoadRate(50)
BOTH = report(
    run("as-is", FEW, 100, 10),
    run("as-is", MANY, 50, 90, Failures(locked=17, constraint=2)),
    run("wal+hook", FEW, 400, 2),
    run("wal+hook", MANY, 390, 8),
)


def test_the_last_configuration_is_set_beside_the_first() -> None:
    """At the highest load, in one sentence."""
    page = page_of(BOTH)
    assert page.verdict.startswith("wal+hook answers 7.8x as many requests as as-is at 50 clients.")
    assert page.tone == "good"
    figures = {fact.label: fact.value for fact in page.figures}
    assert figures["Requests a second"] == "50 -> 390"


def test_a_configuration_that_answers_less_is_bad_news() -> None:
    """Said of the first, which answers more."""
    page = page_of(report(run("as-is", FEW, 100, 10), run("wal", FEW, 50, 10)))
    assert page.tone == "bad"
    assert page.verdict.startswith("as-is answers 2.0x as many requests as wal at 5 clients.")


def test_curves_go_over_the_load_for_each_configuration() -> None:
    """Answers a second, p99 on a logarithmic axis in ms, and success where some failed."""
    charts = {chart.title: chart for chart in of_kind(page_of(BOTH), LineChart)}
    answers = charts["Requests a second"]
    assert [series.name for series in answers.series] == ["as-is", "wal+hook"]
    assert [(p.x, p.y) for p in answers.series[1].points] == [(5.0, 400.0), (50.0, 390.0)]
    slowest = charts["How long the slowest 1 % take"]
    assert slowest.scale == "log"
    assert 90 <= slowest.series[0].points[1].y <= 92
    assert charts["How many succeed"].series[0].points[0].y == 1.0


def test_without_failures_no_curve_of_success_is_drawn() -> None:
    """A line at 100 % says nothing."""
    page = page_of(report(run("as-is", FEW, 100, 10)))
    assert "How many succeed" not in {chart.title for chart in of_kind(page, LineChart)}


def test_an_open_load_goes_by_what_is_due_a_second() -> None:
    """Nobody counts clients there."""
    page = page_of(report(run("as-is", LoadRate(per_second=100.0), 90, 10)))
    (first, *_) = of_kind(page, LineChart)
    assert first.x_label == "requests due in a second"
    assert block(page, "runs", Table).rows[0][1].text == "100/s"


def test_a_rate_that_a_document_does_not_have_is_not_known() -> None:
    """And stands on no axis."""
    page = page_of(report(run("as-is", LoadRate(), 90, 10)))
    assert block(page, "runs", Table).rows[0][1].text == "-"
    assert of_kind(page, LineChart)[0].series[0].points == ()


def test_shapes_and_distributions_of_both_ends_are_shown() -> None:
    """As bars before and after, and a histogram each."""
    page = page_of(BOTH)
    (bar,) = block(page, "queries", BarChart).bars
    assert bar.after is not None
    assert bar.before > bar.after
    assert bar.note.endswith("x faster")
    assert len(of_kind(section(page, "load"), Histogram)) == 2
    assert len(block(page, "queries", Table).columns) == 8


def test_failures_are_counted_and_quoted() -> None:
    """In the table by kind, below it in the database's words."""
    page = page_of(BOTH)
    table = block(page, "runs", Table)
    assert [c.title for c in table.columns[4:8]] == ["failed", "locked", "constraint", "waiting"]
    assert [cell.text for cell in table.rows[1][4:7]] == ["19", "17", "2"]
    assert "2 x UNIQUE constraint failed" in texts(section(page, "failures"))


def test_a_load_of_nothing_says_so() -> None:
    """Without curves of nothing."""
    page = page_of(report())
    assert page.verdict.startswith("Nothing to send: ")
    assert [found.anchor for found in page.sections] == ["settings"]
