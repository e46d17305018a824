"""CPU, memory and reads of the processes that hold a database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dbtune.sqlite.file.file_users import other_users

if TYPE_CHECKING:
    import psutil

INSTALL_HINT = "pip install 'dbtune[monitor]'"
# Looking through the files of all processes takes 10 ms and more on a large machine.
_RESCAN_SECONDS = 2.0
# An application that connects for each request does not hold the file at every look.
_REMEMBER_SECONDS = 30.0


@dataclass(frozen=True)
class Usage:
    """What a process has used since it began; bytes are None where that is not told."""

    cpu_seconds: float
    memory_bytes: int
    read_bytes: int | None
    read_from_disk_bytes: int | None


@dataclass(frozen=True)
class ProcessState:
    """What holders use; `hidden` counts those of which this user may know no more."""

    count: int
    hidden: int = 0
    cpu_ratio: float | None = None
    memory_bytes: int | None = None
    cache_hit_ratio: float | None = None


class Processes:
    """Knows who holds a database, and what each has used at the last look."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._scanned_at: float | None = None
        self._seen: dict[int, float] = {}
        self._last: dict[tuple[int, float], Usage] = {}
        self._last_at = 0.0

    def read(self, now: float, seen: Iterable[int], apart_from: int) -> ProcessState:
        """Return what holders use since the last time; `now` is a steady clock's, in seconds.

        `seen` are processes known to be at the database, `apart_from` is one that is not.
        """
        if self._scanned_at is None or now - self._scanned_at >= _RESCAN_SECONDS:
            self._scanned_at = now
            seen = {*seen, *(user.pid for user in other_users(self._database))}
        self._seen |= dict.fromkeys(seen, now)
        self._seen.pop(apart_from, None)
        self._forget(now)
        usages = read_usages(self._seen)
        if usages is None:
            return ProcessState(count=len(self._seen))
        state = compare_usages(self._last, usages, now - self._last_at)
        self._last, self._last_at = usages, now
        return ProcessState(
            count=len(self._seen),
            hidden=len(self._seen) - len(usages),
            memory_bytes=state.memory_bytes,
            cpu_ratio=state.cpu_ratio,
            cache_hit_ratio=state.cache_hit_ratio,
        )

    def _forget(self, now: float) -> None:
        gone = {pid for pid, at in self._seen.items() if now - at > _REMEMBER_SECONDS}
        gone |= {pid for pid in self._seen if not Path(f"/proc/{pid}").exists()}
        for pid in gone:
            del self._seen[pid]


def read_usages(pids: Iterable[int]) -> dict[tuple[int, float], Usage] | None:
    """Return what processes use by number and time of birth; None without psutil.

    Those that ended, or that this user may not look into, are left out.
    """
    try:
        import psutil
    except ImportError:
        return None
    found = {}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                found[(pid, process.create_time())] = _usage(process)
        except psutil.Error:
            continue
    return found


def _usage(process: psutil.Process) -> Usage:
    import psutil

    times = process.cpu_times()
    try:
        read = process.io_counters()
    except psutil.AccessDenied:
        read = None
    return Usage(
        cpu_seconds=times.user + times.system,
        memory_bytes=process.memory_info().rss,
        read_bytes=None if read is None else read.read_chars,
        read_from_disk_bytes=None if read is None else read.read_bytes,
    )


def compare_usages(
    before: dict[tuple[int, float], Usage], after: dict[tuple[int, float], Usage], seconds: float
) -> ProcessState:
    """Return what processes that are in both used within that time."""
    both = [(before[key], after[key]) for key in after if key in before]
    state = ProcessState(
        count=len(after), memory_bytes=sum(usage.memory_bytes for usage in after.values())
    )
    if not both or seconds <= 0:
        return state
    read = sum((new.read_bytes or 0) - (old.read_bytes or 0) for old, new in both)
    from_disk = sum(
        (new.read_from_disk_bytes or 0) - (old.read_from_disk_bytes or 0) for old, new in both
    )
    return ProcessState(
        count=state.count,
        memory_bytes=state.memory_bytes,
        cpu_ratio=sum(new.cpu_seconds - old.cpu_seconds for old, new in both) / seconds,
        # The system reads ahead, so that more may come from the disk than was asked for.
        cache_hit_ratio=max(0.0, 1 - from_disk / read) if read > 0 else None,
    )
