"""How a report looks, narrow and wide, light and dark: as in the pictures of golden/.

Renew them with `pytest tests/browser/test_pictures.py --update-golden`, and look at each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from dbtune.report.html.to_html import to_html
from tests.browser.conftest import OpenReport
from tests.browser.pictures import (
    Picture,
    differences,
    read_picture,
    take_picture,
    write_picture,
)
from tests.fixtures.pages import sample_page

GOLDEN = Path(__file__).parent / "golden"
# Closed at first, so that pictures show it open.
OPEN = "document.querySelector('#shape-1').open = true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1600])
def test_looks_as_in_the_picture(
    open_report: OpenReport,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    """Each part of the page is where it was, in the colours it had, and less than 200 KB."""
    path = GOLDEN / f"{scheme}-{width}.png"
    page = open_report(to_html(sample_page()), width=width, scheme=scheme).page
    page.evaluate(OPEN)
    actual = take_picture(page)
    if request.config.getoption("--update-golden"):
        write_picture(actual, path)
    assert path.stat().st_size < 200_000
    found = differences(read_picture(path), actual)
    if found:
        write_picture(actual, tmp_path / path.name)
    assert found == [], f"see {tmp_path / path.name}; if meant: pytest --update-golden"


def picture_with(open_report: OpenReport, rules: str) -> Picture:
    """The page as in light-800.png, with some more rules in its style sheet."""
    # The policy knows the style by its hash, and would refuse the changed one.
    html = to_html(sample_page()).replace("Content-Security-Policy", "nothing")
    page = open_report(html.replace("</style>", rules + "</style>"), width=800).page
    page.evaluate(OPEN)
    return take_picture(page)


def test_another_font_is_no_difference(open_report: OpenReport) -> None:
    """Letters with serifs, and a little larger ones, are told from what is missing."""
    rules = "html { --sans: 'DejaVu Serif', serif; font-size: 102% }"
    picture = picture_with(open_report, rules)
    assert differences(read_picture(GOLDEN / "light-800.png"), picture) == []


def test_missing_charts_are_differences(open_report: OpenReport) -> None:
    """Where the places of charts stay empty, each of those parts differs, and no other."""
    picture = picture_with(open_report, "svg[role=img] { visibility: hidden }")
    found = differences(read_picture(GOLDEN / "light-800.png"), picture)
    assert len(found) == 6
    assert all("coloured" in difference for difference in found)


def test_panel_of_the_wrong_colour_is_a_difference(open_report: OpenReport) -> None:
    """A part that keeps the dark of the other scheme is seen."""
    picture = picture_with(open_report, ".card { background: #1d2125 }")
    found = differences(read_picture(GOLDEN / "light-800.png"), picture)
    assert len(found) == 1
