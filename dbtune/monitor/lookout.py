"""Looks at a database's files, as a process of its own: python -I -S lookout.py DB

Not one lock is taken, nothing is opened through SQLite: it reads the header, the index of the -wal
and which locks others hold (fcntl's F_GETLK asks and never takes). Closing a file drops the locks
that a process has on it (https://www.sqlite.org/howtocorrupt.html section 2.2), so this happens in
a process that never has any. Between the lines on stdin, each answered by one of JSON, it keeps
looking at the locks. One file of the standard library only, since nothing else is to be imported.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import mmap
import os
import select
import stat
import struct
import sys
import time
from array import array
from typing import NamedTuple

# Often enough to see writers that hold the lock for a few milliseconds; a look costs 30 us.
LOOK_SECONDS = 0.01
HEADER_BYTES = 101  # the header, and the first byte of the schema's page

# https://www.sqlite.org/walformat.html#the_wal_index_file_format
_INDEX_HEADER = struct.Struct("=IIIBBHIIIIIIII")
_INDEX_BYTES = 136
_CHECKPOINT_INFO = struct.Struct("=6I")
_UNUSED_MARK = 0xFFFFFFFF
_BLOCK_BYTES = 32768
_FRAMES_IN_FIRST_BLOCK = 4062
_FRAMES_IN_BLOCK = 4096
_WAL_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
# Bytes of the -shm that are locked, in the order of the page above; 128 is held by every user.
_WRITE_BYTE, _FIRST_READ_BYTE, _USERS_BYTE = 120, 123, 128
_READ_MARKS = 5
# Bytes of the database that are locked: https://www.sqlite.org/lockingv3.html and os.h.
_PENDING_BYTE = 0x40000000
_RESERVED_BYTE = _PENDING_BYTE + 1
_SHARED_FIRST = _PENDING_BYTE + 2
_SHARED_BYTES = 510
# struct flock of 64-bit Linux; other systems order it otherwise, and there no lock is asked for.
_FLOCK = struct.Struct("@hhqqi4x")
# Counting pages of a file in memory takes 10 ms a gigabyte, and they do not come and go at once.
_RECOUNT_SECONDS = 5.0
_COUNTED_AT_ONCE_BYTES = 1 << 30
KNOWS_LOCKS = sys.platform == "linux" and struct.calcsize("P") == 8


class Lock(NamedTuple):
    """A lock that some other process holds; its number is None where it is not told."""

    exclusive: bool
    pid: int | None


class WalIndex(NamedTuple):
    """The header of a -shm: committed frames, those copied into the database, readers' marks."""

    salts: int
    page_bytes: int
    frames: int
    copied: int
    marks: tuple[int, ...]


class Look(NamedTuple):
    """The locks of one moment. `in_the_way` names the oldest reader that holds somebody up."""

    busy: bool
    in_the_way: tuple[int, ...] | None
    reader_pid: int | None
    pids: frozenset[int]


class OpenFile:
    """A file that is open for reading within a block; None in its place where there is none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._number: int | None = None

    def __enter__(self) -> int | None:
        try:
            # Something that is no file any more, such as a pipe, must not keep us waiting.
            self._number = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        return self._number

    def __exit__(self, *failure: object) -> None:
        if self._number is not None:
            os.close(self._number)


def lock_of(file: int, first: int, count: int = 1) -> Lock | None:
    """Return a lock of another process on some bytes of a file, None where there is none."""
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, first, count, 0)
    kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
    if kind == fcntl.F_UNLCK:
        return None
    return Lock(kind == fcntl.F_WRLCK, pid if pid > 0 else None)


def read_index(shm: int) -> WalIndex | None:
    """Return the index's header, None where it is being written or was never begun."""
    data = os.pread(shm, _INDEX_BYTES, 0)
    if len(data) < _INDEX_BYTES or data[:48] != data[48:96]:
        return None
    _, _, _, is_ready, _, size, frames, _, _, _, salt, other_salt, _, _ = _INDEX_HEADER.unpack(
        data[:48]
    )
    copied, *marks = _CHECKPOINT_INFO.unpack(data[96:120])
    if not is_ready:
        return None
    page_bytes = (size & 0xFE00) + ((size & 1) << 16)
    return WalIndex(salt << 32 | other_salt, page_bytes, frames, copied, tuple(marks))


