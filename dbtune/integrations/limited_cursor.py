"""A cursor that starts the time limit of its connection, and says when it stopped a query."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from dbtune.integrations.time_limit import TimeLimit


class LimitedCursor(sqlite3.Cursor):
    """A cursor of a connection with a query time limit; `limit` is set by whoever makes it."""

    limit: TimeLimit

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Run a statement within the limit."""
        self.limit.start(sql)
        try:
            return super().execute(sql, *parameters)
        except sqlite3.OperationalError as error:
            self.limit.raise_clearer(error)
            raise

    def executemany(self, sql: str, parameters: Iterable[Any]) -> Any:
        """Run a writing statement for each row; writes have no limit."""
        self.limit.stop()
        return super().executemany(sql, parameters)

    def executescript(self, sql: str) -> Any:
        """Run a script, which has no limit."""
        self.limit.stop()
        return super().executescript(sql)

    def fetchone(self) -> Any:
        """Return the next row or None."""
        try:
            return super().fetchone()
        except sqlite3.OperationalError as error:
            self.limit.raise_clearer(error)
            raise

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows, `arraysize` of them unless told."""
        try:
            return super().fetchmany(self.arraysize if size is None else size)
        except sqlite3.OperationalError as error:
            self.limit.raise_clearer(error)
            raise

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        try:
            return super().fetchall()
        except sqlite3.OperationalError as error:
            self.limit.raise_clearer(error)
            raise

    def __next__(self) -> Any:
        """Return the next row."""
        try:
            return super().__next__()
        except sqlite3.OperationalError as error:
            self.limit.raise_clearer(error)
            raise
