"""Statements go into a bounded queue; a thread writes them, at least every 200 ms."""

from __future__ import annotations

import _thread
import os
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import RLock
from time import monotonic, sleep
from typing import Callable

from .complaint import complain
from .exit_signal import is_ended_by_signal, resume_after_fork, unbroken
from .line import LineEncoder
from .recorded_values import LARGEST_DIGESTED, size_of, without_large
from .rotation import RotatingFile
from .sent import Sent
from .settings import RecorderSettings

FLUSH_SECONDS = 0.2
_MOST_STATEMENTS = 20_000
_MOST_BYTES = 16 * 1024 * 1024
# A thread that has many to write keeps the application waiting for the interpreter.
_EARLY_FLUSH = 2_000
_BATCH_BYTES = 256 * 1024
# A disk that hangs must not keep the application from forking, or ending, for longer.
_LONGEST_PAUSE_SECONDS = 1.0

# gevent puts greenlets in the place of threads, and one that waits would stop all others. This, and
# the classes imported by name, are what they were before the application could replace them.
_start_thread = _thread.start_new_thread


class Writer:
    """Writes statements to one file; all methods may be called from any thread."""

    def __init__(self, settings: RecorderSettings) -> None:
        """Open the file. Raises OSError where nothing can be recorded to it."""
        self.dropped = 0
        # Called in a process that nothing can be lost of, since it has no queue.
        self.on_write_at_once: Callable[[], None] = _do_nothing
        self._settings = settings
        self._encoder = LineEncoder(settings)
        max_bytes = None if settings.max_mb is None else int(settings.max_mb * 1_000_000)
        self._batch_bytes = min(_BATCH_BYTES, max_bytes or _BATCH_BYTES)
        self._file = RotatingFile(settings.path, max_bytes, settings.keep)
        self._start_over()

    def _start_over(self) -> None:
        # Also in a forked child: its parent writes what was queued, and holds the locks.
        self._queue: deque[Sent] = deque()
        self._queued_bytes = 0
        self._untold = 0
        self._lock = RLock()
        # They are safe in destructors, where an Event could wait for its own lock for ever.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._is_awake = False
        self._has_thread = False
        self._thread_id = 0
        self._is_pausing = False
        self._is_closing = False

    def put(self, sent: Sent) -> None:
        """Queue a statement; where the queue is full, it is counted and left out.

        Its line is made later: in a loop over many that costs a third of what it would here, where
        the processor has to fetch all that code anew for each statement.
        """
        queue = self._queue
        length = len(queue)
        size = len(sent.text)
        if sent.parameters is not None:
            size += size_of(sent.parameters)
            if size > LARGEST_DIGESTED and not self._settings.params:
                # Of a large value not even a digest is written: it need not wait in memory.
                sent.parameters = without_large(sent.parameters)
                size = len(sent.text) + size_of(sent.parameters)
        # One that is larger than all the room has to go through, too.
        if length and (length >= _MOST_STATEMENTS or self._queued_bytes + size > _MOST_BYTES):
            self._drop(1)
            return
        self._queued_bytes += size
        queue.append(sent)
        if not self._is_awake:
            self._wake_up()
        elif length == _EARLY_FLUSH:
            self._hurry.put(None)

    def flush(self) -> None:
        """Write all that is queued."""
        with self._lock, unbroken():
            self._is_awake = False
            self._queued_bytes = 0
            if self._file.is_full:
                self._drop_queue()
                return
            batch: list[bytes] = []
            size = 0
            encode = self._encoder.line
            queue, left = self._queue, len(self._queue)
            # A cursor that is collected meanwhile may flush too, within this very call.
            while left and queue:
                left -= 1
                try:
                    line = encode(queue.popleft())
                except Exception as error:  # noqa: BLE001 - the other statements are still wanted
                    self._drop(1)
                    complain("a statement could not be written", error)
                    continue
                batch.append(line)
                size += len(line)
                if size >= self._batch_bytes:
                    self._write(batch)
                    batch, size = [], 0
            if batch or self._untold:
                self._write(batch)

    def close(self) -> None:
        """Write all that is queued and end the thread; what comes later is written at once."""
        self._is_closing = True
        # Python stops threads where they are at its very end: the lock that this one held then
        # would keep a destructor that still sends a statement waiting for ever.
        self._end_thread()
        self.flush()
        with self._lock:
            if self._untold:
                self._write([], past_limit=True)

    def close_file(self) -> None:
        """Write all that is queued and close the file, which is opened anew if more comes."""
        self.close()
        with self._lock:
            self._file.let_go()

    def before_fork(self) -> None:
        """Write all that is queued and end the thread: Python warns where there are several."""
        if self._has_thread:
            self._is_pausing = True
            self._end_thread()

    def _end_thread(self) -> None:
        """Wake the thread, which has been told to end, and wait until it is gone."""
        self._wake.put(None)
        self._hurry.put(None)
        if not self._has_thread or self._thread_id == _thread.get_native_id():
            return
        until = monotonic() + _LONGEST_PAUSE_SECONDS
        # It is gone a little after its last line, and only the system knows when.
        while monotonic() < until and self._is_thread_there():
            sleep(0.0001)

    def _is_thread_there(self) -> bool:
        # It gets its number once it runs.
        return not self._thread_id or os.path.exists(f"/proc/self/task/{self._thread_id}")

    def resume(self) -> None:
        """Go on in the parent of a fork."""
        if self._is_pausing:
            self._is_pausing = self._has_thread = False
            self._thread_id = 0
            self.flush()

    def after_fork(self) -> None:
        """Begin anew in a child: with a header of its own, and none of its parent's lines."""
        self._start_over()
        self._file.let_go()
        self.dropped = 0

    def _drop_queue(self) -> None:
        left = len(self._queue)
        while left and self._queue:
            self._queue.popleft()
            self._drop(1)
            left -= 1

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._untold += count

    def _wake_up(self) -> None:
        self._is_awake = True
        if self._is_closing:
            self.flush()
        elif not self._has_thread:
            self._start_thread()
        else:
            self._wake.put(None)

    def _start_thread(self) -> None:
        if is_ended_by_signal():
            self._is_closing = True
            self.on_write_at_once()
            self.flush()
            return
        resume_after_fork()
        with self._lock:
            if not self._has_thread:
                self._has_thread = True
                try:
                    _start_thread(self._run, ())
                except RuntimeError:  # the interpreter is ending
                    self._has_thread = False
                    self._is_closing = True
                    self.flush()
        self._wake.put(None)

    def _run(self) -> None:
        self._thread_id = _thread.get_native_id()
        while not self._is_closing and not self._is_pausing:
            self._wake.get()
            with suppress(Empty):
                self._hurry.get(timeout=FLUSH_SECONDS)
            try:
                self.flush()
            except Exception as error:  # noqa: BLE001 - the application must not feel it
                complain("statements could not be written", error)

    def _write(self, lines: list[bytes], past_limit: bool = False) -> None:
        untold, self._untold = self._untold, 0
        batch = b"".join(lines)
        if untold:
            batch += self._encoder.dropped(untold)
        try:
            is_written = self._file.append(batch, self._encoder.header, past_limit)
        except OSError as error:
            is_written = False
            complain(f"statements could not be written to {self._settings.path}", error)
        if not is_written:
            self._untold += untold
            self._drop(len(lines))


def _do_nothing() -> None:
    pass
