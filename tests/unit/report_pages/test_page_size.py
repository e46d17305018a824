"""However long a result is, its page still opens at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.advice import ShapeReport
from dbtune.model.overview import ForeignKeyOverview, IndexOverview, TableOverview
from dbtune.model.page import FindingList, Table
from dbtune.model.workload import RouteQueries
from dbtune.report.html.to_html import to_html
from dbtune.report.pages.page_of import page_of
from dbtune.report.pages.size_budget import fitting
from tests.findings import MISSING_BOOKINGS
from tests.reports import FULL
from tests.unit.report_pages.page_parts import block, section, texts
from tests.unit.test_queries_text import digest, query

_MOST_BYTES = 500_000
_COLUMNS = ", ".join(f"bookings.column_{n} AS bookings_column_{n}" for n in range(30))


def _shape(number: int) -> ShapeReport:
    text = (
        f"SELECT {_COLUMNS} FROM bookings JOIN users ON users.id = bookings.user_id "
        f"WHERE bookings.user_id = ? AND bookings.status IN (?, ?) AND users.city_{number} = ? "
        "ORDER BY bookings.created_at DESC LIMIT ?"
    )
    return replace(
        FULL.shapes[0],
        id=f"{number:012x}",
        text=text,
        share=1 / 500,
        plan_before=("SCAN bookings", "SEARCH users (rowid=?)", "USE TEMP B-TREE FOR ORDER BY"),
        plan_after=("SEARCH bookings USING INDEX ix (user_id=? AND status=?)", "SEARCH users"),
        served_by=(f"ix_bookings_user_id_status_created_at_{number}",),
    )


def _table(number: int) -> TableOverview:
    index = IndexOverview(f"ix_{number}_name", ("name", "id"), None, False, False, 4096)
    key = ForeignKeyOverview(("parent_id",), f"table_{number // 2}", indexed=False)
    return TableOverview(f"table_{number}", 1000, True, 4096, (key,), (index,) * 3)


def _route(number: int) -> RouteQueries:
    return RouteQueries(f"GET /a/rather/long/route/{number}", 40, 480, 26)


@pytest.fixture(scope="module")
def large() -> str:
    """The page of 500 shapes, 400 findings, 100 new indexes, 200 tables and 300 routes."""
    findings = tuple(replace(MISSING_BOOKINGS, subject=f"ix_bookings_{n}") for n in range(400))
    explained = tuple(
        replace(FULL.explanations[0], name=f"ix_bookings_{n}", shapes=(f"{n:012x}",))
        for n in range(100)
    )
    report = replace(
        FULL,
        shapes=tuple(map(_shape, range(500))),
        findings=findings,
        explanations=explained,
        overview=tuple(map(_table, range(200))),
        routes=tuple(map(_route, range(300))),
    )
    page = page_of(report, "large.json")
    assert len(block(page, "queries", Table).rows) == 500
    assert "are in the JSON." in texts(section(page, "queries"))
    assert len(block(page, "findings", FindingList).items) >= 10
    assert sum(len(row) for row in block(page, "findings", Table).rows) > 0
    return to_html(page)


def test_500_shapes_are_less_than_500_kb_of_html(large: str) -> None:
    """All of them in the table; what there is no room for is said to be in the JSON."""
    assert len(large.encode()) < _MOST_BYTES


def test_a_digest_of_500_shapes_is_less_than_500_kb() -> None:
    """Histograms of the first, and all in the table."""
    page = page_of(replace(digest(*map(query, range(500))), shapes=500))
    assert len(block(page, "queries", Table).rows) == 500
    assert len(to_html(page).encode()) < _MOST_BYTES


def test_what_fits_is_a_beginning() -> None:
    """The order is that of importance, so nothing is left out in the middle."""
    assert fitting(("a" * 10, "b" * 100, "c"), 50) == ("a" * 10,)
    assert fitting((), 0) == ()
