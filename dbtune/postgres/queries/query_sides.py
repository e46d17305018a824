"""Running one statement on the copy of the source and on the target, timed and limited.

Nothing is ever changed: the copy is read, and the target runs in READ ONLY transactions that are
rolled back. Writes are only prepared and explained.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from dbtune.model.workload import Parameters
from dbtune.postgres.names import quote_name
from dbtune.postgres.server.target import connect_target
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.explain import explain
from dbtune.sqlite.placeholders import bind, rewrite_placeholders

# More rows than a page ever shows take seconds to fetch and compare.
MOST_ROWS = 20_000
# A statement that takes longer on either side is not compared.
TIME_LIMIT_S = 20.0
# Runs beyond the first are for the median; what took this long already is not run again.
_RUNS = 5
_LONG_S = 0.5
_STEPS_BETWEEN_CHECKS = 10_000

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class SideRows:
    """What a statement returned, cut at MOST_ROWS, and how long the first run took.

    `types` are PostgreSQL's types by number, empty for SQLite's side.
    """

    rows: tuple[tuple[Any, ...], ...]
    seconds: float
    whole: bool = True
    types: tuple[int, ...] = ()


class SideFailure(Exception):
    """A statement that one side refuses or that takes too long; the message says what."""


class SourceSide:
    """The private copy of the source."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._deadline = 0.0
        connection.set_progress_handler(self._is_late, _STEPS_BETWEEN_CHECKS)

    def run(self, text: str, parameters: Parameters) -> SideRows:
        """Execute a read. Raises SideFailure."""
        bound = bind(text, parameters)
        self._deadline = time.monotonic() + TIME_LIMIT_S
        start = time.perf_counter()
        try:
            cursor = self._connection.execute(bound.text, bound.values)
            with closing(cursor):
                rows = cursor.fetchmany(MOST_ROWS + 1)
        except (sqlite3.Error, OverflowError) as error:
            raise SideFailure(f"SQLite: {error}") from error
        seconds = time.perf_counter() - start
        return SideRows(tuple(rows[:MOST_ROWS]), seconds, whole=len(rows) <= MOST_ROWS)

    def median_ms(self, text: str, parameters: Parameters, first: SideRows) -> float:
        """Return the median time of a few more runs, or the first where that was long."""
        return _median_ms(first, lambda: self.run(text, parameters))

    def searched(self, text: str) -> dict[str, str]:
        """Return the index by which SQLite searches each table or alias, in lower case."""
        found: dict[str, str] = {}
        try:
            steps = explain(self._connection, text).steps
        except sqlite3.Error:
            return found
        for step in steps:
            words = step.split()
            # An automatic index is built for one run: nothing that PostgreSQL lacks.
            if words[:1] == ["SEARCH"] and "USING" in words and "AUTOMATIC" not in words:
                name = words[2] if words[1] == "TABLE" else words[1]
                found[name.lower()] = _index_name(words)
        return found

    def view_columns(self, view: str) -> tuple[str, ...]:
        """Return the names of a view's columns."""
        rows = self._connection.execute(f"PRAGMA table_xinfo({quote_name(view)})")
        return tuple(str(row[1]) for row in rows)

    def release(self) -> None:
        """Give the connection back without this side's time limit."""
        self._connection.set_progress_handler(None, 0)

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline > 0


