"""Pages of what the commands really find in a small shop's database."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.benchmark.regressions import GateLimits
from dbtune.journeys.analyze import AnalyzeOptions, analyze
from dbtune.journeys.compare import compare_reports
from dbtune.journeys.queries import QueriesOptions, digest_queries
from dbtune.model.advice import Report
from dbtune.model.comparison import COUNTERS
from dbtune.model.page import BarChart, FindingList, Histogram, PlanTree, SchemaMap, Table
from dbtune.report.pages.page_of import page_of
from tests.fixtures.shop import BY_EMAIL, BY_USER, build_shop
from tests.unit.report_pages.page_parts import block, of_kind, section, texts

LIMITS = GateLimits(COUNTERS, 0.1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of two queries, one of them sent again and again from one line."""
    path = tmp_path_factory.mktemp("recording") / "shop.jsonl"
    lines = [
        {
            "db.query.text": text,
            "db.query.parameters": parameters,
            "duration_ms": 0.5 + n / 100,
            "request_id": f"r{n // 10}",
            "route": "GET /orders",
            "code.file.path": "shop/orders.py",
            "code.line.number": 7,
        }
        for n in range(60)
        for text, parameters in ((BY_USER, []), (BY_EMAIL, [f"user{n}@example.org"]))
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's database."""
    return build_shop(tmp_path_factory.mktemp("shop") / "shop.db", orders=20_000)


@pytest.fixture(scope="module")
def report(shop: Path, recording: Path) -> Report:
    """What analyze says of it."""
    return analyze(shop, AnalyzeOptions(queries=(str(recording),)))


def test_an_analysis_is_drawn_from_what_was_measured(report: Report) -> None:
    """New indexes, plans before and after, and the map with both."""
    page = page_of(report, "shop.json")
    assert "faster" in page.verdict
    codes = {card.code for card in block(page, "findings", FindingList).items}
    assert {"missing-index", "duplicate-index"} <= codes
    trees = of_kind(section(page, "queries"), PlanTree)
    assert any(tree.before[0].kind == "scan" and tree.after[0].kind == "search" for tree in trees)
    tables = {table.name: table for table in block(page, "schema", SchemaMap).tables}
    assert "new" in {index.state for index in tables["orders"].indexes}
    assert "shop/orders.py:7" in texts(page)
    assert "journal_mode" in texts(section(page, "health"))


def test_a_comparison_shows_what_became_worse_first(report: Report, recording: Path) -> None:
    """An index that is gone is a regression of the query that needs it."""
    shop = Path(report.source.path)
    better = shop.with_name("better.db")
    better.write_bytes(shop.read_bytes())
    with closing(sqlite3.connect(better)) as connection:
        connection.execute("CREATE UNIQUE INDEX ix_email ON users (email)")
    base = analyze(better, AnalyzeOptions(queries=(str(recording),), min_gain_ratio=1.0))
    head = analyze(shop, AnalyzeOptions(queries=(str(recording),), min_gain_ratio=1.0))
    page = page_of(compare_reports(base, head, ("base.json", "head.json"), LIMITS))
    assert page.tone == "bad"
    assert page.sections[0].anchor == "worse"
    found = {row[1].text: row for row in block(page, "worse", Table).rows}
    assert found["scans"][4].text == ""
    steps = next(chart for chart in of_kind(page.sections[0], BarChart) if chart.bars)
    assert steps.bars[0].after is not None
    assert steps.bars[0].after > steps.bars[0].before


def test_a_digest_shows_where_the_time_goes(recording: Path) -> None:
    """Shares, the distribution, repeats within a request and the line that sends them."""
    page = page_of(digest_queries(QueriesOptions((str(recording),))))
    histogram = block(page, "time", Histogram)
    assert sum(bin_.count for bin_ in histogram.bins) == 120
    assert [marker.label for marker in histogram.markers] == ["median", "p95", "p99"]
    rows = block(page, "repeats", Table).rows
    assert {row[4].text for row in rows} == {"shop/orders.py:7"}
    assert page.actions[0].command.startswith("dbtune analyze DB --queries ")
