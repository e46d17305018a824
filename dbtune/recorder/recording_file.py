"""The file that statements are written to: private, appended to by any number of processes."""

from __future__ import annotations

import errno
import os
import stat

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND
# A pipe without a reader would stop the application, a link lead into somebody else's file.
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | os.O_CLOEXEC


class RecordingFile:
    """An open recording; whole batches are appended with one write() each."""

    def __init__(self, path: str) -> None:
        """Open or make the file. Raises OSError where that is no file to record to."""
        self.path = path
        self.descriptor = _open(path)
        self._identity = _identity(os.fstat(self.descriptor))
        self._needs_newline = _is_cut_off(path)

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
    try:
        _check(descriptor, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check(descriptor: int, path: str) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", path)
    if status.st_mode & 0o077:
        os.fchmod(descriptor, 0o600)
    with open(path, "rb") as file:
        if file.read(1) not in (b"", b"{"):
            raise OSError(errno.EEXIST, "it holds something other than a recording", path)


def _is_cut_off(path: str) -> bool:
    """Tell whether the file ends within a line, as it does after a full disk or a crash."""
    with open(path, "rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
