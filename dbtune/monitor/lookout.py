"""Looks at a database's files, as a process of its own.

Not one lock is taken, nothing is opened through SQLite: it reads the header, the index of the -wal
and which locks others hold. Closing a file drops the locks that a process has on it
(https://www.sqlite.org/howtocorrupt.html section 2.2), so this happens in a process that never has
any. Between the lines on stdin, each answered by one of JSON, it keeps looking at the locks.
"""

from __future__ import annotations

import json
import os
import select
import stat
import sys
import time

from dbtune.monitor.held_locks import (
    KNOWS_LOCKS,
    Look,
    has_users,
    look_at_journal_locks,
    look_at_wal,
)
from dbtune.monitor.page_cache import cached_ratio
from dbtune.monitor.wal_index import (
    HEADER_BYTES,
    FirstPage,
    in_wal_mode,
    read_index,
    read_index_soon,
)

# Often enough to see writers that hold the lock for a few milliseconds; a look costs 30 us.
LOOK_SECONDS = 0.01
# Counting pages of a file in memory takes 10 ms a gigabyte, and they do not come and go at once.
_RECOUNT_SECONDS = 5.0


class KeptFile:
    """Keeps the file at a path open for reading, and opens it anew where another takes its place.

    It stays open, since a hundred openings a second would wake whoever watches the folder, and
    since the number of a file that is open is given to no other.
    """

    def __init__(self) -> None:
        self._number: int | None = None

    def at(self, path: str) -> int | None:
        """Return the open file at a path now, None where there is none. Raises OSError."""
        try:
            found = os.stat(path)
            if self._number is not None and not os.path.samestat(found, os.fstat(self._number)):
                self.close()
            if self._number is None:
                # Something that is no file any more, such as a pipe, must not keep us waiting.
                self._number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self.close()
        return self._number

    def close(self) -> None:
        """Close what is open."""
        if self._number is not None:
            os.close(self._number)
            self._number = None


class Lookout:
    """Looks at the locks of one database, and sums up between two answers what was seen."""

    def __init__(self, path: str) -> None:
        self._named = path
        self._path = os.path.realpath(path)
        self._database, self._shm, self._wal = KeptFile(), KeptFile(), KeptFile()
        self._identity: tuple[int, int] | None = None
        self._reader: tuple[tuple[int, ...], float] | None = None
        self._reader_pid: int | None = None
        self._looks = self._busy_looks = 0
        self._pids: frozenset[int] = frozenset()
        self._first_page = FirstPage()
        self._cached: tuple[float, float | None] | None = None

    def look(self, now: float) -> None:
        """Look at the locks once; a file that cannot be read counts for nothing."""
        try:
            database = self._database.at(self._path)
            if database is None or not KNOWS_LOCKS:
                return
            self._notice(os.fstat(database))
            self._take(self._look(database, os.pread(database, HEADER_BYTES, 0)), now)
        except OSError:
            self._reader = None

    def answer(self, now: float) -> dict[str, object]:
        """Return all there is to say of the database now, and of the looks since the last time."""
        self._path = os.path.realpath(self._named)  # a link may have been turned elsewhere
        self.look(now)
        try:
            database = self._database.at(self._path)
            if database is None:
                return {"error": "is gone"}
            said = self._describe(database, now)
        except OSError as error:
            return {"error": f"cannot be read: {_told(error)}"}
        said |= {
            "looks": self._looks,
            "busy_looks": self._busy_looks,
            "reader_seconds": 0.0 if self._reader is None else now - self._reader[1],
            "reader_pid": self._reader_pid,
            "pids": sorted(self._pids),
        }
        self._looks = self._busy_looks = 0
        self._pids = frozenset()
        return said

    def _look(self, database: int, header: bytes) -> Look | None:
        shm = self._shm.at(f"{self._path}-shm") if in_wal_mode(header) else None
        if shm is None or not has_users(shm):
            return look_at_journal_locks(database)
        index = read_index(shm)
        return None if index is None else look_at_wal(shm, index)

    def _notice(self, found: os.stat_result) -> None:
        identity = (found.st_dev, found.st_ino)
        if identity != self._identity:
            self._identity, self._reader, self._first_page = identity, None, FirstPage()
            self._cached = None

    def _take(self, look: Look | None, now: float) -> None:
        if look is None:
            return  # a commit is changing the index this very moment
        self._looks += 1
        self._busy_looks += look.busy
        self._pids |= look.pids
        self._reader_pid = look.reader_pid
        if look.in_the_way is None:
            self._reader = None
        elif self._reader is None or self._reader[0] != look.in_the_way:
            self._reader = (look.in_the_way, now)

    def _describe(self, database: int, now: float) -> dict[str, object]:
        found = os.fstat(database)
        if not stat.S_ISREG(found.st_mode):
            return {"error": "is not a file any more"}
        header = os.pread(database, HEADER_BYTES, 0)
        said: dict[str, object] = {
            "identity": [found.st_dev, found.st_ino],
            "size": found.st_size,
            "header": header.hex(),
            "wal_size": _size(f"{self._path}-wal"),
            "first_page": header.hex(),
            "cached": self._count_cached(database, now),
        }
        return said | self._describe_wal(header) if in_wal_mode(header) else said

    def _describe_wal(self, header: bytes) -> dict[str, object]:
        shm, wal = self._shm.at(f"{self._path}-shm"), self._wal.at(f"{self._path}-wal")
        if wal is None or not os.fstat(wal).st_size:
            return {"lag": 0}  # it holds nothing, whoever will read it
        index = None if shm is None or not has_users(shm) else read_index_soon(shm)
        if shm is None or index is None:
            return {"first_page": None}
        first_page = self._first_page.read(shm, wal, index, header)
        lag = (index.frames - index.copied) * index.page_bytes
        return {"lag": lag, "first_page": None if first_page is None else first_page.hex()}

    def _count_cached(self, database: int, now: float) -> float | None:
        if self._cached is None or now - self._cached[0] >= _RECOUNT_SECONDS:
            self._cached = (now, cached_ratio(database, self._path))
        return self._cached[1]


def main() -> None:
    """Look at the database that the first argument names until stdin ends."""
    lookout = Lookout(sys.argv[1])
    while True:
        ready, _, _ = select.select([sys.stdin.buffer], [], [], LOOK_SECONDS)
        if not ready:
            lookout.look(time.monotonic())
        elif sys.stdin.buffer.readline():
            sys.stdout.write(json.dumps(lookout.answer(time.monotonic())) + "\n")
            sys.stdout.flush()
        else:
            return


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _told(error: OSError) -> str:
    name = os.path.basename(error.filename) if isinstance(error.filename, str) else ""
    return f"{name}: {error.strerror}" if name else str(error.strerror)
