"""What one run of `dbtune record` came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Problem = Literal["hidden", "failed", "killed", "running", "os-exit"]


@dataclass(frozen=True)
class RecordingTally:
    """What recording files hold: statements, and how many were left out.

    `process_ids` are those that wrote. `namespaces` are database files, ":memory:" among them,
    those seen most first.
    """

    statements: int = 0
    dropped: int = 0
    process_ids: frozenset[int] = frozenset()
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnrecordedProcess:
    """A process of which something is missing, or may be.

    hidden: it was never recorded, `detail` says what hides it: -I, -E, -S, environment, or "" if
    that is not known. failed: the recorder failed in it, `detail` says why. killed: it ended
    without notice. running: it outlived the command. os-exit: it ended by os._exit.
    """

    problem: Problem
    pid: int | None
    command: str
    detail: str = ""


@dataclass(frozen=True)
class RecordingRun:
    """The end of a recorded command.

    `exit_code` is the command's own, 128+N where signal N ended it. `files` are what was recorded,
    the newest first, none where nothing was. `database` is the file seen most that still exists.
    `python_seen` is False where no Python process was recorded or could have been.
    """

    exit_code: int
    seconds: float
    files: tuple[str, ...]
    size_bytes: int
    tally: RecordingTally
    database: str | None
    python_seen: bool
    unrecorded: tuple[UnrecordedProcess, ...]
