"""The HTML of a page: one file, escaped, with a policy that names what is in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from dbtune.model.page import (
    Block,
    Cell,
    Column,
    Details,
    FindingCard,
    FindingList,
    Page,
    Section,
    Table,
    Text,
)
from dbtune.report.html.text import show_figures
from dbtune.report.html.to_html import to_html
from dbtune.report.pages.page_of import page_of
from tests.fixtures.pages import sample_page
from tests.reports import FULL

VOID = {"meta", "input", "br", "hr", "img", "link", "rect", "line", "path", "use"}


class Outline(HTMLParser):
    """The elements of a document, and what was opened and not closed in its order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def all_of(self, name: str) -> list[str]:
        """The values of an attribute, wherever it stands."""
        return [
            value or "" for _, found in self.elements for key, value in found.items() if key == name
        ]


def page_with(*blocks: Block) -> Page:
    """A page of one section."""
    return replace(sample_page(), sections=(Section("one", "One", blocks),))


def test_every_element_is_closed_and_every_id_is_one() -> None:
    """So that what follows is not swallowed, and links lead to one place."""
    outline = Outline(to_html(sample_page()))
    assert [name for name, count in Counter(outline.all_of("id")).items() if count > 1] == []


def test_every_link_stays_on_the_page_and_arrives() -> None:
    """Each href is the id of something."""
    outline = Outline(to_html(sample_page()))
    ids = {f"#{name}" for name in outline.all_of("id")}
    assert set(outline.all_of("href")) <= ids
    named = {name for names in outline.all_of("aria-labelledby") for name in names.split()}
    assert named <= set(outline.all_of("id"))


def test_nothing_is_loaded_and_nothing_is_inline_but_one_style_and_one_script() -> None:
    """No source, no style attribute, no handler."""
    outline = Outline(to_html(sample_page()))
    attributes = {key for _, found in outline.elements for key in found}
    assert not {"src", "srcset", "style", "action", "xlink:href"} & attributes
    assert not [key for key in attributes if key.startswith("on")]
    tags = Counter(tag for tag, _ in outline.elements)
    assert (tags["style"], tags["script"], tags["link"], tags["iframe"]) == (1, 1, 0, 0)


@pytest.mark.parametrize("tag", ["style", "script"])
def test_policy_has_the_hash_of_what_is_inline(tag: str) -> None:
    """As the browser computes it: of the bytes between the tags."""
    html = to_html(sample_page())
    match = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    assert match is not None
    digest = base64.b64encode(hashlib.sha256(match[1].encode()).digest()).decode()
    policies = [
        found["content"] or "" for name, found in Outline(html).elements if "http-equiv" in found
    ]
    assert f"{tag}-src 'sha256-{digest}'" in policies[0]
    assert policies[0].startswith("default-src 'none'; ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\0b\x1b[31m", "a\\x00b\\x1b[31m"),
        ("\ud800", "\\ud800"),
        ('" onclick="x', "&#34; onclick=&#34;x"),
        ("東京 \u200d e\u0301", "東京 \u200d e\u0301"),
    ],
)
def test_texts_are_escaped_and_made_visible(text: str, shown: str) -> None:
    """In prose, in tables and in titles; letters of every script stay."""
    table = Table(text, (Column(text),), ((Cell(text),),))
    html = to_html(replace(page_with(Text((text,)), table), title=text, verdict=text))
    assert html.count(shown) == 7
    assert text not in html or text == shown
    html.encode("utf-8")


@pytest.mark.parametrize("anchor", ["a b", "A", 'x"y', "-a", "a\n", "", "#a"])
def test_other_anchors_are_refused(anchor: str) -> None:
    """They would break out of an attribute, or lead nowhere."""
    column = (Column("name"),)
    for page in (
        page_with(Table("t", column, ((Cell("a", anchor=anchor),),))),
        page_with(FindingList((FindingCard(anchor, "code", "low", "s", "m"),))),
        replace(page_with(), sections=(Section(anchor, "One", ()),)),
    ):
        with pytest.raises(ValueError, match="anchor"):
            to_html(page)


def test_filter_has_a_choice_for_each_severity_and_kind_there_is() -> None:
    """And none where there are few findings."""
    html = to_html(sample_page())
    assert [value for value in Outline(html).all_of("class") if value.startswith("by-s")] == [
        "by-s-all", "by-s-high", "by-s-medium", "by-s-low", "by-s-info",
    ]  # fmt: skip
    assert "n-plus-one (2)" in html
    few = page_with(FindingList((FindingCard("a", "code", "low", "s", "m"),)))
    assert "<select" not in to_html(few)


def test_rules_of_the_filter_reach_every_kind_of_the_page() -> None:
    """Of findings within details too; a rule for each kind, however named."""
    cards = tuple(FindingCard(f"f-{n}", f"code}}{n}", "low", "s", "m") for n in range(40))
    html = to_html(page_with(Details("more", (FindingList(cards),))))
    assert ".by-k-39:checked" in html
    assert ".by-k-40:checked" not in html


def test_values_that_sort_stand_beside_their_texts() -> None:
    """Only where there is one."""
    rows = ((Cell("a"), Cell("900 us", value=900_000.0)), (Cell("b"), Cell("none")))
    html = to_html(page_with(Table("t", (Column("name"), Column("time", "number")), rows)))
    assert '<td class="n" data-v="900000">900 us</td>' in html
    assert '<td class="n">none</td>' in html


def test_code_keeps_its_lines_and_nothing_that_steers() -> None:
    """A line break is one; a carriage return alone is not."""
    html = to_html(page_with(*sample_page().sections[2].blocks))
    assert "FROM orders AS o\nJOIN customers AS c" in html


def test_five_hundred_shapes_are_less_than_500_kb() -> None:
    """With plans, call sites and statements of the usual length."""
    shape = max(FULL.shapes, key=lambda shape: len(shape.text))
    shapes = tuple(replace(shape, id=f"{number:012x}") for number in range(500))
    html = to_html(page_of(replace(FULL, shapes=shapes), "report.json"))
    assert len(html.encode()) < 500_000
    assert f"{499:012x}" in html


def test_a_group_of_sections_is_named_once_above_them_and_in_the_contents() -> None:
    """Sections without a group stand as they are."""
    names = ("", "run A", "run A", "run B")
    sections = tuple(
        Section(f"s-{number}", f"Title {number}", (), group=group)
        for number, group in enumerate(names)
    )
    html = to_html(replace(sample_page(), sections=sections))
    contents = html.partition("<nav")[2].partition("</nav>")[0]
    assert [contents.count(word) for word in ("run A", "run B", "Title")] == [1, 1, 4]
    headings = re.findall('<h2 id="s.*?</h2>', html)
    assert [re.findall("run A|run B", heading) for heading in headings] == [
        [], ["run A"], [], ["run B"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.1 s -> 851 ms", "1.1\u00a0s\u00a0\u2192 851\u00a0ms"),
        ("cost 5.0 s -> 261 ms, of 2", "cost 5.0\u00a0s\u00a0\u2192 261\u00a0ms, of 2"),
        ("1,800 -> 12", "1,800\u00a0\u2192 12"),
        ("SELECT doc -> 0, ?1 -> 2, a2 -> 3", "SELECT doc -> 0, ?1 -> 2, a2 -> 3"),
        ("rollback -> wal", "rollback -> wal"),
    ],
)
def test_a_change_of_figures_has_an_arrow_that_stays_whole(text: str, shown: str) -> None:
    """SQL keeps its own."""
    assert show_figures(text) == shown
