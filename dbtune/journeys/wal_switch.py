"""The switch itself: run the revision, say who stands in its way, and read the file back."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from dbtune.changes.apply import apply_revision
from dbtune.changes.project import Project
from dbtune.changes.revision import Draft
from dbtune.errors import ChangeFailedError, DbtuneError, LockedError
from dbtune.model.advice import AppliedChange
from dbtune.sqlite.connect import open_readonly, open_writer
from dbtune.sqlite.file.file_locks import active_users
from dbtune.sqlite.file.file_users import other_users
from dbtune.sqlite.pragmas import integrity_errors
from dbtune.sqlite.wal import WalState

_log = logging.getLogger(__name__)

_SHOWN_USERS = 5
# While SQLite waits for the last reader, nobody new may read. Between tries of this length they
# may; a VACUUM is not tried again and again, since it writes the whole file each time.
_TRY_MS = 100


def switch_to_wal(
    project: Project, draft: Draft, before: WalState, page_size_bytes: int | None, *, wait_ms: int
) -> AppliedChange:
    """Run the revision, trying again while the database is locked, for up to `wait_ms`.

    Others wait for no longer than a tenth of a second at a time, unless the pages are rewritten.
    Raises LockedError naming who has the file open, and ChangeFailedError for a revision that
    failed; the journal mode is then as it was.
    """
    try:
        try_ms = _TRY_MS if page_size_bytes is None else None
        return apply_revision(project, draft, wait_ms=wait_ms, try_ms=try_ms)
    except LockedError as error:
        _restore_mode(project.database, before, wait_ms)
        explain = _wal_in_use if before.journal_mode == "wal" else still_held
        raise explain(project.database, wait_ms) from error
    except BaseException:
        _restore_mode(project.database, before, wait_ms)
        raise


def require_wal(database: Path, page_size_bytes: int | None, *, wait_ms: int) -> str:
    """Compare the file, read through a new connection, with what was asked for; say what it is.

    Raises ChangeFailedError where it differs. A file whose pages were written anew is checked.
    """
    with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        damage = integrity_errors(connection) if page_size_bytes is not None else ()
    found = f"journal mode {mode}, pages of {page_size} bytes"
    if mode != "wal" or page_size_bytes not in {None, page_size} or damage:
        raise ChangeFailedError(
            f"{database} was switched to WAL, but a new connection finds "
            f"{damage[0] if damage else found}",
            hint="dbtune rollback undoes the revision; dbtune restore brings the backup back",
        )
    return f"read back from a new connection: {found}"


def _restore_mode(database: Path, before: WalState, wait_ms: int) -> None:
    """Put WAL back where a revision left it for the page size and then failed."""
    if before.journal_mode != "wal":
        return
    try:
        with closing(open_writer(database, wait_ms=wait_ms)) as connection:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except (sqlite3.Error, DbtuneError) as error:
        _log.warning("%s was left out of WAL mode: %s", database, error)


def still_held(database: Path, wait_ms: int) -> LockedError:
    """Return the error that says who keeps a database from being switched, where known."""
    active = ", ".join(str(user) for user in active_users(database)[:_SHOWN_USERS])
    return LockedError(
        f"cannot switch {database} to WAL within {wait_ms / 1000:g} s: "
        f"{active or _who_has_it_open(database)}",
        hint="idle connections may stay, but open transactions and unfinished cursors must end: "
        "stop the application, or wait longer with --wait",
    )


def _wal_in_use(database: Path, wait_ms: int) -> LockedError:
    return LockedError(
        f"cannot change the page size of {database} within {wait_ms / 1000:g} s: "
        f"{_who_has_it_open(database)}",
        hint="stop the application first: the page size changes outside of WAL mode, which "
        "cannot be left while others use it",
    )


def _who_has_it_open(database: Path) -> str:
    users = other_users(database)[:_SHOWN_USERS]
    return ", ".join(f"{user} has it open" for user in users) or "another connection holds it"