def look_at_wal(shm: int, index: WalIndex) -> Look:
    """Return who writes, and the oldest reader that keeps frames from being copied or reused."""
    writer = lock_of(shm, _WRITE_BYTE)
    readers = [lock_of(shm, _FIRST_READ_BYTE + number) for number in range(_READ_MARKS)]
    behind = [
        (mark, number, reader)
        for number, (mark, reader) in enumerate(zip(index.marks, readers, strict=True))
        if reader is not None and not reader.exclusive and _is_behind(number, mark, index)
    ]
    oldest = min(behind, key=lambda found: found[:2], default=None)
    return Look(
        busy=writer is not None,
        # What comes after a restart of the -wal, or in another slot, is another reader.
        in_the_way=None if oldest is None else (*oldest[:2], index.salts, *_copied(oldest, index)),
        reader_pid=None if oldest is None else oldest[2].pid,
        pids=_pids(writer, *readers),
    )


def _is_behind(number: int, mark: int, index: WalIndex) -> bool:
    # A reader in the first slot reads the database alone, which it may while all is copied.
    if number == 0:
        return index.frames > index.copied
    return mark != _UNUSED_MARK and mark < index.frames


def _copied(oldest: tuple[int, int, Lock], index: WalIndex) -> tuple[int, ...]:
    return () if oldest[1] else (index.copied,)


def look_at_journal_locks(database: int) -> Look:
    """Return who writes, and whether a commit waits for readers, in rollback-journal mode."""
    reserved, pending = lock_of(database, _RESERVED_BYTE), lock_of(database, _PENDING_BYTE)
    shared = lock_of(database, _SHARED_FIRST, _SHARED_BYTES)
    exclusive = shared is not None and shared.exclusive
    waits = pending is not None and pending.exclusive and shared is not None and not exclusive
    return Look(
        busy=exclusive or any(lock is not None and lock.exclusive for lock in (reserved, pending)),
        in_the_way=(pending.pid or 0,) if waits and pending is not None else None,
        # Of several that hold the lock the system names one, which may be the writer itself.
        reader_pid=shared.pid if waits and shared and shared.pid != pending.pid else None,  # type: ignore[union-attr]
        pids=_pids(reserved, pending, shared),
    )


def _pids(*locks: Lock | None) -> frozenset[int]:
    return frozenset(lock.pid for lock in locks if lock is not None and lock.pid is not None)


