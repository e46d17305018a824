"""Makes a process record itself from its start, as `dbtune record` asks its children to."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Callable, Mapping

from . import apsw_patch, frameworks, lazy_loads, pool_waits, sqlite_patch
from .exit_signal import flush_at_sigterm, leave_sigterm_alone
from .hidden_children import watch_children
from .processes import STATUS_VARIABLE, ProcessLog, read_command
from .recorder import Recorder, flush_all, open_recorder
from .settings import from_environment

# They end their children with os._exit by design, once these have done their work.
_END_AS_DESIGNED = ("multiprocessing", "billiard")
# On the command line of a child of multiprocessing, which may be ended by SIGTERM.
_SPAWNED = "--multiprocessing-fork"


def arm(environ: Mapping[str, str]) -> None:
    """Record all that this process and its forks send, if `environ` asks for it.

    Raises OSError where nothing can be recorded to the path.
    """
    settings = from_environment(environ)
    if settings is None:
        return
    recorder = open_recorder(settings)
    sqlite_patch.install(recorder.note, types_too=True)
    apsw_patch.install(recorder.note)
    for part in (frameworks, lazy_loads, pool_waits):
        part.watch()
    path = environ.get(STATUS_VARIABLE)
    if path:
        _tell_of_process(recorder, ProcessLog(path))


def _tell_of_process(recorder: Recorder, log: ProcessLog) -> None:
    """Log how this process begins and ends, and each of its forks."""

    def end(how: str) -> None:
        flush_all()
        log.ended(how)

    # Opening the recorder set its own handler, which does not log.
    leave_sigterm_alone()
    if _SPAWNED in read_command(os.getpid()):
        log.forked()
    else:
        flush_at_sigterm(lambda: end("SIGTERM"))
        log.armed()
    atexit.register(end, "exit")
    recorder.writer.on_write_at_once = lambda: log.ended("at once")
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=log.forked)
    _flush_before_os_exit(end)
    watch_children(log, lambda: end("exec"))


def _flush_before_os_exit(end: Callable[[str], None]) -> None:
    """Let os._exit, which skips all that runs at exit, write what is queued first."""
    leave = os._exit

    def _exit(status: int) -> None:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        try:
            end("exit" if caller.partition(".")[0] in _END_AS_DESIGNED else "os._exit")
        finally:
            leave(status)

    _exit.__doc__ = leave.__doc__
    os._exit = _exit  # type: ignore[assignment]  # it never returns either
