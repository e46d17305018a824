"""The file that statements are written to: private, appended to by any number of processes."""

from __future__ import annotations

import errno
import os
import stat

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND
# A pipe without a reader would stop the application, a link lead into somebody else's file.
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | os.O_CLOEXEC
_LAST_STANDARD_STREAM = 2
_STARTS = (b'{"dbtune.', b'{"db.query.')
_LONGEST_START = max(map(len, _STARTS))


class RecordingFile:
    """An open recording; whole batches are appended with one write() each."""

    def __init__(self, path: str) -> None:
        """Open or make the file. Raises OSError where that is no file to record to."""
        self.path = path
        self.descriptor = _open(path)
        self._identity = _identity(os.fstat(self.descriptor))
        self._needs_newline = _is_cut_off(self.descriptor)

    def append(self, batch: bytes) -> None:
        """Write whole lines. Raises OSError where they could not all be written."""
        if self._needs_newline:
            batch = b"\n" + batch
        written = os.write(self.descriptor, batch)
        self._needs_newline = written < len(batch)
        if self._needs_newline:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)

    def size_bytes(self) -> int:
        """Return the size of the file, whoever wrote to it."""
        return os.fstat(self.descriptor).st_size

    def is_in_place(self) -> bool:
        """Tell whether the path still leads to this file: it may have been moved or removed."""
        try:
            return self._is_open() and _identity(os.stat(self.path)) == self._identity
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Close the file."""
        if self._is_open():
            os.close(self.descriptor)

    def _is_open(self) -> bool:
        # A daemon closes all files that it finds open, and the number is another file's then.
        try:
            return _identity(os.fstat(self.descriptor)) == self._identity
        except OSError:
            return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _open(path: str) -> int:
    try:
        descriptor = os.open(path, _FLAGS | _CAREFUL, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link", path) from error
        raise
    descriptor = _past_standard_streams(descriptor)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", path)
    if not _is_recording(os.pread(descriptor, _LONGEST_START, 0)):
        # It stays open: were it a database that the application has open, closing it would take
        # away its locks (https://www.sqlite.org/howtocorrupt.html section 2.2).
        raise OSError(errno.EEXIST, "it holds something other than a recording", path)
    if status.st_mode & 0o077:
        os.fchmod(descriptor, 0o600)
    return descriptor


def _past_standard_streams(descriptor: int) -> int:
    """Return another descriptor of the file, where the application has closed a standard stream.

    What it still writes there would become part of the recording.
    """
    if descriptor > _LAST_STANDARD_STREAM:
        return descriptor
    import fcntl  # there is none on Windows

    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _LAST_STANDARD_STREAM + 1)
    finally:
        os.close(descriptor)


def _is_recording(start: bytes) -> bool:
    # A full disk may have kept all but some bytes from being written.
    return any(known.startswith(start) or start.startswith(known) for known in _STARTS)


def _is_cut_off(descriptor: int) -> bool:
    """Tell whether the file ends within a line, as it does after a full disk or a crash."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
