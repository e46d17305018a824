"""The proof repeated with the SQLite that Python is linked with, which applications run on.

The planners differ: 3.54 with STAT4 and 3.40 without chose the same indexes in 81 % of cases.
Both copies are closed by apsw before: one SQLite library a file a process.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.proving.proof import PlannedIndex
from dbtune.advisor.statements.runnable import Statement
from dbtune.advisor.statements.subjects import Subject
from dbtune.model.workload import Plan
from dbtune.sqlite.explain import explain, indexes_used
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.analyzed_tables import tables_to_analyze

# The module counts steps through its progress handler only: every 200 is fine enough to compare
# runs of a thousand and more; every 50 doubles the time of the check.
_STEPS_A_CALL = 200
_MAX_CALLS = 500_000
# Most statements end within a million steps. Beyond that nobody needs to know how much slower one
# is that takes four times as long.
_FIRST_CALLS = 5_000
_MUCH_SLOWER = 4
# The module has no counter of page fetches; with them a step of these plans costs about that.
_SCAN_STEP_NS = 14
_LOOKUP_STEP_NS = 40
# What one execution may cost more, beside what it costs now, before it counts as slower.
_SLOWER_RATIO = 0.2
_SLOWER_NS = 10_000


@dataclass(frozen=True)
class LibraryDifference:
    """A read that gets slower with this library; steps are sums over the shape's samples.

    `added_ns` is about what it costs more over the whole recording, `used` the indexes that its
    plans use now.
    """

    shape_id: str
    steps_before: int
    steps_after: int
    added_ns: float
    used: frozenset[str]


@dataclass(frozen=True)
class LibraryCheck:
    """What Python's own SQLite makes of the proof.

    `used` are indexes its plans use, `slower` reads it makes slower. `checked` are ids of the
    shapes that this was found out from, `unchecked` of those that it cannot prepare or run.
    `distrusted` are new indexes with which connections cannot use the database under
    trusted_schema=OFF, and its message.
    """

    version: str
    used: frozenset[str]
    slower: tuple[LibraryDifference, ...]
    checked: frozenset[str]
    unchecked: tuple[str, ...]
    distrusted: tuple[tuple[str, str], ...]


class KnownSteps:
    """What statements took under plans that were run before, on copies of the same rows."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, int], _Steps] = {}
        self._after: dict[tuple[str, int, Plan], _Steps] = {}

    def compare(
        self, old: sqlite3.Connection, new: sqlite3.Connection, run: SampleRun, plan: Plan
    ) -> tuple[int, int]:
        """Return a statement's steps before and after, as far as it takes to tell which is more.

        A plan that is much slower is not run to its end, nor is one that was much slower before.
        """
        after = self._steps_after(new, run, plan, _FIRST_CALLS)
        before = self._steps_before(old, run, min(_MAX_CALLS, _MUCH_SLOWER * after.calls + 1))
        if not after.complete:
            most = _MUCH_SLOWER * before.calls + 1 if before.complete else _MAX_CALLS
            after = self._steps_after(new, run, plan, min(_MAX_CALLS, most))
            enough = min(_MAX_CALLS, _MUCH_SLOWER * after.calls + 1)
            before = self._steps_before(old, run, enough)
        return before.steps, after.steps

    def _steps_before(
        self, connection: sqlite3.Connection, run: SampleRun, max_calls: int
    ) -> _Steps:
        key = run.shape_id, run.sample
        known = self._before.get(key)
        if known is None or not known.reach(max_calls):
            known = self._before[key] = _count(connection, run.statement, max_calls)
        return known

    def _steps_after(
        self, connection: sqlite3.Connection, run: SampleRun, plan: Plan, max_calls: int
    ) -> _Steps:
        key = run.shape_id, run.sample, plan
        known = self._after.get(key)
        if known is None or not known.reach(max_calls):
            known = self._after[key] = _count(connection, run.statement, max_calls)
        return known

    def forget_after(self) -> KnownSteps:
        """Return what is known of the database as it is."""
        kept = KnownSteps()
        kept._before = self._before
        return kept


class SampleRun(NamedTuple):
    """A statement of a shape, by its place among the samples."""

    shape_id: str
    sample: int
    statement: Statement


class _Steps(NamedTuple):
    """Calls of the progress handler, and whether the statement came to its end."""

    calls: int
    complete: bool

    @property
    def steps(self) -> int:
        return self.calls * _STEPS_A_CALL

    def reach(self, max_calls: int) -> bool:
        return self.complete or self.calls >= max_calls


def check_library(
    before: Path,
    after: Path,
    subjects: Sequence[tuple[Subject, ShapeCost]],
    planned: Sequence[PlannedIndex],
    known: KnownSteps | None = None,
) -> LibraryCheck:
    """Compare both scratch copies under Python's sqlite3: plans always, steps where plans differ.

    Each subject comes with what it costs on `before` as the other library measured it.
    Statistics are made anew on `after` as the revision will; `before` is only read.
    """
    with closing(_open(before)) as old, closing(_open(after)) as analyzed:
        _analyze(analyzed, tables_to_analyze(old, (index.table for index in planned)))
    # Opened again, as an application is: the connection that ran ANALYZE plans with some of the
    # statistics from before.
    return compare_library(before, after, subjects, planned, known or KnownSteps())


