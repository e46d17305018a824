"""Which locks other processes hold on a database, asked with fcntl's F_GETLK, which takes none."""

from __future__ import annotations

import os
import struct
import sys
from typing import NamedTuple

from dbtune.monitor.wal_index import UNUSED_MARK, WalIndex

# Bytes of the -shm that are locked; the last is held by every user of the -wal:
# https://www.sqlite.org/walformat.html#wal_locks
_WRITE_BYTE, _FIRST_READ_BYTE, _USERS_BYTE = 120, 123, 128
_READ_MARKS = 5
# Bytes of the database that are locked: https://www.sqlite.org/lockingv3.html and os.h.
_PENDING_BYTE = 0x40000000
_RESERVED_BYTE = _PENDING_BYTE + 1
_SHARED_FIRST = _PENDING_BYTE + 2
_SHARED_BYTES = 510
# struct flock of 64-bit Linux; other systems order it otherwise, and there no lock is asked for.
_FLOCK = struct.Struct("@hhqqi4x")
KNOWS_LOCKS = sys.platform == "linux" and struct.calcsize("P") == 8


class Lock(NamedTuple):
    """A lock that some other process holds; its number is None where it is not told."""

    exclusive: bool
    pid: int | None


class Look(NamedTuple):
    """The locks of one moment. `in_the_way` names the oldest reader that holds somebody up."""

    busy: bool
    in_the_way: tuple[int, ...] | None
    reader_pid: int | None
    pids: frozenset[int]


def lock_of(file: int, first: int, count: int = 1) -> Lock | None:
    """Return a lock of another process on some bytes of a file, None where there is none."""
    import fcntl  # not on Windows

    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, first, count, 0)
    kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
    if kind == fcntl.F_UNLCK:
        return None
    return Lock(kind == fcntl.F_WRLCK, pid if pid > 0 else None)


def has_users(shm: int) -> bool:
    """Return whether anybody uses a -shm; without users it is what a crash left behind."""
    return not KNOWS_LOCKS or lock_of(shm, _USERS_BYTE) is not None


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
    return mark != UNUSED_MARK and mark < index.frames


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
