"""Room for a recorded INSERT whose row is on the copy already.

A recording is often older than the copy, so that its INSERTs collide with the very rows they
made. The work until such an error says nothing of what indexes cost them.
"""

from __future__ import annotations

import re

import apsw

from dbtune.model.workload import SqlValue
from dbtune.sqlite.identifiers import quote_identifier

_INSERT = re.compile(r"\s*INSERT(?:\s+OR\s+(?:ABORT|FAIL|ROLLBACK))?\s+INTO\b", re.IGNORECASE)
# Its rows could be any number, and nothing would stop the REPLACE.
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)


def remove_conflicts(
    connection: apsw.Connection,
    text: str,
    parameters: tuple[SqlValue, ...] | dict[str, SqlValue],
) -> None:
    """Delete the rows that keep an INSERT from running, inside the caller's savepoint.

    REPLACE lets SQLite find them; the rows it puts in their place are then deleted. Does nothing
    for other statements, for WITHOUT ROWID tables, and where SQLite refuses either of the two.
    """
    if not _INSERT.match(text) or _SELECT.search(text):
        return
    inserted: list[tuple[str, int]] = []

    def on_update(action: int, database: str, table: str, rowid: int) -> None:
        if action == apsw.SQLITE_INSERT:
            inserted.append((table, rowid))

    connection.set_update_hook(on_update)
    try:
        connection.execute(_INSERT.sub("REPLACE INTO", text, count=1), parameters).close(True)
        connection.set_update_hook(None)
        for table, rowid in inserted:
            connection.execute(f"DELETE FROM {quote_identifier(table)} WHERE rowid = ?", (rowid,))
    except apsw.Error:
        return  # what is left in the way makes the INSERT fail, as it would have anyway
    finally:
        connection.set_update_hook(None)
