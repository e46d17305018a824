"""A consistent copy of a database page by page, without keeping its writers waiting.

Uses SQLite's backup API (https://www.sqlite.org/backup.html). In WAL mode one read transaction
around all steps gives a snapshot and blocks nobody. With a rollback journal a reader blocks
commits, so the copy goes in short steps with pauses; a commit in between restarts it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import RefusedError
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.sqlite.diagnosis import explain_failure, locked_error

MAX_RESTARTS = 3

# How much a step copies under the read lock. 512 KiB takes 25 ms on a disk of 20 MB/s, an eighth
# of the 200 ms that a writer may wait, which leaves room for a busy processor; steps of 4 MiB made
# a copy no faster.
_STEP_BYTES = 1 << 19
_LONGEST_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 0.02
# SQLITE_BUSY and SQLITE_LOCKED; the module names them only since Python 3.11.
_WAITING = frozenset({5, 6})


@dataclass(frozen=True)
class CopyOptions:
    """How a copy is made: how long a lock is waited for, and whether writers may be kept out."""

    wait_ms: int = 5000
    allow_blocking: bool = False
    on_event: OnEvent = ignore_event
    stage: str = "copy"


def copy_pages(
    source: sqlite3.Connection, target: sqlite3.Connection, path: Path, options: CopyOptions
) -> None:
    """Copy every page of one open database over another, in one transaction of the target.

    `path` is the source's, for messages. Raises LockedError where a lock is not given within the
    wait, RefusedError after three restarts by writers, SourceError where a page cannot be read.
    """
    held = options.allow_blocking or has_snapshots(source)
    pages = max(1, _STEP_BYTES // _page_size(source))
    with read_transaction(source) if held else contextlib.nullcontext():
        try:
            source.backup(
                target,
                pages=pages,
                progress=_Pace(path, options, pause=not held),
                sleep=_RETRY_SECONDS,
            )
        except sqlite3.Error as error:
            raise explain_failure(error, path, wait_ms=options.wait_ms) from error


@contextlib.contextmanager
def read_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep one read transaction open, so that all reads see the same state."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield
    finally:
        connection.execute("ROLLBACK")


def has_snapshots(connection: sqlite3.Connection) -> bool:
    """Return whether a read transaction leaves writers alone, as it does in WAL mode only."""
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def database_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of a database with what its -wal holds, as one file."""
    count: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return count * _page_size(connection)


class _Pace:
    """Follows a copy's steps: reports them, pauses between them, and ends a hopeless one."""

    def __init__(self, path: Path, options: CopyOptions, *, pause: bool) -> None:
        self._path = path
        self._options = options
        self._pause = pause
        self._remaining: int | None = None
        self._restarts = 0
        self._last_step = time.monotonic()

    def __call__(self, status: int, remaining: int, total: int) -> None:
        now = time.monotonic()
        if status in _WAITING:
            if now - self._last_step > self._options.wait_ms / 1000:
                raise locked_error(self._path, self._options.wait_ms)
            return
        self._count_restart(remaining)
        self._options.on_event(Event(self._options.stage, total - remaining, total))
        if self._pause and remaining:
            # Half of the time is the writers', so that a copy does not starve them.
            time.sleep(min(now - self._last_step, _LONGEST_PAUSE_SECONDS))
        self._last_step = time.monotonic()

    def _count_restart(self, remaining: int) -> None:
        """Count a step after which no less is left: a commit made SQLite begin again."""
        if self._remaining is not None and remaining >= self._remaining:
            self._restarts += 1
        self._remaining = remaining
        if self._restarts > MAX_RESTARTS:
            raise RefusedError(
                f"{self._path} was written to during the copy {self._restarts} times, "
                "and each time it had to begin again",
                hint="run it while the application is quieter, or add --allow-blocking: writers "
                "then wait until the copy is done",
            )


def _page_size(connection: sqlite3.Connection) -> int:
    size: int = connection.execute("PRAGMA page_size").fetchone()[0]
    return size
