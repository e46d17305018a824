"""Takes away what a failed revision left although it should have been rolled back.

That happens in a project whose engine commits after every statement (AUTOCOMMIT).
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing

from dbtune.changes.project import Project
from dbtune.changes.snapshot import CatalogChange, CatalogEntry, read_snapshot
from dbtune.errors import DbtuneError
from dbtune.sqlite.connect import open_writer
from dbtune.sqlite.schema.index_ddl import drop_index_sql

_log = logging.getLogger(__name__)


def restore_indexes(
    project: Project, before: frozenset[CatalogEntry], change: CatalogChange, *, wait_ms: int
) -> None:
    """Bring back the indexes of `before`, of those that the change was about."""
    after = read_snapshot(project.database, ignore=project.version_table)
    names = {name.lower() for name, _ in change.created} | {n.lower() for n in change.dropped}
    left = [e.name for e in after - before if e.type == "index" and e.name.lower() in names]
    gone = [e.sql for e in before - after if e.type == "index" and e.name.lower() in names]
    statements = [*map(drop_index_sql, sorted(left)), *sorted(sql for sql in gone if sql)]
    if not statements:
        return
    try:
        with closing(open_writer(project.database, wait_ms=wait_ms)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
    except (sqlite3.Error, DbtuneError) as error:
        _log.warning(
            "%s: what a failed revision left is still there (%s); to undo it: %s",
            project.database,
            error,
            "; ".join(statements),
        )