class Lookout:
    """Looks at the locks of one database, and sums up between two answers what was seen."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        self._named = path
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
            with OpenFile(self._path) as database:
                if database is None or not KNOWS_LOCKS:
                    return
                self._note(os.fstat(database))
                self._take(self._look(database, os.pread(database, HEADER_BYTES, 0)), now)
        except OSError:
            self._reader = None

    def answer(self, now: float) -> dict[str, object]:
        """Return all there is to say of the database now, and of the looks since the last time."""
        self._path = os.path.realpath(self._named)  # a link may have been turned elsewhere
        self.look(now)
        try:
            with OpenFile(self._path) as database:
                if database is None:
                    return {"error": "is gone"}
                said = self._describe(database)
                said["cached"] = self._count_cached(database, now)
        except OSError as error:
            return {"error": f"cannot be read: {error.strerror}"}
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
        if in_wal_mode(header):
            with OpenFile(f"{self._path}-shm") as shm:
                # Without users it is what a crash left behind, which the next user makes anew.
                if shm is not None and lock_of(shm, _USERS_BYTE) is not None:
                    index = read_index(shm)
                    return None if index is None else look_at_wal(shm, index)
        return look_at_journal_locks(database)

    def _note(self, found: os.stat_result) -> None:
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

    def _count_cached(self, database: int, now: float) -> float | None:
        if self._cached is None or now - self._cached[0] >= _RECOUNT_SECONDS:
            self._cached = (now, cached_ratio(database, self._path))
        return self._cached[1]

    def _describe(self, database: int) -> dict[str, object]:
        found = os.fstat(database)
        if not stat.S_ISREG(found.st_mode):
            return {"error": "is not a file any more"}
        header = os.pread(database, HEADER_BYTES, 0)
        said: dict[str, object] = {
            "identity": [found.st_dev, found.st_ino],
            "size": found.st_size,
            "header": header.hex(),
            "wal_size": _size(f"{self._path}-wal"),
            "journal_size": _size(f"{self._path}-journal"),
            "first_page": header.hex(),
        }
        if in_wal_mode(header):
            said |= self._describe_wal(header, _size(f"{self._path}-wal"))
        return said

    def _describe_wal(self, header: bytes, wal_bytes: int) -> dict[str, object]:
        with OpenFile(f"{self._path}-shm") as shm, OpenFile(f"{self._path}-wal") as wal:
            index = None if shm is None or not _has_users(shm) else read_index_soon(shm)
            if shm is None or wal is None or index is None:
                # An empty -wal holds nothing, whoever will read it.
                return {} if wal_bytes else {"lag": 0}
            first_page = self._first_page.read(shm, wal, index, header)
            lag = (index.frames - index.copied) * index.page_bytes
            return {"lag": lag, "first_page": None if first_page is None else first_page.hex()}


class FirstPage:
    """Finds the newest version of the first page, which counts the free ones, in a -wal."""

    def __init__(self) -> None:
        self._salts = -1
        self._searched = 0
        self._frame = 0

    def read(self, shm: int, wal: int, index: WalIndex, header: bytes) -> bytes | None:
        """Return how the first page begins, None where the -wal began anew meanwhile."""
        if index.salts != self._salts or index.frames < self._searched:
            self._salts, self._searched, self._frame = index.salts, 0, 0
        found = newest_frame(shm, 1, self._searched, index.frames)
        self._searched = index.frames
        self._frame = found or self._frame
        if self._frame <= index.copied:
            return header
        place = _WAL_HEADER_BYTES + (self._frame - 1) * (_FRAME_HEADER_BYTES + index.page_bytes)
        page = os.pread(wal, HEADER_BYTES, place + _FRAME_HEADER_BYTES)
        now = read_index_soon(shm)
        return page if now is not None and now.salts == index.salts else None


def newest_frame(shm: int, page: int, after: int, last: int) -> int | None:
    """Return the newest frame of a page among those after `after` up to `last`."""
    while last > after:
        block, place = divmod(
            last - 1 + _FRAMES_IN_BLOCK - _FRAMES_IN_FIRST_BLOCK, _FRAMES_IN_BLOCK
        )
        first = last - place if block else 1
        start = block * _BLOCK_BYTES if block else _INDEX_BYTES
        pages = array("I", os.pread(shm, 4 * (last - first + 1), start)[: 4 * (last - first + 1)])
        if page in pages:
            newest = first + len(pages) - 1 - pages[::-1].index(page)
            return newest if newest > after else None
        last = first - 1
    return None


def read_index_soon(shm: int) -> WalIndex | None:
    """Return the index's header, trying again while a commit changes it."""
    for _ in range(100):
        index = read_index(shm)
        if index is not None:
            return index
    return None


def cached_ratio(file: int, path: str) -> float | None:
    """Return the share of a file that the page cache holds, None where the system does not tell.

    Source: mincore(2), which tells only those the truth who own the file or may write to it.
    """
    found = os.fstat(file)
    if not KNOWS_LOCKS or not found.st_size or not stat.S_ISREG(found.st_mode):
        return None
    if found.st_uid != os.geteuid() and not os.access(path, os.W_OK):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    cached = pages = 0
    for start in range(0, found.st_size, _COUNTED_AT_ONCE_BYTES):
        length = min(_COUNTED_AT_ONCE_BYTES, found.st_size - start)
        states = ctypes.create_string_buffer(-(-length // mmap.PAGESIZE))
        # Mapped and not touched: not a page is read.
        place = libc.mmap(
            None,
            ctypes.c_size_t(length),
            mmap.PROT_READ,
            mmap.MAP_SHARED,
            file,
            ctypes.c_long(start),
        )
        if place in (None, ctypes.c_void_p(-1).value):
            return None
        told = libc.mincore(ctypes.c_void_p(place), ctypes.c_size_t(length), states)
        libc.munmap(ctypes.c_void_p(place), ctypes.c_size_t(length))
        if told != 0:
            return None
        cached += states.raw.count(b"\1")
        pages += len(states)
    return cached / pages


def in_wal_mode(header: bytes) -> bool:
    """Return whether a database's header says so (its byte 18 is the write version)."""
    return len(header) >= 100 and header[18] == 2


def _has_users(shm: int) -> bool:
    return not KNOWS_LOCKS or lock_of(shm, _USERS_BYTE) is not None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def main() -> None:
    """Look until stdin ends."""
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


if __name__ == "__main__":
    main()
