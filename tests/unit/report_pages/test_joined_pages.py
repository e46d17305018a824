"""Several runs on one page."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from dbtune.report.pages.page_of import join_pages, page_of
from tests.reports import APPLIED, FULL, MIGRATED
from tests.unit.report_pages.page_parts import links, targets


def test_one_page_alone_stays_as_it_is() -> None:
    """Its anchors are those that links from outside have."""
    page = page_of(FULL)
    assert join_pages((page,)) is page


def test_the_first_verdict_stands_at_the_top_and_the_others_at_their_sections() -> None:
    """Each section says which run it is of."""
    first, second = page_of(FULL, "/runs/before.json"), page_of(MIGRATED, "moved.json")
    page = join_pages((first, second))
    assert (page.verdict, page.actions) == (first.verdict, first.actions)
    assert page.title == "dbtune report: before.json, moved.json"
    begin = page.sections[0]
    assert (begin.title, begin.group) == ("Cost before and after", "before.json")
    head = page.sections[len(first.sections)]
    assert (head.anchor, head.group) == ("run-2-run", "moved.json")
    assert head.title == second.title
    assert second.verdict in repr(head.blocks)


def test_files_of_one_name_stay_two_groups() -> None:
    """They lie in different folders; what stands together belongs to one run."""
    page = join_pages((page_of(FULL, "old/run.json"), page_of(APPLIED, "new/run.json")))
    groups = [group for group, _ in groupby(page.sections, lambda found: found.group)]
    assert groups == ["run.json", "run.json (2)"]


def test_the_same_run_twice_shares_no_anchor() -> None:
    """And each link leads to its own."""
    page = join_pages((page_of(FULL), page_of(FULL)))
    assert len(targets(page)) == len(set(targets(page)))
    assert set(links(page)) <= set(targets(page))
    first = [anchor for anchor in links(page) if anchor.startswith("run-1-")]
    assert first
    assert len(first) * 2 == len(links(page))


def test_the_same_environment_is_told_once() -> None:
    """Another one, such as that of another version, again."""
    same = join_pages((page_of(FULL), page_of(APPLIED)))
    other = join_pages(
        (page_of(FULL), page_of(replace(APPLIED, source=replace(FULL.source, path="/other.db"))))
    )
    told = [[a for a in targets(page) if a.endswith("-environment")] for page in (same, other)]
    assert told == [["run-1-environment"], ["run-1-environment", "run-2-environment"]]
