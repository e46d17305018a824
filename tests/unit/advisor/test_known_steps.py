"""Steps before and after under the other library: run as far as tells which is more, and once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.advisor.proving.library_check import KnownSteps, SampleRun
from dbtune.advisor.statements.runnable import Statement
from dbtune.sqlite.explain import explain
from tests.unit.advisor.workbench import build, filled

ROWS = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)",
    filled("t", "a, b", "n, n", 1_200),
)
# A range is not worth an automatic index: without one on `a` these are 1.4 million pairs.
PAIRS = "SELECT count(*) FROM t AS x CROSS JOIN t AS y WHERE y.a BETWEEN x.b AND x.b"
ALL_STEPS = 1_200 * 1_200 * 2
# What a statement may take before anybody asks how much slower it is.
FIRST_STEPS = 1_000_000


class Copies:
    """Two copies of the same rows; only one has an index on `a`. `ran` is what ran where."""

    def __init__(self, folder: Path) -> None:
        self.plain = sqlite3.connect(build(folder / "plain.db", *ROWS))
        self.indexed = sqlite3.connect(
            build(folder / "indexed.db", *ROWS, "CREATE INDEX by_a ON t (a)")
        )
        self.ran: list[str] = []
        self.plain.set_trace_callback(lambda sql: self._note("plain", sql))
        self.indexed.set_trace_callback(lambda sql: self._note("indexed", sql))

    def _note(self, where: str, sql: str) -> None:
        if not sql.startswith("EXPLAIN"):
            self.ran.append(where)

    def compare(
        self, known: KnownSteps, old: sqlite3.Connection, new: sqlite3.Connection, sql: str = PAIRS
    ) -> tuple[int, int]:
        """Compare a statement between both."""
        run = SampleRun("shape", 0, Statement(sql, ()))
        return known.compare(old, new, run, explain(new, sql, ()))


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    """Both copies open."""
    found = Copies(tmp_path)
    with closing(found.plain), closing(found.indexed):
        yield found


def test_a_plan_much_slower_is_not_run_to_its_end(copies: Copies) -> None:
    """That it takes more than four times as long says enough."""
    before, after = copies.compare(KnownSteps(), copies.indexed, copies.plain)
    assert 0 < 4 * before < after == FIRST_STEPS < ALL_STEPS


def test_what_was_much_slower_before_is_not_run_to_its_end(copies: Copies) -> None:
    """The new plan ends soon."""
    before, after = copies.compare(KnownSteps(), copies.plain, copies.indexed)
    assert 0 < 4 * after < before < 5 * after < ALL_STEPS


def test_plans_that_take_about_as_long_are_run_to_their_ends(copies: Copies) -> None:
    """However long that is, as the one may be slower by a fifth."""
    scan = PAIRS.replace("y.a BETWEEN", "+y.a BETWEEN")
    before, after = copies.compare(KnownSteps(), copies.plain, copies.indexed, scan)
    assert before > ALL_STEPS > FIRST_STEPS
    assert after == pytest.approx(before, rel=0.2)


def test_before_is_measured_once(copies: Copies) -> None:
    """For all sets of indexes that are tried, and each plan after once too."""
    known = KnownSteps()
    first = copies.compare(known, copies.indexed, copies.plain)
    assert sorted(copies.ran) == ["indexed", "plain"]
    assert copies.compare(known, copies.indexed, copies.plain) == first
    assert sorted(copies.ran) == ["indexed", "plain"]
    copies.plain.execute("CREATE INDEX by_b ON t (b)")
    copies.ran.clear()
    copies.compare(known, copies.indexed, copies.plain)
    assert copies.ran == ["plain"]


def test_what_was_cut_short_is_run_further_where_another_plan_asks_for_it(
    copies: Copies,
) -> None:
    """Beside a slower plan, four times its steps are more."""
    known = KnownSteps()
    short, _ = copies.compare(known, copies.plain, copies.indexed)
    copies.indexed.execute("DROP INDEX by_a")
    copies.indexed.execute("CREATE INDEX by_a ON t (b, a)")
    long, after = copies.compare(known, copies.plain, copies.indexed)
    assert short < FIRST_STEPS < ALL_STEPS < long
    assert after == pytest.approx(long, rel=0.3)


def test_what_is_known_of_the_database_as_it_is_outlives_a_copy(copies: Copies) -> None:
    """On a fresh copy, what was built is measured anew."""
    known = KnownSteps()
    first = copies.compare(known, copies.indexed, copies.plain)
    copies.ran.clear()
    assert copies.compare(known.forget_after(), copies.indexed, copies.plain) == first
    assert copies.ran == ["plain"]
    assert copies.compare(known, copies.indexed, copies.plain) == first
    assert copies.ran == ["plain"]


def test_an_error_of_the_statement_is_not_taken_for_an_interruption(copies: Copies) -> None:
    """Nor does the connection count steps afterwards."""
    broken = "SELECT json_extract('{' || a, '$') FROM t"
    with pytest.raises(sqlite3.OperationalError, match="JSON"):
        copies.compare(KnownSteps(), copies.plain, copies.indexed, broken)
    assert copies.plain.execute("SELECT count(*) FROM t, t AS u").fetchall() == [(1_440_000,)]
