"""The digest on a terminal: what fits, what is said, and nothing that steers the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.digest import (
    CacheAdvice,
    CacheOutcome,
    CacheReplayResult,
    NamedCount,
    Names,
    PoolWaits,
    QueryDigest,
    QueryRepeats,
    QueryStatistics,
    RowCounts,
)
from dbtune.model.latency import LatencyBucket, LatencyHistogram, LatencySummary
from dbtune.report.plain_text import display_width
from dbtune.report.terminal.queries_text import queries_to_terminal
from dbtune.report.terminal.sparkline import bars, decades

NONE = Names((), 0)
ESCAPES = "\x1b[31m\u202e\n"


def latency() -> LatencySummary:
    """Return the summary of a few durations from 1 µs to 12 s."""
    histogram = LatencyHistogram()
    for duration_ns in (1_000, 60_000, 70_000, 3_000_000, 12_000_000_000):
        histogram.add(duration_ns)
    summary = histogram.summary()
    assert summary is not None
    return summary


def query(number: int = 0) -> QueryStatistics:
    """Return a shape of which everything is known."""
    return QueryStatistics(
        id=f"{number:012x}",
        template=f"select users.name from users where users.city = ? and users.id > {number}",
        kind="read",
        calls=1234.0,
        share=0.5,
        latency=latency(),
        rows=RowCounts(1000.0, 5000.0, 20),
        waits=PoolWaits(10.0, 5e6, 1_000_000),
        errors=Names((NamedCount("database is locked", 3.0),), 1),
        error_calls=3.0,
        first_seen="2026-05-28T20:26:40.000000Z",
        last_seen="2026-05-28T20:26:50.000000Z",
        routes=Names(tuple(NamedCount(f"GET /{n}", 9.0 - n) for n in range(5)), 9),
        call_sites=Names((NamedCount("app/users.py:7", 9.0),), 1),
        databases=Names((NamedCount("/srv/a.db", 9.0), NamedCount("/srv/b.db", 3.0)), 2),
        relationships=Names((NamedCount("User.orders", 4.0),), 1),
        repeats=QueryRepeats(26, 12),
    )


def cache() -> CacheReplayResult:
    """Return advice on one shape."""
    ttls = (1.0, 60.0, 600.0)
    outcomes = tuple(CacheOutcome(ttl, 0.5, 0.1 * n, 1e9) for n, ttl in enumerate(ttls))
    writes = Names((NamedCount("users", 12.0),), 1)
    advice = CacheAdvice("0" * 12, query().template, 1234.0, outcomes, writes)
    return CacheReplayResult(ttls, (advice,), 2000.0, 10.0, 0.25)


def digest(*queries: QueryStatistics) -> QueryDigest:
    """Return a digest with everything in it."""
    return QueryDigest(
        created_at="2026-05-28T20:30:00+00:00",
        dbtune_version="1.0",
        sources=("a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl"),
        by="total",
        ordered_by="total",
        route="GET *",
        database="*.db",
        since="2026-05-28T20:26:40.000000Z",
        statements=5000,
        kept=1234,
        calls=1234.0,
        error_calls=3.0,
        shapes=40,
        latency=latency(),
        started_at="2026-05-28T20:26:40.000000Z",
        ended_at="2026-05-28T20:26:50.000000Z",
        databases=Names((NamedCount("/srv/a.db", 9.0), NamedCount("/srv/b.db", 3.0)), 3),
        queries=queries,
        cache=cache(),
        broken=(),
        broken_count=0,
        notes=("something to know",),
    )


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140, 160, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Tables take columns away and shorten the query until they fit."""
    text = queries_to_terminal(digest(*map(query, range(25))), width=width, color=False)
    assert max(map(display_width, text.splitlines())) <= width


def test_everything_that_is_known_is_told() -> None:
    """In the table, or below it."""
    text = " ".join(queries_to_terminal(digest(query()), width=80, color=False).split())
    for told in (
        "1,234 calls of 40 query shapes in a.jsonl, b.jsonl and 2 more; 3 calls failed",
        "only route GET * and database *.db and since 2026-05-28T20:26:40.000000Z: 1,234 of 5,000",
        "and 39 more: see --limit",
        "min 1.0 µs",
        "p99 12 s",
        "rows 5,000, 5 a call, 20 at most",
        "waits for a connection 5.0 ms, 500 µs each, 1.0 ms at most",
        "3 failed: database is locked (3)",
        "routes: GET /0 (9), GET /1 (8), GET /2 (7) and 6 more",
        "call sites: app/users.py:7 (9)",
        "lazy loads: User.orders (4)",
        "databases: /srv/a.db (9), /srv/b.db (3)",
        "N+1: up to 26 calls in one request",
        "9 calls (0.7 %) to /srv/a.db",
        "50/10 %",
        "clear it on writes to users (12)",
        "values were not recorded, nor a digest of them: 10.",
        "25 % were followed",
        "something to know",
    ):
        assert told in text


