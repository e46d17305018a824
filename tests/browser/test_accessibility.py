"""What axe-core finds in a report: nothing that keeps anyone from reading it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dbtune.report.html.to_html import to_html
from tests.browser.accessibility import violations
from tests.browser.conftest import OpenReport
from tests.fixtures.pages import sample_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_sample_is_accessible(
    open_report: OpenReport, axe_source: str, scheme: str, width: int
) -> None:
    """Every kind of block, in both schemes, narrow and wide, with everything open."""
    opened = open_report(to_html(sample_page()), scheme=scheme, width=width)
    assert violations(opened, axe_source) == []


def test_axe_sees_what_is_wrong(open_report: OpenReport, axe_source: str) -> None:
    """The check above finds text too faint to read and a choice without a name."""
    html = to_html(sample_page()).replace("--muted: #59626b", "--muted: #c9ccd0")
    # The policy knows the style by its hash, and would refuse the changed one.
    opened = open_report(html.replace("Content-Security-Policy", "nothing"))
    opened.page.eval_on_selector(
        "select", "(select) => select.closest('label').replaceWith(select)"
    )
    found = "\n".join(violations(opened, axe_source))
    assert "serious color-contrast" in found
    assert "critical select-name" in found


def test_headings_and_landmarks(open_report: OpenReport) -> None:
    """One h1, no level skipped, named contents, and a name for every region and chart."""
    page = open_report(to_html(sample_page())).page
    levels = [
        int(tag[1])
        for tag in page.eval_on_selector_all(
            "h1,h2,h3,h4", "(all) => all.map((one) => one.localName)"
        )
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.get_by_role("navigation", name="Contents").count() == 1
    assert page.locator("svg[role=img]").count() == page.locator("svg[aria-labelledby]").count()
    assert page.locator("table:not(:has(caption)), th:not([scope])").count() == 0