class TargetSide:
    """The target, in transactions that read only and are rolled back."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    @property
    def server_version(self) -> int:
        """Such as 150004."""
        return self._connection.info.server_version

    def run(self, sql: str, values: Sequence[object]) -> SideRows:
        """Execute a read. Raises SideFailure."""
        with self._reading(), self._cursor("dbtune_check") as cursor:
            start = time.perf_counter()
            cursor.execute(sql.encode(), values)
            rows = cursor.fetchmany(MOST_ROWS + 1)
            seconds = time.perf_counter() - start
            types = tuple(column.type_code for column in cursor.description or ())
        return SideRows(tuple(rows[:MOST_ROWS]), seconds, len(rows) <= MOST_ROWS, types)

    def median_ms(self, sql: str, values: Sequence[object], first: SideRows) -> float:
        """Return the median time of a few more runs, or the first where that was long."""
        return _median_ms(first, lambda: self._run_again(sql, values))

    def _run_again(self, sql: str, values: Sequence[object]) -> SideRows:
        """Run a read that is known to return few rows, without a cursor on the server."""
        with self._reading(), psycopg.RawCursor(self._connection) as cursor:
            start = time.perf_counter()
            cursor.execute(sql.encode(), values)
            rows = cursor.fetchall()
            return SideRows(tuple(rows), time.perf_counter() - start)

    def explain(
        self, sql: str, values: Sequence[object], *, avoid_scans: bool = False
    ) -> list[dict[str, Any]]:
        """Return the nodes of a plan, of writes too; nothing is run. Raises SideFailure.

        With `avoid_scans` a table is read whole only where there is no other way.
        """
        with self._reading(), psycopg.RawCursor(self._connection) as cursor:
            if avoid_scans:
                cursor.execute(b"SET LOCAL enable_seqscan = off")
            cursor.execute(b"EXPLAIN (FORMAT JSON) " + sql.encode(), values)
            row = cursor.fetchone()
        found = row[0] if row is not None else []
        plan = json.loads(found) if isinstance(found, str) else found
        return list(_nodes(plan[0]["Plan"])) if isinstance(plan, list) and plan else []

    def refusal(self, text: str) -> str | None:
        """Return why PostgreSQL does not take a statement as SQLite's application sends it."""
        with self._reading():
            # Parsed only: a statement with a semicolon inside is refused rather than run.
            result = self._connection.pgconn.prepare(b"", _numbered(text).encode())
            if result.status == psycopg.pq.ExecStatus.COMMAND_OK:
                return None
            message = result.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY)
            return (message or b"it is refused").decode("utf-8", "replace")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with self._connection.transaction(force_rollback=True):
                path = f"{quote_name(self._schema)}, public"
                self._connection.execute(
                    f"SET TRANSACTION READ ONLY; SET LOCAL search_path = {path};"
                    f" SET LOCAL statement_timeout = {int(TIME_LIMIT_S * 1000)}".encode()
                )
                yield
        except psycopg.Error as error:
            raise SideFailure(f"PostgreSQL: {_first_line(error)}") from error
        except (ValueError, OverflowError) as error:  # a date that Python cannot hold, say
            raise SideFailure(f"PostgreSQL: {error}") from error

    def _cursor(self, name: str) -> psycopg.RawServerCursor[tuple[Any, ...]]:
        return psycopg.RawServerCursor(self._connection, name)


@contextmanager
def open_sides(copy: Path, conninfo: str, schema: str) -> Iterator[tuple[SourceSide, TargetSide]]:
    """Open both sides. Raises TargetError and SourceError."""
    with closing(open_readonly(copy)) as source, closing(connect_target(conninfo)) as target:
        yield SourceSide(source), TargetSide(target, schema)


def _median_ms(first: SideRows, again: Callable[[], SideRows]) -> float:
    times = [first.seconds]
    if first.seconds < _LONG_S and first.whole:
        # A time limit met now and not at first: the first time is what is known.
        with suppress(SideFailure):
            times = [again().seconds for _ in range(_RUNS)]
    return median(times) * 1000


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _numbered(text: str) -> str:
    """Return a statement with `$1` and so on for its placeholders."""
    return rewrite_placeholders(text, lambda mark: f"${mark.number}")


def _index_name(words: Sequence[str]) -> str:
    rest = words[words.index("USING") + 1 :]
    rest = rest[1:] if rest[:1] == ["COVERING"] else rest
    if rest[:2] == ["INTEGER", "PRIMARY"] or rest[:1] == ["PRIMARY"]:
        return "the primary key"
    return rest[1] if len(rest) > 1 and rest[0] == "INDEX" else " ".join(rest)


def _first_line(error: psycopg.Error) -> str:
    message = error.diag.message_primary or str(error)
    return message.splitlines()[0] if message else type(error).__name__
