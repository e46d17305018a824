"""Makes a process record itself from its start, as `dbtune record` asks its children to."""

from __future__ import annotations

import atexit
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Callable, Mapping

from . import frameworks, lazy_loads, pool_waits
from .complaint import complain_to
from .hidden_children import watch_children
from .on_import import on_import
from .processes import STATUS_VARIABLE, ProcessLog, read_command
from .settings import RecorderSettings, from_environment

if TYPE_CHECKING:
    from .recorder import Recorder

# They end their children with os._exit by design, once these have done their work.
_END_AS_DESIGNED = ("multiprocessing", "billiard")
# On the command line of a child of multiprocessing, which may be ended by SIGTERM.
_SPAWNED = "--multiprocessing-fork"


def arm(environ: Mapping[str, str]) -> None:
    """Record all that this process and its forks send, if `environ` asks for it."""
    settings = from_environment(environ)
    if settings is None:
        return
    log = ProcessLog(environ.get(STATUS_VARIABLE, ""))
    complain_to(log.failed)
    _Process(settings, log).begin()


class _Process:
    """This process, which records itself from the moment that it can send a statement.

    Most Python processes never import sqlite3, and need not wait for what recording imports.
    """

    def __init__(self, settings: RecorderSettings, log: ProcessLog) -> None:
        self._settings = settings
        self._log = log
        self._recorder: Recorder | None = None

    def begin(self) -> None:
        """Watch what the process imports, how it ends, and what it starts."""
        self._log.started()
        atexit.register(self._end, "exit")
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._log.started)
        _flush_before_os_exit(self._end)
        watch_children(self._log, lambda: self._end("exec"))
        for part in (frameworks, lazy_loads, pool_waits):
            part.watch()
        for name in ("sqlite3", "apsw"):
            on_import(name, self._record)

    def _record(self, module: ModuleType) -> None:
        if self._recorder is not None:
            return
        from . import apsw_patch, sqlite_patch
        from .recorder import open_recorder

        try:
            recorder = self._recorder = open_recorder(self._settings)
        except OSError as error:
            self._log.failed(str(error))
            return
        sqlite_patch.install(recorder.note, types_too=True)
        apsw_patch.install(recorder.note)
        self._tell_of_end(recorder)

    def _tell_of_end(self, recorder: Recorder) -> None:
        from .exit_signal import flush_at_sigterm, leave_sigterm_alone

        # Opening the recorder set its own handler, which does not log.
        leave_sigterm_alone()
        recorder.writer.on_write_at_once = lambda: self._log.ended("at once")
        if _SPAWNED not in read_command(os.getpid()):
            flush_at_sigterm(lambda: self._end("SIGTERM"))
            self._log.armed()

    def _end(self, how: str) -> None:
        if self._recorder is not None:
            from .recorder import flush_all

            flush_all()
        self._log.ended(how)


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
