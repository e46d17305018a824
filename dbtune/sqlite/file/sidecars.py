"""The files that SQLite itself keeps beside a WAL database, and whose they are."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from dbtune.sqlite.file.location import side_file

SUFFIXES = ("-wal", "-shm")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sidecars:
    """Which of a database's -wal and -shm exist, as paths."""

    present: frozenset[Path]


def read_sidecars(path: Path) -> Sidecars:
    """Return which side files a database has now."""
    candidates = (side_file(path, suffix) for suffix in SUFFIXES)
    return Sidecars(frozenset(file for file in candidates if file.exists()))


def foreign_sidecars(path: Path, before: Sidecars) -> tuple[Path, ...]:
    """Return side files that came since and that the database's own user could not write."""
    database = os.stat(path)
    created = sorted(read_sidecars(path).present - before.present)
    return tuple(file for file in created if not _equal_access(file, database))


def warn_of_foreign_sidecars(path: Path, before: Sidecars) -> None:
    """Log a warning for each side file that SQLite created here under another owner or mode."""
    for file in foreign_sidecars(path, before):
        _log.warning(
            "reading %s made SQLite create %s under another owner or mode than the database's: "
            "an application under another user could not write it. Remove it while nobody has "
            "the database open, or run dbtune as the application's user",
            path,
            file.name,
        )


def _equal_access(file: Path, database: os.stat_result) -> bool:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return True  # removed again by the last connection that closed
    same_owner = (found.st_uid, found.st_gid) == (database.st_uid, database.st_gid)
    return same_owner and found.st_mode & 0o777 == database.st_mode & 0o777
