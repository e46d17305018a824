"""Whether a database can be changed at all, found out before anything is prepared."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from dbtune.errors import RefusedError
from dbtune.sqlite.connect import open_writer
from dbtune.sqlite.diagnosis import explain_failure


def require_writable(database: Path, *, wait_ms: int) -> None:
    """Take the write lock and give it back; nothing is written.

    Raises RefusedError for a symbolic link, a file or folder that may not be written,
    LockedError where somebody else keeps the lock, SourceError for what is no database.
    """
    with closing(open_writer(database, wait_ms=wait_ms)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if "readonly" in str(error):
                raise RefusedError(
                    f"{database} cannot be written: {error}",
                    hint="check the permissions of the file and its folder",
                ) from error
            raise explain_failure(error, database, wait_ms=wait_ms) from error
    if not os.access(database.parent, os.W_OK | os.X_OK):
        raise RefusedError(
            f"{database.parent} may not be written by this user, where SQLite keeps its journal",
            hint="run dbtune as the user that the application runs as",
        )
