"""Which other processes have a file open, as far as the operating system tells."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")

# In the command line of the process that looks at a file for `dbtune monitor`. It takes no lock and
# opens nothing through SQLite, so that nobody has to wait until it is stopped.
LOOKOUT = "dbtune.monitor.lookout"


@dataclass(frozen=True)
class FileUser:
    """A process that has a file open, with the name of its program."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


def other_users(path: Path) -> tuple[FileUser, ...]:
    """Return the other processes that have a file open, in the order of their numbers.

    Those of `dbtune monitor` are left out: they only look at it.
    Known on Linux only, and there only for processes this user may look into and that are not
    in another container: an empty result proves nothing. Opens nothing of the file.
    """
    try:
        wanted = os.stat(path)
    except OSError:
        return ()
    found = (pid for pid in _processes() if pid != os.getpid() and _has_open(pid, wanted))
    return tuple(FileUser(pid, _command(pid)) for pid in found if not _only_looks(pid))


def _processes() -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from sorted(int(name) for name in os.listdir(_PROCESSES) if name.isdecimal())


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    folder = _PROCESSES / str(pid) / "fd"
    try:
        descriptors = os.listdir(folder)
    except OSError:
        return False  # ended meanwhile, or another user's
    return any(_is_file(folder / number, wanted) for number in descriptors)


def _is_file(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(descriptor), wanted)
    except OSError:
        return False  # closed meanwhile


def _only_looks(pid: int) -> bool:
    try:
        return LOOKOUT.encode() in (_PROCESSES / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False


def _command(pid: int) -> str:
    # Not the command line, which may hold a password.
    try:
        return (_PROCESSES / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "ended meanwhile"
