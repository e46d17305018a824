"""A report in a browser: it needs nothing, lets nothing in, and is used by hand and by keyboard."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page as BrowserPage

from dbtune.model.page import Code, Details, FindingCard, FindingList, Page, Section, Text
from dbtune.report.html.to_html import to_html
from tests.browser.conftest import OpenReport
from tests.fixtures.pages import sample_page


def shown_cards(page: BrowserPage) -> list[str]:
    """The ids of the findings that can be seen, from top to bottom."""
    cards = page.locator(".card").all()
    return [card.get_attribute("id") or "" for card in cards if card.is_visible()]


def test_opens_offline_and_asks_for_nothing_else(open_report: OpenReport) -> None:
    """The file is the only request, and the console stays empty."""
    opened = open_report(to_html(sample_page()))
    assert [request.partition("#")[0] for request in opened.requests] == [opened.page.url]
    assert opened.messages == []


def test_policy_is_in_force(open_report: OpenReport) -> None:
    """Neither a script nor a style that came in later does anything."""
    opened = open_report(to_html(sample_page()))
    ran = opened.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            const style = document.createElement("style");
            style.textContent = "h1 { display: none !important }";
            document.body.append(script, style);
            document.querySelector("h1").setAttribute("style", "display: none");
            return window.ran === true;
        }"""
    )
    assert not ran
    assert opened.page.locator("h1").is_visible()
    assert any("Content Security Policy" in message for message in opened.messages)


@pytest.mark.parametrize("width", [320, 360, 800, 1600])
def test_page_never_scrolls_sideways(open_report: OpenReport, width: int) -> None:
    """What is wide scrolls in its own box, also with everything open."""
    opened = open_report(to_html(sample_page()), width=width)
    opened.page.evaluate("document.querySelectorAll('details').forEach((part) => part.open = true)")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("script", [True, False])
def test_findings_are_filtered(open_report: OpenReport, script: bool) -> None:
    """By severity, by kind and by both, with script and without."""
    page = open_report(to_html(sample_page()), script=script).page
    page.locator("label", has_text="medium").locator("input").check(force=True)
    assert shown_cards(page) == ["finding-2", "finding-3"]
    page.locator("select").first.select_option(label="n-plus-one (2)")
    assert shown_cards(page) == ["finding-2"]
    page.locator("label", has_text="all 5").locator("input").check(force=True)
    assert shown_cards(page) == ["finding-2", "finding-5"]


def test_findings_are_sorted(open_report: OpenReport) -> None:
    """By subject and back to the order they came in; the number shown is told."""
    page = open_report(to_html(sample_page())).page
    order = page.locator("select").last
    order.select_option("subject")
    by_subject = ["finding-2", "finding-5", "finding-3", "finding-1", "finding-4"]
    assert shown_cards(page) == by_subject
    assert page.locator("output").text_content() == "5 of 5 shown"
    order.select_option("as listed")
    assert shown_cards(page) == [f"finding-{rank}" for rank in range(1, 6)]


def many_findings() -> Page:
    """A page with two findings of high severity among ten of low one."""
    cards = tuple(
        FindingCard(
            f"finding-{rank}", "full-scan", "low" if rank > 2 else "high", f"t{rank}", "Reads all."
        )
        for rank in range(1, 13)
    )
    return replace(
        sample_page(), sections=(Section("findings", "Findings", (FindingList(cards),)),)
    )


def test_low_findings_are_a_line_each_that_opens(open_report: OpenReport) -> None:
    """By keyboard and by a link too; on paper the line stands where what is in it is closed."""
    page = open_report(to_html(many_findings())).page
    lines = page.locator(".card.brief")
    assert lines.count() == 10
    assert all(line.bounding_box()["height"] < 50 for line in lines.all())  # type: ignore[index]
    told = lines.nth(0).get_by_text("Reads all.")
    assert not told.is_visible()
    lines.nth(0).locator("summary").focus()
    page.keyboard.press("Enter")
    assert told.is_visible()
    page.evaluate("location.hash = '#finding-9'")
    page.locator("#finding-9 > details[open]").wait_for()
    page.emulate_media(media="print")
    assert page.locator("#finding-5 h3").is_visible()
    assert not page.locator("#finding-5 p").is_visible()


def test_filter_and_details_by_keyboard(open_report: OpenReport) -> None:
    """Tab reaches the filter, arrows choose; Enter opens what is closed."""
    page = open_report(to_html(sample_page())).page
    tab_to(page, "input")
    page.keyboard.press("ArrowRight")
    assert shown_cards(page) == ["finding-1"]
    tab_to(page, "summary")
    was_open = page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is not was_open


