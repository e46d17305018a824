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
