"""A cursor of sqlite3 that tells what it sends, how long it took and how many rows came.

Its methods are written out, since a call more of each would cost as much as what it does.
"""

from __future__ import annotations

import sqlite3
from time import perf_counter_ns
from typing import Any, Callable

from . import open_statements
from .open_statements import (
    ManyValues,
    begin_statement,
    end_statement,
    statement_failed,
    statement_ran,
)
from .sent import Sent

_execute = sqlite3.Cursor.execute
_executemany = sqlite3.Cursor.executemany
_executescript = sqlite3.Cursor.executescript
_next = sqlite3.Cursor.__next__
_fetchone = sqlite3.Cursor.fetchone
_fetchmany = sqlite3.Cursor.fetchmany
_fetchall = sqlite3.Cursor.fetchall
_close = sqlite3.Cursor.close


class RecordingCursor(sqlite3.Cursor):
    """Behaves as its base class does; `_dbtune_sent` is its statement while rows may come."""

    _dbtune_sent: Sent | None = None

    def execute(self, sql: Any, parameters: Any = (), /) -> Any:
        if self._dbtune_sent is not None:
            self._dbtune_end()
        if not open_statements._listeners:
            return _execute(self, sql, parameters)
        sent = begin_statement(sql, parameters)
        if sent is None:
            return _execute(self, sql, parameters)
        started = perf_counter_ns()
        try:
            result = _execute(self, sql, parameters)
        except BaseException as error:
            sent.duration_ns = perf_counter_ns() - started
            statement_failed(sent, self, error)
            raise
        sent.duration_ns = perf_counter_ns() - started
        if statement_ran(sent, self):
            self._dbtune_sent = sent
        return result

    def executemany(self, *arguments: Any) -> Any:
        many = ManyValues(arguments[1]) if len(arguments) == 2 else None
        return self._dbtune_run(_executemany, arguments, many)

    def executescript(self, *arguments: Any) -> Any:
        return self._dbtune_run(_executescript, arguments)

    def __next__(self) -> Any:
        sent = self._dbtune_sent
        if sent is None:
            return _next(self)
        started = perf_counter_ns()
        try:
            row = _next(self)
        except StopIteration:
            sent.duration_ns += perf_counter_ns() - started
            self._dbtune_end()
            raise
        except BaseException as error:
            self._dbtune_fail(sent, error, started)
            raise
        sent.duration_ns += perf_counter_ns() - started
        sent.rows += 1  # type: ignore[operator]  # 0 while rows are awaited
        return row

    def fetchone(self) -> Any:
        sent = self._dbtune_sent
        if sent is None:
            return _fetchone(self)
        started = perf_counter_ns()
        try:
            row = _fetchone(self)
        except BaseException as error:
            self._dbtune_fail(sent, error, started)
            raise
        sent.duration_ns += perf_counter_ns() - started
        if row is None:
            self._dbtune_end()
        else:
            sent.rows += 1  # type: ignore[operator]  # 0 while rows are awaited
        return row

    def fetchmany(self, *size: Any, **options: Any) -> Any:
        sent = self._dbtune_sent
        if sent is None:
            return _fetchmany(self, *size, **options)
        started = perf_counter_ns()
        try:
            rows = _fetchmany(self, *size, **options)
        except BaseException as error:
            self._dbtune_fail(sent, error, started)
            raise
        sent.duration_ns += perf_counter_ns() - started
        if rows:
            sent.rows += len(rows)  # type: ignore[operator]  # 0 while rows are awaited
        else:
            self._dbtune_end()
        return rows

    def fetchall(self) -> Any:
        sent = self._dbtune_sent
        if sent is None:
            return _fetchall(self)
        started = perf_counter_ns()
        try:
            rows = _fetchall(self)
        except BaseException as error:
            self._dbtune_fail(sent, error, started)
            raise
        sent.duration_ns += perf_counter_ns() - started
        sent.rows += len(rows)  # type: ignore[operator]  # 0 while rows are awaited
        self._dbtune_end()
        return rows

    def close(self) -> None:
        if self._dbtune_sent is not None:
            self._dbtune_end()
        _close(self)

    def __del__(self) -> None:
        if self._dbtune_sent is not None:
            self._dbtune_end()

    def _dbtune_run(
        self, run: Callable[..., Any], arguments: tuple[Any, ...], many: ManyValues | None = None
    ) -> Any:
        if self._dbtune_sent is not None:
            self._dbtune_end()
        is_heard = arguments and open_statements._listeners
        sent = begin_statement(arguments[0], None) if is_heard else None
        if sent is None:
            return run(self, *arguments)
        if many is not None:
            arguments = (arguments[0], many.rows())
        started = perf_counter_ns()
        try:
            result = run(self, *arguments)
        except BaseException as error:
            sent.duration_ns = perf_counter_ns() - started
            statement_failed(sent, self, error, many)
            raise
        sent.duration_ns = perf_counter_ns() - started
        if statement_ran(sent, self, many):
            self._dbtune_sent = sent
        return result

    def _dbtune_fail(self, sent: Sent, error: BaseException, started: int) -> None:
        sent.duration_ns += perf_counter_ns() - started
        self._dbtune_sent = None
        statement_failed(sent, self, error)

    def _dbtune_end(self) -> None:
        sent, self._dbtune_sent = self._dbtune_sent, None
        if sent is not None:  # another thread may have closed the cursor
            end_statement(sent)


# Tracebacks, logs and the application's own messages show them as they would without dbtune.
RecordingCursor.__name__ = RecordingCursor.__qualname__ = "Cursor"
RecordingCursor.__module__ = "sqlite3"
