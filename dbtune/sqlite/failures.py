"""The errors of whichever SQLite library a connection comes from."""

from __future__ import annotations

import sqlite3
import sys

from dbtune.sqlite.queryable import Queryable


def failures_of(connection: Queryable) -> tuple[type[Exception], ...]:
    """Return the exception classes that statements of a connection fail with.

    apsw is looked up and not imported: only code for scratch copies may import it.
    """
    if isinstance(connection, sqlite3.Connection):
        return (sqlite3.Error,)
    apsw = sys.modules.get("apsw")
    return (sqlite3.Error,) if apsw is None else (sqlite3.Error, apsw.Error)


def pass_locks_on(error: Exception) -> None:
    """Raise an error again that another connection's lock caused; return for all others.

    For code that goes on without what it cannot read: a lock says nothing of what is there.
    """
    if "is locked" in str(error):
        raise error