def test_what_is_not_known_is_a_dash() -> None:
    """And there is no column of which nothing is known."""
    bare = replace(query(), latency=None, rows=None, waits=None, repeats=None)
    text = queries_to_terminal(
        replace(digest(bare, query(1)), latency=None, ordered_by="calls"), width=160, color=False
    )
    header = next(line for line in text.splitlines() if line.startswith("#"))
    row = next(line for line in text.splitlines() if line.startswith("1 "))
    assert header.split() == ["#", "id", "calls", "share", "rows", "errors", "query"]
    assert row.split()[:6] == ["1", "0" * 12, "1,234", "50", "%", "-"]


@pytest.mark.parametrize("by", ["p99", "max", "rows", "wait"])
def test_what_the_order_is_by_has_a_column_in_any_width(by: str) -> None:
    """Or nobody sees why the first is the first."""
    ordered = replace(digest(query()), by=by, ordered_by=by)  # type: ignore[arg-type]
    for width in (80, 160):
        text = queries_to_terminal(ordered, width=width, color=False)
        header = next(line for line in text.splitlines() if line.startswith("#"))
        assert by in header.split()


def test_nothing_recorded_steers_the_terminal() -> None:
    """Names and statements come from elsewhere."""
    named = Names((NamedCount(ESCAPES, 1.0),), 1)
    odd = replace(
        query(),
        template=f"select {ESCAPES}",
        errors=named,
        routes=named,
        call_sites=named,
        databases=Names((*named.top, *named.top), 2),
        relationships=named,
    )
    hostile = replace(
        digest(odd),
        sources=(ESCAPES,),
        databases=Names((*named.top, *named.top), 2),
        notes=(ESCAPES,),
        route=ESCAPES,
    )
    text = queries_to_terminal(hostile, width=100, color=False)
    assert "\x1b" not in text and "\u202e" not in text
    assert "\x1b[31m" not in queries_to_terminal(hostile, width=100, color=True)


def test_a_cache_that_was_not_tried_is_no_verdict() -> None:
    """Where no values are known, nothing says that no query came again."""
    nothing = replace(cache(), advice=(), lookups=0.0)
    text = queries_to_terminal(replace(digest(query()), cache=nothing), width=80, color=False)
    assert "Cache: no read with known values to try it on" in text
    seldom = replace(nothing, lookups=5.0)
    text = queries_to_terminal(replace(digest(query()), cache=seldom), width=80, color=False)
    assert "Cache: no query was sent again with the same values often enough" in text


def test_bars_show_what_is_there() -> None:
    """The fullest is the highest, little is not nothing, and nothing is a dot."""
    assert bars([0, 1, 1000, 500]) == "·▁█▅"
    assert bars([]) == "" and decades(()) == ""


def test_histograms_of_a_table_stand_above_one_another() -> None:
    """Each power of ten has its place, whatever the others hold."""
    short, long = LatencyHistogram(), LatencyHistogram()
    short.add(100)
    long.add(20_000_000_000)
    queries = [replace(query(n), latency=each.summary()) for n, each in enumerate((short, long))]
    text = queries_to_terminal(digest(*queries), width=160, color=False)
    assert "  █········  " in text and "  ········█  " in text


def test_decades_are_powers_of_ten() -> None:
    """From under a microsecond to ten seconds and more."""
    ends = (LatencyBucket(0, 1_000, 1), LatencyBucket(20_000_000_000, 50_000_000_000, 1))
    assert decades(ends) == "█·······█"
    assert decades((LatencyBucket(1_000, 2_000, 1), LatencyBucket(5_000, 10_000, 1))) == "·█·······"


@pytest.mark.parametrize(
    ("sources", "databases", "command"),
    [
        (("a.jsonl",), ("/srv/my app.db",), "analyze '/srv/my app.db' --queries a.jsonl"),
        (
            ("a.jsonl", "b.sql"),
            (":memory:", "/b.db"),
            "analyze /b.db --queries a.jsonl --queries b.sql",
        ),
        (("a.jsonl",), (), "analyze DB --queries a.jsonl"),
        (("a.jsonl.2", "a.jsonl.1", "a.jsonl"), (), "analyze DB --queries a.jsonl"),
        (("a.jsonl",), ("file:x?mode=memory",), "analyze DB --queries a.jsonl"),
    ],
)
def test_it_ends_with_the_command_that_comes_next(
    sources: tuple[str, ...], databases: tuple[str, ...], command: str
) -> None:
    """With the file that was seen most, so that it can be copied."""
    names = Names(tuple(NamedCount(name, 1.0) for name in databases), len(databases))
    seen = replace(digest(query()), sources=sources, databases=names)
    *_, last = queries_to_terminal(seen, width=80, color=False).rstrip().split("\n\n")
    assert last.startswith("Next: ")
    assert last.partition("$ ")[2] == f"dbtune {command}"


def test_nothing_comes_next_after_stdin_or_nothing() -> None:
    """What was piped is gone, and no statement needs no index."""
    empty = replace(digest(), calls=0.0, databases=NONE)
    for seen in (replace(digest(query()), sources=("stdin",)), empty):
        assert "Next: " not in queries_to_terminal(seen, width=80, color=False)