def tab_to(page: BrowserPage, tag: str) -> None:
    """Press Tab until an element of that name has the focus."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.localName") == tag:
            return
    pytest.fail(f"Tab never reaches <{tag}>")


def test_first_tab_skips_to_the_sections(open_report: OpenReport) -> None:
    """The link is seen once it has the focus, and leads past the contents."""
    page = open_report(to_html(sample_page())).page
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.text_content() == "Skip to the sections"
    box = focused.bounding_box()
    assert box is not None and box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "sections"


def test_tables_are_sorted_by_value(open_report: OpenReport) -> None:
    """15.5 us comes before 45 ms, whatever their texts; the heading says the order."""
    page = open_report(to_html(sample_page())).page
    table = page.locator("#shapes .scroll").first
    heading = table.locator("thead th", has_text="After")
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert table.locator("tbody th").all_text_contents() == ["0c9e", "77b0", "e442", "a1f3"]
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert table.locator("tbody th").all_text_contents() == ["a1f3", "e442", "77b0", "0c9e"]


def test_command_is_copied(open_report: OpenReport) -> None:
    """The button takes the command alone, without its own word."""
    page = open_report(to_html(sample_page())).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    first = page.locator("pre.copy").first
    first.locator("button").click()
    first.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "dbtune apply-indexes shop.db --from run.json"


def test_command_is_selected_whole(open_report: OpenReport) -> None:
    """One click on a command takes all of it, without script too."""
    page = open_report(to_html(sample_page()), script=False).page
    page.locator("pre.copy code").first.click()
    selected = page.evaluate("getSelection().toString()")
    assert selected.strip() == "dbtune apply-indexes shop.db --from run.json"


@pytest.mark.parametrize("by_click", [True, False])
def test_link_opens_what_is_closed(open_report: OpenReport, by_click: bool) -> None:
    """Details that a link leads to are open, from the table and from outside."""
    opened = open_report(to_html(sample_page()), anchor="" if by_click else "shape-1")
    if by_click:
        opened.page.locator("#shapes .scroll a").first.click()
    opened.page.locator("#shape-1[open]").wait_for()


def test_everything_is_opened_and_closed_at_once(open_report: OpenReport) -> None:
    """By one button, which says what it will do."""
    page = open_report(to_html(sample_page())).page
    closed = page.locator("#sections details:not([open])")
    page.get_by_role("button", name="Open all").click()
    assert closed.count() == 0
    page.get_by_role("button", name="Close all").click()
    assert closed.count() == page.locator("#sections details").count()


def test_prints_all_that_is_open(open_report: OpenReport) -> None:
    """A few pages, on white, also where the screen is dark."""
    page = open_report(to_html(sample_page()), scheme="dark").page
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", print_background=True)))
    assert 2 <= pages <= 8
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 33, 38)"
    assert not page.locator("nav").is_visible()
    assert page.get_by_text("is not printed").is_visible()


def test_works_without_script(open_report: OpenReport) -> None:
    """Everything is there to be read; what only a script does is not offered."""
    page = open_report(to_html(sample_page()), script=False).page
    assert page.locator("button").count() == 0
    assert page.locator("select").count() == 1
    page.locator("#shape-1 > summary").click()
    assert page.locator("#shape-1 pre").first.is_visible()


HOSTILE = '<script>document.title = "owned"</script><img src=x onerror=alert(1)>\u202egnp.exe\0'


def hostile_page() -> Page:
    """A page whose every text was written by an enemy."""
    card = FindingCard(
        "finding-1", HOSTILE, "high", HOSTILE, HOSTILE, (), HOSTILE, HOSTILE, HOSTILE
    )
    statement = "SELECT '</style></script>" + "x" * 10_000 + "'"
    return replace(
        sample_page(),
        title=HOSTILE,
        verdict=HOSTILE,
        sections=(
            Section("findings", HOSTILE, (FindingList((card,)), Text((HOSTILE,)))),
            Section("shapes", HOSTILE, (Details(HOSTILE, (Code(statement),), "shape-1"),)),
        ),
        footer=(HOSTILE,),
    )


def test_hostile_text_is_shown_and_runs_nothing(open_report: OpenReport) -> None:
    """Markup is text, what steers is visible, and a statement of 10,000 letters wraps."""
    opened = open_report(to_html(hostile_page()), width=360, anchor="shape-1")
    assert opened.messages == []
    assert len(opened.requests) == 1
    assert opened.page.title() != "owned"
    assert opened.page.locator("img").count() == 0
    text = opened.page.locator(".verdict").text_content() or ""
    assert "<script>" in text and "\\u202egnp.exe\\x00" in text
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
