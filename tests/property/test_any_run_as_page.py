"""Any run becomes a page: nothing is too odd, and each link leads somewhere."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.model.advice import Report
from dbtune.model.comparison import Comparison
from dbtune.model.digest import QueryDigest
from dbtune.model.load import LoadReport
from dbtune.model.page import (
    Bar,
    Histogram,
    Marker,
    Page,
    Point,
    Share,
    Table,
)
from dbtune.model.run import Run
from dbtune.report.pages.page_of import join_pages, page_of
from tests.property.test_report_roundtrip import REPORT
from tests.property.test_runs_roundtrip import any_of
from tests.unit.report_pages.page_parts import links, of_kind, targets

_ANCHOR = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RUNS = [REPORT, any_of(Report), any_of(QueryDigest), any_of(LoadReport), any_of(Comparison)]


@pytest.mark.parametrize("runs", RUNS, ids=["made", "report", "digest", "load", "comparison"])
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_run_becomes_a_page_that_holds_together(
    runs: st.SearchStrategy[Run], data: st.DataObject
) -> None:
    """Whatever its texts and figures are, a run is drawn, and no link leads nowhere."""
    page = page_of(data.draw(runs), "run.json")
    _check(page)
    assert len(page.actions) <= 3


@settings(max_examples=6, deadline=None)
@given(st.lists(st.one_of(*RUNS[2:], REPORT), min_size=1, max_size=3))
def test_any_runs_join_to_one_page(runs: list[Run]) -> None:
    """Runs with the same shapes and findings do not get into each other's way."""
    _check(join_pages(tuple(page_of(run) for run in runs)))


def _check(page: Page) -> None:
    assert page.verdict
    assert len(targets(page)) == len(set(targets(page)))
    assert all(_ANCHOR.fullmatch(anchor) for anchor in targets(page))
    assert set(links(page)) <= set(targets(page))
    for table in of_kind(page, Table):
        assert {len(row) for row in table.rows} <= {len(table.columns)}
    for number in (*_numbers(page), *(share.ratio for share in of_kind(page, Share))):
        assert math.isfinite(number)
    for histogram in of_kind(page, Histogram):
        assert all(_is_within(marker, histogram) for marker in histogram.markers)


def _numbers(page: Page) -> list[float]:
    bars = [n for bar in of_kind(page, Bar) for n in (bar.before, bar.after) if n is not None]
    return bars + [n for point in of_kind(page, Point) for n in (point.x, point.y)]


def _is_within(marker: Marker, histogram: Histogram) -> bool:
    return 0 <= marker.place < len(histogram.bins) and 0 <= marker.fraction <= 1
