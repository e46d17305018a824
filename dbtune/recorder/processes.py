"""What becomes of each recorded process: events in a log that all of them append to.

`dbtune record` makes the log, names it in DBTUNE_RECORD_STATUS, and reads it in the end.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Iterator, NamedTuple

STATUS_VARIABLE = "DBTUNE_RECORD_STATUS"

STARTED = "started"  # whatever it sends is recorded
ARMED = "armed"  # the same, and it may send something from here on
ENDED = "ended"  # all that it sent is written
HIDDEN = "hidden"  # it started a child that is not recorded
FAILED = "failed"  # it could not be armed


class ProcessEvent(NamedTuple):
    """One line of the log.

    `start` tells processes of one pid apart: the clock ticks at which it began, as /proc says, and
    "" where there is no /proc. `reason` is how it ended, what hides a child, or what failed.
    """

    event: str
    pid: int
    start: str
    command: tuple[str, ...] = ()
    reason: str = ""


class ProcessLog:
    """Writes events of this process. Where the log is gone or not ours to write, it is silent."""

    def __init__(self, path: str) -> None:
        self._path = path

    def started(self) -> None:
        """This process is recorded: a program, or a fork that may become another one."""
        self._write(STARTED, tuple(read_command(os.getpid())))

    def armed(self) -> None:
        """This process may send something from here on."""
        self._write(ARMED, tuple(read_command(os.getpid())))

    def ended(self, how: str) -> None:
        """All that this process sent is written; `how` is exit, os._exit or exec."""
        self._write(ENDED, reason=how)

    def hidden(self, command: tuple[str, ...], reason: str) -> None:
        """A child was started that cannot be recorded."""
        self._write(HIDDEN, command, reason)

    def failed(self, reason: str) -> None:
        """Something of dbtune's went wrong here."""
        self._write(FAILED, tuple(read_command(os.getpid())), reason)

    def _write(self, event: str, command: tuple[str, ...] = (), reason: str = "") -> None:
        pid = os.getpid()
        line = json.dumps(ProcessEvent(event, pid, read_start(pid), command, reason)._asdict())
        try:
            # Without O_CREAT: `dbtune record` is over when its log is gone.
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError:
            return
        try:
            os.write(file, (line + "\n").encode("utf-8", "surrogateescape"))
        except OSError:
            return
        finally:
            os.close(file)


def read_events(path: str) -> Iterator[ProcessEvent]:
    """Yield the events of a log in the order of their writing; a torn line is left out."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                keys = dict(json.loads(line))
                event = ProcessEvent(**{**keys, "command": tuple(keys.get("command", ()))})
            except (ValueError, TypeError):
                continue
            yield event


def read_start(pid: int) -> str:
    """Return the clock ticks since boot at which a process began, "" where that is not known."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # The name of the program, in brackets, may hold blanks and brackets itself.
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def read_command(pid: int) -> list[str]:
    """Return the command line of a process, [] where it cannot be read."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            raw = file.read()
    except OSError:
        return list(getattr(sys, "orig_argv", ())) if pid == os.getpid() else []
    return [os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0") if raw]