def compare_library(
    before: Path,
    after: Path,
    subjects: Sequence[tuple[Subject, ShapeCost]],
    planned: Sequence[PlannedIndex],
    known: KnownSteps,
) -> LibraryCheck:
    """Compare as `check_library` does, with the statistics that are there; changes nothing."""
    with closing(_open(before)) as old, closing(_open(after)) as new:
        distrusted = tuple(_distrusted(new, planned))
        used: set[str] = set()
        slower: list[LibraryDifference] = []
        unchecked: list[str] = []
        for subject, cost in subjects:
            try:
                plans = [explain(new, s.text, s.parameters) for s in subject.statements]
                if not subject.writes:
                    slower += _compare(old, new, subject, cost, known)
            except sqlite3.Error:
                unchecked.append(subject.shape.id)
            else:
                used |= {name for plan in plans for name in indexes_used(plan)}
    checked = frozenset(subject.shape.id for subject, _ in subjects) - frozenset(unchecked)
    return LibraryCheck(
        sqlite3.sqlite_version,
        frozenset(used),
        tuple(slower),
        checked,
        tuple(unchecked),
        distrusted,
    )


def _distrusted(
    connection: sqlite3.Connection, planned: Sequence[PlannedIndex]
) -> Iterator[tuple[str, str]]:
    """Find new indexes that SQLite does not want under trusted_schema=OFF.

    SQLite 3.40 calls json_extract() in an index unsafe there. A write to the table tells so; an
    application that sets the pragma first thing cannot even load the schema, nor read any table.
    """
    connection.execute("PRAGMA trusted_schema = OFF")
    for index in planned:
        on_expression = index.spec is not None and any(
            "(" in text or "->" in text for text in (*index.spec.terms, index.spec.where or "")
        )
        if not on_expression:
            continue
        try:
            connection.execute(
                f"EXPLAIN DELETE FROM {quote_identifier(index.table)} WHERE random()"
            ).fetchall()
        except sqlite3.Error as error:
            # The message names the function: other indexes of the table are not to blame.
            function = str(error).rpartition("unsafe use of ")[2].removesuffix("()")
            if function.lower() in index.sql.lower():
                yield index.name, str(error)
    connection.execute("PRAGMA trusted_schema = ON")


def _compare(
    old: sqlite3.Connection,
    new: sqlite3.Connection,
    subject: Subject,
    cost: ShapeCost,
    known: KnownSteps,
) -> list[LibraryDifference]:
    steps_before = steps_after = 0
    added_ns = 0.0
    used: set[str] = set()
    for sample, statement in enumerate(subject.statements):
        first = explain(old, statement.text, statement.parameters)
        second = explain(new, statement.text, statement.parameters)
        if first == second:
            continue
        used |= indexes_used(second)
        run = SampleRun(subject.shape.id, sample, statement)
        before, after = known.compare(old, new, run, second)
        added_ns += _step_ns(second) * after - _step_ns(first) * before
        steps_before += before
        steps_after += after
    added_ns /= len(subject.statements)
    if added_ns <= _SLOWER_RATIO * cost.cost_ns + _SLOWER_NS:
        return []
    total_ns = subject.shape.count * added_ns
    return [
        LibraryDifference(subject.shape.id, steps_before, steps_after, total_ns, frozenset(used))
    ]


def _step_ns(plan: Plan) -> int:
    """Return about what a step of the plan costs with its page fetches, ns.

    A scan fetches a page every many rows. A search through an index that does not cover fetches
    three or four for each row that it then looks up.
    """
    return _LOOKUP_STEP_NS if any(" USING INDEX " in s for s in plan.steps) else _SCAN_STEP_NS


def _count(connection: sqlite3.Connection, statement: Statement, max_calls: int) -> _Steps:
    calls = 0

    def on_progress() -> bool:
        nonlocal calls
        calls += 1
        return calls >= max_calls

    connection.set_progress_handler(on_progress, _STEPS_A_CALL)
    try:
        for _ in connection.execute(statement.text, statement.parameters):
            pass
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
    finally:
        connection.set_progress_handler(None, 0)
    return _Steps(calls, complete=calls < max_calls)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("cache_size = -200000", "synchronous = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    # Recorded reads may meet text that is not UTF-8.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection


def _analyze(connection: sqlite3.Connection, touched: Iterable[str]) -> None:
    # STAT4 rows of the other library must not stay beside statistics that replace them.
    if list(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat4'")):
        connection.execute("DELETE FROM sqlite_stat4")
    for table in touched:
        # An index on a collation of the application's keeps any other program from analysing
        # its table; the statistics of the other library, which has stand-ins, then stay.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute(f"ANALYZE {quote_identifier(table)}")
