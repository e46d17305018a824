"""The page of each kind of run: quiet, narrow enough, and open to everyone, light and dark."""

from __future__ import annotations

import pytest

from dbtune.model.run import Run
from dbtune.report.html.to_html import to_html
from dbtune.report.pages.page_of import join_pages, page_of
from tests.browser.accessibility import LOOKS, violations
from tests.browser.conftest import OpenReport
from tests.reports import APPLIED, FULL, MIGRATED, NOTHING_FOUND
from tests.unit.test_load_text import BOTH
from tests.unit.test_queries_text import digest, query
from tests.unit.test_read_run import COMPARED

WIDTH = "document.documentElement.scrollWidth"
RUNS: dict[str, tuple[Run, ...]] = {
    "analyze": (FULL,),
    "nothing found": (NOTHING_FOUND,),
    "apply-indexes": (APPLIED,),
    "migrate-to-postgres": (MIGRATED,),
    "queries": (digest(query(0), query(1)),),
    "bench": (BOTH,),
    "compare": (COMPARED,),
    "several": (FULL, digest(query(0)), BOTH),
}


@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS)
def test_page_of_a_run_is_quiet_narrow_and_accessible(
    open_report: OpenReport, axe_source: str, runs: tuple[Run, ...]
) -> None:
    """No message, no other request, nothing cut on a telephone or on paper, no barrier for axe."""
    opened = open_report(to_html(join_pages(tuple(page_of(run, "run.json") for run in runs))))
    assert opened.messages == []
    assert len(opened.requests) == 1
    assert violations(opened, axe_source) == []
    opened.page.emulate_media(color_scheme="dark")
    opened.page.set_viewport_size({"width": 360, "height": 800})
    assert violations(opened, axe_source, *LOOKS) == []
    assert opened.page.evaluate(WIDTH) <= 360
    # A4 at 96 pixels an inch, within its margins: nothing scrolls on paper.
    opened.page.set_viewport_size({"width": 704, "height": 1000})
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(WIDTH) <= 704
