"""Which processes hold SQLite's locks on a rollback-journal database, as far as Linux tells."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dbtune.sqlite.file.file_users import FileUser, other_users

_LOCKS = Path("/proc/locks")

# https://www.sqlite.org/fileformat2.html#the_lock_byte_page and os.h: a reader holds the shared
# bytes for reading; a writer holds the reserved byte, and at its commit the others for writing.
_PENDING = 0x40000000
_SHARED_FIRST = _PENDING + 2
_SHARED_LAST = _SHARED_FIRST + 509

# "1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 1073741825 1073741825"; "->" marks who waits.
_LINE = re.compile(
    r"\d+: (?:POSIX|OFDLCK)\s+\S+\s+(READ|WRITE)\s+(-?\d+) \S+:(\d+) (\d+) (\d+|EOF)"
)

Activity = Literal["reading", "writing"]


@dataclass(frozen=True)
class ActiveUser:
    """A process that has a transaction open on a database."""

    user: FileUser
    activity: Activity

    def __str__(self) -> str:
        return f"{self.user} is {self.activity}"


def active_users(path: Path) -> tuple[ActiveUser, ...]:
    """Return the other processes that read or write a database now, in the order of their numbers.

    In WAL mode every open connection counts as reading. Known on Linux only, and with the limits
    of `other_users`. Opens nothing of the file.
    """
    users = {user.pid: user for user in other_users(path)}
    try:
        inode = os.stat(path).st_ino
        text = _LOCKS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    found = activities(text, inode)
    return tuple(ActiveUser(users[pid], found[pid]) for pid in sorted(found) if pid in users)


def activities(locks: str, inode: int) -> dict[int, Activity]:
    """Return what each process does with the file of that number, from the text of /proc/locks."""
    found: dict[int, Activity] = {}
    for match in _LINE.finditer(locks):
        kind, pid, number, first, last = match.groups()
        end = _SHARED_LAST if last == "EOF" else int(last)
        if int(number) != inode or end < _PENDING or int(first) > _SHARED_LAST:
            continue
        if kind == "WRITE":
            found[int(pid)] = "writing"
        elif end >= _SHARED_FIRST:
            found.setdefault(int(pid), "reading")
    return found
