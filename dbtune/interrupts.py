"""Ctrl-C and the processes that dbtune starts."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker


@contextlib.contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Start processes that never see Ctrl-C, which a terminal sends to all of them at once.

    A blocked signal stays blocked in a child from its first moment on, and one that comes
    meanwhile reaches this process afterwards.
    """
    set_mask = getattr(signal, "pthread_sigmask", None)  # POSIX
    if set_mask is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    resource_tracker.ensure_running()  # started by the first child, it would unblock SIGINT
    before = set_mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        set_mask(signal.SIG_SETMASK, before)
