"""Reads what is appended to a file, as tail -F does: across rotation, and before it exists."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from dbtune.workload.lines import LINE_LIMIT_BYTES

# What is read of a file that is there already: the last minute of all but the busiest recordings.
TAIL_BYTES = 4 << 20
# Of what was put in its place, or was written while we were stopped, the end is enough as well:
# all of it would take the memory that it has on disk.
_MOST_UNREAD_BYTES = 64 << 20


class Follower:
    """Follows one path. Whole lines are returned as bytes; a line cut off waits for its rest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None
        self._rest = b""
        self._skip_to_line_end = False
        self._is_first = True

    def read(self) -> bytes:
        """Return the whole lines that came since the last time, b"" where there are none.

        Of a file that is there at first, its first line and the last 4 MiB. Raises OSError where
        it may not be read.
        """
        read = bytearray()
        if self._stream is None and not self._open(read):
            return b""
        self._is_first = False
        read += self._read_on()
        if self._was_replaced():
            self.close()
            if self._open(read):
                read += self._read_on()
        return bytes(read)

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self, read: bytearray) -> bool:
        try:
            self._stream = open(self._path, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115
        except FileNotFoundError:
            self._is_first = False
            return False
        self._rest, self._skip_to_line_end = b"", False
        found = os.fstat(self._stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            self.close()
            raise OSError(errno.ESPIPE, "not a regular file")
        size = found.st_size
        if self._is_first and size > TAIL_BYTES:
            # The header, which tells the sample rate.
            read += self._stream.readline(LINE_LIMIT_BYTES)
            self._stream.seek(size - TAIL_BYTES)
            self._skip_to_line_end = True
        return True

    def _read_on(self) -> bytes:
        assert self._stream is not None
        size, place = os.fstat(self._stream.fileno()).st_size, self._stream.tell()
        if size < place:
            self._stream.seek(0)  # emptied in its place
            self._rest = b""
        elif size - place > _MOST_UNREAD_BYTES:
            self._stream.seek(size - TAIL_BYTES)
            self._rest, self._skip_to_line_end = b"", True
        data = self._rest + (self._stream.read() or b"")
        if self._skip_to_line_end:
            _, end, data = data.partition(b"\n")
            if not end:
                return b""
            self._skip_to_line_end = False
        whole, end, self._rest = data.rpartition(b"\n")
        if len(self._rest) > LINE_LIMIT_BYTES:
            self._rest, self._skip_to_line_end = b"", True
        return whole + end

    def _was_replaced(self) -> bool:
        assert self._stream is not None
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._stream.fileno()))
        except FileNotFoundError:
            return True


def _open_at_once(path: str, flags: int) -> int:
    # A pipe in its place must not keep us waiting for somebody who writes.
    return os.open(path, flags | os.O_NONBLOCK)
