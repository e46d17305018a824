"""Python processes below a command, seen in /proc; where there is none, none is seen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dbtune.recorder.hidden_children import hiding_reason, is_python
from dbtune.recorder.processes import read_command, read_start

_PROC = Path("/proc")
# Python takes a twentieth of this to reach its sitecustomize on an idle machine.
_STARTS_WITHIN_S = 1.0


@dataclass(frozen=True)
class SeenProcess:
    """A Python process; `pid` and `start` tell it from all others."""

    pid: int
    start: str
    command: tuple[str, ...]
    reason: str  # what hides it from the recorder, "" if that is not known


@dataclass
class ProcessWatch:
    """Collects the Python processes below a command.

    Each has to be seen twice, since it may be about to become another program; and for some time
    where nothing hides it, since it may be about to arm itself, or be ended before it can.
    """

    _since: dict[tuple[int, str], float] = field(default_factory=dict)
    _seen: dict[tuple[int, str], SeenProcess] = field(default_factory=dict)

    def look(self, pid: int) -> None:
        """Look at a process and all below it."""
        for found, parent in _tree(pid, None):
            start = read_start(found)
            key = found, start
            if not start or key in self._seen or not _runs_python(found):
                continue
            command = tuple(read_command(found))
            # A fork has its parent's command line, until it becomes what it was made for.
            if not command or (parent is not None and list(command) == read_command(parent)):
                continue
            now = time.monotonic()
            if key in self._since:
                reason = hiding_reason(command, _read_environ(found)) or ""
                if reason or now - self._since[key] >= _STARTS_WITHIN_S:
                    self._seen[key] = SeenProcess(found, start, command, reason)
            self._since.setdefault(key, now)

    def seen(self) -> tuple[SeenProcess, ...]:
        """Return what was seen, in order."""
        return tuple(self._seen.values())


def _tree(pid: int, parent: int | None) -> Iterator[tuple[int, int | None]]:
    """Yield a process and those below it, each with its parent."""
    yield pid, parent
    for child in _children(pid):
        yield from _tree(child, pid)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in (_PROC / str(pid) / "task").iterdir():
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    except OSError:  # it ended meanwhile
        pass
    return found


def _runs_python(pid: int) -> bool:
    try:
        return is_python(str((_PROC / str(pid) / "exe").readlink()))
    except OSError:  # it ended, or is another user's
        return False


def _read_environ(pid: int) -> dict[str, str]:
    try:
        raw = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    text = raw.decode("utf-8", "surrogateescape")
    return dict(pair.split("=", 1) for pair in text.split("\0") if "=" in pair)
