"""Pages as Markdown that fits a comment on a pull request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.page import (
    Action,
    Bar,
    BarChart,
    Bin,
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Command,
    Commands,
    Details,
    Fact,
    Facts,
    FindingCard,
    FindingList,
    Histogram,
    LineChart,
    MapIndex,
    MapLink,
    MapTable,
    Marker,
    Page,
    PlanStep,
    PlanTree,
    Point,
    SchemaMap,
    Section,
    Series,
    Share,
    ShareChart,
    Table,
    Text,
)
from dbtune.report.markdown.to_markdown import COMMENT_ROOM, to_markdown
from dbtune.report.pages.page_of import join_pages, page_of
from tests.reports import FULL, REPORTS
from tests.unit.report_markdown.rendered import foreign_tags, references, tokens, unbalanced

HOSTILE = 'evil | `x` @team #12 </details><script>alert("1")</script>\n\n# h\x1b[2J\u202e www.a.b'

FINDING = FindingCard(
    "f-1",
    "n-plus-one",
    "high",
    "0a1b",
    "One query 12 times a request.",
    (Fact("route", "GET /chefs"),),
    "Send one query.",
    "SELECT 1",
    "app/chefs.py:40",
    "sql",
)


def page(*blocks: Block) -> Page:
    """Return a page of one section."""
    return Page(
        "dbtune analyze: app.db",
        "app.db can be 19x faster.",
        "good",
        (Fact("Findings", "1 high", "of 2", "bad"),),
        (Action("Create 2 indexes", "dbtune apply-indexes app.db"),),
        (Section("s", "Queries", blocks),),
        ("app.db 4.1 kB", "dbtune 1.0"),
    )


def all_blocks(text: str) -> tuple[Block, ...]:
    """Return a block of every kind, with a text wherever there is one."""
    cell, fact = Cell(text, None, "bad"), Fact(text, text, text, "bad")
    steps = (PlanStep("scan", text, (PlanStep("sort", text),)),)
    return (
        Text((text, text)),
        Bullets((text,)),
        Facts((fact,)),
        Table(text, (Column(text), Column(text, "number"), Column(text, "code")), ((cell,) * 3,)),
        Table(text, (Column(text),), ((cell,),) * 30),
        Code(text, "sql"),
        Commands((Command(text, text, text),)),
        FindingList((FindingCard("a", text, "high", text, text, (fact,), text, text, text),)),
        BarChart(text, text, text, (Bar(text, 2.0, text, 1.0, text, text),)),
        ShareChart(text, text, (Share(text, 0.4, text),)),
        Histogram(text, text, (Bin(text, text, 3.0),), (Marker(text, text, 0, 0.5),)),
        LineChart(text, text, text, text, (Series(text, (Point(1.0, 2.0, text),)),)),
        PlanTree(text, text, steps, steps),
        SchemaMap(
            text,
            text,
            (MapTable(text, text, (MapIndex(text, text, "new"),)),),
            (MapLink(text, text, text, False),),
        ),
        Details(text, (Text((text,)), FindingList((FINDING,)))),
    )


@pytest.mark.parametrize("block", all_blocks(HOSTILE), ids=lambda block: type(block).__name__)
def test_no_text_leaves_its_place(block: Block) -> None:
    """Whatever a database holds: no mention, no link, no tag, and nothing left open."""
    own = page(block)
    hostile = replace(
        own,
        title=HOSTILE,
        verdict=HOSTILE,
        actions=(Action(HOSTILE, HOSTILE),),
        sections=(replace(own.sections[0], title=HOSTILE),),
        footer=(HOSTILE,),
    )
    drawn = to_markdown(hostile)
    assert references(drawn) == [] and foreign_tags(drawn) == [] and unbalanced(drawn) == 0
    assert "\x1b" not in drawn and "\u202e" not in drawn
    headings = [token for token in tokens(drawn) if token.type == "heading_open"]
    assert len(headings) == 3


@pytest.mark.parametrize("block", all_blocks("words"), ids=lambda block: type(block).__name__)
def test_every_block_is_drawn(block: Block) -> None:
    """Its text is there, and tables are tables."""
    drawn = to_markdown(page(block))
    kinds = {token.type for token in tokens(drawn)}
    assert drawn.count("words") > 0
    charts = BarChart | ShareChart | Histogram | LineChart | SchemaMap | Table
    assert ("table_open" in kinds) == isinstance(block, charts)


def test_the_verdict_and_the_actions_come_first() -> None:
    """Then what they rest on."""
    drawn = to_markdown(page(Text(("prose",)), FindingList((FINDING,))))
    marks = (
        "## dbtune analyze: app.db",
        "**app.db can be 19x faster.**",
        "Findings: **1 high** (of 2)",
        "1\\. Create 2 indexes",
        "dbtune apply-indexes app.db",
        "### Queries",
        "prose",
        "<code>n-plus-one</code> 0a1b at <code>app/chefs.py:40</code>",
        "```sql\nSELECT 1\n```",
        "dbtune 1.0",
    )
    places = [drawn.index(mark) for mark in marks]
    assert places == sorted(places)


def test_three_findings_are_open_and_the_others_folded() -> None:
    """So that what comes after them is seen."""
    drawn = to_markdown(page(FindingList((FINDING,) * 5)))
    assert (drawn.count("<details open>"), drawn.count("<details>")) == (3, 2)


def test_a_long_table_is_cut_in_words() -> None:
    """25 rows, and how many more there are."""
    rows = tuple((Cell(f"row {number}"),) for number in range(40))
    drawn = to_markdown(page(Table("Queries", (Column("query"),), rows)))
    assert "row 24" in drawn and "row 25" not in drawn and "*and 15 more*" in drawn
    assert "<summary>Queries (40)</summary>" in drawn


def test_long_code_is_cut_in_words() -> None:
    """A view of a thousand lines is no comment."""
    drawn = to_markdown(page(Code("x" * 10_000)))
    assert "x" * 3_000 in drawn and "x" * 3_001 not in drawn
    assert "*and 7,000 characters more*" in drawn


def many(count: int) -> tuple[FindingCard, ...]:
    return tuple(replace(FINDING, subject=f"shape-{number}") for number in range(count))


def test_what_is_too_long_is_left_out_in_words() -> None:
    """Each section keeps its first parts, and the ones behind a long one have room too."""
    own = page(FindingList(many(500)))
    whole = Section("whole", "Whole", (Code("y" * 2_000),) * 60)
    last = Section("last", "Not checked", (Text(("nothing of views",)),))
    drawn = to_markdown(replace(own, sections=(*own.sections, whole, last)))
    assert len(drawn) <= COMMENT_ROOM
    assert len(drawn) > COMMENT_ROOM * 0.7
    assert "of 500 left out for the length of a comment" in drawn
    assert "of 60 left out for the length of a comment" in drawn
    assert "nothing of views" in drawn and drawn.rstrip().endswith("dbtune 1.0*")
    assert "shape-0 " in drawn and "shape-499 " not in drawn
    assert unbalanced(drawn) == 0


def test_a_section_without_room_is_named() -> None:
    """One whose parts are each too large, too."""
    own = page(FindingList((replace(FINDING, message="z" * 100_000),)))
    drawn = to_markdown(replace(own, verdict="v" * 100_000))
    assert len(drawn) <= COMMENT_ROOM
    assert "*Left out for the length of a comment: Queries.*" in drawn


@pytest.mark.parametrize("room", [3_000, 10_000, 65_000])
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fits(name: str, room: int) -> None:
    """In whatever room, with nothing left open."""
    drawn = to_markdown(page_of(REPORTS[name]), room)
    assert len(drawn) <= room
    assert references(drawn) == [] and foreign_tags(drawn) == [] and unbalanced(drawn) == 0


def test_several_runs_stand_under_their_names() -> None:
    """Each once above its sections, and beside those that there is no room for."""
    joined = join_pages((page_of(FULL, "before.json"), page_of(FULL, "after.json")))
    drawn = to_markdown(joined)
    headings = [line for line in drawn.splitlines() if line.startswith(("### ", "#### "))]
    assert headings.count("### before.json") == headings.count("### after.json") == 1
    assert headings.index("#### Notes") < headings.index("### after.json")
    short = to_markdown(joined, 9_000)
    assert len(short) <= 9_000
    assert "Query shapes (after.json)" in short
