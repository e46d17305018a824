"""Links from page to page: relative, and nothing that a browser takes for more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.page import Cell, Column, Link, Page, Section, Table
from dbtune.report.html.links import checked_href
from dbtune.report.html.to_html import to_html

PAGE = Page("Runs", "One run.", "neutral", (), (), (), ())


@pytest.mark.parametrize("href", ["run/3f2a", "../", "../../database/0a1b", "a", "../run/a-b"])
def test_a_relative_link_is_drawn(href: str) -> None:
    """In a table and in the trail, once each."""
    table = Table("Runs", (Column("Run"),), ((Cell("<first>", href=href),),))
    page = replace(
        PAGE, sections=(Section("runs", "Runs", (table,)),), trail=(Link("All <runs>", href),)
    )
    html = to_html(page)
    assert f'<a href="{href}">&lt;first&gt;</a>' in html
    assert f'<a href="{href}">All &lt;runs&gt;</a>' in html


@pytest.mark.parametrize(
    "href",
    [
        "",
        "/etc",
        "//example.org",
        "javascript:alert(1)",
        "http://example.org",
        'a" onclick="',
        "run/a?b",
        "run\\a",
        "a//b",
        "a\n",
        "A",
    ],
)
def test_any_other_link_is_a_bug(href: str) -> None:
    """Nothing with a scheme, a host or a quote comes through."""
    with pytest.raises(ValueError, match="no relative link"):
        checked_href(href)
