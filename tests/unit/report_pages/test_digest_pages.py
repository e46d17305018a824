"""What the page of a recording's digest shows that a real small one does not have."""

from __future__ import annotations

from dataclasses import replace

from dbtune.model.digest import NamedCount, Names
from dbtune.model.page import Histogram, ShareChart, Table
from dbtune.model.workload import BrokenLine
from dbtune.report.pages.latency_blocks import latency_histogram
from dbtune.report.pages.page_of import page_of
from tests.unit.report_pages.page_parts import block, of_kind, section, texts
from tests.unit.test_queries_text import digest, latency, query

PAGE = page_of(digest(*map(query, range(12))))


def test_shares_are_of_the_first_ten_and_the_rest() -> None:
    """Those that the digest leaves out are in the rest too."""
    parts = block(PAGE, "time", ShareChart).parts
    assert len(parts) == 11
    assert parts[-1].label == "the other 30"


def test_markers_lie_within_the_bin_that_holds_them() -> None:
    """The median of the calls in the bin that it is in, p99 in the last."""
    summary = latency()
    histogram = latency_histogram("t", summary)
    assert isinstance(histogram, Histogram)
    for marker, value in zip(
        histogram.markers, (summary.median_ns, summary.p95_ns, summary.p99_ns), strict=True
    ):
        bucket = summary.buckets[marker.place]
        assert bucket.from_ns <= value < bucket.below_ns
        assert marker.fraction == (value - bucket.from_ns) / (bucket.below_ns - bucket.from_ns)


def test_all_that_is_known_of_a_query_stands_in_its_details() -> None:
    """Where it comes from, what failed, how many rows, and how long it waited."""
    told = texts(section(PAGE, "queries"))
    for known in ("app/users.py:7 (9)", "User.orders (4)", "database is locked (3)", "26 calls"):
        assert known in told
    assert "And 28 more query shapes." in told


def test_a_cache_is_judged_by_time_to_live() -> None:
    """With what it assumes, and which writes clear it."""
    table = block(PAGE, "cache", Table)
    assert [column.title for column in table.columns[4:7]] == ["1 s", "60 s", "10 min"]
    assert table.rows[0][-1].text == "users (12)"
    assert "Assumes one cache for all processes" in texts(section(PAGE, "cache"))


def test_several_databases_and_broken_lines_are_told() -> None:
    """Neither goes without saying."""
    assert len(block(PAGE, "databases", Table).rows) == 2
    broken = replace(
        digest(query()), broken=(BrokenLine("a.jsonl", 7, "not JSON"),), broken_count=3
    )
    told = texts(section(page_of(broken), "not-checked"))
    assert "a.jsonl line 7: not JSON; the line was left out" in told
    assert "2 more broken lines" in told


def test_without_durations_shares_are_of_calls_and_no_time_is_drawn() -> None:
    """Some logs have none."""
    untimed = replace(digest(replace(query(), latency=None)), latency=None)
    page = page_of(untimed)
    assert block(page, "time", ShareChart).title == "Share of the calls"
    assert of_kind(page, Histogram) == []
    titles = [column.title for column in block(page, "queries", Table).columns]
    assert "p95" not in titles


def test_a_recording_from_standard_input_cannot_be_analyzed_again() -> None:
    """So no command says to."""
    page = page_of(replace(digest(query()), sources=("stdin",)))
    assert page.actions == ()
    assert "next" not in {found.anchor for found in page.sections}


def test_a_database_in_memory_is_no_file_to_analyze() -> None:
    """DB stands for the one that only the user knows."""
    memory = Names((NamedCount(":memory:", 1.0),), 1)
    page = page_of(replace(digest(query()), databases=memory, sources=("it's.jsonl",)))
    assert page.actions[0].command == "dbtune analyze DB --queries 'it'\"'\"'s.jsonl'"
