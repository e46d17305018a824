"""The version table: which revisions are in a database."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from dbtune.errors import DbtuneError
from dbtune.sqlite.connect import open_readonly, open_writer
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.identifiers import quote_identifier

_log = logging.getLogger(__name__)


def read_stamp(database: Path, version_table: str) -> tuple[str, ...]:
    """Return the revisions stamped in a database, empty where it has no version table.

    Raises SourceError or LockedError where the file cannot be read.
    """
    with closing(open_readonly(database)) as connection:
        try:
            rows = connection.execute(
                f"SELECT version_num FROM {quote_identifier(version_table)} ORDER BY version_num"
            ).fetchall()
        except sqlite3.Error as error:
            if "no such table" in str(error):
                return ()
            raise explain_failure(error, database) from error
    return tuple(str(row[0]) for row in rows)


def has_version_table(database: Path, version_table: str) -> bool:
    """Return whether the table exists, with or without a revision in it."""
    with closing(open_readonly(database)) as connection:
        try:
            found = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)",
                (version_table,),
            ).fetchone()
        except sqlite3.Error as error:
            raise explain_failure(error, database) from error
    return found is not None


def drop_empty_version_table(database: Path, version_table: str, *, wait_ms: int) -> None:
    """Drop the version table that a failed run left without any row.

    A revision that leaves the transaction, as for WAL, commits that table before it fails.
    """
    table = quote_identifier(version_table)
    try:
        with closing(open_writer(database, wait_ms=wait_ms)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
                connection.execute(f"DROP TABLE {table}")
            connection.execute("COMMIT")
    except (sqlite3.Error, DbtuneError) as error:
        _log.warning("an empty table %s stays behind in %s: %s", version_table, database, error)
