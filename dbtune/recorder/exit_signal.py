"""What was queued is written when the process is told to end by SIGTERM.

Without a handler nothing runs then: neither atexit nor finalisation. The process still dies of the
signal, with the same exit status.

A Python handler runs once the main thread comes back to Python. Where the signal comes just before
that thread goes to sleep, it sleeps on: multiprocessing ends the children of a pool at such a
moment, and would wait for ever. So they have no handler; their statements are written at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from types import FrameType
from typing import Callable, Iterator

_flush: Callable[[], None] | None = None
# Of the system's thread, where gevent has greenlets for threads.
_get_ident = threading.get_ident
# How deep the main thread is in what must not be broken off, and whether the signal came then.
_unbroken = 0
_has_come = False


def flush_at_sigterm(flush: Callable[[], None]) -> None:
    """Call `flush` before the process dies of SIGTERM, where nobody else handles that.

    Who installs a handler later replaces this one. A Python handler has to wait for the main
    thread's statement to end, as with any other handler of an application.
    """
    global _flush
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        _flush = flush
        signal.signal(signal.SIGTERM, _write_and_die)


def leave_sigterm_alone() -> None:
    """Undo `flush_at_sigterm`, where the handler is still its."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is _write_and_die:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def is_ended_by_signal() -> bool:
    """Tell whether this is a child of multiprocessing, which may end it by SIGTERM."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def resume_after_fork() -> None:
    """Do again in a forked child what `flush_at_sigterm` did in its parent."""
    if _flush is not None and not is_ended_by_signal():
        flush_at_sigterm(_flush)


@contextmanager
def unbroken() -> Iterator[None]:
    """Let a SIGTERM wait: what was taken from the queue and is not written yet would be lost."""
    global _unbroken
    if _get_ident() != threading.main_thread().ident:
        yield
        return
    _unbroken += 1
    try:
        yield
    finally:
        _unbroken -= 1
        if _has_come and not _unbroken:
            _write_and_die(signal.SIGTERM, None)


def _write_and_die(number: int, frame: FrameType | None) -> None:
    global _has_come
    if _unbroken:
        _has_come = True
        return
    _has_come = False
    try:
        if _flush is not None:
            _flush()
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leave_sigterm_alone)
