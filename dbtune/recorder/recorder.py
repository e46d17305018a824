"""Takes statements from whoever sees them, and hands those that are wanted to the writer."""

from __future__ import annotations

import atexit
import os
import random
import threading
from hashlib import blake2b

from .complaint import complain
from .exit_signal import flush_at_sigterm, leave_sigterm_alone
from .open_statements import finish_open
from .origin import mark_origin
from .sent import Sent
from .settings import RecorderSettings
from .writer import Writer


class Recorder:
    """A recording in the making. Its methods never raise and never wait for the disk for long."""

    def __init__(self, settings: RecorderSettings) -> None:
        """Open the file. Raises OSError where nothing can be recorded to it."""
        self.settings = settings
        self.writer = Writer(settings)
        self.users = 0
        self._slow_ns = settings.slow_ms * 1_000_000
        self._sample_rate = settings.sample_rate
        self._takes_all = not self._slow_ns and self._sample_rate >= 1

    @property
    def dropped(self) -> int:
        """How many statements were not written: the queue or the file was full."""
        return self.writer.dropped

    def note(self, sent: Sent) -> None:
        """Record a statement that has ended; where it came from is looked up if nobody did."""
        try:
            if not sent.has_origin:
                mark_origin(sent)
            if self._takes_all or self._is_wanted(sent):
                self.writer.put(sent)
        except Exception as error:  # noqa: BLE001 - the application must not feel it
            complain("a statement could not be recorded", error)

    def _is_wanted(self, sent: Sent) -> bool:
        if sent.duration_ns * sent.count < self._slow_ns:
            return False
        return self._sample_rate >= 1 or chance_of(sent) < self._sample_rate

    def flush(self) -> None:
        """Write all that was noted so far."""
        try:
            self.writer.flush()
        except Exception as error:  # noqa: BLE001 - the application must not feel it
            complain("statements could not be written", error)

    def close(self) -> None:
        """Write all that was noted, and close the file once its last user closes it."""
        with _lock:
            self.users -= 1
            if self.users > 0:
                self.flush()
                return
            _recorders.pop(self.settings.path, None)
            if not _recorders:
                leave_sigterm_alone()
        try:
            self.writer.close_file()
        except Exception as error:  # noqa: BLE001 - the application must not feel it
            complain("the recording could not be closed", error)


def chance_of(sent: Sent) -> float:
    """Return a number from 0 to 1 that is the same for all of a request, else of a transaction."""
    if sent.chance is not None:
        return sent.chance
    if sent.transaction_id is None:
        return random.random()
    digest = blake2b(sent.transaction_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


_recorders: dict[str, Recorder] = {}
_lock = threading.RLock()


def open_recorder(settings: RecorderSettings) -> Recorder:
    """Return the recorder for a path, the same for all who ask in this process.

    Who opened it closes it; the settings are those of the first. Raises OSError where nothing
    can be recorded to the path, with the reason.
    """
    with _lock:
        recorder = _recorders.get(settings.path)
        if recorder is None:
            settings = settings._replace(values_key=settings.values_key or os.urandom(16).hex())
            recorder = _recorders[settings.path] = Recorder(settings)
            flush_at_sigterm(flush_all)
        recorder.users += 1
        return recorder


def flush_all() -> None:
    """Write what all recorders of this process hold, and what is still being fetched."""
    finish_open()
    for recorder in list(_recorders.values()):
        recorder.flush()


def _at_exit() -> None:
    finish_open()
    for recorder in list(_recorders.values()):
        try:
            recorder.writer.close()
        except Exception as error:  # noqa: BLE001 - the application's exit must not feel it
            complain("statements could not be written", error)


def _before_fork() -> None:
    for recorder in list(_recorders.values()):
        recorder.writer.before_fork()


def _go_on() -> None:
    for recorder in list(_recorders.values()):
        recorder.writer.resume()


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()
    for recorder in _recorders.values():
        recorder.writer.after_fork()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_go_on, after_in_child=_after_fork)
