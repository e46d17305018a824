"""Statements go into a bounded queue; a thread writes them, at least every 200 ms."""

from __future__ import annotations

import threading
from collections import deque

from .complaint import complain
from .line import LineEncoder
from .recorded_values import size_of
from .recording_file import RecordingFile
from .sent import Sent
from .settings import RecorderSettings

FLUSH_SECONDS = 0.2
_MOST_STATEMENTS = 20_000
_MOST_BYTES = 16 * 1024 * 1024
# A thread that encodes many at once keeps the application waiting for the interpreter.
_EARLY_FLUSH = 2_000
_BATCH_BYTES = 256 * 1024


class Writer:
    """Writes statements to one file; all methods may be called from any thread."""

    def __init__(self, settings: RecorderSettings) -> None:
        """Open the file. Raises OSError where nothing can be recorded to it."""
        self.dropped = 0
        self._settings = settings
        self._encoder = LineEncoder(settings)
        self._file: RecordingFile | None = RecordingFile(settings.path)
        self._start_over()

    def _start_over(self) -> None:
        # Also in a forked child: its parent writes what was queued, and holds the locks.
        self._queue: deque[Sent] = deque()
        self._queued_bytes = 0
        self._untold = 0
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._is_awake = False
        self._has_header = False
        self._thread: threading.Thread | None = None
        self._is_closing = False

    def put(self, sent: Sent) -> None:
        """Queue a statement; where the queue is full, it is counted and left out."""
        queue = self._queue
        length = len(queue)
        size = len(sent.text) + size_of(sent.parameters)
        if length >= _MOST_STATEMENTS or self._queued_bytes + size > _MOST_BYTES:
            self._drop(1)
            return
        self._queued_bytes += size
        queue.append(sent)
        if not self._is_awake:
            self._wake_up()
        elif length == _EARLY_FLUSH:
            self._hurry.set()

    def flush(self) -> None:
        """Write all that is queued."""
        with self._lock:
            self._is_awake = False
            count = len(self._queue)
            self._queued_bytes = 0
            lines: list[bytes] = []
            size = 0
            for _ in range(count):
                lines.append(self._encoder.line(self._queue.popleft()))
                size += len(lines[-1])
                if size >= _BATCH_BYTES:
                    self._write(lines)
                    lines, size = [], 0
            if lines or self._untold:
                self._write(lines)

    def close(self) -> None:
        """Write all that is queued and end the thread; what comes later is written at once."""
        self._is_closing = True
        self._wake.set()
        self._hurry.set()
        self.flush()

    def close_file(self) -> None:
        """Close the file; nothing is written any more."""
        self.close()
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def after_fork(self) -> None:
        """Begin anew in a child: with a header of its own, and none of its parent's lines."""
        self._start_over()
        self.dropped = 0

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._untold += count

    def _wake_up(self) -> None:
        self._is_awake = True
        if self._is_closing:
            self.flush()
        elif self._thread is None:
            self._start_thread()
        else:
            self._wake.set()

    def _start_thread(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="dbtune-recorder", daemon=True
                )
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter is ending
                    self._is_closing = True
                    self.flush()
        self._wake.set()

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(FLUSH_SECONDS)
            self._hurry.clear()
            try:
                self.flush()
            except Exception as error:  # noqa: BLE001 - the application must not feel it
                complain("statements could not be written", error)

    def _write(self, lines: list[bytes]) -> None:
        file = self._file
        if file is None:
            self._drop(len(lines))
            return
        untold, self._untold = self._untold, 0
        batch = b"".join(lines)
        if untold:
            batch += self._encoder.dropped(untold)
        try:
            if not self._has_header:
                batch = self._encoder.header() + batch
            file.append(batch)
            self._has_header = True
        except OSError as error:
            self.dropped += len(lines)
            self._untold += untold + len(lines)
            complain(f"statements could not be written to {self._settings.path}", error)
