"""Recordings of bounded size: full ones are put aside as `.1`, `.2` and so on."""

from __future__ import annotations

import os
from typing import Callable

from .recording_file import RecordingFile


class RotatingFile:
    """The file at a path, whichever that is at the moment; any number of processes write to it."""

    def __init__(self, path: str, max_bytes: int | None, keep: int) -> None:
        """Open the file. Raises OSError where that is no file to record to."""
        self.is_full = False
        self._path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._file: RecordingFile | None = RecordingFile(path)
        self._has_header = False

    def append(self, batch: bytes, header: Callable[[], bytes], past_limit: bool = False) -> bool:
        """Write whole lines, behind a header where this process has written none to the file.

        Returns False where the file is full and none are kept; it stays full then. Raises OSError
        where nothing can be written.
        """
        file = self._file_in_place()
        if not past_limit and self._is_over(file, len(batch)):
            if not self._keep:
                self.is_full = True
                return False
            file = self._rotate(file)
        if not self._has_header:
            batch = header() + batch
        file.append(batch)
        self._has_header = True
        return True

    def let_go(self) -> None:
        """Close the file; it is opened anew where more is written."""
        file, self._file = self._file, None
        self._has_header = False
        if file is not None:
            file.close()

    def _file_in_place(self) -> RecordingFile:
        file = self._file
        if file is None or not file.is_in_place():
            self.let_go()
            file = self._file = RecordingFile(self._path)
        return file

    def _is_over(self, file: RecordingFile, more: int) -> bool:
        if self._max_bytes is None:
            return False
        size = file.size_bytes()
        # Lines that are longer than a whole file have to go somewhere.
        return size > 0 and size + more > self._max_bytes

    def _rotate(self, file: RecordingFile) -> RecordingFile:
        """Put the full file aside, unless another process is doing so."""
        import fcntl  # there is none on Windows, where nothing else keeps this from running

        try:
            fcntl.flock(file.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return file
        try:
            if file.is_in_place():
                self._put_aside()
        finally:
            fcntl.flock(file.descriptor, fcntl.LOCK_UN)
        return self._file_in_place()

    def _put_aside(self) -> None:
        for number in range(self._keep - 1, 0, -1):
            older = f"{self._path}.{number}"
            if os.path.lexists(older):
                os.replace(older, f"{self._path}.{number + 1}")
        os.replace(self._path, f"{self._path}.1")
