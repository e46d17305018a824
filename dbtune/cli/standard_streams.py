"""stdin, stdout and stderr, where what started dbtune had closed them, or has no room."""

from __future__ import annotations

import os
import sys

_STREAMS = 3


def open_missing_streams() -> None:
    """Open whichever of the three was closed, on nothing.

    Else Python has none, and the next file that is opened takes its place: what a library then
    writes to stderr would go into that, which may be a database.
    """
    opened = os.open(os.devnull, os.O_RDWR)
    while opened < _STREAMS:
        opened = os.open(os.devnull, os.O_RDWR)
    os.close(opened)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as we run
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def drop_stdout() -> None:
    """Send all further output nowhere: Python would try again at its end, and end with 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
